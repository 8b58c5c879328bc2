// What the editor shows of a document, in a form that can be compared, and workspaces over files in memory.

import { codeLenses } from '../../server/src/features/code-lens';
import { diagnosticsOf } from '../../server/src/features/diagnostics';
import { foldingRanges } from '../../server/src/features/folding';
import { hover } from '../../server/src/features/hover';
import { inlayHints } from '../../server/src/features/inlay-hints';
import { semanticTokens } from '../../server/src/features/semantic-tokens';
import { documentSymbols } from '../../server/src/features/symbols';
import { type Document, Workspace } from '../../server/src/features/workspace';

/** All that the editor would show of a document. */
export function shown(document: Document, offsets: readonly number[]): unknown {
  const { text, analysis } = document;
  return JSON.parse(
    JSON.stringify({
      diagnostics: analysis.diagnostics,
      sorted: diagnosticsOf(document),
      hints: inlayHints(document, { start: 0, end: text.length }),
      lenses: codeLenses(document),
      symbols: documentSymbols(document),
      colours: semanticTokens(document),
      folding: foldingRanges(document),
      judgements: analysis.judgements.map(({ place, text: its, outcome }) => ({ place, its, outcome })),
      hovers: offsets.map((offset) => hover(document, offset) ?? null),
    }),
  );
}

/** A workspace over files that are stored, some of them open. */
export function workspaceOf(files: Readonly<Record<string, string | undefined>>, opened: readonly string[]): Workspace {
  const workspace = new Workspace((uri) => files[uri]);
  for (const uri of opened) workspace.update(uri, 1, files[uri]!);
  return workspace;
}

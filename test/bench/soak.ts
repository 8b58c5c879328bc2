// Ten thousand random edits with requests in between: memory stays flat, and the end is what a fresh analysis gives.

import fc from 'fast-check';
import { codeLenses } from '../../server/src/features/code-lens';
import { diagnosticsOf } from '../../server/src/features/diagnostics';
import { hover } from '../../server/src/features/hover';
import { inlayHints } from '../../server/src/features/inlay-hints';
import { semanticTokens } from '../../server/src/features/semantic-tokens';
import { documentSymbols } from '../../server/src/features/symbols';
import { type Document, Workspace } from '../../server/src/features/workspace';
import { anyEdit, apply } from '../support/edits';

const uri = 'file:///soak.nn';

/** All that the editor would show. */
export function shown(document: Document): string {
  const { text } = document;
  return JSON.stringify([diagnosticsOf(document), inlayHints(document, { start: 0, end: text.length }), codeLenses(document), documentSymbols(document), semanticTokens(document)]);
}

export interface Moment {
  readonly edits: number;
  /** After a collection of garbage, if the process may ask for one. */
  readonly megabytes: number;
}

/** Edits a text at random; every so often the original comes back, as random edits only ever damage. */
export function soak(original: string, edits: number, onMoment: (moment: Moment) => void, every = 1_000): { readonly isFresh: boolean } {
  const workspace = new Workspace(() => undefined);
  let text = original;
  const choices = fc.sample(anyEdit, { numRuns: edits, seed: 1 });
  for (const [index, edit] of choices.entries()) {
    text = index % 50 === 49 ? original : apply(edit, text);
    workspace.update(uri, index, text);
    const document = workspace.document(uri)!;
    const at = edit.at % (text.length + 1);
    hover(document, at);
    inlayHints(document, { start: at, end: Math.min(text.length, at + 2_000) });
    if (index % 7 === 0) diagnosticsOf(document);
    if (index % 31 === 0) shown(document);
    if (index % every === every - 1) {
      globalThis.gc?.();
      onMoment({ edits: index + 1, megabytes: process.memoryUsage().heapUsed / 2 ** 20 });
    }
  }
  const fresh = new Workspace(() => undefined);
  fresh.update(uri, 0, text);
  return { isFresh: shown(workspace.document(uri)!) === shown(fresh.document(uri)!) };
}

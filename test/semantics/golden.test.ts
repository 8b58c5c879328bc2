// Golden texts: dropping a .nn file into golden/ adds a test. What is expected stands in comments in the file itself, and
// `npx vitest run test/semantics/golden.test.ts -u` writes it anew.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { children, type Node } from '../../grammar/walk';
import { format } from '../../grammar/print';
import { checkModel } from '../../server/src/check/run';
import { hover } from '../../server/src/features/hover';
import { type Document, Workspace } from '../../server/src/features/workspace';
import { plain, rendered } from '../support/golden';

const folder = new URL('./golden/', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.nn'));

function documentOf(name: string): Document {
  const uri = new URL(name, folder).href;
  const workspace = new Workspace((address) => {
    try {
      return readFileSync(new URL(address), 'utf8');
    } catch {
      return undefined;
    }
  });
  workspace.update(uri, 1, plain(readFileSync(new URL(name, folder), 'utf8')));
  return workspace.document(uri)!;
}

describe.each(names)('%s', (name) => {
  const document = documentOf(name);

  it('is as it says of itself', async () => {
    await expect(rendered(document)).toMatchFileSnapshot(fileURLToPath(new URL(name, folder)));
  });

  it('is in canonical form', () => {
    if (document.problems.length === 0) expect(format(document.text)).toBe(document.text);
  });

  it('claims of tensors what is so at random points', () => {
    const { analysis: { models }, dependencies, uri: file } = document;
    const waiting = models.filter(({ graph }) => graph.finished && graph.judgements.some(({ outcome }) => outcome === 'waits') && !graph.judgements.some(({ outcome }) => outcome === 'fails'));
    const files = [document, ...dependencies.values()].flatMap((source) => (source === undefined ? [] : [{ uri: source.uri, text: source.text }]));
    for (const { declaration } of waiting) {
      const { problem, asserts } = checkModel({ files, file, model: declaration.name.text, budgetEvaluations: 200 });
      expect(problem).toBeUndefined();
      expect(asserts.filter(({ ok }) => !ok)).toEqual([]);
    }
  });

  it('is explained by hovers', () => {
    const damaged = document.analysis.diagnostics.some(({ severity }) => severity === 'error');
    if (!damaged) expect(unexplained(document)).toEqual([]);
  });
});

/** The names, calls and statements that no hover speaks of. */
function unexplained(document: Document): readonly string[] {
  const found: string[] = [];
  const pending: Node[] = [...document.tree.declarations];
  while (pending.length > 0) {
    const node = pending.pop()!;
    if (['input', 'target', 'param', 'output', 'loss', 'assert', 'name', 'repeat', 'for', 'residual', 'parallel'].includes(node.kind) && hover(document, node.span.start) === undefined) {
      found.push(`${String(document.lines.position(node.span.start).line + 1)}: ${document.text.slice(node.span.start, node.span.end)}`);
    }
    pending.push(...children(node));
  }
  return found;
}

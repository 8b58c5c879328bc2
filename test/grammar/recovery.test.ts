// What damage leaves whole: tried on every prefix of every example, and on every token taken out, doubled, swapped or put in.

import { describe, expect, test } from 'vitest';
import type { File } from '../../grammar/ast';
import type { Span } from '../../server/src/base/span';
import { parse } from '../../grammar/parse';
import type { Node } from '../../grammar/walk';
import { walk } from '../../grammar/walk';
import { type Change, changed, damages, placeOf, tokensOf } from '../support/damage';
import { examples } from './examples';
import { compact, misplacements } from './tree';

/** A node of a sound file, with its text. */
interface Original {
  readonly node: Node;
  readonly text: string;
  readonly isDeclaration: boolean;
}

/** All declarations of a file, and the statements of those that `within` takes. */
function nodesOf(file: File, within: (declaration: Node) => boolean): Original[] {
  const found: Original[] = file.declarations.map((node) => ({ node, text: compact(node), isDeclaration: true }));
  for (const declaration of file.declarations)
    if (within(declaration))
      walk(declaration, {
        enter(node) {
          if (node.kind === 'block')
            for (const statement of node.statements) found.push({ node: statement, text: compact(statement), isDeclaration: false });
          return undefined;
        },
      });
  return found;
}

const tokens = new Map([...examples].map(([name, text]) => [name, tokensOf(text)]));
const originals = new Map([...examples].map(([name, text]) => [name, nodesOf(parse(text).file, () => true)]));

function key({ start, end }: Span, text: string): string {
  return `${start}-${end} ${text}`;
}

/** What a change destroys beyond its place: nodes that it does not touch, not even by standing next to it. */
function lost(name: string, text: string, change: Change, file: File, scope: 'declarations' | 'statements'): string[] {
  const { start, end, by } = change;
  const its = tokens.get(name)!;
  const before = its.findLast((token) => token.end <= start)?.end ?? 0;
  const after = its.find((token) => token.start >= end)?.start ?? text.length;
  const shift = by.length - (end - start);
  const move = (offset: number): number => (offset <= start ? offset : offset + shift);
  const near = ({ span }: Node): boolean => span.start <= after + by.length && span.end >= before - by.length;
  const kept = new Set(nodesOf(file, (node) => scope === 'statements' && near(node)).map(({ node, text: its }) => key(node.span, its)));
  const nodes = originals.get(name)!;
  const damaged = nodes.filter(({ node: { span }, isDeclaration }) => !isDeclaration && span.start <= start && end <= span.end);
  const isInDamaged = ({ span }: Node): boolean => damaged.some(({ node }) => node.span.start <= span.start && span.end <= node.span.end);
  const touched = nodes.filter(({ node, isDeclaration }) => isDeclaration && node.span.start <= start && end <= node.span.end).map(({ node }) => node.span);
  const counts = ({ node: { span }, isDeclaration }: Original): boolean =>
    isDeclaration || (scope === 'statements' && touched.some((its) => its.start <= span.start && span.end <= its.end));
  return nodes
    .filter((original) => counts(original) && (original.node.span.end < before || original.node.span.start > after))
    .filter(({ node, isDeclaration }) => isDeclaration || !isInDamaged(node))
    .filter(({ node, text: its }) => !kept.has(key({ start: move(node.span.start), end: move(node.span.end) }, its)))
    .map(({ node }) => text.slice(node.span.start, node.span.end));
}

describe.each([...examples])('%s', (name, text) => {
  test('every prefix has a tree, with every declaration before the cut', () => {
    for (let length = 0; length < text.length; length++) {
      const prefix = text.slice(0, length);
      const result = parse(prefix);
      const wrong = misplacements(result, prefix);
      if (wrong.length > 0) expect.fail(`${wrong.join()} in ${prefix}`);
      const kept = new Set(result.file.declarations.map((node) => key(node.span, compact(node))));
      for (const { node, text: its, isDeclaration } of originals.get(name)!)
        if (isDeclaration && node.span.end < length && !kept.has(key(node.span, its))) expect.fail(`${its} lost in ${prefix}`);
    }
  });

  test.each([
    ['with a token taken out', 'statements', 1],
    ['with a token doubled', 'statements', 1],
    ['with two tokens swapped', 'declarations', 3],
    ['with a token put in', 'declarations', 4],
  ] as const)('%s, it leaves everything else as it is, and gives few errors', (kind, scope, mostErrors) => {
    for (const change of damages[kind](text)) {
      const damaged = changed(text, change);
      const place = placeOf(damaged, change);
      const result = parse(damaged);
      expect(misplacements(result, damaged), place).toEqual([]);
      expect(lost(name, text, change, result.file, scope), place).toEqual([]);
      const errors = result.diagnostics.filter(({ severity }) => severity === 'error');
      expect(errors.length, place).toBeLessThanOrEqual(mostErrors);
    }
  });
});

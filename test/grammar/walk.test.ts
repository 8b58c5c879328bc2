// Ways through trees: children in the order of the text, walks, and the nodes around an offset.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from '../../grammar/parse';
import { print } from '../../grammar/print';
import type { Node } from '../../grammar/walk';
import { children, nodePathAt, walk } from '../../grammar/walk';
import { anyFile } from './arbitrary';

/** The kinds around the `|` of a text, the outermost first. */
function kindsAt(marked: string): string[] {
  const offset = marked.indexOf('|');
  const { file } = parse(marked.replace('|', ''));
  return nodePathAt(file, offset).map(({ kind }) => kind);
}

describe('children', () => {
  test('stand inside their node, one behind the other, whatever the tree', () => {
    fc.assert(
      fc.property(anyFile, (tree) => {
        const { file } = parse(print(tree));
        walk(file, {
          enter(node) {
            let last = node.span.start;
            for (const child of children(node)) {
              expect(child.span.start).toBeGreaterThanOrEqual(last);
              expect(child.span.end).toBeLessThanOrEqual(node.span.end);
              last = child.span.end;
            }
            return undefined;
          },
        });
      }),
      { numRuns: 300 },
    );
  });

  test('leave out nothing: every node that a property of a tree holds is a child of something', () => {
    fc.assert(
      fc.property(anyFile, (tree) => {
        const walked = new Set<unknown>();
        walk(tree, {
          enter(node) {
            walked.add(node);
            return undefined;
          },
        });
        const held = new Set<unknown>();
        const hold = (value: unknown): void => {
          if (Array.isArray(value)) return value.forEach(hold);
          if (typeof value !== 'object' || value === null) return;
          if ('kind' in value) held.add(value);
          Object.values(value).forEach(hold);
        };
        hold(tree);
        expect(walked).toEqual(held);
        expect(walked.size).toBe(held.size);
      }),
      { numRuns: 200 },
    );
  });
});

describe('walk', () => {
  const { file } = parse('let x = f(a) + b');

  test('enters before the children and leaves after them', () => {
    const seen: string[] = [];
    walk(file, {
      enter(node) {
        seen.push(`+${node.kind}`);
        return undefined;
      },
      leave(node) {
        seen.push(`-${node.kind}`);
      },
    });
    expect(seen.join(' ')).toBe(
      '+file +let +name -name +binary +call +name -name +argument +name -name -argument -call +name -name -binary -let -file',
    );
  });

  test('leaves out the children where it is told to, and knows the ancestors', () => {
    const around = new Map<string, string[]>();
    walk(file, {
      enter(node, ancestors) {
        if (node.kind === 'name') around.set(node.text, ancestors.map(({ kind }) => kind));
        return node.kind !== 'call';
      },
    });
    expect([...around]).toEqual([
      ['x', ['file', 'let']],
      ['b', ['file', 'let', 'binary']],
    ]);
  });
});

describe('the nodes around an offset', () => {
  test.each([
    ['let x = a + |b', ['file', 'let', 'binary', 'name']],
    ['let x = a| + b', ['file', 'let', 'binary', 'name']],
    ['let x = a |+ b', ['file', 'let', 'binary']],
    ['let x = f|(1)', ['file', 'let', 'call', 'name']],
    ['let x = f(|1)', ['file', 'let', 'call', 'argument', 'integer']],
    ['let x = f(1|)', ['file', 'let', 'call', 'argument', 'integer']],
    ['let |x = 1', ['file', 'let', 'name']],
    ['|let x = 1', ['file', 'let']],
    ['let x = 1\n|\nlet y = 2', ['file']],
    ['model M { input x: [3, |H] }', ['file', 'model', 'block', 'input', 'type', 'name']],
    ['model M { a; |b }', ['file', 'model', 'block', 'expression-statement', 'name']],
    ['|', ['file']],
  ])('%s', (marked, kinds) => {
    expect(kindsAt(marked)).toEqual(kinds);
  });

  test('each one contains the next', () => {
    const text = 'model M(a = 1) {\n  x = a -> f(b, c = [1, 2:3])[::2].d\n  if a { b } else { c }\n}\n';
    const { file } = parse(text);
    for (let offset = 0; offset <= text.length; offset++)
      nodePathAt(file, offset).reduce((outer: Node, inner) => {
        expect(outer.span.start <= inner.span.start && inner.span.end <= outer.span.end).toBe(true);
        return inner;
      });
  });
});

// Texts that try to make the parser hang, overflow or flood: it stays quick, its trees shallow, its errors few.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../grammar/limits';
import { parse } from '../../grammar/parse';
import { NnParser } from '../../grammar/parser';
import { makeLexer, tokenVocabulary } from '../../grammar/tokens';
import type { Node } from '../../grammar/walk';
import { children } from '../../grammar/walk';
import { misplacements } from './tree';

/** How many nodes of a tree stand inside each other at most; counted without recursion. */
function depth(root: Node): number {
  let deepest = 0;
  const open: [Node, number][] = [[root, 1]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [node, level] = next;
    deepest = Math.max(deepest, level);
    for (const child of children(node)) open.push([child, level + 1]);
  }
  return deepest;
}

function repeated(unit: string, length: number): string {
  return unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
}

const inBody = (text: string): string => `model M {\n  x = ${text}\n}\n\nmodel After { ReLU }\n`;

describe('2 MB of one thing', () => {
  test.each(['[', '(', '{', '-', 'not ', 'a -> ', 'a + ', 'a < ', 'a ^ ', 'x.', 'f(', '{ f([', ')', ']', '}\n', '? ', '"', 'a ', 'repeat ', 'if ', 'residual '])(
    '%j gives one error',
    (unit) => {
      const { file, diagnostics } = parse(repeated(unit, limits.fileSize));
      expect(diagnostics.map(({ severity }) => severity)).toEqual(['error']);
      expect(depth(file)).toBeLessThan(limits.treeDepth);
    },
  );

  test.each(['[', '(', '{', '-', 'not ', 'f(', '{ f(['])('%j in a body gives one error, and the next declaration stands', (unit) => {
    const { file, diagnostics } = parse(inBody(repeated(unit, limits.fileSize - 100)));
    expect(diagnostics.map(({ code }) => code)).toEqual(['nesting-too-deep']);
    expect(file.declarations.at(-1)).toMatchObject({ kind: 'model', name: { text: 'After' }, body: { statements: [{}] } });
    expect(depth(file)).toBeLessThan(limits.treeDepth);
  });

  test.each(['a -> ', 'a + ', 'a and ', 'a ^ ', '2 ^ -'])('%j: the chain is cut where it reaches the limit', (unit) => {
    const { file, diagnostics } = parse(inBody(`${repeated(unit, unit.length * 100_000)}a`));
    expect(diagnostics.map(({ code }) => code)).toEqual(['nesting-too-deep']);
    expect(depth(file)).toBeLessThanOrEqual(limits.treeDepth);
    expect(depth(file)).toBeGreaterThan(limits.treeDepth / 4);
  });

  test.each(['(a + b) * ', 'f(a) -> ', '{ a } -> '])('%j: so is one of brackets, up to what stands in the last of them', (unit) => {
    const { file, diagnostics } = parse(inBody(`${repeated(unit, unit.length * 100_000)}a`));
    expect(diagnostics.map(({ code }) => code)).toEqual(['nesting-too-deep']);
    expect(depth(file)).toBeLessThan(limits.treeDepth + 5);
  });

  test('one long line of sound arguments is no fault', () => {
    const { file, diagnostics } = parse(`let x = f(${repeated('1234567, ', 1_900_000)}1)`);
    expect(diagnostics).toEqual([]);
    expect(depth(file)).toBeLessThan(10);
  });

  test('neither are 10,000 else-ifs, which lie flat', () => {
    const { file, diagnostics } = parse(inBody(`if a { b }${' else if a { b }'.repeat(10_000)}`));
    expect(diagnostics).toEqual([]);
    expect(depth(file)).toBeLessThan(12);
  });
});

describe('limits', () => {
  test('64 open brackets are allowed, and the 65th is named', () => {
    const allowed = limits.bracketNesting - 1;
    expect(parse(inBody('('.repeat(allowed) + 'a' + ')'.repeat(allowed))).diagnostics).toEqual([]);
    const text = inBody(`${'['.repeat(allowed)}[a]${']'.repeat(allowed)}`);
    const { file, diagnostics } = parse(text);
    const start = text.indexOf('[a]');
    expect(diagnostics).toMatchObject([{ code: 'nesting-too-deep', span: { start, end: start + 1 } }]);
    expect(file.declarations).toHaveLength(2);
  });

  test('of a file that is too large the beginning is kept, with one error where the limit is', () => {
    const unit = 'model M { ReLU }\n';
    const text = unit.repeat(limits.fileSize / unit.length + 1000);
    const { file, diagnostics } = parse(text);
    expect(diagnostics).toMatchObject([{ code: 'file-too-large', severity: 'error' }]);
    expect(diagnostics[0]!.span.start).toBeLessThanOrEqual(limits.fileSize);
    expect(file.declarations.length).toBeGreaterThan(limits.fileSize / unit.length - 3);
  });

  test('no file gets more diagnostics than anybody reads', () => {
    expect(parse('model M { a b }\n'.repeat(10 * limits.diagnostics)).diagnostics).toHaveLength(limits.diagnostics);
  });
});

test('any mixture of signs and words has a shallow tree with all places in order', () => {
  const piece = fc.constantFrom(
    ...['(', ')', '[', ']', '{', '}', '->', '-', '=', ',', ':', ';', '.', '...', '+', '\n', '\n  ', '"', '#', '# c\n', '## d\n'],
    ...['model', 'stack', 'let', 'from', 'import', 'input', 'output', 'loss', 'if', 'else', 'for', 'in', 'repeat', 'residual', 'concat', 'not', 'and'],
    ...['x', 'Conv2d', '3', '1.5M', '"a"', '?', '**', 'é', '\r\n', '\t'],
  );
  const text = fc.array(fc.tuple(piece, fc.constantFrom('', ' ')), { maxLength: 120 }).map((pieces) => pieces.flat().join(''));
  fc.assert(
    fc.property(text, (source) => {
      const result = parse(source);
      expect(misplacements(result, source)).toEqual([]);
      expect(depth(result.file)).toBeLessThan(limits.treeDepth);
    }),
    { numRuns: 4000 },
  );
});

test('tokens and rules are sound, so that no start of the program needs to validate them', () => {
  expect(() => makeLexer(false)).not.toThrow();
  expect(() => new NnParser(false)).not.toThrow();
});

test('no rule of the parser fails on any tokens; they are left over at most', () => {
  const parser = new NnParser();
  const types = tokenVocabulary.filter(({ PATTERN }) => PATTERN !== undefined);
  const token = fc.constantFrom(...types).map((tokenType) => ({
    image: tokenType.name,
    startOffset: 0,
    tokenType,
    tokenTypeIdx: tokenType.tokenTypeIdx!,
  }));
  fc.assert(
    fc.property(fc.array(token, { minLength: 1, maxLength: 12 }), fc.constantFrom('statement', 'binding', 'item'), (input, rule) => {
      parser.input = input;
      parser[rule as 'item']();
      expect(parser.errors.map(({ name }) => name).filter((name) => name !== 'NotAllInputParsedException')).toEqual([]);
    }),
    { numRuns: 3000 },
  );
});

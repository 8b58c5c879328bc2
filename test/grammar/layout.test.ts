// Where statements end: what new lines mean, inside and outside brackets.

import { describe, expect, test } from 'vitest';
import type { Diagnostic } from '../../server/src/base/diagnostic';
import { parse } from '../../grammar/parse';
import { compact } from './tree';

function body(text: string): { tree: string; diagnostics: readonly Diagnostic[] } {
  const { file, diagnostics } = parse(`model M {\n${text}\n}`);
  return { tree: file.declarations.map(compact).join('\n').slice('(model M {'.length, -'})'.length), diagnostics };
}

/** The text with the first fix of its only diagnostic. */
function fixed(text: string): string {
  const source = `model M {\n${text}\n}`;
  const edits = parse(source).diagnostics[0]!.fixes![0]!.edits;
  return edits
    .toSorted((a, b) => b.span.start - a.span.start)
    .reduce((result, { span, text: by }) => result.slice(0, span.start) + by + result.slice(span.end), source)
    .slice('model M {\n'.length, -'\n}'.length);
}

describe('a line goes on', () => {
  test.each([
    ['behind a binary operator', 'a +\nb', '(+ a b)'],
    ['behind a minus', 'a -\nb', '(- a b)'],
    ['behind and', 'a and\n\n# why\nb', '(and a b)'],
    ['behind not', 'x = not\ny', '(binding x (not y))'],
    ['behind an arrow', 'x ->\nf', '(pipe x f)'],
    ['behind a comma', 'q,\nk = x', '(binding q k x)'],
    ['behind an equals sign', 'x =\ny', '(binding x y)'],
    ['before an arrow', 'x\n-> f\n\n# note\n-> g', '(pipe (pipe x f) g)'],
    ['before else', 'if a { b }\nelse { c }', '(if a {b} {c})'],
    ['before else if', 'if a { b }\n\n else if c { d }', '(if a {b} c {d})'],
    ['before a product', 'a\n* b', '(* a b)'],
    ['before a comparison', 'assert a\n== b', '(assert (== a b))'],
    ['before or', 'a\nor b', '(or a b)'],
    ['before the brace of an if inside another', 'if x { if a\n{ b }\nelse { c } } else { d }', '(if x {(if a {b} {c})} {d})'],
    ['before the brace of if', 'if a\n\n{ b }', '(if a {b})'],
    ['before the brace of else', 'if a { b } else\n{ c }', '(if a {b} {c})'],
    ['before the brace of repeat', 'repeat 3\n{ b }', '(repeat 3 {b})'],
    ['before the brace of for', 'for a in b # c\n{ b }', '(for a b {b})'],
    ['inside parentheses', 'f(\na\n,\nb\n- c\n)', '(call f a (- b c))'],
    ['inside square brackets', 'x = [\n1,\n2\n]\ny', '(binding x [1 2]); y'],
    ['with a sign inside parentheses', 'x = (a\n+ b\n- c)', '(binding x (- (+ a b) c))'],
  ])('%s', (_, text, tree) => {
    expect(body(text)).toEqual({ tree, diagnostics: [] });
  });

  test('before the brace of a stack or model', () => {
    const { file, diagnostics } = parse('stack S(a)\n{ a }\nmodel M\n\n{ b }');
    expect(diagnostics).toEqual([]);
    expect(compact(file)).toBe('(file (stack S a {a}) (model M {b}))');
  });
});

describe('a line ends', () => {
  test.each([
    ['before a name', 'a\nb', 'a; b'],
    ['before a bracket', 'a\n(b)\n[c]\n{ d }', 'a; b; [c]; {d}'],
    ['in a block inside parentheses', 'f({ a\nb })', '(call f {a; b})'],
    ['in a block inside parentheses inside a block', '{ f(a,\n{ b\nc\n}\n) }', '{(call f a {b; c})}'],
    ['at a semicolon', 'a; b', 'a; b'],
  ])('%s', (_, text, tree) => {
    expect(body(text)).toEqual({ tree, diagnostics: [] });
  });

  test('before the brace of residual, concat, add and multiply, which miss theirs then', () => {
    for (const word of ['residual', 'concat', 'add', 'multiply'])
      expect(body(`${word}\n{ a }`).diagnostics.map(({ code }) => code)).toEqual(['missing-body']);
  });
});

describe('a line that begins with a sign', () => {
  test('minus: a statement of its own, with a warning and a fix', () => {
    const { tree, diagnostics } = body('a\n- b');
    expect(tree).toBe('a; (negate b)');
    expect(diagnostics).toMatchObject([{ code: 'minus-at-line-start', severity: 'warning' }]);
    expect(fixed('a\n- b')).toBe('a - b');
  });

  test('plus: an error and the same fix', () => {
    const { tree, diagnostics } = body('a\n  + b');
    expect(tree).toBe('(+ a b)');
    expect(diagnostics).toMatchObject([{ code: 'plus-at-line-start', severity: 'error' }]);
    expect(fixed('a\n  + b')).toBe('a + b');
  });

  test('the fix keeps a comment between the lines', () => {
    const mended = fixed('a # c\n- b');
    expect(mended).toContain('# c');
    expect(body(mended)).toEqual({ tree: '(- a b)', diagnostics: [] });
  });

  test('minus at the beginning of a body or behind a semicolon needs no warning', () => {
    expect(body('- a;\n- b')).toEqual({ tree: '(negate a); (negate b)', diagnostics: [] });
  });

  test('no fix where the line above takes no operator', () => {
    expect(body('output y\n- b').diagnostics[0]!.fixes).toBeUndefined();
  });
});

describe('an open ( or [ ends', () => {
  test('before a brace that closes an outer one', () => {
    const { tree, diagnostics } = body('{ f(a }; b');
    expect(tree).toBe('{(call f a)}; b');
    expect(diagnostics).toMatchObject([{ code: 'unclosed-bracket' }]);
  });

  test.each(['from', 'let', 'function', 'stack', 'model', 'input', 'output', 'target', 'param', 'optimizer', 'assert'])(
    'before a line that begins with %s',
    (word) => {
      const { file, diagnostics } = parse(`model M {\n  x = f(a, [b\n\n  ${word} y\n}\nmodel N { c }`);
      expect(compact(file)).toContain('(model M {(binding x (call f a [b]))');
      expect(compact(file)).toContain('(model N {c})');
      expect(diagnostics[0]).toMatchObject({ code: 'unclosed-bracket' });
    },
  );

  test('but not where that word is an argument’s name', () => {
    expect(body('f(\ninput = a,\nmodel = b\n)')).toEqual({ tree: '(call f input=a model=b)', diagnostics: [] });
  });
});

test('the block of a header is the first one outside brackets', () => {
  expect(body('if f({ a }) { b }').tree).toBe('(if (call f {a}) {b})');
  expect(body('repeat (if a { 1 } else { 2 }) { b }').tree).toBe('(repeat (if a {1} {2}) {b})');
  expect(body('for x in [{ a }, { b }] { x }').tree).toBe('(for x [{a} {b}] {x})');
});

// Every construct of the language and the tree that it gets.

import { describe, expect, test } from 'vitest';
import { parse } from '../../grammar/parse';
import { examples } from './examples';
import { compact } from './tree';

/** The tree of a file, which must be sound. */
function file(text: string): string {
  const { file: tree, diagnostics } = parse(text);
  expect(diagnostics, text).toEqual([]);
  return tree.declarations.map(compact).join('\n');
}

/** The tree of a statement in a body. */
function statement(text: string): string {
  return /^\(model M \{(.*)\}\)$/s.exec(file(`model M {\n${text}\n}`))![1]!;
}

describe('examples', () => {
  test.each([...examples])('%s parses without a diagnostic', (_, text) => {
    expect(parse(text).diagnostics).toEqual([]);
  });

  test('their chains, branches and loops get the trees that are meant', () => {
    const { file: tree } = parse(examples.get('resnet.nn')!);
    const [basicBlock] = tree.declarations;
    expect(compact(basicBlock!)).toBe(
      '(stack BasicBlock channels stride=1 {(input x (type _ [c h w])); ' +
        '(binding body (pipe (pipe (pipe (pipe (pipe x (call Conv2d channels 3 stride=stride padding=1 bias=false)) ' +
        'BatchNorm2d) ReLU) (call Conv2d channels 3 padding=1 bias=false)) BatchNorm2d)); ' +
        '(binding skip (if (or (!= stride 1) (!= c channels)) {(pipe x (call Project channels stride))} {x})); ' +
        '(pipe (+ body skip) ReLU)})',
    );
    expect(compact(tree.declarations[3]!)).toContain(
      '(for channels depth stride (call zip [64 128 256 512] depths [1 2 2 2]) ' +
        '{(call block channels stride); (repeat (- depth 1) {(call block channels)})});',
    );
    expect(compact(tree.declarations[4]!)).toBe('(model ResNet18 (call ResNet BasicBlock [2 2 2 2]))');
    expect(compact(tree.declarations[9]!)).toBe('(assert (== (call macs ResNet18 H=224 W=224) 1_814_073_344))');
  });
});

test.each([
  ['from "./blocks.nn" import Bottleneck', '(import "./blocks.nn" (imported-name Bottleneck))'],
  ['from "a" import B as C, D', '(import "a" (imported-name B C) (imported-name D))'],
  ['let width = 4 * 16', '(let width (* 4 16))'],
  ['function f(a, b = 2) = a + b', '(function f a b=2 (+ a b))'],
  ['function zero() = 0', '(function zero 0)'],
  ['stack S { ReLU }', '(stack S {ReLU})'],
  ['stack S(a, b = [1, 2]) { ReLU }', '(stack S a b=[1 2] {ReLU})'],
  ['stack S() {}', '(stack S {})'],
  ['model M { ReLU }', '(model M {ReLU})'],
  ['model M(a = { ReLU }) { a }', '(model M a={ReLU} {a})'],
  ['model B = A(depth = 3)', '(model B (call A depth=3))'],
  ['model B(d) = A(d)', '(model B d (call A d))'],
  ['assert params(A) < 5M', '(assert (< (call params A) 5M))'],
  ['', ''],
])('a file may hold: %s', (text, tree) => {
  expect(file(text)).toBe(tree);
});

test('declarations are separated by new lines or semicolons, any number of them', () => {
  expect(file('\n\n;let a = 1;;let b = 2\n\n\nlet c = 3;\n')).toBe('(let a 1)\n(let b 2)\n(let c 3)');
});

test.each([
  ['input x', '(input x)'],
  ['input image: [3, H, W]', '(input image (type _ [3 H W]))'],
  ['input x: [..., 2 * d]', '(input x (type _ [... (* 2 d)]))'],
  ['input ids: int[T]', '(input ids (type int [T]))'],
  ['target label: int', '(target label (type int))'],
  ['target y: float[]', '(target y (type float []))'],
  ['target y', '(target y)'],
  ['param w: []', '(param w (type _ []))'],
  ['param w: [n] = zeros(n)', '(param w (type _ [n]) (call zeros n))'],
  ['output y', '(output y)'],
  ['loss mse_loss(y, t)', '(loss (call mse_loss y t))'],
  ['loss (y - t) ^ 2', '(loss (^ (- y t) 2))'],
  ['optimizer Adam(lr = 1e-3, betas = [0.9, 0.999])', '(optimizer (call Adam lr=1e-3 betas=[0.9 0.999]))'],
  ['optimizer SGD', '(optimizer SGD)'],
  ['assert shape(y) == [1]', '(assert (== (call shape y) [1]))'],
  ['x = 1', '(binding x 1)'],
  ['q, k, v = x', '(binding q k v x)'],
  ['x', 'x'],
  ['; a;; b ;', 'a; b'],
])('a body may hold: %s', (text, tree) => {
  expect(statement(text)).toBe(tree);
});

test.each([
  ['64', '64'],
  ['50_257', '50_257'],
  ['25M', '25M'],
  ['0.1', '0.1'],
  ['1e-3', '1e-3'],
  ['1_000.5e+2', '1_000.5e+2'],
  ['"same"', '"same"'],
  [String.raw`"a\"b\\c\n\d"`, JSON.stringify('a"b\\c\n\\d')],
  ['true', 'true'],
  ['none', 'none'],
  ['(loss)', 'loss'],
  ['x + loss', '(+ x loss)'],
  ['grad(loss, w)', '(call grad loss w)'],
  ['[]', '[]'],
  ['[1, 2,]', '[1 2]'],
  ['f()', '(call f)'],
  ['f(1, b = 2,)', '(call f 1 b=2)'],
  ['f(for = 3, loss = 1)', '(call f for=3 loss=1)'],
  ['x.weight', '(member x weight)'],
  ['x.in.for', '(member (member x in) for)'],
  ['f(1)(2)[3].d', '(member (index (call (call f 1) 2) 3) d)'],
  ['x[:, 0]', '(index x (slice _ _ _) 0)'],
  ['x[..., ::2]', '(index x ... (slice _ _ 2))'],
  ['x[1:]', '(index x (slice 1 _ _))'],
  ['x[a:b:c]', '(index x (slice a b c))'],
  ['x[:-1]', '(index x (slice _ (negate 1) _))'],
  ['x[none]', '(index x none)'],
  ['{ a; b }', '{a; b}'],
  ['{}', '{}'],
  ['if a { b }', '(if a {b})'],
  ['if a { b } else { c }', '(if a {b} {c})'],
  ['if a { b } else if c { d } else { e }', '(if a {b} c {d} {e})'],
  ['repeat n - 1 { f }', '(repeat (- n 1) {f})'],
  ['for a, b in zip(x, y) { f }', '(for a b (call zip x y) {f})'],
  ['[for a,\n b in x { f }, c]', '[(for a b x {f}) c]'],
  ['residual { f }', '(residual {f})'],
  ['concat { a; b }', '(concat {a; b})'],
  ['concat(dim = -1) { a; b }', '(concat dim=(negate 1) {a; b})'],
  ['add(a, b)', '(call add a b)'],
  ['multiply { a }(x)', '(call (multiply {a}) x)'],
  ['(if a { 2 } else { 3 }) + 1', '(+ (if a {2} {3}) 1)'],
  ['if a { 2 } else { 3 } + 1', '(+ (if a {2} {3}) 1)'],
  ['h -> repeat 3 { f } -> g', '(pipe (pipe h (repeat 3 {f})) g)'],
  ['f(if a { b } else { c }, { d })', '(call f (if a {b} {c}) {d})'],
])('a value may be: %s', (text, tree) => {
  expect(statement(`_ = ${text}`)).toBe(`(binding _ ${tree})`);
});

test.each([
  ['-x ^ 2', '(negate (^ x 2))'],
  ['2 ^ 3 ^ 4', '(^ 2 (^ 3 4))'],
  ['2 ^ -3', '(^ 2 (negate 3))'],
  ['2 ^ -x ^ 3', '(^ 2 (negate (^ x 3)))'],
  ['2 ^ --x * 3', '(* (^ 2 (negate (negate x))) 3)'],
  ['-a * b', '(* (negate a) b)'],
  ['a * -b', '(* a (negate b))'],
  ['a - b - c', '(- (- a b) c)'],
  ['a / b * c // d % e @ f', '(@ (% (// (* (/ a b) c) d) e) f)'],
  ['a + b * c ^ d', '(+ a (* b (^ c d)))'],
  ['(a + b) * c', '(* (+ a b) c)'],
  ['a - -b', '(- a (negate b))'],
  ['a < b < c', '(< < a b c)'],
  ['(a < b) < c', '(< (< a b) c)'],
  ['a < (b < c)', '(< a (< b c))'],
  ['a + 1 == b >= c', '(== >= (+ a 1) b c)'],
  ['not a and b', '(and (not a) b)'],
  ['not a == b', '(not (== a b))'],
  ['not not a', '(not (not a))'],
  ['a or b and c', '(or a (and b c))'],
  ['a and b or c', '(or (and a b) c)'],
  ['a or b or c', '(or (or a b) c)'],
  ['x -> f + y', '(pipe x (+ f y))'],
  ['x -> f -> g', '(pipe (pipe x f) g)'],
  ['x -> (f -> g)', '(pipe x (pipe f g))'],
  ['a or b -> c', '(pipe (or a b) c)'],
  ['x -> not a', '(pipe x (not a))'],
  ['-f(x).y[0]', '(negate (index (member (call f x) y) 0))'],
])('operators bind: %s', (text, tree) => {
  expect(statement(`_ = ${text}`)).toBe(`(binding _ ${tree})`);
});

test.each([
  ['64', 64],
  ['50_257', 50257],
  ['10k', 10_000],
  ['25M', 25_000_000],
  ['4G', 4_000_000_000],
  ['1e-3', 0.001],
  ['1_000.5', 1000.5],
  ['9007199254740993', 9007199254740992],
])('the value of %s', (text, value) => {
  const [declaration] = parse(`let x = ${text}`).file.declarations;
  expect(declaration).toMatchObject({ value: { value, text } });
});

test('places cover what is written, and parentheses belong to what is around', () => {
  const text = 'let x = (a + b) * f(c)';
  const [declaration] = parse(text).file.declarations;
  const written = ({ start, end }: { start: number; end: number }): string => text.slice(start, end);
  if (declaration?.kind !== 'let' || declaration.value.kind !== 'binary') throw new Error('expected a product');
  expect(written(declaration.span)).toBe(text);
  expect(written(declaration.value.span)).toBe('(a + b) * f(c)');
  expect(written(declaration.value.left.span)).toBe('a + b');
  expect(written(declaration.value.right.span)).toBe('f(c)');
  expect(written(declaration.value.operatorSpan)).toBe('*');
});

test('a byte order mark, tabs and all kinds of line ends are blanks', () => {
  expect(file('\ufeffmodel M {\r\n\tReLU\r\tLinear(\u00a03)\r\n}\n')).toBe('(model M {ReLU; (call Linear 3)})');
});

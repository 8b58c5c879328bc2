// Texts that would run away: each is answered within its budget, with one error at its cause.

import { describe, expect, it } from 'vitest';
import { parse } from '../../grammar/parse';
import { format } from '../../grammar/print';
import { diagnosticsOf } from '../../server/src/features/diagnostics';
import { hover } from '../../server/src/features/hover';
import { inlayHints } from '../../server/src/features/inlay-hints';
import { analyse } from '../../server/src/semantics/analyse';
import { defaultLimits } from '../../server/src/semantics/limits';
import { errorsIn, hostile } from '../bench/hostile';
import { analyseFiles, analyseText } from '../support/analyse';
import { documentOf } from '../support/fixture';

/** A budget that is spent soon; what it ends would spend any. */
const limits = { ...defaultLimits, nodes: 5_000, steps: 50_000 };

/** The errors of a text as `code at text`. */
function errors(text: string): readonly string[] {
  return analyse('file:///hostile.nn', (uri) => ({ uri, text, tree: parse(text).file }), limits)!
    .diagnostics.filter(({ severity }) => severity === 'error')
    .map(({ code, span }) => `${code} at ${text.slice(span.start, span.end).slice(0, 40)}`);
}

const inModel = (body: string): string => `model M {\n  input x: [8]\n  ${body}\n}`;
const chain = (count: number): string => Array.from({ length: count }, (_, index) => `stack S${String(index)} { S${String(index + 1)} }`).join('\n');

describe('one error answers', () => {
  it.each<[string, string, readonly string[]]>([
    ['more rounds than there are atoms', inModel('repeat 1_000_000_000_000 { ReLU }'), ['too-many-repeats at 1_000_000_000_000']],
    ['a power of rounds', inModel('repeat 10^12 { ReLU }'), ['too-many-repeats at 10^12']],
    ['loops in loops', inModel('repeat 10_000 { repeat 10_000 { ReLU } }'), ['too-many-nodes at 10_000']],
    ['loops in loops that make nothing', inModel('repeat 10_000 { repeat 10_000 { y = 1 } }'), ['too-much-work at 10_000']],
    ['loops over lists in loops', inModel('for a in range(10_000) { for b in range(10_000) { ReLU } }'), ['too-many-nodes at range(10_000)']],
    ['loops in loops whose sizes shrink', 'model M {\n  input x: [8, L]\n  repeat 10_000 { repeat 10_000 { Conv1d(8, 3) } }\n}', ['too-much-work at Conv1d(8, 3)']],
    ['ten thousand stacks inside each other', `${chain(10_000)}\nstack S10000 { ReLU }\n${inModel('S0')}`, ['too-deep at S199']],
    ['a recursion without an end', `stack S { S }\n${inModel('S')}`, ['too-deep at S']],
    ['a recursion that doubles', `stack S(n) { if n > 0 { S(n - 1); S(n - 1) } else { Linear(8) } }\n${inModel('S(40)')}`, ['too-much-work at S(n - 1)']],
    ['a recursion that doubles and makes nothing', `stack S(n) { if n > 0 { S(n - 1); S(n - 1) } }\n${inModel('S(40)')}`, ['too-much-work at S(n - 1)']],
    ['a recursion whose layers double', `stack S(n) { repeat 20 { ReLU }; if n > 0 { S(n - 1); S(n - 1) } }\n${inModel('S(40)')}`, ['too-many-nodes at S(n - 1)']],
    ['a function that doubles', `function f(n) = if n > 0 { f(n - 1) + f(n - 1) } else { 1 }\nlet a = f(40)\n${inModel('Linear(a)')}`, ['too-much-work at f(n - 1)']],
    ['rounds in a stack, as many as its application says', `stack S(n) { repeat n { ReLU } }\n${inModel('S(10^12)')}`, ['too-many-repeats at n']],
    ['loops at the end of a short recursion', `stack S(n) { if n > 0 { S(n - 1) } else { for a in range(1_000) { for b in range(1_000) { Linear(a + 1) } } } }\n${inModel('S(4)')}`, ['too-many-nodes at Linear(a + 1)']],
    ['layers of a billion channels', inModel('Linear(1_000_000_000); Linear(1_000_000_000)'), ['size-too-large at Linear(1_000_000_000)']],
    ['a size past 2^53', inModel('Linear(9_007_199_254_740_993)'), ['size-too-large at 9_007_199_254_740_993']],
    ['lists that grow', `let a = range(1_000_000_000)\n${inModel('ReLU')}`, ['too-many-repeats at range(1_000_000_000)']],
  ])('%s', (_, text, expected) => {
    expect(errors(text)).toEqual(expected);
  });
});

it.each(hostile)('one error answers the hostile file of the benchmarks: %s', (_, text) => {
  expect(errorsIn(text)).toBe(1);
});

it('a limit that a stack of another file reaches is told where it is applied, too', () => {
  const { diagnostics } = analyseFiles({ 'main.nn': `from "./other.nn" import S\n${inModel('S')}`, 'other.nn': 'stack S { S }' });
  expect(diagnostics.map(({ code }) => code)).toEqual(['error-in-application']);
});

describe('sizes that nobody could read are one error where they arise', () => {
  const symbolic = (body: string, input = '[H, W]'): string => `model M {\n  input x: ${input}\n  ${body}\n}`;
  const lines = (count: number, line: (index: number) => string): string => Array.from({ length: count }, (_, index) => line(index)).join('\n  ');

  it.each<[string, string, readonly string[]]>([
    ['a power of a sum', symbolic('n = (H + W + 1) ^ 200'), ['size-too-complex at (H + W + 1) ^ 200']],
    ['a product of sums', symbolic(`n = ${'(H + W + 1) * '.repeat(400)}1`), ['size-too-complex at ']],
    ['quotients of sums that double', symbolic(`v0 = H\n  ${lines(60, (i) => `v${String(i + 1)} = (v${String(i)} + H) // 2 + v${String(i)} * W`)}`), ['size-too-complex at ']],
    ['the smallest of many', symbolic(`n = min(${Array.from({ length: 2_000 }, (_, i) => `H + ${String(i)} * W`).join(', ')})`), ['size-too-complex at min(']],
    ['what half of a tensor adds to it, again and again', symbolic('repeat 80 { input y; concat(y, MaxPool1d(2)(y), dim = 1) }', '[8, L]'), ['size-too-complex at concat(y, MaxPool1d(2)(y), dim = 1)']],
    ['more sizes than a tensor has dimensions', symbolic(`reshape(x, ${'H, '.repeat(10_000)}W)`), ['invalid-shape at H']],
    ['a dimension too many', symbolic('y = x[none, none, none]\n  z = y[none, none, none, none]'), ['rank-too-high at y[none, none, none, none]']],
    ['dimensions without end', symbolic(`x[${'none, '.repeat(5_000)}0]`), ['rank-too-high at x[none, ']],
    ['numbers that double in length', symbolic(`v0 = sqrt(H)\n  ${lines(200, (i) => `v${String(i + 1)} = v${String(i)} * v${String(i)}`)}\n  x * v200`), []],
  ])('%s', (_, text, expected) => {
    const found = errors(text);
    expect(found.length, found.join()).toBe(expected.length);
    for (const [index, each] of expected.entries()) expect(found[index]!).toContain(each.slice(0, 50).replace(/ $/, ''));
  });
});

describe('a million characters', () => {
  const long = 'a'.repeat(1_000_000);
  const dense = `${'a, '.repeat(200_000)}a`;

  it.each<[string, string, readonly string[]]>([
    ['in a comment', `# ${long}\n${inModel('ReLU')}`, []],
    ['of documentation', `## ${long}\n${inModel('ReLU')}`, []],
    ['in a string', inModel(`assert "${long}" == "b"`), ['assert-fails']],
    ['in a string that does not end', `${inModel('ReLU')}\nlet a = "${long}`, ['unclosed-string']],
    ['in a name that nothing declares', inModel(long), ['unknown-name']],
    ['in the name of an argument', inModel(`Linear(8, ${long} = 3)`), ['unknown-argument']],
    ['in the value of an argument', inModel(`Linear("${long}")`), ['invalid-out-features']],
    ['in the name of a dimension', `model M {\n  input x: [${long}, 3]\n  Linear(3)\n  x @ x\n}`, []],
    ['in a number', `let a = ${'1'.repeat(1_000_000)}\n${inModel('ReLU')}`, ['size-too-large']],
    ['in a list', `let a = 1\nlet b = [${dense}]\n${inModel('ReLU')}`, []],
    ['of what is joined', inModel(`concat(${'x, '.repeat(20_000)}x)`), []],
  ])('%s are read, and a message stays one', (_, text, expected) => {
    const document = documentOf(text);
    const found = diagnosticsOf(document);
    expect(found.filter(({ severity }) => severity === 'error').map(({ code }) => code)).toEqual(expected);
    for (const { message } of found) expect(message.length).toBeLessThan(600);
    inlayHints(document, { start: 0, end: text.length });
    hover(document, text.indexOf('model M') + 6);
    format(text);
  });
});

describe('of a loop that does the same in every round', () => {
  const nodesOf = (text: string): { readonly codes: readonly string[]; readonly nodes: number } => {
    const { diagnostics, models } = analyse('file:///loop.nn', (uri) => ({ uri, text, tree: parse(text).file }), limits)!;
    return { codes: diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code), nodes: models[0]!.graph.nodes.length };
  };

  it('one round says that all are too many', () => {
    expect(nodesOf(inModel('repeat 10_000 { repeat 100 { Linear(8); ReLU } }'))).toEqual({ codes: ['too-many-nodes'], nodes: 200 });
    expect(nodesOf(inModel('for a in range(1_000) { for b in range(1_000) { ReLU } }'))).toEqual({ codes: ['too-many-nodes'], nodes: 1_000 });
  });

  it('rounds that change something go on until they do not, or to the end', () => {
    expect(nodesOf(inModel('repeat 10_000 { Linear(16); repeat 100 { ReLU } }'))).toEqual({ codes: ['too-many-nodes'], nodes: 202 });
    expect(nodesOf(inModel('for a in range(1_000) { if a == 0 { repeat 100 { ReLU } } else { ReLU } }'))).toEqual({ codes: [], nodes: 1_099 });
    expect(nodesOf(inModel('repeat 100 { x -> Linear(8); ReLU }'))).toEqual({ codes: [], nodes: 200 });
  });

  it('a network up to the limit is none too many', () => {
    expect(nodesOf(inModel('repeat 500 { repeat 10 { ReLU } }'))).toEqual({ codes: [], nodes: 5_000 });
    expect(nodesOf(inModel('repeat 500 { repeat 10 { ReLU } }; ReLU')).codes).toEqual(['too-many-nodes']);
  });
});

it('lets in a long row, each by the next, end at a limit', () => {
  const text = `${Array.from({ length: 5_000 }, (_, index) => `let v${String(index)} = v${String(index + 1)} + 1`).join('\n')}\nlet v5000 = 1`;
  expect([...new Set(analyseText(text).diagnostics.map(({ code }) => code))]).toEqual(['too-deep']);
});

it('models may ask about each other, for their bodies are finished before', () => {
  const text = 'model A { input x: [2]; Linear(2); assert params() < params(B) }\nmodel B { input x: [2]; Linear(3); assert params() > params(A) }';
  const { diagnostics, models } = analyseText(text);
  expect(diagnostics).toEqual([]);
  expect(models.map(({ graph }) => graph.judgements.map(({ outcome }) => outcome))).toEqual([['holds'], ['holds']]);
});

it('imports that go on and on end at a limit, those in a circle at their beginning', () => {
  const rows = (count: number): Record<string, string> => Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${String(index)}.nn`, `from "./f${String(index + 1)}.nn" import S`]));
  const main = 'from "./f0.nn" import S\nmodel M { input x: [2]; S }';
  expect(analyseFiles({ 'main.nn': main, ...rows(1_000) }).diagnostics.map(({ code }) => code)).toEqual(['too-deep']);
  expect(analyseFiles({ 'main.nn': main, 'f0.nn': 'from "./main.nn" import S' }).diagnostics.map(({ code }) => code)).toEqual(['cyclic-import']);
});

it('a variant makes the layers in its arguments anew for each model', () => {
  const text = 'model A(head = Linear(2)) { input x: [4]; head }\nmodel B = A(head = Linear(3))\nmodel C = B()\nassert params(C) == params(B)';
  expect(analyseText(text).judgements.map(({ outcome }) => outcome)).toEqual(['holds']);
});

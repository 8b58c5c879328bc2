// Texts that would run away: each is answered within its budget, with one error at its cause.

import { describe, expect, it } from 'vitest';
import { parse } from '../../grammar/parse';
import { analyse } from '../../server/src/semantics/analyse';
import { defaultLimits } from '../../server/src/semantics/limits';
import { analyseFiles, analyseText } from '../support/analyse';

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
    ['ten thousand stacks inside each other', `${chain(10_000)}\nstack S10000 { ReLU }\n${inModel('S0')}`, ['too-deep at S199', 'error-in-application at S0']],
    ['a recursion without an end', `stack S { S }\n${inModel('S')}`, ['too-deep at S', 'error-in-application at S']],
    ['a recursion that doubles', `stack S(n) { if n > 0 { S(n - 1); S(n - 1) } else { Linear(8) } }\n${inModel('S(40)')}`, ['too-much-work at n > 0', 'error-in-application at S(40)']],
    ['layers of a billion channels', inModel('Linear(1_000_000_000); Linear(1_000_000_000)'), ['size-too-large at Linear(1_000_000_000)']],
    ['a size past 2^53', inModel('Linear(9_007_199_254_740_993)'), ['size-too-large at 9_007_199_254_740_993']],
    ['lists that grow', `let a = range(1_000_000_000)\n${inModel('ReLU')}`, ['too-many-repeats at range(1_000_000_000)']],
  ])('%s', (_, text, expected) => {
    expect(errors(text)).toEqual(expected);
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

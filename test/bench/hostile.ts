// Files that would run away: each is answered within a second, with one error at its cause.

import { parse } from '../../grammar/parse';
import { analyse } from '../../server/src/semantics/analyse';

const inModel = (body: string): string => `model M {\n  input x: [8]\n  ${body}\n}`;
const chain = (count: number): string => `${Array.from({ length: count }, (_, index) => `stack S${String(index)} { S${String(index + 1)} }`).join('\n')}\nstack S${String(count)} { ReLU }`;
const size = 2_000_000;

export const hostile: readonly (readonly [name: string, text: string])[] = [
  ['repeat 10^12', inModel('repeat 10^12 { ReLU }')],
  ['repeat 10_000 in repeat 10_000', inModel('repeat 10_000 { repeat 10_000 { ReLU } }')],
  ['the same over lists, indices used', inModel('for a in range(10_000) { for b in range(10_000) { Linear(a + b + 1) } }')],
  ['the same, nothing made', inModel('for a in range(10_000) { for b in range(10_000) { y = a + b } }')],
  ['convolutions that shrink a free length', 'model M {\n  input x: [8, L]\n  repeat 10_000 { repeat 10_000 { Conv1d(8, 3) } }\n}'],
  ['recursion that doubles, with layers', `stack S(n) { Linear(8); if n > 0 { S(n - 1); S(n - 1) } }\n${inModel('S(40)')}`],
  ['recursion that doubles, without', `stack S(n) { if n > 0 { S(n - 1); S(n - 1) } }\n${inModel('S(40)')}`],
  ['a function that doubles', `function f(n) = if n > 0 { f(n - 1) + f(n - 1) } else { 1 }\nlet a = f(40)\n${inModel('Linear(a)')}`],
  ['stacks nested 10,000 deep', `${chain(10_000)}\n${inModel('S0')}`],
  ['layers of a billion channels', inModel('Linear(1_000_000_000); Linear(1_000_000_000)')],
  ['a size past 2^53', inModel('Linear(9_007_199_254_740_993)')],
  ['2 MB of (', '('.repeat(size)],
  ['2 MB of ]', ']'.repeat(size)],
  ['2 MB of [ in a body', `model M {\n  x = ${'['.repeat(size - 100)}\n}\n\nmodel After { input x: [8]; ReLU }\n`],
  ['2 MB of ()', inModel(`y = ${'()'.repeat(size / 2 - 100)}`)],
];

/** Files with much in them: all that is true of each is told. */
export const large: readonly (readonly [name: string, text: string])[] = [
  ['150,000 lets', Array.from({ length: 150_000 }, (_, index) => `let a${String(index)}=1`).join('\n')],
  ['150,000 equal lets', 'let a = 1\n'.repeat(150_000)],
  ['a concat of 200,000 literals', inModel(`y = concat([${Array(200_000).fill('1').join(', ')}])`)],
  ['100,000 outputs', inModel(Array.from({ length: 100_000 }, (_, index) => `output y${String(index)}`).join('\n'))],
  ['a stack of 20,000 arguments that nothing uses', `stack S(${Array.from({ length: 20_000 }, (_, index) => `a${String(index)} = 1`).join(', ')}) { ReLU }\n${inModel('S')}`],
  ['20,000 stacks that nothing declares', Array.from({ length: 20_000 }, (_, index) => `stack S${String(index)} { T${String(index)} }`).join('\n')],
  ['190,000 sound operations', 'model M {\n  input x: [8, H, W]\n  repeat 9_500 { repeat 10 { Conv2d(8, 3, padding = 1); ReLU } }\n}'],
];

/** Parses and analyses; how many errors there are. */
export function errorsIn(text: string): number {
  const uri = 'file:///hostile.nn';
  const { file: tree, diagnostics } = parse(text);
  const analysis = analyse(uri, () => ({ uri, text, tree }))!;
  return [...diagnostics, ...analysis.diagnostics].filter(({ severity }) => severity === 'error').length;
}

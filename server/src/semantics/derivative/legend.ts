// What expressions name without saying it: derivatives of activations that take a line of their own.

import { everyPart, type Expression } from './expression';

/** What a name stands for: code in backquotes, with `x` as the operand; a second operand, where one is given. */
export const explained: ReadonlyMap<string, (given?: string) => string> = new Map<string, (given?: string) => string>([
  ['elu′', (alpha) => `\`elu′(x${optional(alpha)})\` is 1 where \`x > 0\`, else \`${times(alpha)}exp(x)\``],
  ['celu′', (alpha) => `\`celu′(x${optional(alpha)})\` is 1 where \`x > 0\`, else \`exp(x${alpha === undefined ? '' : `/${alpha}`})\``],
  ['selu′', () => '`selu′(x)` is 1.0507 where `x > 0`, else `1.7581·exp(x)`'],
  ['gelu′', () => '`gelu′(x) = Φ(x) + x·φ(x)`, with the distribution function Φ and the density φ of the standard normal distribution'],
  ['mish′', () => '`mish′(x) = t + x·(1 − t²)·σ(x)`, with `t = tanh(softplus(x))`'],
  ['hardswish′', () => '`hardswish′(x)` is 0 where `x ≤ −3`, 1 where `x ≥ 3`, else `x/3 + 1/2`'],
]);

function optional(given: string | undefined): string {
  return given === undefined ? '' : `, ${given}`;
}

function times(given: string | undefined): string {
  return given === undefined ? '' : `${given}·`;
}

/** A line for each name in the expression that needs one. */
export function legendOf(expression: Expression): readonly string[] {
  const found = new Set<string>();
  for (const part of everyPart(expression)) {
    if (part.kind !== 'applied') continue;
    const given = part.operands[1];
    const line = explained.get(part.name)?.(given?.kind === 'number' ? String(given.value) : undefined);
    if (line !== undefined) found.add(line);
  }
  return [...found];
}

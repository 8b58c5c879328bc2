// Optimizers: every step as PyTorch takes it, and what the exam asks of Adam.

import { describe, expect, it } from 'vitest';
import { ruleWithNumbers } from '../../server/src/features/hover/optimizer';
import { optimizers } from '../../server/src/layers/optimizers';
import type { Arguments } from '../../server/src/layers/definition';
import recorded from '../oracle/optimizers.json';

function argumentsOf(name: string, given: Arguments): Arguments {
  const definitions = Object.entries(optimizers.get(name)!.arguments).map(([argument, definition]) => [argument, (definition as { default?: unknown }).default]);
  return { ...Object.fromEntries(definitions), ...given } as Arguments;
}

/** How far the weight moves against a constant gradient. */
function stepsUnder(gradient: number, name: string, given: Arguments, count = 5): number[] {
  const next = optimizers.get(name)!.start(argumentsOf(name, given));
  return Array.from({ length: count }, () => -next(gradient, 0));
}

/** Carries out one line of a rule, as a reader would. */
function follow(line: string, state: Record<string, number>, gradient: number, step: number): void {
  const [target, formula, first] = /^(\S+) [←=] (.*?)(, at first g)?$/.exec(line)!.slice(1);
  const written = (first !== undefined && step === 1 ? 'g' : formula!)
    .replaceAll('∂loss/∂w', 'G')
    .replaceAll(/([\d.]+)ᵗ/g, '($1 ** t)')
    .replaceAll(/(\p{L})\u0302/gu, '$1Hat')
    .replaceAll(/√(\w+)/g, 'Math.sqrt($1)')
    .replaceAll('max(', 'Math.max(')
    .replaceAll('²', ' ** 2')
    .replaceAll('·', ' * ')
    .replaceAll('−', '-');
  const known = { ...state, G: gradient, t: step };
  const value = new Function(...Object.keys(known), `return ${written}`)(...Object.values(known)) as number;
  state[target!.replace(/\u0302/u, 'Hat')] = value;
}

describe('an optimizer', () => {
  it.each(recorded.map((each) => [`${each.name} ${JSON.stringify(each.arguments)}`, each] as const))('moves as PyTorch does: %s', (_, { name, arguments: given, start, gradients, values }) => {
    const next = optimizers.get(name)!.start(argumentsOf(name, given as Arguments));
    let value = start;
    for (const [step, gradient] of gradients.entries()) {
      value = next(gradient, value);
      expect(Math.abs(value - values[step]!)).toBeLessThan(1e-12);
    }
  });

  it.each(recorded.map((each) => [`${each.name} ${JSON.stringify(each.arguments)}`, each] as const))('says in its hover how PyTorch moves: %s', (_, { name, arguments: given, start, gradients, values }) => {
    const lines = ruleWithNumbers(optimizers.get(name)!, argumentsOf(name, given as Arguments));
    const state: Record<string, number> = { w: start, g: 0, m: 0, v: 0, u: 0, b: 0, s: 0 };
    for (const [step, gradient] of gradients.entries()) {
      for (const line of lines) follow(line, state, gradient, step + 1);
      expect(Math.abs(state.w! - values[step]!), lines.join('; ')).toBeLessThan(1e-12);
    }
  });

  it('every one is recorded', () => {
    expect(new Set(recorded.map(({ name }) => name))).toEqual(new Set(optimizers.keys()));
  });

  it('Adam steps by the learning rate under any constant gradient if eps is 0', () => {
    for (const gradient of [1e-6, -0.1, 1, 1e4]) {
      for (const step of stepsUnder(gradient, 'Adam', { lr: 1e-3, eps: 0 })) expect(step).toBeCloseTo(1e-3 * Math.sign(gradient), 12);
    }
  });

  it('Adam with eps = 1 steps by lr·g/(|g| + 1)', () => {
    for (const gradient of [1e-3, -0.5, 2]) {
      for (const step of stepsUnder(gradient, 'Adam', { lr: 1e-3, eps: 1 })) expect(step).toBeCloseTo((1e-3 * gradient) / (Math.abs(gradient) + 1), 12);
    }
  });
});

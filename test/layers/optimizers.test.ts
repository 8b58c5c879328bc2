// Optimizers: every step as PyTorch takes it, and what the exam asks of Adam.

import { describe, expect, it } from 'vitest';
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

describe('an optimizer', () => {
  it.each(recorded.map((each) => [`${each.name} ${JSON.stringify(each.arguments)}`, each] as const))('moves as PyTorch does: %s', (_, { name, arguments: given, start, gradients, values }) => {
    const next = optimizers.get(name)!.start(argumentsOf(name, given as Arguments));
    let value = start;
    for (const [step, gradient] of gradients.entries()) {
      value = next(gradient, value);
      expect(Math.abs(value - values[step]!)).toBeLessThan(1e-12);
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

// Checks of models of whose entries few can be compared: what they look at, and how a failure is found in the time that there is.

import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../server/src/base/random';
import { Builder } from '../../server/src/engine/builder';
import { checkGradients } from '../../server/src/engine/gradient-check/check';
import { compare, QUICK_STEPS, sweep } from '../../server/src/engine/gradient-check/difference';
import type { Line } from '../../server/src/engine/gradient-check/difference';
import { SummedGradient } from '../../server/src/engine/gradient-check/gradient';
import type { GradientReport } from '../../server/src/engine/gradient-check/report';
import { sumAlong } from '../../server/src/engine/kernels/random';
import type { DerivativeTable, VectorJacobianProduct } from '../../server/src/engine/primitive';
import { defaultDerivatives } from '../../server/src/engine/primitives/table';
import type { PrimitiveName, Ref } from '../../server/src/engine/program';

/** A line of a function that counts how often it is asked. */
function counted(loss: (x: number) => number): { line: Line; asked: () => number } {
  let count = 0;
  return { line: (offset) => ({ loss: loss(offset), branched: (count++, false), offset }), asked: () => count };
}

const steps = [1e-5, 1e-7, 1e-9];

describe('a direction', () => {
  it('that is plainly wrong needs three differences', () => {
    const { line, asked } = counted((x) => 3 + 2 * x + x * x);
    expect(compare(line, 2.02, 1, steps)).toMatchObject({ verdict: 'wrong', numeric: expect.closeTo(2, 6) as number });
    expect(asked()).toBe(6);
  });

  it('is not wrong where the loss is too coarse to move', () => {
    const { line } = counted(() => 3);
    expect(compare(line, 1e-12, 1e-12, steps)).toBeUndefined();
  });

  it('is not wrong where differences disagree with each other, as on a steep function', () => {
    const { line } = counted((x) => Math.sin(3e5 * x));
    expect(compare(line, 2.9e5, 3e5, steps)).toBeUndefined();
  });

  it('is not wrong where the loss moves in coarse steps, as behind great numbers that cancel', () => {
    const random = new RandomStream(0, 'coarse losses');
    let wrong = 0;
    for (let i = 0; i < 20_000; i++) {
      const [slope, at, fineness] = [1 + random.uniform(3 * i), random.uniform(3 * i + 1), random.uniform(3 * i + 2)];
      // From a step that no difference sees to one of which the greatest sees 10⁴.
      const quantum = 1e-5 * 10 ** (1 - 5 * fineness);
      const { line } = counted((x) => (Math.round((at + slope * x) / quantum) * quantum) / 3);
      if (compare(line, slope / 3, slope / 3, QUICK_STEPS)?.verdict === 'wrong') wrong++;
      if (sweep(line, slope / 3, { step: 1, noise: 1e-16, tolerance: 1e-5 })?.verdict === 'wrong') wrong++;
    }
    expect(wrong).toBe(0);
  });

  it('that is off by rounding is left to more exact differences', () => {
    const { line } = counted((x) => 3 + 2 * x);
    expect(compare(line, 2 + 5e-6, 1, steps)).toBeUndefined();
  });
});

describe('an entry whose evaluations are dear', () => {
  const scale = { step: 1, noise: 1e-15, tolerance: 1e-5 };

  it('is settled by one difference that agrees to five digits, whatever the noise', () => {
    const { line, asked } = counted((x) => 3 + 2 * x + 1e-13 * Math.sin(1e9 * x));
    expect(sweep(line, 2, scale)).toMatchObject({ verdict: 'agrees' });
    expect(asked()).toBe(2);
  });

  it('is tried closer to a kink', () => {
    const kinked: Line = (offset) => ({ loss: 2 * offset + Math.max(0, offset - 5e-7), branched: offset > 5e-7, offset });
    expect(sweep(kinked, 2, scale)).toMatchObject({ verdict: 'agrees', step: 1e-7 });
  });

  it('is wrong where three differences say so', () => {
    expect(sweep(counted((x) => 2 * x).line, 2.002, scale)).toMatchObject({ verdict: 'wrong' });
    expect(sweep(counted((x) => 2 * x).line, 2 + 1e-4, { ...scale, tolerance: 0 })).toBeUndefined();
  });
});

it('a gradient that is not kept is summed in parts by few backward passes while an error is followed', () => {
  const values = new Float64Array(100_000);
  new RandomStream(1, 'g').fillBell(values);
  const random = new RandomStream(1, 'signs');
  let passes = 0;
  const gradient = new SummedGradient(values, { signs: [{ random, start: 0, stop: values.length }], places: [] }, () => {
    passes++;
    return values;
  });
  const place = 77_777;
  let start = 0;
  for (let length = 2 ** 16; length >= 1; length /= 2) {
    const middle = start + length;
    if (middle >= Math.min(values.length, start + 2 * length)) continue;
    expect(gradient.along({ random, start, stop: middle }).slope).toBeCloseTo(sumAlong(values, { random, start, stop: middle }).slope, 9);
    if (place >= middle) start = middle;
  }
  expect(start).toBe(place);
  expect(passes).toBeLessThanOrEqual(3);
});

/** A chain of residual layers with a derivative of one primitive changed. */
function checked(layers: number, evaluations: number, change?: { readonly primitive: PrimitiveName; readonly factor: number }): GradientReport {
  const builder = new Builder();
  const leaves = new Map<Ref, Float64Array>();
  const leaf = (name: string, shape: readonly number[]): Ref => {
    const ref = builder.leaf(shape, name);
    const values = new Float64Array(shape.reduce((a, b) => a * b));
    new RandomStream(1, name).fillBell(values, 0.3);
    leaves.set(ref, values);
    return ref;
  };
  let x = builder.constant(Array.from({ length: 12 }, (_, i) => Math.cos(i)), [2, 6]);
  const check = Array.from({ length: layers }, (_, i) => leaf(`w${i}`, [6, 6]));
  for (const w of check) x = builder.add(x, builder.multiply(builder.tanh(builder.matmul(x, w)), builder.scalar(0.2)));
  const loss = builder.sum(builder.sigmoid(x));
  const right = change && (defaultDerivatives[change.primitive] as VectorJacobianProduct<unknown>);
  const wrong: VectorJacobianProduct<unknown> = (b, ...rest) => right!(b, ...rest).map((part) => (typeof part === 'number' ? b.multiply(part, b.scalar(change!.factor)) : part));
  const derivatives = change && ({ [change.primitive]: wrong } as Partial<DerivativeTable>);
  return checkGradients({ program: builder.program, loss, leaves, check, derivatives, budget: { evaluations } });
}

describe('where few entries can be compared', () => {
  it('they lie all over the model', () => {
    const { ok, tensors } = checked(16, 100);
    const compared = tensors.flatMap(({ checked: count }, i) => (count > 0 ? [i] : []));
    expect(ok).toBe(true);
    expect(compared.length).toBeGreaterThan(8);
    expect(Math.min(...compared)).toBeLessThan(8);
    expect(Math.max(...compared)).toBe(15);
  });

  it('the wrong tensor of a common direction is sought as long as twice the budget, and what is known then is said', () => {
    const { ok, suspects, evaluations } = checked(64, 10, { primitive: 'tanh', factor: 1.1 });
    expect(ok).toBe(false);
    expect(suspects.length).toBeGreaterThan(0);
    expect(suspects[0]!.names.length).toBeGreaterThan(1);
    expect(suspects[0]!.names.length).toBeLessThan(64);
    expect(suspects[0]!.analytic).not.toBeCloseTo(suspects[0]!.numeric, 5);
    expect(evaluations).toBeLessThan(64);
  });

  it('an operation that is wrong is named all the same', () => {
    const { culprits } = checked(64, 20, { primitive: 'tanh', factor: 1.1 });
    expect(culprits.map(({ primitive }) => primitive)).toContain('tanh');
    expect(checked(64, 20, { primitive: 'matmul', factor: 1.1 }).culprits.map(({ primitive }) => primitive)).toContain('matmul');
    expect(checked(64, 20, { primitive: 'sigmoid', factor: 1.1 }).culprits.map(({ primitive }) => primitive)).toEqual(['sigmoid']);
  });
});

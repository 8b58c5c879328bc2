// The gradient checker: no false alarm at kinks, in noise or on steep ground, and honest about what it has not looked at.

import { describe, expect, it } from 'vitest';
import { Builder } from '../../server/src/engine/builder';
import { CancelledError } from '../../server/src/engine/errors';
import { checkGradients } from '../../server/src/engine/gradient-check/check';
import type { CheckProgress, GradientCheck } from '../../server/src/engine/gradient-check/check';
import { groupSize } from '../../server/src/engine/gradient-check/groups';
import type { GradientReport } from '../../server/src/engine/gradient-check/report';
import type { Ref } from '../../server/src/engine/program';
import { examNetwork, Network } from './support/networks';

/** Checks a function of one leaf at one point. */
function checkAt(values: readonly number[], f: (b: Builder, x: Ref) => Ref, options: Partial<GradientCheck> = {}): GradientReport {
  const builder = new Builder({ seed: 3 });
  const x = builder.leaf([values.length], 'x');
  const loss = builder.sum(f(builder, x));
  return checkGradients({ program: builder.program, loss, leaves: new Map([[x, Float64Array.from(values)]]), check: [x], budget: { evaluations: 1e6 }, ...options });
}

const small = (seed: number): ReturnType<typeof examNetwork> => examNetwork(seed, 8, [3, 4, 5]);

describe('a check of correct derivatives', () => {
  it.each([
    ['relu at 0', [0, 1, -1], (b: Builder, x: Ref) => b.relu(x), 1],
    ['|x| at 0', [0, 2], (b: Builder, x: Ref) => b.abs(x), 1],
    ['a maximum of equals', [3, 3, 1], (b: Builder, x: Ref) => b.max(x), 2],
    ['a pool of equals', [1, 1, 2, 0], (b: Builder, x: Ref) => b.maxPool(b.reshape(x, [1, 4]), { kernel: [2], stride: [2], paddingBefore: [0], paddingAfter: [0] }), 2],
    ['a clamp at its bound', [1, 0.5], (b: Builder, x: Ref) => b.clamp(x, 0, 1), 1],
    ['a jump', [0, 0.5], (b: Builder, x: Ref) => b.step(x), 1],
    ['the maximum with itself mirrored', [0, 1], (b: Builder, x: Ref) => b.maximum(x, b.negate(x)), 1],
  ] as const)('calls %s a kink and not an error', (_, values, f, kinks) => {
    const report = checkAt(values, f);
    expect(report).toMatchObject({ ok: true, culprits: [] });
    expect(report.tensors[0]).toMatchObject({ checked: values.length, kinks, wrong: 0 });
  });

  it('steps closer to a nearby kink instead of calling it one', () => {
    const report = checkAt([3e-7, -2e-8, 5e-5], (b, x) => b.relu(x));
    expect(report).toMatchObject({ ok: true });
    expect(report.tensors[0]).toMatchObject({ checked: 3, kinks: 0, unresolved: 0 });
  });

  it.each([
    ['a small difference of great numbers', [0.3, 0.7], (b: Builder, x: Ref) => b.subtract(b.add(b.sin(x), b.scalar(1e8)), b.scalar(1e8))],
    ['a loss of 0', [0.3, -0.3], (b: Builder, x: Ref) => b.multiply(b.sin(x), b.scalar(1e6))],
    ['steep ground', [1e-5, -2e-6], (b: Builder, x: Ref) => b.reciprocal(x)],
    ['great entries', [1e6, -3e7], (b: Builder, x: Ref) => b.square(x)],
    ['a fast wave', [0.2, 0.4], (b: Builder, x: Ref) => b.sin(b.multiply(x, b.scalar(3000)))],
    ['a flat tail', [-40, 30], (b: Builder, x: Ref) => b.sigmoid(x)],
    ['a sum that is constant', [0.1, 0.5, -0.4], (b: Builder, x: Ref) => b.softmax(x, 0)],
    ['tiny entries', [1e-12, -1e-9], (b: Builder, x: Ref) => b.exp(x)],
    ['a detached factor', [0.5, 2], (b: Builder, x: Ref) => b.multiply(b.detach(b.exp(x)), x)],
    ['a mask', [1, 2, 3, 4], (b: Builder, x: Ref) => b.multiply(b.dropoutMask([4], 0.5, 'layer'), b.exp(x))],
    ['an unused entry', [1, 2, 3], (b: Builder, x: Ref) => b.slice(x, [1], [2])],
  ] as const)('raises no alarm over %s', (_, values, f) => {
    const report = checkAt(values, f);
    expect(report).toMatchObject({ ok: true, culprits: [] });
    expect(report.tensors[0]).toMatchObject({ checked: values.length, kinks: 0, wrong: 0 });
  });

  it('raises no alarm on convolutions, normalization and pools for many seeds', () => {
    for (let seed = 0; seed < 15; seed++) {
      const { network, loss, parameters } = small(seed);
      const report = checkGradients({ program: network.program, loss, leaves: network.leaves, check: parameters, budget: { evaluations: 1e6 } });
      expect(report).toMatchObject({ ok: true, culprits: [] });
      for (const { checked, entries, unresolved } of report.tensors) expect({ checked, unresolved }).toEqual({ checked: entries, unresolved: 0 });
    }
  });

  it('takes a leaf that the loss does not use as one with derivative 0', () => {
    const network = new Network(1);
    const x = network.random([2], 'x');
    const unused = network.random([3], 'unused');
    const report = checkGradients({ program: network.program, loss: network.sum(network.square(x)), leaves: network.leaves, check: [x, unused], budget: { evaluations: 1e6 } });
    expect(report.ok).toBe(true);
    expect(report.tensors[1]).toMatchObject({ name: 'unused', checked: 3 });
  });
});

describe('a check of wrong derivatives', () => {
  it('names the entry, both values and the layer', () => {
    const { network, loss, parameters } = small(2);
    const report = checkGradients({
      program: network.program,
      loss,
      leaves: network.leaves,
      check: parameters,
      derivatives: { relu: (b, g, [x]) => [b.multiply(b.multiply(g, b.scalar(2)), b.step(x!))] },
      budget: { evaluations: 1e6 },
    });
    expect(report.ok).toBe(false);
    expect(report.culprits.map(({ primitive, origin, input }) => ({ primitive, origin, input }))).toEqual([
      { primitive: 'relu', origin: 'conv1', input: 0 },
      { primitive: 'relu', origin: 'conv2', input: 0 },
    ]);
    const failed = report.tensors.filter(({ ok }) => !ok).map(({ name }) => name);
    expect(failed).toEqual(['conv1.weight', 'conv1.bias', 'norm1.weight', 'norm1.bias', 'conv2.weight', 'conv2.bias']);
    // Behind the normalization nothing is wrong, so that here the factor shows.
    const { analytic, numeric, index } = report.tensors.find(({ name }) => name === 'conv2.weight')!.worst!;
    expect(index).toHaveLength(4);
    expect(analytic / numeric).toBeCloseTo(2, 5);
  });

  it('reports a derivative that is not a number', () => {
    const report = checkAt([0, 1], (b, x) => b.sqrt(b.square(b.square(x))));
    expect(report.ok).toBe(false);
    expect(report.tensors[0]!.failures).toMatchObject([{ index: [0], analytic: NaN }]);
  });

  it('finds one wrong entry of many by halving when there is no time for all', () => {
    const network = new Network(1);
    const x = network.random([64, 128], 'x');
    const report = checkGradients({
      program: network.program,
      loss: network.sum(network.square(network.sin(x))),
      leaves: network.leaves,
      check: [x],
      derivatives: {
        sin: (b, g, [input]) => {
          const factors = new Float64Array(64 * 128).fill(1);
          factors[40 * 128 + 77] = 1.01;
          return [b.multiply(b.multiply(g, b.constant(factors, [64, 128])), b.cos(input!))];
        },
      },
      budget: { evaluations: 200 },
    });
    expect(report.tensors[0]).toMatchObject({ ok: false, wrong: 1, failures: [{ index: [40, 77] }] });
    expect(report.tensors[0]!.checked).toBeLessThan(200);
  });
});

describe('a check within a budget', () => {
  it('says how many entries and directions of each tensor it has looked at', () => {
    const { network, loss, parameters } = small(1);
    const report = checkGradients({ program: network.program, loss, leaves: network.leaves, check: parameters, budget: { evaluations: 400 } });
    expect(report.ok).toBe(true);
    expect(report.evaluations).toBeLessThan(600);
    for (const { entries, checked, directions } of report.tensors) {
      expect(directions).toBeGreaterThanOrEqual(1);
      expect(checked).toBeGreaterThanOrEqual(Math.min(4, entries));
    }
    expect(report.tensors.find(({ name }) => name === 'conv1.weight')!.checked).toBeLessThan(225);
  });

  it('gives the same report for the same seed', () => {
    const { network, loss, parameters } = small(1);
    const check = { program: network.program, loss, leaves: network.leaves, check: parameters, seed: 5, budget: { evaluations: 500 } };
    const first = checkGradients(check);
    expect(checkGradients(check)).toEqual({ ...first, seconds: expect.any(Number) as number });
  });

  it('tells how far it is, on one scale for all its stages', () => {
    const { network, loss, parameters } = small(1);
    const heard: CheckProgress[] = [];
    checkGradients({ program: network.program, loss, leaves: network.leaves, check: parameters, onProgress: (progress) => heard.push(progress), budget: { evaluations: 1e6 } });
    expect(new Set(heard.map(({ stage }) => stage))).toEqual(new Set(['directions', 'entries']));
    expect(new Set(heard.map(({ total }) => total)).size).toBe(1);
    expect(heard.map(({ done }) => done)).toEqual(heard.map(({ done }) => done).sort((a, b) => a - b));
    expect(heard.at(-1)!.done).toBeLessThanOrEqual(heard[0]!.total);
    expect(heard.length).toBeGreaterThan(20);
  });

  it('stops when asked to', () => {
    const { network, loss, parameters } = small(1);
    let asked = 0;
    const check = { program: network.program, loss, leaves: network.leaves, check: parameters, cancelled: () => ++asked > 300, budget: { evaluations: 1e6 } };
    expect(() => checkGradients(check)).toThrow(CancelledError);
    expect(asked).toBe(301);
  });
});

describe('a check with hardly any budget', () => {
  const scarce = (evaluations: number, derivatives?: GradientCheck['derivatives'], seed = 1): GradientReport => {
    const { network, loss, parameters } = small(seed);
    return checkGradients({ program: network.program, loss, leaves: network.leaves, check: parameters, derivatives, budget: { evaluations } });
  };

  it('moves all tensors at once, and says that it did no more', () => {
    const report = scarce(4);
    expect(report).toMatchObject({ ok: true, worst: undefined });
    expect(report.evaluations).toBeLessThanOrEqual(6);
    expect(report.tensors.map(({ directions, together, checked }) => ({ directions, together, checked })))
      .toEqual(report.tensors.map(() => ({ directions: 0, together: report.tensors.length, checked: 0 })));
  });

  it.each([12, 16, 24])('moves as few tensors at once as %i evaluations allow, and says how many', (evaluations) => {
    const report = scarce(evaluations);
    expect(report.ok).toBe(true);
    const groups = report.tensors.reduce((sum, { together }) => sum + 1 / together, 0);
    expect(2 * groups).toBeGreaterThan(0.6 * evaluations - 6);
    expect(Math.max(...report.tensors.map(({ together }) => together))).toBeLessThan(report.tensors.length);
    expect(report.evaluations).toBeLessThanOrEqual(1.5 * evaluations);
  });

  it('takes each tensor by itself before it looks at entries', () => {
    const report = scarce(48);
    expect(report.ok).toBe(true);
    expect(report.evaluations).toBeLessThan(72);
    for (const { directions } of report.tensors) expect(directions).toBeGreaterThanOrEqual(1);
  });

  it('raises no alarm for many seeds', () => {
    for (let seed = 0; seed < 40; seed++) expect(scarce(4 + seed, undefined, seed)).toMatchObject({ ok: true });
  });

  const shapes = new Map(small(1).parameters.map((ref) => {
    const { attributes, shape } = small(1).network.instruction(ref);
    return [(attributes as { name: string }).name, shape];
  }));
  it.each([...shapes].flatMap(([name, shape]) => [4, 16].map((evaluations) => [name, evaluations, shape] as const)))('finds an error of a hundredth in %s alone within %i evaluations, and names the tensor', (name, evaluations, shape) => {
    const { network, loss, parameters } = small(1);
    // A leaf between the tensor and its uses, whose derivative is wrong.
    const target = parameters.find((ref) => (network.instruction(ref).attributes as { name: string }).name === name)!;
    const builder = new Builder();
    const instructions = network.program.instructions;
    const moved: Ref[] = [];
    instructions.forEach((instruction, ref) => {
      moved[ref] = builder.append(instruction.primitive, instruction.inputs.map((input) => moved[input]!), instruction.attributes);
      if (ref === target) moved[ref] = builder.divide(moved[ref]!, builder.constant(1, shape));
    });
    const leaves = new Map([...network.leaves].map(([ref, values]) => [moved[ref]! - (ref === target ? 2 : 0), values]));
    const check = parameters.map((ref) => moved[ref]! - (ref === target ? 2 : 0));
    const derivatives: GradientCheck['derivatives'] = { divide: (b, g, [, y]) => [b.multiply(b.divide(g, y!), b.scalar(1.01)), 'zero'] };
    const report = checkGradients({ program: builder.program, loss: moved[loss]!, leaves, check, derivatives, budget: { evaluations } });
    expect(report).toMatchObject({ ok: false });
    expect(report.tensors.filter(({ ok }) => !ok).map((tensor) => tensor.name)).toEqual([name]);
  });
});

describe('the size of a group', () => {
  it('is one where the budget pays for a direction of each', () => {
    expect(groupSize(12, 0.6, 0, 0.05)).toBe(1);
    expect(groupSize(1, 0.6, 0.1, 0.1)).toBe(1);
    expect(groupSize(5, 0.6, 0, 0)).toBe(1);
  });

  it('grows as the budget falls short, until all that are left share one direction', () => {
    expect(groupSize(12, 0.65, 0.1, 0.1)).toBe(2);
    expect(groupSize(12, 0.35, 0.1, 0.1)).toBe(4);
    for (const share of [0.1, 0.01, 0, -3]) expect(groupSize(12, share, 0.1, 0.1)).toBe(12);
  });
});

describe('a check of an operation that is not deterministic', () => {
  it('names it', () => {
    let calls = 0;
    const report = checkAt([1, 2], (b, x) => {
      b.origin = 'layer';
      return b.square(b.exp(x));
    }, { kernels: { exp: (output, [x]) => output.forEach((__, i) => (output[i] = Math.exp(x![i]!) * (1 + 1e-13 * calls++))) } });
    expect(report.ok).toBe(false);
    expect(report.nondeterministic).toMatchObject({ primitive: 'exp', origin: 'layer' });
  });
});

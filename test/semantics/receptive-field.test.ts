// Receptive fields against what the engine sees: the support of the derivative of one output unit by the input.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lowering, nameLeaves } from '../../server/src/check/lower';
import { run } from '../../server/src/engine/execute';
import type { Graph, Tensor } from '../../server/src/semantics/graph';
import { type AxisReport, ReceptiveFields } from '../../server/src/semantics/receptive-field';
import { analyseText } from '../support/analyse';

const length = 48;

/** The reports of the last output's axes, and the tensor. */
function fieldOf(body: string, input = `[2, ${String(length)}]`): { axes: readonly AxisReport[]; output: Tensor } {
  const analysis = analyseText(`model M {\n  input x: ${input}\n${body}\n}\n`);
  expect(analysis.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  const output = analysis.models[0]!.graph.outputs.at(-1)!.tensors[0]!;
  const [field] = new ReceptiveFields().of(output);
  return { axes: field?.axes ?? [], output };
}

/** The first and the last position of [2, length] that unit `at` of the last axis depends on, with weights that cannot cancel. */
function support(body: string, at: number): readonly [number, number] | undefined {
  const { graph } = analyseText(`model M {\n  input x: [2, ${String(length)}]\n${body}\n}\n`).models[0]!;
  const lowering = new Lowering(1, nameLeaves(graph));
  const { builder } = lowering;
  const y = lowering.ref(graph.outputs.at(-1)!.tensors[0]!);
  const shape = builder.shape(y);
  const unit = builder.sum(builder.slice(y, [0, 0, at], [1, shape[1]!, at + 1]));
  const x = lowering.leaves.get(graph.inputs[0]!)!;
  const [gradient] = builder.gradient(unit, [x]);
  const leaves = new Map([...lowering.leaves.values()].map((ref) => [ref, new Float64Array(builder.shape(ref).reduce((a, b) => a * b, 1)).fill(1)]));
  const [values] = run(builder.program, leaves, [gradient!]);
  const seen = [...values!.keys()].filter((place) => values![place] !== 0).map((place) => place % length);
  return seen.length === 0 ? undefined : [Math.min(...seen), Math.max(...seen)];
}

/** One layer over the last axis; padding keeps most of the length. */
const window: fc.Arbitrary<string> = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 2 }), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 3 }))
  .chain(([kernel, stride, padding, dilation]) =>
    fc.constantFrom(
      `Conv1d(2, ${String(kernel)}, stride = ${String(stride)}, padding = ${String(padding)}, dilation = ${String(dilation)}, bias = false)`,
      `AvgPool1d(${String(kernel)}, stride = ${String(stride)}, padding = ${String(Math.min(padding, Math.floor(kernel / 2)))})`,
      `Conv1d(2, ${String(kernel)}, padding = "same", dilation = ${String(dilation)}, bias = false)`,
      'ReLU',
    ),
  );

/** Keeps the length, so that branches can be joined. */
const keeping: fc.Arbitrary<string> = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 3 }))
  .map(([kernel, dilation]) => `Conv1d(2, ${String(kernel)}, padding = "same", dilation = ${String(dilation)}, bias = false)`);

const joined: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom('concat', 'add', 'residual'), fc.array(keeping, { minLength: 1, maxLength: 3 }))
  .map(([join, branches]) => `${join} { ${branches.join('; ')} }${join === 'concat' ? '; Conv1d(2, 1, bias = false)' : ''}`);

const network = fc.array(fc.oneof(window, joined), { minLength: 1, maxLength: 5 }).map((layers) => layers.map((layer) => `  ${layer}`).join('\n'));

it('the receptive field of a random network is the support of its gradient', () => {
  let compared = 0;
  fc.assert(
    fc.property(network, fc.double({ min: 0.2, max: 0.8, noNaN: true }), (body, where) => {
      // Large kernels behind many strides may leave nothing.
      fc.pre(!analyseText(`model M {\n  input x: [2, ${String(length)}]\n${body}\n}\n`).diagnostics.some(({ code }) => code === 'no-output-left'));
      const { axes, output } = fieldOf(body);
      const [axis] = axes;
      const units = output.type.shape[1] as number;
      fc.pre(axis?.kind === 'window');
      const at = Math.floor(where * units);
      const start = at * axis.stride - axis.before!;
      const expected = [Math.max(0, start), Math.min(length - 1, start + axis.size - 1)];
      // A window that lies in the padding alone sees nothing; holes of dilations at a border may hide its ends.
      fc.pre(start >= 0 && start + axis.size <= length);
      compared++;
      expect(support(body, at)).toEqual(expected);
    }),
    { numRuns: 400 },
  );
  expect(compared).toBeGreaterThan(200);
});

/** Layers that enlarge, between layers that look around. */
const enlarging: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 1 })).map(
        ([kernel, stride, cut]) => `ConvTranspose1d(2, ${String(kernel)}, stride = ${String(stride)}, padding = ${String(Math.min(cut, kernel - 1))}, bias = false)`,
      ),
      fc.integer({ min: 2, max: 3 }).map((factor) => `Upsample(scale_factor = ${String(factor)})`),
      fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 })).map(
        ([kernel, stride]) => `Conv1d(2, ${String(kernel)}, stride = ${String(stride)}, padding = ${String(kernel >> 1)}, bias = false)`,
      ),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((layers) => layers.map((layer) => `  ${layer}`).join('\n'));

it('behind enlargements, too, the greatest and the least field of a period are those of the gradient', () => {
  let compared = 0;
  fc.assert(
    fc.property(enlarging, (body) => {
      const { axes, output } = fieldOf(body);
      const [axis] = axes;
      const units = output.type.shape[1] as number;
      // Enough units in the middle for every phase; strides of at most 27 and their inverses.
      const middle = Array.from({ length: 54 }, (_, index) => Math.floor(units / 2) - 27 + index);
      fc.pre(axis?.kind === 'window' && units >= 90);
      const sizes = middle.map((unit) => {
        const seen = support(body, unit);
        return seen === undefined ? 0 : seen[1] - seen[0] + 1;
      });
      compared++;
      expect({ size: Math.max(...sizes), least: Math.min(...sizes) }).toEqual({ size: axis.size, least: axis.least ?? axis.size });
    }),
    { numRuns: 6 },
  );
  expect(compared).toBeGreaterThan(3);
});

/** One step along the only axis of positions; what does not fit is refused by the analysis. */
const step: fc.Arbitrary<string> = fc.oneof(
  window,
  window,
  enlarging,
  fc.tuple(fc.integer({ min: 1, max: 2 }), fc.constantFrom('nearest', 'linear', 'nearest-exact')).map(([factor, mode]) => `  Upsample(scale_factor = ${String(factor)}, mode = "${mode}")`),
  fc.integer({ min: 2, max: 30 }).map((size) => `  Upsample(size = ${String(size)}, mode = "linear", align_corners = true)`),
  fc.integer({ min: 2, max: 20 }).map((size) => `  AdaptiveAvgPool1d(${String(size)})`),
  fc.constantFrom('1:', ':-2', '::2', '2:-1:3', '-9:').map((range) => `  Identity()[:, ${range}]`),
  fc.constantFrom('ZeroPad1d([2, 1])', 'Chunk(2, dim = 1)[0]', 'Chunk(3, dim = 1)[1]', 'Split(5, dim = 1)[1]', 'Unflatten(0, [1, 2]) -> Flatten(0, 1)').map((layer) => `  ${layer}`),
);

/** A step, or branches of steps that are cut to one length and joined; indices stand behind a name. */
const steps = (least: number): fc.Arbitrary<readonly string[]> => fc.array(step, { minLength: least, maxLength: 3 });

/** Numbered names for the values between steps: slices and lists need them. */
function written(lines: readonly string[], from: string, prefix: string): { readonly text: readonly string[]; readonly result: string } {
  let flow = from;
  const text = lines.flatMap((line) => line.trim().split('\n').map((each) => each.trim())).map((layer, index) => {
    const bracket = /^(.*?)\[(.*)\]$/.exec(layer);
    const indexed = bracket !== null && /^(Identity\(\)|Chunk\(.*\)|Split\(.*\))$/.test(bracket[1]!);
    const before = flow;
    flow = `${prefix}${String(index)}`;
    if (!indexed) return `  ${flow} = ${before} -> ${layer}`;
    return bracket[1] === 'Identity()' ? `  ${flow} = ${before}[${bracket[2]!}]` : `  ${flow} = (${before} -> ${bracket[1]!})[${bracket[2]!}]`;
  });
  return { text, result: flow };
}

const ends = [
  '',
  '',
  '',
  '  RESULT[:, 2]',
  '  RESULT[:, -1]',
  '  RESULT[:, 1:2] -> Flatten -> Linear(3, bias = false)',
  '  RESULT -> AdaptiveAvgPool1d(1) -> Flatten -> Linear(3, bias = false)',
  '  RESULT -> Flatten -> Linear(3, bias = false)',
  '  (RESULT -> transpose -> MultiheadAttention(1)) -> transpose',
  '  RESULT + (RESULT -> AdaptiveAvgPool1d(1) -> Sigmoid)',
];

const networks = fc
  .tuple(steps(1), fc.option(fc.tuple(steps(1), steps(0), fc.constantFrom('concat', 'add'), fc.constantFrom(':6', '-6:'))), steps(0), fc.constantFrom(...ends))
  .map(([first, branches, rest, end]) => {
    const trunk = written(first, 'x', 'a');
    const lines = [...trunk.text];
    let flow = trunk.result;
    if (branches !== null) {
      const [left, right, join, cut] = branches;
      const [l, r] = [written(left, flow, 'b'), written(right, flow, 'c')];
      lines.push(...l.text, ...r.text, `  j = ${join}(${l.result}[:, ${cut}], ${r.result}[:, ${cut}])`);
      if (join === 'concat') lines.push('  k = j -> Conv1d(2, 1, bias = false)');
      flow = join === 'concat' ? 'k' : 'j';
    }
    const tail = written(rest, flow, 'd');
    lines.push(...tail.text, end === '' ? `  ${tail.result}` : end.replaceAll('RESULT', tail.result));
    return lines.join('\n');
  });

/** For some units the places of [2, length] that they depend on, with weights that cannot cancel. */
function placesOf(network: Graph, output: Tensor, units: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const lowering = new Lowering(1, nameLeaves(network));
  const { builder } = lowering;
  const y = lowering.ref(output);
  const x = lowering.leaves.get(network.inputs[0]!)!;
  const gradients = units.flatMap((unit) => builder.gradient(builder.sum(builder.slice(y, [0, ...unit], [1, ...unit.map((at) => at + 1)])), [x]));
  const leaves = new Map([...lowering.leaves.values()].map((ref) => [ref, new Float64Array(builder.shape(ref).reduce((a, b) => a * b, 1)).fill(0.5)]));
  return run(builder.program, leaves, gradients).map((values) => [...new Set([...values.keys()].filter((at) => values[at] !== 0).map((at) => at % length))].sort((a, b) => a - b));
}

it('on random graphs every unit sees the support of its gradient', () => {
  const counts = { exact: 0, picked: 0, all: 0 };
  fc.assert(
    fc.property(networks, (body) => {
      const analysis = analyseText(`model M {\n  input x: [2, ${String(length)}]\n${body}\n}\n`);
      fc.pre(!analysis.diagnostics.some(({ severity }) => severity === 'error'));
      const { graph: network } = analysis.models[0]!;
      // Enlargements may grow beyond what is worth the time.
      fc.pre(network.nodes.every(({ outputs }) => outputs.every(({ type }) => type.shape.reduce<number>((a, b) => a * (b as number), 1) <= 400)));
      const output = network.outputs.at(-1)!.tensors[0]!;
      const [input] = network.inputs;
      const fields = new ReceptiveFields();
      const axis = fields.of(output)[0]!.axes[0]!;
      if (axis.kind === 'unknown') {
        // Corners of a single place cannot be aligned in steps.
        const resizesOnePlace = network.nodes.some((node) => node.kind === 'operation' && node.operation.name === 'Upsample' && [...node.inputs, ...node.outputs].some(({ type }) => type.shape.at(-1) === 1));
        expect(axis.reason).toMatch(resizesOnePlace ? /strides meet|too rarely|is spread|not the same at all places/ : /different strides meet|repeat too rarely|single place is spread/);
        return;
      }
      const shape = output.type.shape as readonly number[];
      const units = [0.3, 0.5, 0.7].map((where) => shape.map((size, at) => (at === 0 && shape.length === 2 ? 0 : Math.floor(where * size))));
      const supports = placesOf(network, output, units);
      if (axis.kind === 'all') {
        counts.all++;
        // A transposed convolution whose stride is above its kernel leaves zeros that see nothing.
        if (!body.includes('ConvTranspose')) for (const seen of supports) expect(seen.length).toBeGreaterThan(0);
        return;
      }
      const intervals = units.map((unit) => fields.interval(output, unit, input!, 1)!);
      for (const [at, [first, last]] of intervals.entries()) {
        expect(last - first + 1).toBeLessThanOrEqual(axis.size);
        expect(supports[at]!.every((place) => place >= first && place <= last)).toBe(true);
      }
      // A border anywhere on the way, with padding behind it, hides ends; that cannot be so at all places of a long map.
      const inside = intervals.flatMap(([first, last], at) => (first >= 0 && last < length && first <= last ? [[supports[at]![0], supports[at]!.at(-1)].join() === [first, last].join()] : []));
      const bordered = /[pP]ad/.test(body);
      if (axis.stride === 0) counts.picked++;
      else {
        counts.exact += inside.filter(Boolean).length;
        if (inside.length === 3 && (!bordered || shape.at(-1)! >= 12)) expect(inside).toContain(true);
      }
      if (!bordered) expect(inside.every(Boolean)).toBe(true);
    }),
    { numRuns: 200 },
  );
  expect(counts.exact).toBeGreaterThan(10);
  expect(counts.picked).toBeGreaterThan(2);
  expect(counts.all).toBeGreaterThan(3);
});

/** In two dimensions, with other kernels, strides and dilations for each axis. */
const [rows, columns] = [22, 26];
const pair = (low: number, high: number): fc.Arbitrary<string> => fc.tuple(fc.integer({ min: low, max: high }), fc.integer({ min: low, max: high })).map(([a, b]) => `[${String(a)}, ${String(b)}]`);
const plane: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('Conv2d(1, [1, 7], padding = [0, 3], bias = false)', 'Conv2d(1, [7, 1], padding = [3, 0], bias = false)', 'Conv2d(1, [2, 3], padding = "same", bias = false)'),
  fc.tuple(pair(1, 3), pair(1, 2), pair(1, 2)).map(([kernel, stride, dilation]) => `Conv2d(1, ${kernel}, stride = ${stride}, dilation = ${dilation}, bias = false)`),
  fc.tuple(pair(1, 3), pair(1, 2)).map(([kernel, stride]) => `AvgPool2d(${kernel}, stride = ${stride})`),
  fc.tuple(pair(1, 3), pair(1, 2)).map(([kernel, stride]) => `ConvTranspose2d(1, ${kernel}, stride = ${stride}, bias = false)`),
  fc.tuple(fc.constantFrom('add', 'concat'), fc.constantFrom('[1, 7]', '[3, 1]', '[5, 3]'), pair(1, 2)).map(
    ([join, kernel, dilation]) => `${join} { Identity; Conv2d(1, ${kernel}, padding = "same", dilation = ${dilation}, bias = false) }; Conv2d(1, 1, bias = false)`,
  ),
);

it('in two dimensions, too, and what is global covers all that is read at all', () => {
  const counts = { exact: 0, all: 0 };
  const layersOfPlane = fc.tuple(fc.array(plane, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '', '; AdaptiveAvgPool2d(1); Flatten; Linear(2, bias = false)', '; Flatten; Linear(2, bias = false)'));
  fc.assert(
    fc.property(layersOfPlane, fc.double({ min: 0.35, max: 0.65, noNaN: true }), ([body, end], where) => {
      const { diagnostics, models } = analyseText(`model M {\n  input x: [1, ${String(rows)}, ${String(columns)}]\n  ${body.join('; ')}${end}\n}\n`);
      fc.pre(!diagnostics.some(({ severity }) => severity === 'error'));
      const { graph: network } = models[0]!;
      fc.pre(network.nodes.every(({ outputs }) => outputs.every(({ type }) => type.shape.reduce<number>((a, b) => a * (b as number), 1) <= 3000)));
      const output = network.outputs.at(-1)!.tensors[0]!;
      const [input] = network.inputs;
      const fields = new ReceptiveFields();
      const { axes } = fields.of(output)[0]!;
      fc.pre(axes.every(({ kind }) => kind !== 'unknown'));
      const lowering = new Lowering(1, nameLeaves(network));
      const { builder } = lowering;
      const shape = output.type.shape as readonly number[];
      const unit = shape.map((size, at) => (shape.length === 3 && at > 0 ? Math.floor(where * size) : 0));
      const y = builder.sum(builder.slice(lowering.ref(output), [0, ...unit], [1, ...unit.map((at) => at + 1)]));
      const since = axes.flatMap((axis) => (axis.kind === 'all' && axis.since !== undefined ? [axis.since.inputs[0]!] : []));
      const x = lowering.leaves.get(input!)!;
      // A global unit reads all that is read at all: what any place of the map in front of it reads.
      const gradients = [y, ...since.map((tensor) => builder.sum(lowering.ref(tensor)))].flatMap((sum) => builder.gradient(sum, [x]));
      const leaves = new Map([...lowering.leaves.values()].map((ref) => [ref, new Float64Array(builder.shape(ref).reduce((a, b) => a * b, 1)).fill(0.5)]));
      const [seen, ...whole] = run(builder.program, leaves, gradients).map((values) => [...values.keys()].filter((at) => values[at] !== 0));
      for (const all of whole) {
        counts.all++;
        expect(all.length).toBeGreaterThan(0);
        expect(seen).toEqual(all);
      }
      for (const [axis, { kind }] of axes.entries()) {
        if (kind !== 'window') continue;
        const [first, last] = fields.interval(output, unit, input!, axis + 1)!;
        const places = seen!.map((at) => (axis === 0 ? Math.floor(at / columns) : at % columns));
        expect(places.every((place) => place >= first && place <= last)).toBe(true);
        // Beyond a border nothing is seen, and behind an enlargement with gaps a unit at the end may see nothing.
        if (body.some((each) => each.startsWith('ConvTranspose')) || first < 0 || last >= (axis === 0 ? rows : columns)) continue;
        counts.exact++;
        expect([Math.min(...places), Math.max(...places)]).toEqual([first, last]);
      }
    }),
    { numRuns: 60 },
  );
  expect(counts.exact).toBeGreaterThan(3);
  expect(counts.all).toBeGreaterThan(3);
});

it('a U-Net sees up to 204 pixels, and less at most places', () => {
  const head = 'stack Double { repeat 2 { Conv1d(1, 3, padding = 1) } }\n';
  const { models } = analyseText(`${head}model M {
  input x: [1, L]
  e1 = x -> Double
  e2 = e1 -> MaxPool1d(2) -> Double
  e3 = e2 -> MaxPool1d(2) -> Double
  e4 = e3 -> MaxPool1d(2) -> Double
  d4 = concat(e4, e4 -> MaxPool1d(2) -> Double -> ConvTranspose1d(1, 2, stride = 2)) -> Double
  d3 = concat(e3, d4 -> ConvTranspose1d(1, 2, stride = 2)) -> Double
  d2 = concat(e2, d3 -> ConvTranspose1d(1, 2, stride = 2)) -> Double
  concat(e1, d2 -> ConvTranspose1d(1, 2, stride = 2)) -> Double
}`);
  const [field] = new ReceptiveFields().of(models[0]!.graph.outputs.at(-1)!.tensors[0]!);
  // Counted by following every pixel through the layers.
  expect(field!.axes).toEqual([{ kind: 'window', size: 204, least: 188, stride: 1, before: 94, after: 94 }]);
});

describe('fields that people know', () => {
  it.each([
    ['two 3×3 convolutions see 5', '  Conv1d(2, 3); Conv1d(2, 3)', { size: 5, stride: 1, before: 0, after: 0 }],
    ['padding "same" of an even kernel lies behind', '  Conv1d(2, 4, padding = "same")', { size: 4, stride: 1, before: 1, after: 2 }],
    ['strides multiply', '  Conv1d(2, 3, stride = 2, padding = 1); Conv1d(2, 3, stride = 2, padding = 1)', { size: 7, stride: 4, before: 3, after: 3 }],
    ['a dilation of d spreads the taps', '  Conv1d(2, 3, dilation = 4, padding = 4)', { size: 9, stride: 1, before: 4, after: 4 }],
    ['branches take the union', '  concat { Conv1d(2, 3, padding = 1); Conv1d(2, 7, padding = 3); Identity }', { size: 7, stride: 1, before: 3, after: 3 }],
  ])('%s', (_, body, expected) => {
    expect(fieldOf(body).axes).toEqual([{ kind: 'window', ...expected }]);
  });

  it('asymmetric kernels differ by axis', () => {
    expect(fieldOf('  Conv2d(8, [1, 7], padding = [0, 3])', '[3, 20, 20]').axes.map((axis) => axis.kind === 'window' && axis.size)).toEqual([1, 7]);
  });

  it('global pooling sees everything, and says since where', () => {
    const { axes, output } = fieldOf('  Conv1d(2, 3); AdaptiveAvgPool1d(1); Flatten; Linear(4)');
    expect(output.type.shape).toEqual([4]);
    expect(axes).toMatchObject([{ kind: 'all', since: { operation: { name: 'AdaptiveAvgPool1d' } } }]);
  });

  it('a gate of the pooled map makes the field global', () => {
    const [axis] = fieldOf('  Conv1d(2, 3)\n  multiply { Identity; AdaptiveAvgPool1d(1) -> Sigmoid }').axes;
    expect(axis).toMatchObject({ kind: 'all' });
  });

  it('a linear layer on features has no positions', () => {
    expect(fieldOf('  Linear(4)', '[8]').axes).toEqual([]);
  });

  it('a linear layer on each step of a sequence sees that step', () => {
    expect(fieldOf('  Linear(4)', '[T, 8]').axes).toEqual([{ kind: 'window', size: 1, stride: 1, before: 0, after: 0 }]);
  });

  it.each([
    ['one place of a sequence sees what it saw before', '  Conv1d(2, 5, padding = 2)\n  a = Identity\n  y = x -> Conv1d(2, 5, padding = 2)\n  y[:, 0]', { size: 5, stride: 0, before: 2, after: 0 }],
    ['so does the last', '  y = x -> Conv1d(2, 5, padding = 2)\n  y[:, -1]', { size: 5, stride: 0, before: 0, after: 2 }],
    ['a window of the whole map keeps its size behind Flatten and Linear', '  AvgPool1d(4); Conv1d(3, 12); Flatten; Linear(5)', { size: 48, stride: 0, before: 0, after: 0 }],
    ['linear interpolation reads between two neighbours', '  Upsample(scale_factor = 2, mode = "linear")', { size: 2, stride: 0.5, before: 1, after: 1 }],
  ])('%s', (_, body, expected) => {
    expect(fieldOf(body.replace('  a = Identity\n', '')).axes).toMatchObject([{ kind: 'window', ...expected }]);
  });

  it('tokens of a map behind a class token see what they saw, with no padding of its axes', () => {
    const patches = '  p = x -> Conv2d(4, 3, stride = 3) -> Flatten(1) -> transpose\n  param c: [1, 4]\n';
    expect(fieldOf(`${patches}  p`, '[2, 9, 12]').axes).toMatchObject([{ size: 3, stride: 3, before: 0 }, { size: 3, stride: 3, before: 0 }]);
    expect(fieldOf(`${patches}  concat(c, p)`, '[2, 9, 12]').axes).toEqual(['height', 'width'].map(() => ({ kind: 'window', size: 3, stride: 3, before: undefined, after: undefined })));
    expect(fieldOf(`${patches}  t = concat(c, p)\n  t[1:]`, '[2, 9, 12]').axes).toMatchObject([{ size: 3, before: 0 }, { size: 3, before: 0 }]);
    expect(fieldOf(`${patches}  t = concat(c, p)\n  t[1:] + t[:-1]`, '[2, 9, 12]').axes).toMatchObject([{ kind: 'unknown' }, { kind: 'unknown' }]);
    expect(fieldOf(`${patches}  t = concat(c, p)\n  softmax(t @ transpose(t))[0]`, '[2, 9, 12]').axes).toMatchObject([{ kind: 'all' }, { kind: 'all' }]);
  });

  it('one place of free length sees as much', () => {
    expect(fieldOf('  y = x -> Conv1d(2, 5, padding = 2)\n  y[:, -1]', '[2, L]').axes).toEqual([{ kind: 'window', size: 5, stride: 0, before: 0, after: 2 }]);
  });

  it('parts of one axis joined again are not given a number', () => {
    expect(fieldOf('  concat(x[:, 24:], x[:, :24], dim = 1)').axes).toMatchObject([{ kind: 'unknown' }]);
  });

  it('branches with different middles are reported', () => {
    const offsets = (body: string): readonly (number | undefined)[] => {
      const { graph: network } = analyseText(`model M {\n  input x: [2, 48]\n${body}\n}\n`).models[0]!;
      const fields = new ReceptiveFields();
      return network.nodes.flatMap((node) => fields.misalignmentsAt(node).map(({ offset }) => offset));
    };
    expect(offsets('  concat { Conv1d(2, 3, padding = 1); Conv1d(2, 7, padding = 3); Identity }')).toEqual([]);
    expect(offsets('  y = x -> Conv1d(2, 3)\n  y + x[:, :46]')).toEqual([1]);
    expect(offsets('  y = x -> Conv1d(2, 3)\n  y + x[:, 1:-1]')).toEqual([]);
    expect(offsets('  residual { Conv1d(2, 4, padding = "same") }')).toEqual([0.5]);
    expect(offsets('  y = x -> AvgPool1d(2) -> Upsample(scale_factor = 2)\n  y + x')).toEqual([]);
    expect(offsets('  a = x -> AvgPool1d(2)\n  b = x -> Conv1d(2, 25)\n  a + b')).toEqual([undefined]);
  });

  it('branches with different strides are not given a number', () => {
    const [axis] = fieldOf('  a = x -> AvgPool1d(2)\n  b = x -> Conv1d(2, 25)\n  a + b').axes;
    expect(axis).toEqual({ kind: 'unknown', reason: 'branches with different strides meet' });
  });
});

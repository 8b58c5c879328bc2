// Pools: maximum and average over sliding windows, and adaptive pools that fix the output size.

import { add, type Dimension, floorDivide, multiply, print, subtract, sum } from '../symbolic/dimension';
import { type ArgumentDefinition, type ArgumentDefinitions, flag, integer, optional, perAxis, type RawValue, size } from './arguments';
import { requireFloat, requireSpatial } from './check';
import { type Call, oneInput, type Operation, operation, type Step } from './definition';
import { type AxisWindow, between, denominatorOf, type Dependence, identity, type MixedAxis, unevenWindow } from './dependence';
import { float, type TensorType } from './tensor';
import { axesName, axisName, extent, outputSize, slide, spatialDependence, type Window } from './window';
import { windowWork, type Work } from './work';

type Axes = 1 | 2 | 3;

interface PoolArguments {
  kernel_size: readonly number[];
  stride: readonly number[] | null;
  padding: readonly number[];
  ceil_mode: boolean;
}

/** The windows; undefined after a problem with the padding was reported. */
function windowsOf(call: Call<PoolArguments>, dilation: readonly number[]): readonly Window[] | undefined {
  const { kernel_size, stride, padding } = call.arguments;
  for (const [axis, amount] of padding.entries()) {
    // PyTorch: "padding should be at most half of effective kernel size"; its MaxPool1d leaves the dilation out.
    const spread = kernel_size.length === 1 ? 1 : dilation[axis]!;
    const half = Math.floor((spread * (kernel_size[axis]! - 1) + 1) / 2);
    if (amount <= half) continue;
    return call.problem({
      code: 'pool-padding-too-large',
      argument: 'padding',
      message: `the padding of a pool may be at most half its kernel, ${String(half)} for a kernel of ${String(kernel_size[axis])}, but is ${String(amount)}: some windows would hold nothing but padding`,
      fix: { title: `Use padding = ${String(half)}`, argument: 'padding', value: String(half) },
      data: { sizes: [half] },
    });
  }
  return kernel_size.map((kernel, axis) => ({
    kernel,
    stride: stride?.[axis] ?? kernel,
    before: padding[axis]!,
    after: padding[axis]!,
    dilation: dilation[axis]!,
  }));
}

function poolArguments(axes: Axes): {
  kernel_size: ArgumentDefinition<readonly number[]>;
  stride: ArgumentDefinition<readonly number[] | null>;
  padding: ArgumentDefinition<readonly number[]>;
} {
  return {
    kernel_size: perAxis(axes, { minimum: 1, documentation: `The ${axesName(axes)} of the windows.` }),
    stride: optional(perAxis(axes, { minimum: 1, documentation: 'Step of the windows; the kernel size unless given.' })),
    padding: perAxis(axes, { minimum: 0, default: 0, documentation: 'Padding around the input; at most half the kernel.' }),
  };
}

const ceilMode = flag({ default: false, documentation: 'Rounds the output size up, so that the border is read, too.' });

const returnIndices = flag({ default: false, documentation: 'Gives the places of the maxima as indices, too, for MaxUnpool: counted row by row over the spatial axes.' });

/** The places of maxima, as a further result. */
function indicesOf(shape: readonly Dimension[]): ReadonlyMap<string, TensorType> {
  return new Map([['indices', { element: 'int', shape }]]);
}

/** The padding behind that lets the last window of ceil_mode end inside the padded input. */
export function reachBehind(n: Dimension, window: Window, ceil: boolean): number {
  if (!ceil || typeof n !== 'number') return window.after;
  const size = outputSize(n, window, true) as number;
  return Math.max(window.after, (size - 1) * window.stride + extent(window) - n - window.before);
}

function maxPool(axes: Axes): Operation {
  const name = `MaxPool${String(axes)}d`;
  return operation<PoolArguments & { dilation: readonly number[]; return_indices: boolean }>({
    name,
    summary: 'The largest value of each window; it has no parameters.',
    formula: 'y = max over the window of x;  out = ⌊(in + 2·padding − dilation·(kernel_size − 1) − 1)/stride⌋ + 1',
    source: `https://docs.pytorch.org/docs/stable/generated/torch.nn.${name}.html`,
    inputs: oneInput,
    keeps: ['input', 'indices'],
    work: windowWork,
    arguments: {
      ...poolArguments(axes),
      dilation: perAxis(axes, { minimum: 1, default: 1, documentation: 'Distance between the elements of a window.' }),
      return_indices: returnIndices,
      ceil_mode: ceilMode,
    },
    infer(call) {
      if (!requireSpatial(call, name, axes) || !requireFloat(call, name)) return undefined;
      const [channels, ...spatial] = call.inputs[0]!.shape;
      const windows = windowsOf(call, call.arguments.dilation);
      const { ceil_mode, return_indices } = call.arguments;
      const slid = windows && slide(call, spatial, windows, ceil_mode);
      if (windows === undefined || slid === undefined) return undefined;
      const shape = [channels!, ...slid.sizes];
      return {
        output: float(...shape),
        further: return_indices ? indicesOf(shape) : undefined,
        get steps() {
          return slid.steps;
        },
        dependence: channelwise(spatialDependence(windows)),
        execute: ({ builder, inputs }) => {
          const geometry = {
            kernel: windows.map((window) => window.kernel),
            stride: windows.map((window) => window.stride),
            paddingBefore: windows.map((window) => window.before),
            paddingAfter: windows.map((window, axis) => reachBehind(spatial[axis]!, window, ceil_mode)),
            dilation: windows.map((window) => window.dilation),
          };
          const y = builder.maxPool(inputs[0]!, geometry);
          return return_indices ? [y, builder.maxPoolPlaces(inputs[0]!, geometry)] : y;
        },
      };
    },
  });
}

/** The windows of the spatial axes; each channel sees itself only. */
export function channelwise(windows: readonly AxisWindow[], mixed: readonly MixedAxis[] = []): Dependence {
  const channel: AxisWindow = { input: 0, from: 0, to: 0, stride: 1, extent: 1, before: 0, after: 0 };
  return { windows: [channel, ...windows], mixed };
}

interface AverageArguments extends PoolArguments {
  count_include_pad: boolean;
  divisor_override?: number | null;
}

function averagePool(axes: Axes): Operation {
  const name = `AvgPool${String(axes)}d`;
  return operation<AverageArguments>({
    name,
    summary: 'The mean of each window; it has no parameters.',
    formula: 'y = Σ over the window of x / kernel elements;  out = ⌊(in + 2·padding − kernel_size)/stride⌋ + 1',
    source: `https://docs.pytorch.org/docs/stable/generated/torch.nn.${name}.html`,
    inputs: oneInput,
    keeps: ['input'],
    work: windowWork,
    arguments: {
      ...poolArguments(axes),
      ceil_mode: ceilMode,
      count_include_pad: flag({ default: true, documentation: 'Counts the padding as zeros in the mean.' }),
      // PyTorch's AvgPool1d has none.
      ...(axes === 1 ? {} : { divisor_override: optional(integer({ minimum: 1, documentation: 'Divides by this number instead of the window size.' })) }),
    } as ArgumentDefinitions<AverageArguments>,
    infer(call) {
      if (!requireSpatial(call, name, axes) || !requireFloat(call, name)) return undefined;
      const [channels, ...spatial] = call.inputs[0]!.shape;
      const windows = windowsOf(call, windowsOfOnes(axes));
      const { ceil_mode, count_include_pad, divisor_override = null } = call.arguments;
      const slid = windows && slide(call, spatial, windows, ceil_mode);
      if (windows === undefined || slid === undefined) return undefined;
      return {
        output: float(channels!, ...slid.sizes),
        get steps() {
          return slid.steps;
        },
        dependence: channelwise(spatialDependence(windows)),
        execute: ({ builder, inputs }) =>
          builder.averagePool(inputs[0]!, {
            kernel: windows.map((window) => window.kernel),
            stride: windows.map((window) => window.stride),
            paddingBefore: windows.map((window) => window.before),
            paddingAfter: windows.map((window, axis) => reachBehind(spatial[axis]!, window, ceil_mode)),
            countedAfter: windows.map((window) => window.after),
            divisor: divisor_override ?? (count_include_pad ? 'window' : 'valid'),
          }),
      };
    },
  });
}

function windowsOfOnes(axes: number): readonly number[] {
  return Array.from({ length: axes }, () => 1);
}

/** A window begins at ⌊i·in/out⌋ and ends before ⌈(i + 1)·in/out⌉, so windows of uneven lengths overlap. */
const adaptiveWork: Work<{ output_size: readonly (Dimension | null)[] }> = {
  counted: 'one for each entry of a window',
  count({ inputs, arguments: { output_size } }) {
    const [channels, ...spatial] = inputs[0]!.shape;
    const lengths = spatial.map((n, axis): Dimension => {
      const out = output_size[axis] ?? n;
      // Where both are free, the windows are taken to part the input evenly.
      if (typeof out !== 'number') return n;
      const lengthOf = (i: number): Dimension => subtract(floorDivide(add(multiply(n, i + 1), out - 1), out)!, floorDivide(multiply(n, i), out)!);
      return out === 1 ? n : sum(Array.from({ length: out }, (_, i) => lengthOf(i)));
    });
    return multiply(channels!, ...lengths);
  },
};

/** A size per axis; `none` keeps the input's size. */
function outputSizes(axes: Axes): ArgumentDefinition<readonly (Dimension | null)[]> {
  const one = optional(size({ documentation: '' }));
  const accepts = `${one.accepts}${axes === 1 ? '' : `, or a list of ${String(axes)} such`}`;
  return {
    documentation: 'The size of the output: one number for all axes, or one for each; `none` keeps the size.',
    accepts,
    read: (raw) => {
      const values = Array.isArray(raw) ? (raw as readonly RawValue[]) : Array.from({ length: axes }, () => raw);
      const read = values.map((value) => one.read(value));
      if (values.length !== axes) return { problem: `must be ${accepts}` };
      const wrong = read.find((reading) => 'problem' in reading);
      if (wrong !== undefined && 'problem' in wrong) return wrong;
      return { value: read.map((reading) => (reading as { value: Dimension | null }).value) };
    },
  };
}

function adaptivePool(kind: 'Avg' | 'Max', axes: Axes): Operation {
  const name = `Adaptive${kind}Pool${String(axes)}d`;
  return operation<{ output_size: readonly (Dimension | null)[]; return_indices?: boolean }>({
    name,
    summary: `The ${kind === 'Avg' ? 'mean' : 'largest value'} of as many windows as output_size says, whatever the input size; 1 pools globally.`,
    formula: 'window i of n covers ⌊i·in/n⌋ … ⌈(i + 1)·in/n⌉ − 1',
    source: `https://docs.pytorch.org/docs/stable/generated/torch.nn.${name}.html`,
    inputs: oneInput,
    keeps: kind === 'Max' ? ['input', 'indices'] : [],
    work: adaptiveWork,
    arguments: { output_size: outputSizes(axes), ...(kind === 'Max' ? { return_indices: returnIndices } : {}) } as ArgumentDefinitions<{ output_size: readonly (Dimension | null)[]; return_indices?: boolean }>,
    infer(call) {
      if (!requireSpatial(call, name, axes) || !requireFloat(call, name)) return undefined;
      const [channels, ...spatial] = call.inputs[0]!.shape;
      const sizes = call.arguments.output_size.map((wanted, axis) => wanted ?? spatial[axis]!);
      const windows: AxisWindow[] = [];
      const mixed: MixedAxis[] = [];
      const steps: Step[] = [];
      for (const [axis, out] of sizes.entries()) {
        const n = spatial[axis]!;
        const window = adaptiveWindow(n, out, axis + 1);
        if (window === 'everything') mixed.push({ input: 0, axis: axis + 1, as: 'position' });
        else windows.push(window);
        steps.push({ what: axisName(axes, axis), formula: `${print(n)} → ${print(out)}` });
      }
      return {
        output: float(channels!, ...sizes),
        further: call.arguments.return_indices === true ? indicesOf([channels!, ...sizes]) : undefined,
        steps,
        dependence: channelwise(windows, mixed),
        execute: ({ builder, inputs: [x] }) => {
          const numbers = sizes as readonly number[];
          if (kind === 'Avg') return builder.adaptiveAveragePool(x!, numbers);
          const y = builder.adaptiveMaxPool(x!, numbers);
          return call.arguments.return_indices === true ? [y, builder.adaptiveMaxPoolPlaces(x!, numbers)] : y;
        },
      };
    },
  });
}

/** The window of an adaptive pool; of no number where the sizes are not known. */
function adaptiveWindow(n: Dimension, out: Dimension, axis: number): AxisWindow | 'everything' {
  if (out === 1 && n !== 1) return 'everything';
  if (typeof n === 'number' && typeof out === 'number') {
    const step = n / out;
    const q = denominatorOf(step);
    // ⌊o·step⌋ is the first integer above o·step − 1, ⌈(o + 1)·step⌉ − 1 the last below (o + 1)·step.
    return q === undefined ? unevenWindow(0, axis, axis) : between(axis, step, -1, step, q);
  }
  const rest = typeof out === 'number' ? subtract(n, multiply(out, floorDivide(n, out)!)) : subtract(n, out);
  return rest === 0 && typeof out !== 'number' ? identity(0, axis, axis) : unevenWindow(0, axis, axis);
}

const allAxes: readonly Axes[] = [1, 2, 3];

export const pools: readonly Operation[] = [
  ...allAxes.map(maxPool),
  ...allAxes.map(averagePool),
  ...allAxes.map((axes) => adaptivePool('Avg', axes)),
  ...allAxes.map((axes) => adaptivePool('Max', axes)),
];

// Layers that lay windows side by side and add them up again, and power-average pools.

import type { Builder, Ref } from '../engine/builder';
import { add, type Dimension, floorDivide, multiply, print } from '../symbolic/dimension';
import { flag, number, optional, perAxis } from './arguments';
import { known, knownAmong, requireFloat, requireSpatial } from './check';
import { oneInput, type Operation, operation, torchPage } from './definition';
import { unevenWindow } from './dependence';
import { channelwise, reachBehind } from './pool';
import { elements, float, printShape } from './tensor';
import { outputFormula, outputSize, positions, slide, spatialDependence, type Window } from './window';
import { noWork, perInput } from './work';

interface UnfoldArguments {
  kernel_size: readonly number[];
  dilation: readonly number[];
  padding: readonly number[];
  stride: readonly number[];
}

const unfoldArguments = {
  kernel_size: perAxis(2, { minimum: 1, documentation: 'The height and width of the windows.' }),
  dilation: perAxis(2, { minimum: 1, default: 1, documentation: 'Distance between the elements of a window.' }),
  padding: perAxis(2, { minimum: 0, default: 0, documentation: 'Zeros around the image.' }),
  stride: perAxis(2, { minimum: 1, default: 1, documentation: 'Step of the windows.' }),
};

function windowsOf({ kernel_size, dilation, padding, stride }: UnfoldArguments): readonly Window[] {
  return kernel_size.map((kernel, axis) => ({ kernel, stride: stride[axis]!, before: padding[axis]!, after: padding[axis]!, dilation: dilation[axis]! }));
}

/** One filter for every place of a window, which picks it: [channels·places, 1, height, width]. */
function pickers(builder: Builder, channels: number, windows: readonly Window[]): Ref {
  const kernel = windows.map((window) => window.kernel);
  const places = kernel.reduce((a, b) => a * b, 1);
  const values = new Float64Array(channels * places * places);
  for (let row = 0; row < channels * places; row++) values[row * places + (row % places)] = 1;
  return builder.constant(values, [channels * places, 1, ...kernel]);
}

function geometry(windows: readonly Window[], groups: number): Parameters<Builder['convolution']>[2] {
  return {
    stride: windows.map((window) => window.stride),
    paddingBefore: windows.map((window) => window.before),
    paddingAfter: windows.map((window) => window.after),
    dilation: windows.map((window) => window.dilation),
    groups,
  };
}

const unfold = operation<UnfoldArguments>({
  name: 'Unfold',
  summary: 'Lays all windows of an image side by side: [C, H, W] → [C·kernel places, windows].',
  formula: 'windows = Π ⌊(in + 2·padding − dilation·(kernel_size − 1) − 1)/stride⌋ + 1',
  source: torchPage('torch.nn.Unfold'),
  inputs: oneInput,
  keeps: [],
  work: noWork,
  arguments: unfoldArguments,
  infer(call) {
    if (!requireSpatial(call, 'Unfold', 2) || !requireFloat(call, 'Unfold')) return undefined;
    const [channels, ...spatial] = call.inputs[0]!.shape;
    const windows = windowsOf(call.arguments);
    const slid = slide(call, spatial, windows);
    if (slid === undefined) return undefined;
    const places = windows.reduce((count, window) => count * window.kernel, 1);
    const count = positions(slid.sizes);
    return {
      output: float(multiply(channels!, places), count),
      get steps() {
        return [...slid.steps, { what: 'windows', formula: `${slid.sizes.map(print).join('·')} = ${print(count)}` }];
      },
      dependence: {
        windows: spatialDependence(windows).map((window) => ({ ...window, to: 1 })),
        mixed: [{ input: 0, axis: 0, as: 'channel' }],
        merged: true,
      },
      execute: ({ builder, inputs }) => {
        const [batch, depth] = builder.shape(inputs[0]!) as [number, number];
        const y = builder.convolution(inputs[0]!, pickers(builder, depth, windows), geometry(windows, depth));
        return builder.reshape(y, [batch, depth * places, count as number]);
      },
    };
  },
});

const fold = operation<UnfoldArguments & { output_size: readonly number[] }>({
  name: 'Fold',
  summary: 'Adds windows up to an image: [C·kernel places, windows] → [C, H, W]; where windows overlap, their values add.',
  formula: 'y = Σ windows;  windows = Π ⌊(output_size + 2·padding − dilation·(kernel_size − 1) − 1)/stride⌋ + 1',
  source: torchPage('torch.nn.Fold'),
  inputs: oneInput,
  keeps: [],
  work: perInput(1, 'the sum of overlapping windows'),
  arguments: { output_size: perAxis(2, { minimum: 1, documentation: 'The height and width of the image.' }), ...unfoldArguments },
  infer(call) {
    const { shape } = call.inputs[0]!;
    if (!requireFloat(call, 'Fold')) return undefined;
    if (shape.length !== 2) return call.problem({ code: 'wrong-rank', message: `Fold takes [C·kernel places, windows], as Unfold gives it, but gets ${printShape(shape)}` });
    const [rows, columns] = shape as [Dimension, Dimension];
    const windows = windowsOf(call.arguments);
    const { output_size: size } = call.arguments;
    const counts = windows.map((window, axis) => outputSize(size[axis]!, window) as number);
    const places = windows.reduce((count, window) => count * window.kernel, 1);
    const channels = floorDivide(rows, places)!;
    if (!call.requireEqual(multiply(channels, places), rows)) {
      return call.problem({ code: 'factor-does-not-divide', argument: 'kernel_size', message: `a window has ${String(places)} places, which do not divide the ${print(rows)} rows of ${printShape(shape)}`, data: { divided: { size: known(rows), by: places } } });
    }
    const count = counts.reduce((a, b) => a * Math.max(0, b), 1);
    if (count === 0 || !call.requireEqual(columns, count)) {
      const formula = windows.map((window, axis) => outputFormula(size[axis]!, window, false, counts[axis]!)).join(' by ');
      return call.problem({ code: 'window-count-differs', argument: 'output_size', message: `an image of ${size.join('×')} has ${String(count)} windows (${formula}), but the input ${printShape(shape)} holds ${print(columns)}`, data: { sizes: knownAmong(columns) } });
    }
    return {
      output: float(channels, ...size),
      get steps() {
        return [
          { what: 'channels', formula: `${print(rows)}/${String(places)} = ${print(channels)}` },
          { what: 'windows', formula: `${counts.join('·')} = ${String(count)}` },
        ];
      },
      dependence: { windows: [unevenWindow(0, 1, 1), unevenWindow(0, 1, 2)], mixed: [{ input: 0, axis: 0, as: 'channel' }] },
      execute: ({ builder, inputs }) => {
        const [batch, height] = builder.shape(inputs[0]!) as [number, number];
        const depth = height / places;
        const image = builder.reshape(inputs[0]!, [batch, height, ...counts]);
        const reached = windows.map((window, axis) => (counts[axis]! - 1) * window.stride - 2 * window.before + window.dilation * (window.kernel - 1) + 1);
        return builder.convolutionTranspose(image, pickers(builder, depth, windows), {
          ...geometry(windows, depth),
          outputPadding: reached.map((length, axis) => size[axis]! - length),
        });
      },
    };
  },
});

interface PowerArguments {
  norm_type: number;
  kernel_size: readonly number[];
  stride: readonly number[] | null;
  ceil_mode: boolean;
}

function powerPool(axes: 1 | 2 | 3): Operation {
  const name = `LPPool${String(axes)}d`;
  return operation<PowerArguments>({
    name,
    summary: 'The power average of each window: between the sum (norm_type = 1) and the maximum (∞).',
    formula: 'y = (Σ over the window of x^norm_type)^(1/norm_type)',
    source: torchPage(`torch.nn.${name}`),
    inputs: oneInput,
    keeps: ['input', 'statistics'],
    work: {
      counted: 'two for each entry of a window (power and sum), and one root for each entry of the output',
      count: ({ arguments: { kernel_size } }, { output }) => multiply(2 * kernel_size.reduce((a, b) => a * b, 1) + 1, elements(output.shape)),
    },
    arguments: {
      norm_type: number({ documentation: 'The power.' }),
      kernel_size: perAxis(axes, { minimum: 1, documentation: 'The size of the windows.' }),
      stride: optional(perAxis(axes, { minimum: 1, documentation: 'Step of the windows; the kernel size unless given.' })),
      ceil_mode: flag({ default: false, documentation: 'Rounds the output size up, so that the border is read, too.' }),
    },
    infer(call) {
      const { norm_type: power, kernel_size, stride, ceil_mode } = call.arguments;
      if (!requireSpatial(call, name, axes) || !requireFloat(call, name)) return undefined;
      if (power === 0) return call.problem({ code: 'power-is-zero', argument: 'norm_type', message: `${name} takes the root of norm_type, which cannot be 0` });
      const [channels, ...spatial] = call.inputs[0]!.shape;
      const windows = kernel_size.map((kernel, axis) => ({ kernel, stride: stride?.[axis] ?? kernel, before: 0, after: 0, dilation: 1 }));
      const slid = slide(call, spatial, windows, ceil_mode);
      if (slid === undefined) return undefined;
      const places = kernel_size.reduce((a, b) => a * b, 1);
      const output = float(channels!, ...slid.sizes);
      return {
        output,
        steps: slid.steps,
        dependence: channelwise(spatialDependence(windows)),
        // As PyTorch's autograd saves them: the powers, and their means on the way to the root.
        statistics: add(elements(call.inputs[0]!.shape), multiply(4, elements(output.shape))),
        execute: ({ builder, inputs }) => {
          const powers = power === 2 ? builder.square(inputs[0]!) : builder.power(inputs[0]!, builder.scalar(power));
          // As in PyTorch, a window that overhangs counts as if it were full.
          const mean = builder.averagePool(powers, {
            kernel: kernel_size,
            stride: windows.map((window) => window.stride),
            paddingBefore: windows.map(() => 0),
            paddingAfter: windows.map((window, axis) => reachBehind(spatial[axis]!, window, ceil_mode)),
            countedAfter: windows.map(() => 0),
            divisor: 'window',
          });
          const sum = builder.multiply(mean, builder.scalar(places));
          // Where all is 0, the root has no slope, and PyTorch lets nothing flow back.
          const [isZero, zero] = [builder.equal(sum, builder.scalar(0)), builder.scalar(0)];
          const root = builder.power(builder.select(isZero, builder.scalar(1), sum), builder.scalar(1 / power));
          return builder.select(isZero, zero, root);
        },
      };
    },
  });
}

export const folds: readonly Operation[] = [unfold, fold, powerPool(1), powerPool(2), powerPool(3)];

// Convolutions and transposed convolutions over one, two and three axes.

import { add, type Dimension, floorDivide, modulo, multiply, print, subtract } from '../symbolic/dimension';
import { choice, flag, integer, type Padding, padding, perAxis, size } from './arguments';
import { dividingFix, known, knownAmong, requireFixed, requireFloat, requireSpatial } from './check';
import { type Call, oneInput, type Operation, operation, type Parameter, type Step } from './definition';
import type { Dependence } from './dependence';
import { padAxes, requirePadding } from './padding';
import { float, printProduct } from './tensor';
import { axesName, axisName, positions, slide, spatialDependence, type Window } from './window';
import { biasWork } from './work';

interface ConvolutionArguments {
  out_channels: Dimension;
  kernel_size: readonly number[];
  stride: readonly number[];
  padding: Padding;
  dilation: readonly number[];
  groups: number;
  bias: boolean;
  padding_mode: 'zeros' | 'reflect' | 'replicate' | 'circular';
}

/** The windows of all axes; undefined after a problem with the padding was reported. */
function windowsOf(call: Call<ConvolutionArguments>): readonly Window[] | undefined {
  const { kernel_size, stride, padding: amount, dilation } = call.arguments;
  const strided = stride.find((step) => step !== 1);
  if (amount === 'same' && strided !== undefined) {
    return call.problem({
      code: 'same-padding-with-stride',
      argument: 'padding',
      message: `padding = "same" keeps the size, which a stride of ${String(strided)} cannot; write the padding as a number, or use a stride of 1`,
      fix: {
        title: 'Pad by half the kernel',
        argument: 'padding',
        value: printPerAxis(kernel_size.map((kernel, axis) => Math.floor((dilation[axis]! * (kernel - 1)) / 2))),
      },
    });
  }
  return kernel_size.map((kernel, axis) => {
    const total = amount === 'same' ? dilation[axis]! * (kernel - 1) : 0;
    const both = typeof amount === 'string' ? Math.floor(total / 2) : amount[axis]!;
    // PyTorch puts the odd one of "same" behind (torch.nn.Conv2d).
    const after = amount === 'same' ? total - both : both;
    return { kernel, stride: stride[axis]!, before: both, after, dilation: dilation[axis]! };
  });
}

/** A mirror image needs one more place than it is wide, the other end as many. */
function requirePaddable(call: Call<ConvolutionArguments>, name: string, windows: readonly Window[]): boolean {
  const { padding_mode } = call.arguments;
  if (padding_mode === 'zeros') return true;
  const spatial = call.inputs[0]!.shape.slice(1);
  return windows.every((window, axis) => requirePadding(call, { name, argument: 'padding', mode: padding_mode, n: spatial[axis]!, amount: window, where: axisName(windows.length, axis) }));
}

/** `3`, or `[3, 1]` where the axes differ. */
export function printPerAxis(values: readonly number[]): string {
  return values.every((value) => value === values[0]) ? String(values[0]) : `[${values.join(', ')}]`;
}

/** Channels in and out must be multiples of the groups. */
function requireGroups(call: Pick<Call, 'problem' | 'requireEqual'>, name: string, channels: Dimension, outChannels: Dimension, groups: number): boolean {
  for (const [what, count] of [
    ['input channels', channels],
    ['out_channels', outChannels],
  ] as const) {
    if (call.requireEqual(modulo(count, groups)!, 0)) continue;
    const nearest = Math.max(1, Math.round(known(count) / groups)) * groups;
    call.problem({
      code: 'groups-do-not-divide',
      argument: 'groups',
      message:
        `${name} splits its channels into ${String(groups)} groups, which does not divide the ${print(count)} ${what}; ` +
        (what === 'out_channels' ? `${String(nearest)} would be` : `use a divisor of ${print(count)}`),
      data: { sizes: knownAmong(count), ...(what === 'input channels' && { divided: { size: known(count), by: groups } }) },
      fix:
        what === 'out_channels'
          ? { title: `Make out_channels ${String(nearest)}`, argument: 'out_channels', value: String(nearest) }
          : dividingFix('groups', groups, channels, outChannels),
    });
    return false;
  }
  return true;
}

/** Weight and bias with PyTorch's initialisation U(−1/√fan_in, 1/√fan_in). */
export function weightAndBias(weight: readonly Dimension[], fanIn: Dimension, bias: Dimension | undefined): readonly Parameter[] {
  const initial = { uniform: 1 / Math.sqrt(known(fanIn)) };
  const parameters: Parameter[] = [{ name: 'weight', shape: weight, initial }];
  if (bias !== undefined) parameters.push({ name: 'bias', shape: [bias], initial });
  return parameters;
}

/** `3·5·5·32 + 32 = 2,432`, for the hover. */
export function parameterStep(weight: readonly Dimension[], bias: Dimension | undefined): Step {
  const total = add(multiply(...weight), bias ?? 0);
  return { what: 'parameters', formula: `${printProduct(weight)}${bias === undefined ? '' : ` + ${print(bias)}`} = ${grouped(total)}` };
}

/** `32·3·5·5`, `(3*D)·D` */
function grouped(value: Dimension): string {
  return typeof value === 'number' ? value.toLocaleString('en-US') : print(value);
}

function macsStep(weight: readonly Dimension[], sizes: readonly Dimension[], macs: Dimension): Step {
  return { what: 'MACs', formula: `${printProduct(weight)} · ${printProduct(sizes)} = ${grouped(macs)}` };
}

function convolution(axes: 1 | 2 | 3): Operation {
  const name = `Conv${String(axes)}d`;
  return operation<ConvolutionArguments>({
    name,
    summary: `Slides out_channels learned filters over the ${axesName(axes)} of the input.`,
    formula: 'y[o] = b[o] + Σ_c w[o, c] ⋆ x[c];  out = ⌊(in + 2·padding − dilation·(kernel_size − 1) − 1)/stride⌋ + 1',
    source: `https://docs.pytorch.org/docs/stable/generated/torch.nn.${name}.html`,
    inputs: oneInput,
    keeps: ['input', 'weight'],
    work: biasWork,
    arguments: {
      out_channels: size({ documentation: 'Number of filters: the channels of the output.' }),
      kernel_size: perAxis(axes, { minimum: 1, documentation: `The ${axesName(axes)} of the filters.` }),
      stride: perAxis(axes, { minimum: 1, default: 1, documentation: 'Step of the filters; 2 halves the size.' }),
      padding: padding(axes, 'Zeros around the input. `kernel_size // 2` keeps the size of odd kernels at stride 1.'),
      dilation: perAxis(axes, { minimum: 1, default: 1, documentation: 'Distance between the taps of a filter.' }),
      groups: integer({ minimum: 1, default: 1, documentation: 'Splits the channels into groups that do not see each other.' }),
      bias: flag({ default: true, documentation: 'Adds a learned number to every output channel.' }),
      padding_mode: choice(['zeros', 'reflect', 'replicate', 'circular'], { default: 'zeros', documentation: 'What the padding holds: zeros, the mirror image, the border values, or the other end.' }),
    },
    infer(call) {
      const { kernel_size, groups, bias, out_channels, padding_mode } = call.arguments;
      if (!requireSpatial(call, name, axes) || !requireFloat(call, name)) return undefined;
      const [channels, ...spatial] = call.inputs[0]!.shape;
      if (!requireFixed(call, name, 'the weight', channels!)) return undefined;
      if (!requireFixed(call, name, 'the weight', out_channels)) return undefined;
      if (!requireGroups(call, name, channels!, out_channels, groups)) return undefined;
      const windows = windowsOf(call);
      if (windows === undefined || !requirePaddable(call, name, windows)) return undefined;
      const slid = slide(call, spatial, windows);
      if (slid === undefined) return undefined;

      const weight = [out_channels, floorDivide(channels!, groups)!, ...kernel_size];
      const parameters = weightAndBias(weight, multiply(...weight.slice(1)), bias ? out_channels : undefined);
      const macs = multiply(...weight, positions(slid.sizes));
      return {
        output: float(out_channels, ...slid.sizes),
        parameters,
        macs,
        get steps() {
          return [...slid.steps, parameterStep(weight, bias ? out_channels : undefined), macsStep(weight, slid.sizes, macs)];
        },
        dependence: { windows: spatialDependence(windows), mixed: [{ input: 0, axis: 0, as: 'channel' }] },
        execute: ({ builder, inputs, parameters: { weight: filters, bias: shift } }) => {
          const around = new Map(windows.map((window, axis) => [axis + 2, window]));
          const x = padding_mode === 'zeros' ? inputs[0]! : padAxes(builder, inputs[0]!, around, padding_mode);
          const y = builder.convolution(x, filters!, {
            stride: windows.map((window) => window.stride),
            paddingBefore: windows.map((window) => (padding_mode === 'zeros' ? window.before : 0)),
            paddingAfter: windows.map((window) => (padding_mode === 'zeros' ? window.after : 0)),
            dilation: windows.map((window) => window.dilation),
            groups,
          });
          if (shift === undefined) return y;
          return builder.add(y, builder.reshape(shift, [known(out_channels), ...windows.map(() => 1)]));
        },
      };
    },
  });
}

interface TransposedArguments {
  out_channels: Dimension;
  kernel_size: readonly number[];
  stride: readonly number[];
  padding: readonly number[];
  output_padding: readonly number[];
  groups: number;
  bias: boolean;
  dilation: readonly number[];
  padding_mode: 'zeros';
}

function transposedConvolution(axes: 1 | 2 | 3): Operation {
  const name = `ConvTranspose${String(axes)}d`;
  return operation<TransposedArguments>({
    name,
    summary: 'The adjoint of a convolution: each input position paints a filter; a stride of 2 doubles the size.',
    formula: 'out = (in − 1)·stride − 2·padding + dilation·(kernel_size − 1) + output_padding + 1',
    source: `https://docs.pytorch.org/docs/stable/generated/torch.nn.${name}.html`,
    inputs: oneInput,
    keeps: ['input', 'weight'],
    work: biasWork,
    arguments: {
      out_channels: size({ documentation: 'The channels of the output.' }),
      kernel_size: perAxis(axes, { minimum: 1, documentation: `The ${axesName(axes)} of the filters.` }),
      stride: perAxis(axes, { minimum: 1, default: 1, documentation: 'Distance between painted filters: the factor of the enlargement.' }),
      padding: perAxis(axes, { minimum: 0, default: 0, documentation: 'Positions cut off at each border of the output.' }),
      output_padding: perAxis(axes, { minimum: 0, default: 0, documentation: 'Positions added at the far border, to reach sizes that a stride skips.' }),
      groups: integer({ minimum: 1, default: 1, documentation: 'Splits the channels into groups that do not see each other.' }),
      bias: flag({ default: true, documentation: 'Adds a learned number to every output channel.' }),
      dilation: perAxis(axes, { minimum: 1, default: 1, documentation: 'Distance between the taps of a filter.' }),
      padding_mode: choice(['zeros'], { default: 'zeros', documentation: 'Only zeros, as in PyTorch.' }),
    },
    infer(call) {
      const { out_channels, kernel_size, stride, padding: cut, output_padding, groups, bias, dilation } = call.arguments;
      if (!requireSpatial(call, name, axes) || !requireFloat(call, name)) return undefined;
      const [channels, ...spatial] = call.inputs[0]!.shape;
      if (!requireFixed(call, name, 'the weight', channels!)) return undefined;
      if (!requireFixed(call, name, 'the weight', out_channels)) return undefined;
      if (!requireGroups(call, name, channels!, out_channels, groups)) return undefined;
      for (const [axis, extra] of output_padding.entries()) {
        const bound = Math.max(stride[axis]!, dilation[axis]!);
        if (extra < bound) continue;
        return call.problem({
          code: 'output-padding-too-large',
          argument: 'output_padding',
          message: `output_padding must be below the stride or the dilation, but ${String(extra)} is not below ${String(bound)} in ${axisName(axes, axis)}`,
          fix: { title: `Use output_padding = ${String(bound - 1)}`, argument: 'output_padding', value: String(bound - 1) },
          data: { sizes: [bound - 1] },
        });
      }

      const sizes: Dimension[] = [];
      const steps: Step[] = [];
      for (const [axis, n] of spatial.entries()) {
        const painted = dilation[axis]! * (kernel_size[axis]! - 1);
        const length = add(multiply(subtract(n, 1), stride[axis]!), painted - 2 * cut[axis]! + output_padding[axis]! + 1);
        const where = axisName(axes, axis);
        const formula = `(${print(n)} − 1)·${String(stride[axis])} − 2·${String(cut[axis])} + ${String(dilation[axis])}·(${String(kernel_size[axis])} − 1) + ${String(output_padding[axis])} + 1 = ${print(length)}`;
        if (!call.requireAtLeast(length, 1)) {
          return call.problem({
            code: 'no-output-left',
            argument: 'padding',
            message: `no output is left in ${where}: ${formula}; use less padding`,
            data: { sizes: knownAmong(floorDivide(add(length, 2 * cut[axis]! - 1), 2)!) },
          });
        }
        sizes.push(length);
        steps.push({ what: where, formula });
      }

      const weight = [channels!, floorDivide(out_channels, groups)!, ...kernel_size];
      const macs = multiply(...weight, positions(spatial));
      return {
        output: float(out_channels, ...sizes),
        // PyTorch takes fan_in from the second axis of the weight, which is out_channels / groups here.
        parameters: weightAndBias(weight, multiply(...weight.slice(1)), bias ? out_channels : undefined),
        macs,
        get steps() {
          return [...steps, parameterStep(weight, bias ? out_channels : undefined), macsStep(weight, spatial, macs)];
        },
        dependence: transposedDependence(kernel_size, stride, cut, dilation),
        execute: ({ builder, inputs, parameters: { weight: filters, bias: shift } }) => {
          const y = builder.convolutionTranspose(inputs[0]!, filters!, {
            stride,
            paddingBefore: cut,
            paddingAfter: cut,
            outputPadding: output_padding,
            dilation,
            groups,
          });
          if (shift === undefined) return y;
          return builder.add(y, builder.reshape(shift, [known(out_channels), ...stride.map(() => 1)]));
        },
      };
    },
  });
}

/** Output o is painted by the inputs i with i·stride − padding + dilation·t = o for a tap t. */
function transposedDependence(
  kernel: readonly number[],
  stride: readonly number[],
  cut: readonly number[],
  dilation: readonly number[],
): Dependence {
  return {
    windows: kernel.map((taps, axis) => {
      const step = stride[axis]!;
      const reach = dilation[axis]! * (taps - 1);
      // o/stride + (padding − reach)/stride ≤ i ≤ o/stride + padding/stride
      return {
        input: 0,
        from: axis + 1,
        to: axis + 1,
        stride: 1 / step,
        extent: reach / step + 1,
        before: (reach - cut[axis]!) / step,
        after: (reach - cut[axis]!) / step,
      };
    }),
    mixed: [{ input: 0, axis: 0, as: 'channel' }],
  };
}

export const convolutions: readonly Operation[] = [
  convolution(1),
  convolution(2),
  convolution(3),
  transposedConvolution(1),
  transposedConvolution(2),
  transposedConvolution(3),
];

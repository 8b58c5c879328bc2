// Sliding windows: output sizes of convolutions and pools, for known and free sizes, with the formula that the hover shows.

import { add, type Dimension, floorDivide, minimum, multiply, print } from '../symbolic/dimension';
import { knownAmong } from './check';
import type { Call, Step } from './definition';
import type { AxisWindow } from './dependence';

/** One axis of a sliding window, as written. */
export interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly before: number;
  readonly after: number;
  readonly dilation: number;
}

const axisNames: Readonly<Record<number, readonly string[]>> = {
  1: ['length'],
  2: ['height', 'width'],
  3: ['depth', 'height', 'width'],
};

/** `height and width`, as the spatial axes are called together. */
export function axesName(axes: number): string {
  const names = axisNames[axes]!;
  return names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`;
}

/** What people call the spatial axis: `height` and `width` of two. */
export function axisName(axes: number, axis: number): string {
  return axisNames[axes]![axis]!;
}

/** The inputs that a dilated kernel spans: dilation·(kernel − 1) + 1. */
export function extent(window: Window): number {
  return window.dilation * (window.kernel - 1) + 1;
}

/** ⌊(n + before + after − extent)/stride⌋ + 1 (torch.nn.Conv2d, "Shape"); with `ceil`, windows that start within the input or its front padding count, too. */
export function outputSize(n: Dimension, window: Window, ceil = false): Dimension {
  const room = window.before + window.after - extent(window) + (ceil ? window.stride - 1 : 0);
  // ⌊(n + room)/stride⌋ + 1, with the 1 under the floor: most often n is left as it is.
  const size = floorDivide(add(n, room + window.stride), window.stride)!;
  // With ceil the last window may not start in the padding behind (torch.nn.MaxPool2d, "ceil_mode").
  if (!ceil || window.after + window.stride <= extent(window)) return size;
  return minimum(size, add(floorDivide(add(n, window.before - 1), window.stride)!, 1));
}

/** `⌊(32 + 2·2 − 5)/1⌋ + 1 = 32` */
export function outputFormula(n: Dimension, window: Window, ceil: boolean, size: Dimension): string {
  const { kernel, dilation, before, after } = window;
  const padding = before === after ? (before === 0 ? '' : ` + 2·${String(before)}`) : ` + ${String(before)} + ${String(after)}`;
  const span = dilation === 1 ? String(kernel) : `${String(dilation)}·(${String(kernel)} − 1) − 1`;
  const [open, close] = ceil ? ['⌈', '⌉'] : ['⌊', '⌋'];
  return `${open}(${print(n)}${padding} − ${span})/${String(window.stride)}${close} + 1 = ${print(size)}`;
}

/** The output sizes of all spatial axes (those behind the channels), with formulas; undefined after a problem was reported. */
export function slide(
  call: Pick<Call, 'problem' | 'requireAtLeast'>,
  spatial: readonly Dimension[],
  windows: readonly Window[],
  ceil = false,
): { readonly sizes: readonly Dimension[]; readonly steps: readonly Step[] } | undefined {
  const sizes: Dimension[] = [];
  for (const [axis, window] of windows.entries()) {
    const n = spatial[axis]!;
    const size = outputSize(n, window, ceil);
    const name = axisName(windows.length, axis);
    if (!call.requireAtLeast(size, 1)) {
      const padded = add(n, window.before + window.after);
      const lacking = extent(window) - (typeof padded === 'number' ? padded : 0);
      const wider = Math.max(window.before, window.after) + Math.ceil(lacking / 2);
      const way =
        window.before === window.after && window.kernel > 1
          ? `a padding of ${String(wider)} or a smaller kernel leaves at least 1`
          : 'use a larger input or a smaller kernel';
      return call.problem({
        code: 'no-output-left',
        argument: 'kernel_size',
        message:
          `no output is left: the kernel spans ${String(extent(window))} in ${name}, but the padded input has only ` +
          `${print(padded)} (${outputFormula(n, window, ceil, size)}); ${way}`,
        fix: smallerKernel(windows, spatial),
        data: { sizes: knownAmong(padded) },
      });
    }
    sizes.push(size);
  }
  return {
    sizes,
    // Spelled when a hover asks for them.
    get steps() {
      return windows.map((window, axis) => ({
        what: axisName(windows.length, axis),
        formula: outputFormula(spatial[axis]!, window, ceil, sizes[axis]!),
      }));
    },
  };
}

/** The kernel that spans the padded input, where that is shorter than the kernel. */
function smallerKernel(windows: readonly Window[], spatial: readonly Dimension[]): { title: string; argument: string; value: string } | undefined {
  const kernels = windows.map(({ kernel, before, after, dilation }, axis) => {
    const n = spatial[axis]!;
    return typeof n === 'number' ? Math.min(kernel, Math.floor((n + before + after - 1) / dilation) + 1) : kernel;
  });
  if (!kernels.every((kernel) => kernel >= 1)) return undefined;
  const value = kernels.every((kernel) => kernel === kernels[0]) ? String(kernels[0]) : `[${kernels.join(', ')}]`;
  return { title: `Use kernel_size = ${value}`, argument: 'kernel_size', value };
}

/** The windows as dependences of the spatial axes behind the channels. */
export function spatialDependence(windows: readonly Window[]): readonly AxisWindow[] {
  return windows.map((window, axis) => ({
    input: 0,
    from: axis + 1,
    to: axis + 1,
    stride: window.stride,
    extent: extent(window),
    before: window.before,
    after: window.after,
  }));
}

/** The number of outputs of all axes: Π sizes. */
export function positions(sizes: readonly Dimension[]): Dimension {
  return multiply(...sizes);
}

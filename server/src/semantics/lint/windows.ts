// Sliding windows that leave something out: rows and columns at the border, inputs between them, or taps that only see padding.

import type { AxisWindow } from '../../layers/dependence';
import { axisName } from '../../layers/window';
import type { GraphNode } from '../graph';
import type { Lint } from './lint';
import { argumentFix, argumentPlace } from './edits';
import { everywhere, layerOf, named } from './network';
import { inputSizesThatLoseNone } from './sizes';

const isWindowed = named(/^(?:Conv|MaxPool|AvgPool|LPPool)[123]d$/);
const isConvolution = named(/^Conv[123]d$/);

/** The windows over the spatial axes of known size. */
function spatialWindows(node: GraphNode): readonly { readonly window: AxisWindow; readonly input: number; readonly output: number; readonly axis: number; readonly name: string }[] {
  const [input, output] = [node.inputs[0]!.type.shape, node.outputs[0]!.type.shape];
  return node.effect.dependence.windows.flatMap((window) => {
    const [from, to] = [input[window.from], output[window.to]];
    if (window.from === 0 || typeof from !== 'number' || typeof to !== 'number' || Number.isNaN(window.stride)) return [];
    return [{ window, input: from, output: to, axis: window.from - 1, name: axisName(input.length - 1, window.from - 1) }];
  });
}

/** The numbers of an argument, one for each axis. */
function numbers(node: GraphNode, name: string): readonly number[] {
  const value = layerOf(node)?.arguments[name];
  return Array.isArray(value) ? (value as readonly number[]) : [];
}

/** One number, or a list where the axes differ. */
function spelled(values: readonly number[]): string {
  return values.every((value) => value === values[0]) ? String(values[0]) : `[${values.join(', ')}]`;
}

function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)!}`;
}

/** The last windows end before the input does. */
export const unreadBorder: Lint = ({ graph }, report) => {
  const found = everywhere(
    graph,
    (node) => {
      const unread = spatialWindows(node).flatMap((each) => {
        const { window, input, output } = each;
        // A stride above the kernel skips inputs everywhere, which is another matter.
        const left = input - ((output - 1) * window.stride - window.before + window.extent);
        return left > 0 && window.stride <= window.extent ? [{ ...each, left }] : [];
      });
      return unread.length > 0 ? { node, unread } : undefined;
    },
    isWindowed,
    'made',
  );
  for (const { node, unread } of found) {
    const [first] = unread;
    const { window, input } = first!;
    const what = listed(unread.map(({ left, name }) => `the last ${left === 1 ? '' : `${String(left)} `}${left === 1 ? 'position' : 'positions'} in ${name}`));
    const padding = paddingThatReads(node);
    const ways = [
      ...(padding === undefined ? [] : [`padding = ${spelled(padding)} reads them`]),
      ...(node.operation.name.includes('Pool') ? ['ceil_mode = true reads them'] : []),
      `a size of ${String(input - ((input + window.before + window.after - window.extent) % window.stride))} or ${String(nextWhole(input, window))} loses nothing`,
    ];
    const sizes = inputSizesThatLoseNone(node, first!.axis);
    report({
      code: 'unread-border',
      severity: 'warning',
      place: argumentPlace(node, 'stride'),
      message:
        `${node.operation.name} never reads ${what}: ${String(input)} is not reached by a stride of ${String(window.stride)}; ${ways.join(', ')}` +
        (sizes === undefined ? '' : ` (at ${sizes.input}: ${sizes.sizes.map(String).join(' or ')}, where no layer up to here loses any)`),
      related: sizes === undefined ? [] : [{ message: `${sizes.input} is declared here`, place: sizes.place }],
      fixes: [
        ...((padding && argumentFix(`Use padding = ${spelled(padding)}`, node, { padding: spelled(padding) })) ?? []),
        ...((node.operation.name.includes('Pool') && argumentFix('Use ceil_mode = true', node, { ceil_mode: 'true' })) || []),
      ],
    });
  }
};

/** The next size that the stride reaches exactly. */
function nextWhole(size: number, window: AxisWindow): number {
  return size + window.stride - ((size + window.before + window.after - window.extent) % window.stride);
}

/** The least padding, above the written one, with which every position is read; at most half the kernel, as pools demand. */
function paddingThatReads(node: GraphNode): readonly number[] | undefined {
  const before = numbers(node, 'padding');
  if (before.length === 0) return undefined;
  const after = [...before];
  for (const { window, input, axis } of spatialWindows(node)) {
    const written = before[axis]!;
    let padding = written;
    const reads = (amount: number): boolean => {
      const padded = input + 2 * amount - window.extent;
      return (Math.floor(padded / window.stride) * window.stride) + window.extent - amount >= input;
    };
    while (!reads(padding) && padding < window.extent) padding++;
    if (!reads(padding) || padding > Math.max(written, Math.floor(window.extent / 2))) return undefined;
    after[axis] = padding;
  }
  return after.some((value, axis) => value !== before[axis]) ? after : undefined;
}

/** Windows that lie further apart than they are wide. */
export const skippedInputs: Lint = ({ graph }, report) => {
  const found = everywhere(
    graph,
    (node) => {
      // A kernel of 1 with a stride takes every second position on purpose, as the skip connections of residual networks do.
      const skipping = spatialWindows(node).filter(({ window, axis }) => window.stride > window.extent && (numbers(node, 'kernel_size')[axis] ?? 1) > 1);
      return skipping.length > 0 ? { node, skipping } : undefined;
    },
    isWindowed,
    'made',
  );
  for (const { node, skipping } of found) {
    const { window, name, input } = skipping[0]!;
    const gap = window.stride - window.extent;
    const stride = numbers(node, 'kernel_size').map((kernel, axis) => Math.min(numbers(node, 'stride')[axis] ?? kernel, kernel));
    report({
      code: 'stride-above-kernel',
      severity: 'warning',
      place: argumentPlace(node, 'stride'),
      message: `a stride of ${String(window.stride)} above the kernel's ${String(window.extent)} leaves ${String(gap)} of every ${String(window.stride)} positions in ${name} (of ${String(input)}) unread; a stride of at most ${String(window.extent)}, or a larger kernel, reads all`,
      fixes: argumentFix(`Use stride = ${spelled(stride)}`, node, { stride: spelled(stride) }),
    });
  }
};

/** Taps of a kernel that lie in the padding wherever the kernel stands. */
export const tapsInPadding: Lint = ({ graph }, report) => {
  const found = everywhere(
    graph,
    (node) => {
      const lost = spatialWindows(node).flatMap((each) => {
        const kernel = numbers(node, 'kernel_size')[each.axis] ?? 1;
        const dilation = numbers(node, 'dilation')[each.axis] ?? 1;
        const seeing = tapsThatSee(each.input, each.output, each.window, kernel, dilation);
        return seeing < kernel ? [{ ...each, kernel, seeing }] : [];
      });
      return lost.length > 0 ? { node, lost } : undefined;
    },
    isConvolution,
    'made',
    (node) => layerOf(node)?.arguments.padding_mode === 'zeros',
  );
  for (const { node, lost } of found) {
    const { kernel, seeing, input, name } = lost[0]!;
    report({
      code: 'taps-in-padding',
      severity: 'warning',
      place: argumentPlace(node, 'kernel_size'),
      message: `only ${String(seeing)} of the ${String(kernel)} taps in ${name} ever meet the ${String(input)} ${input === 1 ? 'position' : 'positions'} of the input: the others see nothing but padding; use a smaller kernel or dilation, or downsample less before it`,
    });
  }
};

/** How many taps of a kernel meet a position of the input at any place of the kernel. */
function tapsThatSee(input: number, output: number, window: AxisWindow, kernel: number, dilation: number): number {
  let seeing = 0;
  for (let tap = 0; tap < kernel; tap++) {
    // Output o reads o·stride − before + tap·dilation: the first o at which that is no longer in front of the input.
    const offset = tap * dilation - window.before;
    const first = Math.max(0, Math.ceil(-offset / window.stride));
    if (first < output && first * window.stride + offset < input) seeing++;
  }
  return seeing;
}

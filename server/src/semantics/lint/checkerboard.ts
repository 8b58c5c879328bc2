// Transposed convolutions whose filters overlap unevenly (Odena, Dumoulin and Olah, "Deconvolution and Checkerboard Artifacts", Distill 2016).

import { axisName } from '../../layers/window';
import type { GraphNode } from '../graph';
import type { Lint } from './lint';
import { argumentFix, argumentPlace } from './edits';
import { everywhere, layerOf, named } from './network';

const isTransposed = named(/^ConvTranspose[123]d$/);

interface Geometry {
  readonly kernel_size: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly output_padding: readonly number[];
  readonly dilation: readonly number[];
}

export const checkerboard: Lint = ({ graph }, report) => {
  const found = everywhere(
    graph,
    (node) => {
      const given = layerOf(node)?.arguments as unknown as Geometry;
      const uneven = given.stride.findIndex((stride, axis) => stride > 1 && given.kernel_size[axis]! % stride !== 0);
      return uneven < 0 ? undefined : { node, given, axis: uneven };
    },
    isTransposed,
    'made',
    (node) => layerOf(node) !== undefined,
  );
  for (const { node, given, axis } of found) {
    const [kernel, stride] = [given.kernel_size[axis]!, given.stride[axis]!];
    const counts = [Math.floor(kernel / stride), Math.ceil(kernel / stride)];
    report({
      code: 'checkerboard',
      severity: 'warning',
      place: argumentPlace(node, 'kernel_size'),
      message:
        `a kernel of ${String(kernel)} is no multiple of the stride ${String(stride)}, so that places in ${axisName(given.stride.length, axis)} are painted ${counts.map(String).join(' or ')} times by turns, which shows as a checkerboard; ` +
        `use a kernel of ${counts[0] === 0 ? '' : `${String(counts[0]! * stride)} or `}${String(counts[1]! * stride)}, or an Upsample and a convolution`,
      fixes: evenKernel(node, given),
    });
  }
};

/** The next kernel that the stride divides, with the padding that keeps the size: out = (in − 1)·stride − 2·padding + dilation·(kernel − 1) + output_padding + 1. */
function evenKernel(node: GraphNode, given: Geometry): ReturnType<typeof argumentFix> {
  const kernel = given.kernel_size.map((size, axis) => Math.ceil(size / given.stride[axis]!) * given.stride[axis]!);
  const padding: number[] = [];
  const outputPadding: number[] = [];
  for (const [axis, size] of kernel.entries()) {
    const cut = 2 * given.padding[axis]! - given.output_padding[axis]! + given.dilation[axis]! * (size - given.kernel_size[axis]!);
    const amount = Math.max(0, Math.ceil(cut / 2));
    if (2 * amount - cut < 0 || 2 * amount - cut >= given.stride[axis]!) return undefined;
    padding.push(amount);
    outputPadding.push(2 * amount - cut);
  }
  const spelled = (values: readonly number[]): string => (values.every((value) => value === values[0]) ? String(values[0]) : `[${values.join(', ')}]`);
  const changed = { kernel_size: kernel, padding, output_padding: outputPadding } as const;
  const edits = Object.entries(changed).filter(([name, values]) => spelled(values) !== spelled(given[name as keyof Geometry]));
  return argumentFix(`Use kernel_size = ${spelled(kernel)}`, node, Object.fromEntries(edits.map(([name, values]) => [name, spelled(values)])));
}

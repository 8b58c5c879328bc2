// Stacked dilated convolutions whose units see a grid with holes (Wang et al., "Understanding Convolution for Semantic Segmentation", 2018).

import { axisName } from '../../layers/window';
import { elementwiseLayers } from './activations';
import type { GraphNode } from '../graph';
import type { Lint } from './lint';
import { argumentPlace } from './edits';
import { ByTensor, bodyOf, kindOfOperation, layerOf, named, perOperation } from './network';

/** More offsets than this are not followed. */
const most = 1 << 14;

/** What a unit sees along one axis: so many places side by side, or the sorted offsets of places with holes between them. */
type Seen = number | readonly number[];

/** Convolutions of stride 1 one behind the other. */
interface Chain {
  readonly seen: readonly Seen[];
  readonly dilated: Dilated | undefined;
}

interface Dilated {
  readonly node: GraphNode;
  readonly before: Dilated | undefined;
}

const isConvolution = named(/^Conv[123]d$/);

/** Operations that keep every place where it is. */
const keepsPlaces = perOperation((operation) => {
  const kind = kindOfOperation(operation);
  return elementwiseLayers.has(kind) || /norm\d?d?$/.test(kind) || kind.startsWith('dropout') || kind === 'identity' || kind === 'droppath';
});

export const gridding: Lint = ({ graph }, report) => {
  // Most networks have no dilation.
  if (!bodyOf(graph).some((node) => node.kind === 'operation' && isConvolution(node.operation) && isDilated(node))) return;
  const chains = new ByTensor<Chain>(graph);
  const ends: { readonly node: GraphNode; readonly chain: Chain }[] = [];
  for (const node of bodyOf(graph)) {
    if (node.kind !== 'operation') continue;
    const before = chains.get(node.inputs[0]!);
    if (keepsPlaces(node.operation) && before !== undefined) chains.set(node.outputs[0]!, before);
    else if (isConvolution(node.operation)) {
      const chain = through(node, before);
      if (chain === undefined) continue;
      chains.set(node.outputs[0]!, chain);
      if (chain.dilated?.node === node && chain.dilated.before !== undefined) ends.push({ node, chain });
    }
  }
  const said = new Set<GraphNode>();
  for (const { node, chain } of ends.reverse()) {
    const axis = chain.seen.findIndex((seen) => typeof seen !== 'number');
    if (axis < 0 || said.has(node)) continue;
    const members: GraphNode[] = [];
    for (let link = chain.dilated; link !== undefined && !said.has(link.node); link = link.before) {
      said.add(link.node);
      members.unshift(link.node);
    }
    const offsets = chain.seen[axis] as readonly number[];
    const span = offsets.at(-1)! - offsets[0]! + 1;
    const rates = members.map((each) => String(numbersOf(each).dilation[axis]));
    report({
      code: 'gridding',
      severity: 'warning',
      place: argumentPlace(node, 'dilation'),
      message: `behind the dilations ${rates.slice(-8).join(', ')} a unit sees only ${String(offsets.length)} of the ${String(span)} positions that its field spans in ${axisName(chain.seen.length, axis)}: neighbours see different grids and share nothing; dilations that begin with 1, such as 1, 2, 3, leave no holes`,
      related: members.slice(-8, -1).map((each) => ({ message: 'a dilation before it', place: argumentPlace(each, 'dilation') })),
    });
  }
};

function numbersOf(node: GraphNode): { readonly kernel_size: readonly number[]; readonly stride: readonly number[]; readonly dilation: readonly number[] } {
  return layerOf(node)!.arguments as never;
}

function isDilated(node: GraphNode): boolean {
  if (layerOf(node) === undefined) return false;
  const { kernel_size, dilation } = numbersOf(node);
  return dilation.some((step, axis) => step > 1 && kernel_size[axis]! > 1);
}

/** The chain behind a convolution; a stride ends it, and so does a field that is too wide to follow. */
function through(node: GraphNode, before: Chain | undefined): Chain | undefined {
  if (layerOf(node) === undefined) return undefined;
  const { kernel_size, stride, dilation } = numbersOf(node);
  if (stride.some((step) => step !== 1)) return undefined;
  const seen = kernel_size.map((kernel, axis) => sums(before?.seen[axis] ?? 1, kernel, dilation[axis]!));
  if (!seen.every((each) => each !== undefined)) return undefined;
  return { seen, dilated: isDilated(node) ? { node, before: before?.dilated } : before?.dilated };
}

/** What the taps of a dilated kernel see of what each unit before them sees. */
function sums(seen: Seen, kernel: number, dilation: number): Seen | undefined {
  if (typeof seen === 'number' && (dilation <= seen || kernel === 1)) return seen + dilation * (kernel - 1);
  const count = typeof seen === 'number' ? seen : seen.length;
  if (count * kernel > most) return undefined;
  const offsets = typeof seen === 'number' ? Array.from({ length: seen }, (_, index) => index) : seen;
  const found = new Set<number>();
  for (const offset of offsets) for (let tap = 0; tap < kernel; tap++) found.add(offset + tap * dilation);
  const sorted = [...found].sort((a, b) => a - b);
  return sorted.length === sorted.at(-1)! - sorted[0]! + 1 ? sorted.length : sorted;
}

// Which sizes of an input no stride on the way to a layer cuts off.

import type { AxisWindow } from '../../layers/dependence';
import type { GraphNode, Place, Tensor } from '../graph';
import { makerOf } from './network';

export interface LosslessSizes {
  /** The input's name. */
  readonly input: string;
  readonly place: Place;
  /** The nearest below the declared size and the nearest above it. */
  readonly sizes: readonly number[];
}

/** How far from the declared size is looked. */
const farthest = 4096;

/** The windows that lead from an axis of an input to one of a node's input, the first one first. */
function windowsBehind(node: GraphNode, axis: number): { readonly windows: readonly AxisWindow[]; readonly input: Tensor; readonly axis: number } | undefined {
  const windows: AxisWindow[] = [];
  let tensor = node.inputs[0]!;
  let at = axis;
  for (let steps = 0; steps < 100_000; steps++) {
    const maker = makerOf(tensor);
    if (maker === undefined) return tensor.source.kind === 'input' ? { windows: windows.reverse(), input: tensor, axis: at } : undefined;
    const window = maker.effect.dependence.windows.find((each) => each.to === at);
    if (window === undefined || Number.isNaN(window.stride)) return undefined;
    if (window.stride !== 1 || window.extent !== 1 || window.before !== 0 || window.after !== 0) windows.push(window);
    tensor = maker.inputs[window.input]!;
    at = window.from;
  }
  return undefined;
}

/** The sizes of the model's input, nearest to the declared one, at which neither this layer nor any before it leaves a position unread. */
export function inputSizesThatLoseNone(node: GraphNode, spatialAxis: number): LosslessSizes | undefined {
  const chain = windowsBehind(node, spatialAxis + 1);
  const own = node.effect.dependence.windows.find(({ from }) => from === spatialAxis + 1);
  const declared = chain?.input.type.shape[chain.axis];
  if (chain === undefined || own === undefined || typeof declared !== 'number' || chain.windows.length === 0) return undefined;
  const windows = [...chain.windows, own];
  const losesNone = (size: number): boolean => {
    let length = size;
    for (const { stride, extent, before, after } of windows) {
      if (stride < 1) return false;
      const span = length + before + after - extent;
      if (span < 0 || (span % stride) - after > 0) return false;
      length = Math.floor(span / stride) + 1;
    }
    return true;
  };
  const sizes: number[] = [];
  for (let size = declared - 1; size >= 1 && size > declared - farthest; size--) {
    if (!losesNone(size)) continue;
    sizes.push(size);
    break;
  }
  for (let size = declared + 1; size < declared + farthest; size++) {
    if (!losesNone(size)) continue;
    sizes.push(size);
    break;
  }
  if (sizes.length === 0) return undefined;
  return { input: chain.input.source.kind === 'input' ? chain.input.source.name : '', place: chain.input.place, sizes };
}

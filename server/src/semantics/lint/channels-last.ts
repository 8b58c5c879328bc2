// Images and sequences with their channels behind: in front of convolutions and pools they come first here, as in PyTorch.

import { printShape } from '../../layers/tensor';
import type { AnyNode, Tensor } from '../graph';
import type { Lint } from './lint';
import { everywhere, makerOf, named, readersOf } from './network';

const isOfImages = named(/^(?:Conv(?:Transpose)?2d|(?:Max|Avg)Pool2d|BatchNorm2d)$/);
/** Operations that leave the axes of an image where they are. */
const isPassing = named(/^(?:Normalize|Identity|Dropout2?d?|\w*Pad2d|subtract|divide|multiply|add)$/);

/** Whether a shape is that of an image in colours; a grey or transparent one is square, since narrow maps of many channels are not. */
function isChannelsLast([height, width, channels, ...others]: Tensor['type']['shape']): boolean {
  if (others.length > 0 || typeof height !== 'number' || typeof width !== 'number' || Math.min(height, width) <= 8) return false;
  return channels === 3 || ((channels === 1 || channels === 4) && height === width);
}

const isOfSequences = named(/^(?:Conv(?:Transpose)?1d|BatchNorm1d|InstanceNorm1d|(?:Adaptive)?(?:Max|Avg)Pool1d)$/);
/** Layers that give steps of features, [T, F]. */
const givesSteps = named(/^(?:Embedding|RNN|LSTM|GRU|MultiheadAttention|Transformer(?:En|De)coderLayer|LayerNorm|RMSNorm)$/);
const isElementwise = named(/^(?:Dropout|Identity|ReLU|GELU|Tanh|SiLU|add)$/);

export const channelsLast: Lint = (model, report) => {
  images(model, report);
  sequences(model, report);
};

/** Sequences whose steps come first, in front of layers that take the first axis as channels. */
const sequences: Lint = ({ graph }, report) => {
  const found = everywhere(
    graph,
    (node) => {
      if (node.inputs[0]?.type.shape.length !== 2) return undefined;
      let maker = makerOf(node.inputs[0]);
      while (maker !== undefined && isElementwise(maker.operation)) maker = makerOf(maker.inputs[0]);
      return maker !== undefined && givesSteps(maker.operation) ? { node, maker } : undefined;
    },
    isOfSequences,
  );
  for (const { node, maker } of found) {
    report({
      code: 'channels-last',
      severity: 'warning',
      place: node.place,
      message: `${node.operation.name} takes the first axis as channels and slides over the last one, but ${maker.operation.name} gives ${printShape(node.inputs[0]!.type.shape)}, steps of features; a transpose in front puts the features first`,
      related: [{ message: `${maker.operation.name} is here`, place: maker.place }],
      data: { names: ['transpose'] },
    });
  }
};

const images: Lint = ({ graph }, report) => {
  for (const input of graph.inputs) {
    const { shape } = input.type;
    const [first, second, last] = shape;
    const reader = isChannelsLast(shape) ? readerOf(input) : undefined;
    if (reader?.kind !== 'operation') continue;
    report({
      code: 'channels-last',
      severity: 'warning',
      place: input.place,
      message: `${reader.operation.name} takes the first axis of ${reader.operation.name.startsWith('Conv') ? 'its input' : 'an image'} as channels, so that this is an image of ${String(first)} channels and a width of ${String(last)}; channels come first: [${[last, first, second].map(String).join(', ')}]`,
      related: [{ message: `${reader.operation.name} reads it here`, place: reader.place }],
    });
  }

  /** The first layer of images behind an input. */
  function readerOf(tensor: Tensor, depth = 0): AnyNode | undefined {
    for (const reader of readersOf(graph, tensor)) {
      if (reader.kind !== 'operation') continue;
      if (isOfImages(reader.operation)) return reader;
      const behind = depth < 4 && isPassing(reader.operation) ? readerOf(reader.outputs[0]!, depth + 1) : undefined;
      if (behind !== undefined) return behind;
    }
    return undefined;
  }
};

// Layers that are written as in PyTorch, with what comes in as their first argument, where that means another layer and no error.

import type { GraphNode } from '../graph';
import { argumentPlace } from './edits';
import type { Lint } from './lint';
import { everywhere, layerOf, named } from './network';

const isWritten = named(/^(?:Conv(?:Transpose)?[123]d|RNN|LSTM|GRU)$/);

export const inferredSize: Lint = ({ graph }, report) => {
  for (const { node, numbers, first, inferred, meaning } of everywhere(graph, misread, isWritten, 'made')) {
    const { name } = node.operation;
    report({
      code: 'inferred-size-given',
      severity: 'warning',
      place: argumentPlace(node, first),
      message: `this is ${first}, and so ${meaning}; PyTorch's ${inferred} is known here and not written: ${name}(${numbers.slice(1).join(', ')})`,
    });
  }
};

interface Misread {
  readonly node: GraphNode;
  readonly numbers: readonly number[];
  /** The argument that the first number is. */
  readonly first: string;
  /** What it would be in PyTorch. */
  readonly inferred: string;
  /** What the numbers mean here. */
  readonly meaning: string;
}

/** A first number that is what comes in, in front of others that nobody would choose for what they are here. */
function misread(node: GraphNode): Misread | undefined {
  const given = layerOf(node)?.arguments;
  const numbers = numbersOf(node);
  const [first, second, third] = numbers;
  const shape = node.inputs[0]?.type.shape ?? [];
  if (given === undefined || first === undefined || second === undefined) return undefined;
  if ('hidden_size' in given) {
    const isMisread = first === shape.at(-1) && second > 8;
    return isMisread ? { node, numbers, first: 'hidden_size', inferred: 'input_size', meaning: `${String(second)} is the number of layers` } : undefined;
  }
  // A stride of 3 or more that is neither the kernel's nor named is one of a few; as many filters as channels come in are others.
  const isOddStride = third !== undefined && third >= 3 && second !== third;
  const isMisread = first === shape[0] && third !== undefined && third <= 11 && ((second >= 16 && second > 2 * third) || isOddStride);
  return isMisread ? { node, numbers, first: 'out_channels', inferred: 'in_channels', meaning: `${String(second)} is the kernel and ${String(third)} the stride` } : undefined;
}

/** The whole numbers that a layer's call begins with. */
function numbersOf(node: GraphNode): readonly number[] {
  const call = layerOf(node)?.origin.node;
  if (call?.kind !== 'call') return [];
  const end = call.arguments.findIndex(({ name, value }) => name !== undefined || value.kind !== 'integer');
  return call.arguments.slice(0, end < 0 ? undefined : end).map(({ value }) => (value.kind === 'integer' ? value.value : NaN));
}

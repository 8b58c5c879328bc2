// The memory of one training step, in bytes: parameters and buffers, gradients, the optimizer's state, and the values that
// the forward pass keeps for the backward pass.

import { elements } from '../layers/tensor';
import { add, type Dimension, multiply, sum } from '../symbolic/dimension';
import { countParameters } from './cost';
import type { AnyNode, Tensor } from './graph';
import { keptBy, keptEntries, type NeedsGradient, storageOf } from './kept';

export interface MemoryOptions {
  /** Bytes of a float. */
  readonly elementBytes: number;
  /** Examples at a time. */
  readonly batch: number;
}

export const defaultMemory: MemoryOptions = { elementBytes: 4, batch: 1 };

/** PyTorch's indices are int64, and its masks bool. */
const indexBytes = 8;
const maskBytes = 1;

export interface Memory {
  readonly parameters: Dimension;
  readonly gradients: Dimension;
  readonly optimizer: Dimension;
  /** Kept for the backward pass, for the whole batch. */
  readonly activations: Dimension;
  readonly total: Dimension;
}

/** What is trained, and by what. */
export interface Trained {
  readonly nodes: readonly AnyNode[];
  readonly parameters: readonly Tensor[];
  /** Numbers in buffers. */
  readonly buffers: Dimension;
  /** Numbers that the optimizer keeps for each parameter. */
  readonly state: number;
  readonly needsGradient: NeedsGradient;
}

/**
 * A tensor that several operations keep counts once, and what only shows another tensor in another shape counts with it.
 * Undefined, with the operation's name, where it is not known in numbers what one keeps.
 */
export function memoryOf(trained: Trained, options: MemoryOptions = defaultMemory): Memory | { readonly unknown: string } {
  const count = countParameters(trained.parameters);
  const { elementBytes } = options;
  const activations = keptBytes(trained.nodes, options, trained.needsGradient);
  if (typeof activations === 'string') return { unknown: activations };
  const parameters = multiply(elementBytes, add(count, trained.buffers));
  const gradients = multiply(elementBytes, count);
  const optimizer = multiply(elementBytes * trained.state, count);
  return { parameters, gradients, optimizer, activations, total: add(parameters, gradients, optimizer, activations) };
}

/** Bytes for a batch, parameters not counted; or the name of an operation of which it is not known. */
export function keptBytes(nodes: readonly AnyNode[], { elementBytes, batch }: MemoryOptions, needsGradient: NeedsGradient): Dimension | string {
  const tensors = new Set<Tensor>();
  const others: Dimension[] = [];
  for (const node of nodes) {
    if (node.kind !== 'operation') continue;
    const kept = keptBy(node, needsGradient);
    for (const tensor of kept.tensors) if (tensor.source.kind !== 'parameter') tensors.add(storageOf(tensor));
    for (const what of kept.others) {
      const entries = keptEntries(node, what, needsGradient);
      if (entries === undefined) return node.operation.name;
      const isOfBatch = what === 'statistics' && node.effect.statisticsOfBatch === true;
      others.push(multiply(isOfBatch ? 1 : batch, what === 'mask' ? maskBytes : what === 'indices' ? indexBytes : elementBytes, entries));
    }
  }
  // What does not depend on the example is there once for all.
  return sum([...others, ...[...tensors].map(({ type, batched }) => multiply(batched ? batch : 1, type.element === 'int' ? indexBytes : elementBytes, elements(type.shape)))]);
}

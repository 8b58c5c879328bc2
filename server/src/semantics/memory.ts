// The memory of one training step, in bytes: parameters and buffers, gradients, the optimizer's state, and the values that
// the forward pass keeps for the backward pass.

import type { Kept } from '../layers/definition';
import { elements } from '../layers/tensor';
import { noWork } from '../layers/work';
import { add, type Dimension, multiply } from '../symbolic/dimension';
import { countParameters, sumOf } from './cost';
import type { AnyNode, GraphNode, Tensor } from './graph';

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
}

/**
 * A tensor that several operations keep counts once, and what only shows another tensor in another shape counts with it.
 * Undefined, with the operation's name, where it is not known in numbers what one keeps.
 */
export function memoryOf(trained: Trained, { elementBytes, batch }: MemoryOptions = defaultMemory): Memory | { readonly unknown: string } {
  const count = countParameters(trained.parameters);
  const kept = keptBytes(trained.nodes, elementBytes);
  if (typeof kept === 'string') return { unknown: kept };
  const parameters = multiply(elementBytes, add(count, trained.buffers));
  const gradients = multiply(elementBytes, count);
  const optimizer = multiply(elementBytes * trained.state, count);
  const activations = multiply(batch, kept);
  return { parameters, gradients, optimizer, activations, total: add(parameters, gradients, optimizer, activations) };
}

/** Bytes for one example, parameters not counted; or the name of an operation of which it is not known. */
export function keptBytes(nodes: readonly AnyNode[], elementBytes: number): Dimension | string {
  const tensors = new Set<Tensor>();
  const others: Dimension[] = [];
  for (const node of nodes) {
    if (node.kind !== 'operation') continue;
    for (const what of node.operation.keeps) {
      if (what === 'input' || what === 'output') for (const tensor of keptTensors(node, what)) tensors.add(storageOf(tensor));
      else if (what !== 'weight') {
        const entries = keptEntries(node, what);
        if (entries === undefined) return node.operation.name;
        others.push(multiply(what === 'mask' ? maskBytes : what === 'indices' ? indexBytes : elementBytes, entries));
      }
    }
  }
  return sumOf([...others, ...[...tensors].map(({ type }) => multiply(type.element === 'int' ? indexBytes : elementBytes, elements(type.shape)))]);
}

/** How many numbers one application keeps of a kind, for one example; undefined where that is not known. */
export function keptEntries(node: GraphNode, what: Kept): Dimension | undefined {
  switch (what) {
    case 'input':
    case 'output':
      return sumOf(keptTensors(node, what).map(({ type }) => elements(type.shape)));
    case 'weight':
      return node.parameters[0] && elements(node.parameters[0].type.shape);
    case 'mask':
      return elements(node.outputs[0]!.type.shape);
    case 'indices':
      // Places that come in, as of an unpooling, or one for each number that a pool picks.
      return elements((node.inputs.find(({ type }) => type.element === 'int') ?? node.outputs[0]!).type.shape);
    case 'statistics':
      return node.effect.statistics;
  }
}

/** Each once; parameters are there anyway. */
function keptTensors(node: GraphNode, what: 'input' | 'output'): readonly Tensor[] {
  if (what === 'output') return node.outputs;
  return [...new Set(node.inputs)].filter(({ source }) => source.kind !== 'parameter' && source.kind !== 'constant');
}

/** The tensor whose numbers these are, in another shape. */
function storageOf(tensor: Tensor): Tensor {
  let found = tensor;
  while (found.source.kind === 'node' && found.source.node.kind === 'operation') {
    const { operation, inputs, outputs } = found.source.node;
    const [input] = inputs;
    if (operation.work !== noWork || operation.keeps.length > 0 || inputs.length !== 1 || outputs.length !== 1 || input === undefined) break;
    if (String(elements(input.type.shape)) !== String(elements(found.type.shape))) break;
    found = input;
  }
  return found;
}

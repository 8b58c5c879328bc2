// What the forward pass keeps for the backward pass: for memory, for hovers of layers and for the graph of a small loss alike.

import type { Kept } from '../layers/definition';
import { elements } from '../layers/tensor';
import { noWork } from '../layers/work';
import { type Dimension, sum } from '../symbolic/dimension';
import type { AnyNode, Graph, GraphNode, Tensor } from './graph';

/** Numbers that are no tensor of the graph. */
export type OtherKept = Exclude<Kept, 'input' | 'output' | 'weight'>;

export interface KeptValues {
  /** Inputs and outputs, each once; parameters among them are there anyway. */
  readonly tensors: readonly Tensor[];
  readonly others: readonly OtherKept[];
}

/** Which tensors a gradient is computed for. */
export type NeedsGradient = (tensor: Tensor) => boolean;

/** Products: the derivative in one operand needs the others only. */
const products: ReadonlySet<string> = new Set(['multiply', 'dot', 'matmul', 'outer', 'einsum']);

/** What one operation keeps. */
export function keptBy(node: GraphNode, needsGradient: NeedsGradient): KeptValues {
  const { operation: { keeps, name }, effect, inputs, outputs, parameters } = node;
  if (parameters.length === 0 && !inputs.some(needsGradient)) return { tensors: [], others: [] };
  const isRead = (input: Tensor, position: number): boolean => {
    if (input.source.kind === 'constant' || effect.keptInputs?.includes(position) === false) return false;
    const others = inputs.some((other, at) => at !== position && needsGradient(other));
    if (products.has(name)) return others;
    // Of a quotient, the dividend is read by the derivative in the divisor only.
    return name !== 'divide' || position === 1 || others;
  };
  // Of a power, the output is read by the derivative in the exponent only.
  const readsOutput = name !== 'power' || (inputs[1] !== undefined && needsGradient(inputs[1]));
  const tensors = new Set([...(keeps.includes('input') ? inputs.filter(isRead) : []), ...(keeps.includes('output') && readsOutput ? outputs.slice(0, effect.list === undefined ? 1 : undefined) : [])]);
  return { tensors: [...tensors], others: keeps.filter((what): what is OtherKept => what === 'mask' || what === 'indices' || what === 'statistics') };
}

/** How many numbers one application keeps of a kind that it keeps, for one example; undefined where that is not known. */
export function keptEntries(node: GraphNode, what: Kept, needsGradient: NeedsGradient): Dimension | undefined {
  switch (what) {
    case 'input':
    case 'output': {
      const own: readonly Tensor[] = what === 'input' ? node.inputs : node.outputs;
      return sum(keptBy(node, needsGradient).tensors.filter((tensor) => own.includes(tensor) && tensor.source.kind !== 'parameter').map(({ type }) => elements(type.shape)));
    }
    case 'weight':
      return sum((node.effect.parameters ?? []).filter(({ name }) => name.includes('weight')).map(({ shape }) => elements(shape)));
    case 'mask':
      return node.effect.masks ?? elements(node.outputs[0]!.type.shape);
    case 'indices':
      // Places that come in, as of an unpooling, or one for each number that a pool picks.
      return elements((node.inputs.find(({ type }) => type.element === 'int') ?? node.outputs[0]!).type.shape);
    case 'statistics':
      return statisticsOf(node, needsGradient);
  }
}

function statisticsOf({ effect: { statistics }, inputs }: GraphNode, needsGradient: NeedsGradient): Dimension | undefined {
  return typeof statistics === 'function' ? statistics((position) => inputs[position] !== undefined && needsGradient(inputs[position])) : statistics;
}

/** The tensor whose numbers these are, in another shape. */
export function storageOf(tensor: Tensor): Tensor {
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

/** Operations behind which no gradient flows. */
const cutting: ReadonlySet<string> = new Set(['detach', 'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'logical_and', 'logical_or', 'logical_not']);

const sets = new WeakMap<Graph, { readonly nodes: number; readonly found: ReadonlySet<Tensor> }>();

/**
 * Which tensors training needs gradients of: the parameters and all that depends on them, but no input of the network, as
 * in PyTorch. Where nothing is trained, the gradients are those in the inputs; into a stack by itself they flow as well.
 */
export function neededIn(graph: Graph, isStack = false): NeedsGradient {
  let known = sets.get(graph);
  if (known?.nodes !== graph.nodes.length) {
    const leaves = graph.parameters.length > 0 && !isStack ? graph.parameters : [...graph.parameters, ...graph.inputs, ...graph.targets];
    sets.set(graph, (known = { nodes: graph.nodes.length, found: dependents(graph.nodes, leaves) }));
  }
  const { found } = known;
  return (tensor) => found.has(tensor);
}

/** The float tensors that gradients flow back to these from, with themselves. */
function dependents(nodes: readonly AnyNode[], leaves: readonly Tensor[]): ReadonlySet<Tensor> {
  const found = new Set(leaves.filter(({ type }) => type.element === 'float'));
  for (const node of nodes) {
    if ((node.kind === 'operation' && cutting.has(node.operation.name)) || !(node.inputs.some((input) => found.has(input)) || (node.kind === 'operation' && node.parameters.length > 0))) continue;
    for (const output of node.outputs) if (output.type.element === 'float') found.add(output);
  }
  return found;
}

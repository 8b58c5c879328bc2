// Gradients that shrink or grow by more than four powers of ten on their way from the last layer to the first ones.

import type { Graph, GraphNode, Tensor } from '../graph';
import { saturating } from './activations';
import type { Lint } from './lint';
import { hasWeights, type Moments, standard, type Step, stepOf } from './moments';
import { ByTensor, TensorSet, bodyOf, kindOf, makerOf } from './network';

/** How a layer with weights passes a gradient on. */
export interface Passed {
  readonly node: GraphNode;
  /** The squared norm of the gradient at its input, where that at the last layer is 1. */
  readonly square: number;
}

/** Warned of beyond this factor. */
const limit = 1e4;

/** Moments of all tensors, and what gradients are behind each layer with weights, from the last one to the first. */
export function gradientFlow(graph: Graph): { readonly moments: Pick<ByTensor<Moments>, 'get'>; readonly passed: readonly Passed[] } {
  const body = bodyOf(graph).filter((node): node is GraphNode => node.kind === 'operation');
  const moments = new ByTensor<Moments>(graph);
  /** In the order of the body. */
  const steps: (Step | undefined)[] = [];
  /** Tensors that something with parameters has made. */
  const learned = new TensorSet(graph);
  for (const input of graph.inputs) if (input.type.element === 'float') moments.set(input, standard);
  for (const node of body) {
    const step = stepOf(node, node.inputs.map((input) => moments.get(input)));
    steps.push(step);
    const learns = node.parameters.length > 0 || node.inputs.some((input) => learned.has(input));
    for (const output of node.outputs) {
      if (step !== undefined) moments.set(output, step.output);
      if (learns) learned.add(output);
    }
  }

  const gradients = new ByTensor<number>(graph);
  for (const tensor of lastOutputs(graph)) gradients.set(tensor, 1);
  const weighted: GraphNode[] = [];
  for (let at = body.length - 1; at >= 0; at--) {
    const node = body[at]!;
    const square = node.outputs.reduce((total, output) => total + (gradients.get(output) ?? 0), 0);
    if (square === 0) continue;
    for (const [index, input] of node.inputs.entries()) {
      if (!learned.has(input)) continue;
      // What no rule knows makes all before it unknown, which NaN stands for.
      const part = square * (steps[at]?.gradient[index] ?? NaN);
      gradients.set(input, (gradients.get(input) ?? 0) + part);
    }
    if (hasWeights(node) && learned.has(node.inputs[0]!)) weighted.push(node);
  }
  // All readers of an input add to its gradient.
  return { moments, passed: weighted.map((node) => ({ node, square: gradients.get(node.inputs[0]!)! })) };
}

/** Where weights were last applied in front of the losses, or the outputs of a model without. */
function lastOutputs(graph: Graph): readonly Tensor[] {
  const seen = new TensorSet(graph);
  const found: Tensor[] = [];
  const pending = graph.losses.length > 0 ? [...graph.losses] : graph.outputs.flatMap(({ tensors }) => tensors);
  while (pending.length > 0) {
    const tensor = pending.pop()!;
    if (seen.has(tensor)) continue;
    seen.add(tensor);
    const maker = makerOf(tensor);
    if (maker === undefined) continue;
    if (hasWeights(maker)) found.push(tensor);
    else for (const input of maker.inputs) pending.push(input);
  }
  return found;
}

/** Of all layers with weights, the first that the gradient leaves too small or too large. */
export function firstBeyond(passed: readonly Passed[]): Passed | undefined {
  return passed.find(({ square }) => square < limit ** -2 || square > limit ** 2);
}

export const gradientSize: Lint = ({ graph }, report) => {
  if (graph.parameters.length === 0) return;
  const { passed } = gradientFlow(graph);
  const first = firstBeyond(passed);
  if (first === undefined) return;
  const last = lastOutputs(graph).map(makerOf).find((node) => node !== undefined) ?? first.node;
  const shrinks = first.square < 1;
  const extreme = passed.reduce((a, b) => ((shrinks ? b.square < a.square : b.square > a.square) ? b : a));
  const between = bodyOf(graph).filter((node): node is GraphNode => node.kind === 'operation' && node.id >= first.node.id && node.id <= last.id);
  const layers = between.filter(hasWeights).length;
  const flat = between.filter((node) => saturating.has(kindOf(node)));
  const ways = flat.length > 2 ? `${flat[0]!.operation.name} is flat at both ends: ReLU or GELU, a norm layer behind each layer with weights, or residual blocks` : 'a norm layer behind each layer with weights, or residual blocks,';
  report({
    code: shrinks ? 'vanishing-gradient' : 'exploding-gradient',
    severity: 'warning',
    place: first.node.place,
    message:
      `as PyTorch initialises the weights, the gradient ${shrinks ? 'shrinks' : 'grows'} by a factor of ${spell(first.square)} over the ${String(layers)} layers with weights from the last ${last.operation.name} back to this ${first.node.operation.name}` +
      `${extreme.node === first.node ? '' : `, and by ${spell(extreme.square)} in all`}; ${ways} would keep its size`,
    related: [{ message: 'the last layer with weights', place: last.place }],
  });
};

/** √s or its reciprocal, whichever is larger: `3·10⁴`. */
function spell(square: number): string {
  const factor = Math.sqrt(square < 1 ? 1 / square : square);
  // The square has left the range of numbers.
  if (!Number.isFinite(factor)) return 'more than 10¹⁵⁴';
  const exponent = Math.floor(Math.log10(factor));
  const digits = [...String(exponent)].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('');
  return `${String(Number((factor / 10 ** exponent).toPrecision(1)))}·10${digits}`;
}

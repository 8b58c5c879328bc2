// Parameters that no gradient reaches, because an operation without a useful derivative stands between them and the loss.

import type { Fix } from '../../base/diagnostic';
import type { Operation } from '../../layers/definition';
import type { AnyNode, Graph, GraphNode, Tensor } from '../graph';
import type { Lint } from './lint';
import { applies, bodyOf } from './network';

/** Operations whose derivative is zero almost everywhere. */
const withoutGradient = new Set(['Sign', 'Step', 'sign', 'step', 'floor', 'ceil', 'round', 'floor_divide', 'int']);

function isCut({ name }: Operation): boolean {
  return withoutGradient.has(name);
}

function cutsGradient(node: AnyNode): node is GraphNode {
  return node.kind === 'operation' && isCut(node.operation);
}

/** The tensors that a walk from the loss (or the outputs) to the inputs meets, as far as `enters` lets it pass. */
function reached(graph: Graph, enters: (node: AnyNode) => boolean): ReadonlySet<Tensor> {
  const ends = graph.losses.length > 0 ? graph.losses : graph.outputs.flatMap((output) => output.tensors);
  const seen = new Set<Tensor>();
  const pending = [...ends];
  while (pending.length > 0) {
    const tensor = pending.pop()!;
    if (seen.has(tensor)) continue;
    seen.add(tensor);
    const { source } = tensor;
    if (source.kind !== 'node' || !enters(source.node)) continue;
    for (const input of source.node.inputs) pending.push(input);
    if (source.node.kind === 'operation') for (const parameter of source.node.parameters) pending.push(parameter);
  }
  return seen;
}

export const zeroGradient: Lint = ({ graph, run }, report) => {
  if (!applies(graph, isCut)) return;
  const cuts = bodyOf(graph).filter(cutsGradient);
  const used = reached(graph, () => true);
  const learning = reached(graph, (node) => !cutsGradient(node));
  const stuck = new Set(graph.parameters.filter((parameter) => used.has(parameter) && !learning.has(parameter)));
  if (stuck.size === 0) return;
  const seen = new Set<AnyNode>();
  for (const cut of cuts) {
    const behind = parametersBehind(cut, stuck, seen);
    const [first] = behind;
    if (first === undefined) continue;
    const owners = [...new Set(behind.map(({ source }) => (source.kind === 'parameter' ? (source.layer?.operation.name ?? source.name) : '')))];
    report({
      code: 'zero-gradient',
      severity: 'warning',
      place: cut.place,
      message: `the gradient of ${cut.operation.name} is zero everywhere, so ${owners.join(', ')} in front of it cannot learn; a smooth function such as Tanh passes a gradient on`,
      related: [{ message: 'cannot learn', place: first.place }],
      fixes: smoother(run.program.textAt(cut.place), cut),
    });
  }
};

/** Smooth functions with nearly the same values. */
const replacements: ReadonlyMap<string, string> = new Map([
  ['Sign', 'Tanh'],
  ['sign', 'tanh'],
  ['Step', 'Sigmoid'],
  ['step', 'sigmoid'],
]);

function smoother(written: string, { operation: { name }, place }: GraphNode): readonly Fix[] | undefined {
  const smooth = replacements.get(name);
  if (smooth === undefined || !new RegExp(`^${name}\\b`).test(written)) return undefined;
  return [{ title: `Change to ${smooth}`, edits: [{ span: { start: place.span.start, end: place.span.start + name.length }, text: smooth }] }];
}

/** The stuck parameters in front of a cut, up to what earlier cuts have met: each stands behind the first one only. */
function parametersBehind(cut: GraphNode, stuck: ReadonlySet<Tensor>, seen: Set<AnyNode>): readonly Tensor[] {
  const found = new Set<Tensor>();
  const pending: AnyNode[] = [cut];
  while (pending.length > 0) {
    const node = pending.pop()!;
    if (seen.has(node)) continue;
    seen.add(node);
    const tensors = node.kind === 'operation' ? [...node.parameters, ...node.inputs] : node.inputs;
    for (const tensor of tensors) {
      if (stuck.has(tensor)) found.add(tensor);
      if (tensor.source.kind === 'node') pending.push(tensor.source.node);
    }
  }
  return [...found];
}

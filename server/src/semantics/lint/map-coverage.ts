// How far units see, measured against the input: too little before a global pool, or all of it long before the end
// (Richter et al., "Input Size Matters for CNN Classifiers", 2021).

import type * as ast from '../../../../grammar/ast';
import { children, type Node } from '../../../../grammar/walk';
import type { AxisWindow } from '../../layers/dependence';
import type { GraphNode, Place, Tensor } from '../graph';
import type { EvaluatedModel } from '../model';
import { ReceptiveFields } from '../receptive-field';
import type { Lint } from './lint';
import { ByTensor, applies, bodyOf, layerOf, makerOf, named, readersOf } from './network';

/** Global pools, behind which no layer can tell positions apart. */
const isAdaptivePool = named(/^Adaptive(?:Avg|Max)Pool[23]d$/);

function poolsAll(node: GraphNode): boolean {
  return isAdaptivePool(node.operation) && node.outputs[0]!.type.shape.slice(1).every((size) => size === 1) && node.inputs[0]!.type.shape.slice(1).some((size) => size !== 1);
}

/** Whether what a global pool gives is classified: flattened or not, a linear layer reads it. */
function isClassified(model: EvaluatedModel, node: GraphNode): boolean {
  const pending: Tensor[] = [...node.outputs];
  for (let steps = 0; pending.length > 0 && steps < 32; steps++) {
    const readers = readersOf(model.graph, pending.pop()!);
    for (const reader of readers) {
      if (reader.kind !== 'operation') continue;
      if (reader.operation.name === 'Linear') return true;
      if (/^(?:Flatten|flatten|Dropout|Reshape|reshape|Identity)/.test(reader.operation.name)) pending.push(...reader.outputs);
    }
  }
  return false;
}

/** Whether the declaration at a place asserts a receptive field, which its author then knows. */
function assertsField(model: EvaluatedModel, place: Place): boolean {
  const tree = model.run.program.file(place.file)?.source.tree;
  const holder = tree?.declarations.find(({ span }) => span.start <= place.span.start && place.span.end <= span.end);
  return [holder, model.declaration].some((declaration: ast.Declaration | undefined) => declaration !== undefined && asksField(declaration, false));
}

function asksField(node: Node, inAssert: boolean): boolean {
  if (inAssert && node.kind === 'name' && node.text === 'receptive_field') return true;
  return children(node).some((child) => asksField(child, inAssert || node.kind === 'assert'));
}

export const narrowField: Lint = (model, report) => {
  if (!applies(model.graph, isAdaptivePool)) return;
  // Only of an input whose size is known can it be said.
  if (!model.graph.inputs.some(({ type: { shape } }) => shape.length > 1 && shape.slice(-2).every((size) => typeof size === 'number'))) return;
  let fields: ReceptiveFields | undefined;
  for (const node of bodyOf(model.graph)) {
    if (node.kind !== 'operation' || !poolsAll(node) || !isClassified(model, node)) continue;
    const [features] = node.inputs;
    // Who else reads the map puts the places together again, as where a squeeze excites channels.
    if (readersOf(model.graph, features!).length > 1) continue;
    fields ??= new ReceptiveFields();
    for (const { input, axes } of fields.of(features!)) {
      const sizes = input.type.shape.slice(-axes.length);
      const sees = axes.map((axis) => (axis.kind === 'window' ? axis.size : undefined));
      const isNarrow = sees.every((size, axis) => size !== undefined && typeof sizes[axis] === 'number' && size < sizes[axis]);
      if (!isNarrow || axes.length < 2 || assertsField(model, features!.place)) continue;
      report({
        code: 'narrow-receptive-field',
        severity: 'information',
        place: node.place,
        message: `each unit that is pooled here sees ${sees.map(String).join('×')} of the ${sizes.map(String).join('×')} positions of ${input.source.kind === 'input' ? input.source.name : 'the input'}, and the pool keeps no places: nothing larger than that can be recognised; more layers, strides or dilations widen the field`,
        related: [{ message: 'the last feature map', place: makerOf(features)?.place ?? node.place }],
      });
    }
  }
};

/** The narrowest way from an input to a unit, along each of the tensor's axes. */
interface Narrowest {
  readonly input: Tensor;
  readonly axes: ReadonlyMap<number, { readonly of: number; readonly size: number; readonly stride: number }>;
}

export const exhaustedField: Lint = ({ graph }, report) => {
  if (!applies(graph, isMapConvolution)) return;
  const fields = new ByTensor<Narrowest>(graph);
  for (const input of graph.inputs) {
    if (input.type.element === 'int' || input.type.shape.length < 3 || input.type.shape.includes(1, 1)) continue;
    fields.set(input, { input, axes: new Map(input.type.shape.slice(1).map((_, axis) => [axis + 1, { of: axis + 1, size: 1, stride: 1 }])) });
  }
  const found: { readonly node: GraphNode; readonly seen: Narrowest }[] = [];
  for (const node of bodyOf(graph)) {
    if (node.kind !== 'operation') continue;
    const before = fields.get(node.inputs[0]!);
    if (before !== undefined && isBlind(node, before)) found.push({ node, seen: before });
    const after = narrowest(node, fields);
    if (after !== undefined) for (const output of node.outputs) fields.set(output, after);
  }
  const [first] = found;
  if (first === undefined) return;
  const { input, axes } = first.seen;
  const sees = [...axes.values()].map(({ size }) => String(size)).join('×');
  const others = found.length - 1;
  report({
    code: 'exhausted-receptive-field',
    severity: 'information',
    place: first.node.place,
    message:
      `every unit that this ${first.node.operation.name} reads sees ${sees}, more than the ${input.type.shape.slice(1).map(String).join('×')} of the input, so that its kernel adds nothing of the input's surroundings but padding` +
      `${others === 0 ? '' : `, and neither do the ${others === 1 ? 'one' : String(others)} behind it`}; fewer layers or strides, or a larger input, would use it`,
  });
};

const isMapConvolution = named(/^Conv[23]d$/);

/** A kernel over several places, each of which sees the whole input already. */
function isBlind(node: GraphNode, { input, axes }: Narrowest): boolean {
  if (!isMapConvolution(node.operation)) return false;
  const kernel = (layerOf(node)?.arguments.kernel_size ?? []) as readonly number[];
  if (kernel.length === 0 || !kernel.every((size) => size > 1)) return false;
  return axes.size === kernel.length && [...axes.values()].every(({ of, size, stride }) => stride >= 1 && typeof input.type.shape[of] === 'number' && size >= input.type.shape[of]);
}

function narrowest(node: GraphNode, fields: ByTensor<Narrowest>): Narrowest | undefined {
  let narrow: Narrowest | undefined;
  for (const [index, operand] of node.inputs.entries()) {
    const before = fields.get(operand);
    if (before === undefined) continue;
    const { windows } = node.effect.dependence;
    // Most operations leave all places where they are.
    if (narrow === undefined && node.inputs.length === 1 && windows.length === operand.type.shape.length && windows.every(isStill)) {
      narrow = before;
      continue;
    }
    const axes = new Map(narrow?.input === before.input ? narrow.axes : []);
    for (const window of windows) {
      const along = before.axes.get(window.from);
      if (window.input !== index || along === undefined || Number.isNaN(window.stride)) continue;
      const next = { of: along.of, size: along.size + (window.extent - 1) * along.stride, stride: along.stride * window.stride };
      const known = axes.get(window.to);
      if (known === undefined || next.size < known.size) axes.set(window.to, next);
    }
    if (axes.size > 0) narrow = { input: before.input, axes };
  }
  return narrow;
}

/** Whether a place sees itself alone, where it was. */
function isStill({ from, to, stride, extent }: AxisWindow): boolean {
  return from === to && stride === 1 && extent === 1;
}

// Fixes of what a layer or loss gets: a pool or a Flatten in front, another element type, axes of size 1 taken away.

import type * as ast from '../../../../grammar/ast';
import type { Fix } from '../../base/diagnostic';
import type { GraphNode } from '../../semantics/graph';
import { makerOf } from '../../semantics/lint/network';
import { resultOf } from './shapes';
import { around, type Fixer, holderOf, inFront, insert, marked, type Site, textOf } from './site';

/** Pools away the free places in front of a Flatten, so that what is behind it has a fixed width. */
export const poolBeforeFlatten: Fixer = (site) => {
  const node = marked(site, 'call', 'name');
  // The layer itself was not applied: what came in is what the statement or the pipe before it gave.
  const model = site.document.analysis.models.find(({ graph }) => graph.nodes.some((each) => each.kind === 'operation' && each.operation.name === 'Flatten'));
  if (node === undefined || model === undefined) return [];
  const flatten = model.graph.nodes.findLast((each): each is GraphNode => each.kind === 'operation' && each.operation.name === 'Flatten' && each.place.file === site.document.uri && each.place.span.end <= node.span.start);
  const axes = (flatten?.inputs[0]?.type.shape.length ?? 0) - 1;
  if (flatten === undefined || axes < 1 || axes > 3 || typeof flatten.inputs[0]!.type.shape[0] !== 'number') return [];
  const layer = `AdaptiveAvgPool${String(axes)}d(1)`;
  return [{ title: `Put ${layer} in front of the Flatten`, edits: [inFront(site, flatten.place.span.start, [layer])] }];
};

/** A Flatten, or a pool and a Flatten, in front of the linear layer that keeps the places of a map apart. */
export function* flattenBefore(site: Site): Iterable<Fix> {
  const at = linearBefore(site);
  if (at === undefined) return;
  if (isSequence(site, at)) {
    for (const [what, layer] of [['the last step of the sequence', '{ input steps; steps[-1] }'], ['the mean over the sequence', 'mean(dim = 0)']] as const) {
      yield { title: `Take ${what} in front of the Linear`, edits: [inFront(site, at, [layer])] };
    }
  }
  yield { title: 'Put Flatten in front of the Linear', edits: [inFront(site, at, ['Flatten'])] };
  for (const axes of isSequence(site, at) ? [] : [2, 1, 3]) {
    const layers = [`AdaptiveAvgPool${String(axes)}d(1)`, 'Flatten'];
    yield { title: `Put ${layers.join(' -> ')} in front of the Linear`, edits: [inFront(site, at, layers)] };
  }
}

/** Whether what comes into the layer at a place is steps of features, [T, F], and not channels of places, [C, L]. */
function isSequence(site: Site, at: number): boolean {
  const nodes = site.document.analysis.models.flatMap(({ graph }) => graph.nodes);
  const layer = nodes.find((node): node is GraphNode => node.kind === 'operation' && node.operation.name === 'Linear' && node.place.file === site.document.uri && node.place.span.start === at);
  if (layer?.inputs[0]?.type.shape.length !== 2) return false;
  for (let maker = makerOf(layer.inputs[0]), steps = 0; maker !== undefined && steps < 100; maker = makerOf(maker.inputs[0]), steps++) {
    if (/^(?:RNN|LSTM|GRU|Embedding|MultiheadAttention|Transformer\w+Layer|LayerNorm)$/.test(maker.operation.name)) return true;
    if (/^(?:Conv\w*|\w*Pool)1d$/.test(maker.operation.name)) return false;
  }
  return false;
}

/** Where the Linear stands that is marked, or that made the prediction of a marked loss. */
function linearBefore(site: Site): number | undefined {
  const node = marked(site, 'call', 'name');
  const callee = node?.kind === 'call' ? node.callee : node;
  if (callee?.kind === 'name' && callee.text === 'Linear') return node!.span.start;
  const prediction = node?.kind === 'call' ? node.arguments[0]?.value : undefined;
  let maker = makerOf(prediction && resultOf(site, prediction));
  for (let steps = 0; maker !== undefined && steps < 100; steps++) {
    if (maker.operation.name === 'Linear') return maker.place.file === site.document.uri ? maker.place.span.start : undefined;
    maker = makerOf(maker.inputs[0]);
  }
  return undefined;
}

/** Gives an input the element type that its reader takes. */
export function* otherElement(site: Site): Iterable<Fix> {
  yield* classTarget(site);
  yield* otherInput(site);
}

/** A target that a loss wants to be one class for each place, declared so: as many classes as there are, or a row for each, is what others write. */
function* classTarget(site: Site): Iterable<Fix> {
  const call = site.diagnostic.data?.element === 'int' ? marked(site, 'call') : undefined;
  const model = around(site, 'model');
  for (const { value } of call?.arguments ?? []) {
    const target = value.kind === 'name' && model?.body?.kind === 'block' ? model.body.statements.find((statement): statement is ast.Target => statement.kind === 'target' && statement.name.text === value.text) : undefined;
    const type = target?.type;
    if (target === undefined || type === undefined || type.element !== undefined) continue;
    const shape = (type.shape ?? []).map((dimension) => textOf(site, dimension));
    for (const sizes of [shape, shape.slice(1), shape.slice(0, -1)]) {
      const text = sizes.length === 0 ? 'int' : `int[${sizes.join(', ')}]`;
      yield { title: `Declare ${target.name.text} as ${text}`, edits: [{ span: type.span, text }] };
    }
  }
}

const otherInput: Fixer = (site) => {
  const wantsInts = site.diagnostic.data?.element === 'int';
  const holder = around(site, 'model');
  const marking = marked(site, 'call', 'name');
  const pipe = marking && holderOf(site, marking);
  const first = holder?.body?.kind === 'block' ? holder.body.statements.find((statement) => statement.kind === 'input') : undefined;
  const named = pipe?.kind === 'pipe' && pipe.left.kind === 'name' ? pipe.left.text : undefined;
  const input = named === undefined ? first : holder?.body?.statements.find((statement): statement is ast.Input => statement.kind === 'input' && statement.name.text === named);
  if (input?.kind !== 'input' || input.type === undefined) return [];
  if (wantsInts && input.type.element === undefined) return [{ title: `Declare ${input.name.text} as int`, edits: [insert(input.type.span.start, 'int')] }];
  if (wantsInts || input.type.element !== 'int' || input.type.shape === undefined) return [];
  return [{ title: `Declare ${input.name.text} as floats`, edits: [{ span: { start: input.type.span.start, end: input.type.span.start + 3 }, text: '' }] }];
};

/** Takes the axes of size 1 away from a prediction. */
export const flattenPrediction: Fixer = (site) => {
  const call = marked(site, 'call');
  const prediction = call?.arguments[0]?.value;
  const shape = prediction && resultOf(site, prediction)?.type.shape;
  if (prediction === undefined || shape === undefined || shape.length < 2 || shape.filter((size) => size !== 1).length !== 1) return [];
  return [{ title: `Flatten ${textOf(site, prediction)}`, edits: [insert(prediction.span.start, 'flatten('), insert(prediction.span.end, ')')] }];
};

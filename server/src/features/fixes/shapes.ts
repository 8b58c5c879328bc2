// Fixes of shapes that do not meet: the padding that keeps a size, the projection that a skip connection lacks, a pool before a Flatten.

import type * as ast from '../../../../grammar/ast';
import type { Node } from '../../../../grammar/walk';
import type { Fix } from '../../base/diagnostic';
import type { Dimension } from '../../symbolic/dimension';
import type { GraphNode, Tensor } from '../../semantics/graph';
import { argumentEdit, layerOf, makerOf } from '../../semantics/lint/network';
import type { TextEdit } from '../text-edits';
import { around, type Fixer, holderOf, insert, marked, type Site, tensorOf, textOf } from './site';

type Shape = readonly Dimension[];

function same(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** The two shapes that a message says do not meet. */
function operandsOf(site: Site): readonly Tensor[] {
  const node = marked(site, 'binary', 'residual', 'parallel', 'call');
  switch (node?.kind) {
    case 'binary':
      return [node.left, node.right].flatMap((each) => resultOf(site, each) ?? []);
    case 'residual': {
      const body = lastOf(site, node.body);
      return body === undefined ? [] : [...(incomingOf(site, node.body) ?? []), body];
    }
    case 'parallel':
      return node.body.statements.flatMap((statement) => (statement.kind === 'expression-statement' ? (resultOf(site, statement.value) ?? []) : []));
    case 'call':
      return node.arguments.flatMap(({ value }) => resultOf(site, value) ?? []);
    default:
      return [];
  }
}

/** What an expression gives: its own value, or that of the layer it ends with. */
function resultOf(site: Site, node: ast.Expression): Tensor | undefined {
  if (node.kind === 'pipe') return resultOf(site, node.right);
  if (node.kind === 'block') return lastOf(site, node);
  return tensorOf(site, node) ?? applied(site, node)?.output;
}

/** The last application of a layer where it was written. */
function applied(site: Site, node: Node): { readonly input: Tensor | undefined; readonly output: Tensor } | undefined {
  for (const { value, application } of site.document.analysis.observations(node)?.first ?? []) {
    if (application === undefined || value.kind !== 'tensor') continue;
    const [input] = application.inputs;
    return { input: input?.kind === 'tensor' ? input.tensor : undefined, output: value.tensor };
  }
  return undefined;
}

function lastOf(site: Site, block: ast.Block): Tensor | undefined {
  const last = block.statements.at(-1);
  return last?.kind === 'expression-statement' ? resultOf(site, last.value) : undefined;
}

/** What flows into the first layer of a block. */
function incomingOf(site: Site, block: ast.Block): readonly Tensor[] | undefined {
  const [first] = block.statements;
  let node: Node | undefined = first?.kind === 'expression-statement' ? first.value : undefined;
  while (node?.kind === 'pipe') node = node.left;
  const input = node && applied(site, node)?.input;
  return input && [input];
}

/** Convolutions that give up places for lack of padding, up to where the map had the wanted size. */
export const padToKeep: Fixer = (site) => {
  const operands = operandsOf(site).filter(({ type }) => type.shape.length > 1);
  for (const narrow of operands) {
    for (const wide of operands) {
      // Where the channels differ, too, padding alone mends nothing.
      const channels = [narrow, wide].map(({ type }) => type.shape[0]!);
      if (site.diagnostic.code === 'shapes-do-not-broadcast' && !channels.includes(1) && !same([channels[0]!], [channels[1]!])) continue;
      const fix = wide === narrow ? undefined : padded(site, narrow, wide.type.shape.slice(1));
      if (fix !== undefined) return [fix];
    }
  }
  return [];
};

function padded(site: Site, narrow: Tensor, wanted: Shape): Fix | undefined {
  if (same(narrow.type.shape.slice(1), wanted)) return undefined;
  const edits = new Map<string, TextEdit>();
  let node: GraphNode | undefined = makerOf(narrow);
  for (let steps = 0; node !== undefined && steps < 1000; steps++) {
    const [input] = node.inputs;
    if (/^Conv[123]d$/.test(node.operation.name)) {
      const edit = keepingPadding(node);
      if (edit === undefined || layerOf(node)!.origin.place.file !== site.document.uri) return undefined;
      if (edit !== 'keeps') edits.set(String(edit.span.start), edit);
    }
    if (input !== undefined && same(input.type.shape.slice(1), wanted)) {
      return edits.size === 0 ? undefined : { title: `Pad so that the ${edits.size === 1 ? 'convolution keeps' : 'convolutions keep'} the size`, edits: [...edits.values()] };
    }
    node = makerOf(input);
  }
  return undefined;
}

function keepingPadding(node: GraphNode): TextEdit | 'keeps' | undefined {
  const { kernel_size, stride, dilation, padding } = layerOf(node)!.arguments as unknown as { kernel_size: readonly number[]; stride: readonly number[]; dilation: readonly number[]; padding: readonly number[] | string };
  if (stride.some((step) => step !== 1)) return undefined;
  const spans = kernel_size.map((kernel, axis) => dilation[axis]! * (kernel - 1));
  if (padding === 'same' || spans.every((span, axis) => padding[axis] === span / 2)) return 'keeps';
  const half = spans.map((span) => span / 2);
  const text = spans.some((span) => span % 2 !== 0) ? '"same"' : half.every((each) => each === half[0]) ? String(half[0]) : `[${half.join(', ')}]`;
  return argumentEdit(node, 'padding', text);
}

/** A 1×1 convolution, or a linear layer, that gives a skip connection the shape of what it is added to. */
export const projectSkip: Fixer = (site) => {
  const node = marked(site, 'residual', 'binary');
  if (node === undefined || (node.kind === 'binary' && node.operator !== '+')) return [];
  const [left, right] = operandsOf(site);
  if (left === undefined || right === undefined) return [];
  if (node.kind === 'residual') {
    const projection = projectionTo(left.type.shape, right.type.shape);
    if (projection === undefined) return [];
    return [
      {
        title: `Project the skip connection with ${projection}`,
        edits: [{ span: { start: node.span.start, end: node.body.span.start }, text: 'add { ' }, insert(node.body.span.end, `; ${projection} }`)],
      },
    ];
  }
  const [skip, shape] = dependsOn(right, left) ? [node.left, projectionTo(left.type.shape, right.type.shape)] : dependsOn(left, right) ? [node.right, projectionTo(right.type.shape, left.type.shape)] : [];
  if (skip === undefined || shape === undefined) return [];
  return [{ title: `Project the skip connection with ${shape}`, edits: [insert(skip.span.start, '('), insert(skip.span.end, ` -> ${shape})`)] }];
};

/** Whether a tensor was computed from another one. */
function dependsOn(tensor: Tensor, other: Tensor): boolean {
  const pending = [tensor];
  const seen = new Set<Tensor>();
  while (pending.length > 0 && seen.size < 10_000) {
    const next = pending.pop()!;
    if (next === other) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    if (next.source.kind === 'node') pending.push(...next.source.node.inputs);
  }
  return false;
}

function projectionTo(from: Shape, to: Shape): string | undefined {
  if (from.length !== to.length) return undefined;
  if (from.length <= 2 && same(from.slice(0, -1), to.slice(0, -1)) && typeof to.at(-1) === 'number') return `Linear(${String(to.at(-1))})`;
  const axes = from.length - 1;
  const [channels] = to;
  if (axes > 3 || typeof channels !== 'number') return undefined;
  const strides = from.slice(1).map((size, axis) => {
    const wanted = to[axis + 1]!;
    if (size === wanted) return 1;
    if (typeof size !== 'number' || typeof wanted !== 'number') return undefined;
    const stride = Math.ceil(size / wanted);
    return Math.floor((size - 1) / stride) + 1 === wanted ? stride : undefined;
  });
  if (!strides.every((stride) => stride !== undefined)) return undefined;
  const stride = strides.every((each) => each === strides[0]) ? String(strides[0]) : `[${strides.join(', ')}]`;
  return `Conv${String(axes)}d(${String(channels)}, 1${stride === '1' ? '' : `, stride = ${stride}`})`;
}

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
  return [{ title: `Put ${layer} in front of the Flatten`, edits: [insert(flatten.place.span.start, `${layer} -> `)] }];
};

/** Gives an input the element type that its reader takes. */
export const otherElement: Fixer = (site) => {
  const wantsInts = /looks up indices|but gets floats/.test(site.diagnostic.message);
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

// Fixes of shapes that do not meet: the padding that keeps a size, the projection that a skip connection lacks, a pool before a Flatten.

import type * as ast from '../../../../grammar/ast';
import type { Node } from '../../../../grammar/walk';
import type { Fix } from '../../base/diagnostic';
import { type Dimension, identical } from '../../symbolic/dimension';
import type { GraphNode, Tensor } from '../../semantics/graph';
import { argumentEdit } from '../../semantics/lint/edits';
import { layerOf, makerOf } from '../../semantics/lint/network';
import type { TextEdit } from '../text-edits';
import { insert, marked, type Site, tensorOf, textOf } from './site';

type Shape = readonly Dimension[];

/** What a branch begins with. */
function firstLayer(node: ast.Expression): ast.Expression | undefined {
  if (node.kind === 'pipe') return firstLayer(node.left);
  if (node.kind !== 'block') return node;
  const [first] = node.statements;
  return first?.kind === 'expression-statement' ? firstLayer(first.value) : undefined;
}

/** Whether two shapes are equal for all sizes. */
export function same(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => identical(size, b[axis]!));
}

/** The tensors that a message says do not meet. */
export function operandsOf(site: Site): readonly Tensor[] {
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
export function resultOf(site: Site, node: ast.Expression): Tensor | undefined {
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

/** Convolutions behind the fork of what should meet, that give up places for lack of padding. */
export function* padToKeep(site: Site): Iterable<Fix> {
  const [first, ...others] = operandsOf(site).filter(({ type }) => type.shape.length > 1).map(origins);
  const fork = first?.find((tensor) => others.every((chain) => chain.includes(tensor)));
  if (first === undefined || fork === undefined) return;
  const edits = new Map<number, TextEdit>();
  for (const chain of [first, ...others]) {
    for (const tensor of chain.slice(0, chain.indexOf(fork))) {
      const node = makerOf(tensor)!;
      const edit = /^Conv[123]d$/.test(node.operation.name) ? keepingPadding(node) : undefined;
      if (edit === undefined) continue;
      if (layerOf(node)!.origin.place.file !== site.document.uri) return;
      edits.set(edit.span.start, edit);
    }
  }
  if (edits.size > 0) yield { title: `Pad so that the ${edits.size === 1 ? 'convolution keeps' : 'convolutions keep'} the size`, edits: [...edits.values()] };
}

/** A tensor, what it was made from, what that was made from, and so on. */
export function origins(tensor: Tensor): readonly Tensor[] {
  const chain = [tensor];
  for (let node = makerOf(tensor); node?.inputs[0] !== undefined && chain.length < 1000; node = makerOf(node.inputs[0])) chain.push(node.inputs[0]);
  return chain;
}

/** Half of what the kernel spans beyond its centre; undefined where that is the padding already. */
function keepingPadding(node: GraphNode): TextEdit | undefined {
  const { kernel_size, stride, dilation, padding } = layerOf(node)!.arguments as unknown as { kernel_size: readonly number[]; stride: readonly number[]; dilation: readonly number[]; padding: readonly number[] | string };
  const spans = kernel_size.map((kernel, axis) => dilation[axis]! * (kernel - 1));
  if (padding === 'same' || spans.every((span, axis) => padding[axis] === span / 2)) return undefined;
  const half = spans.map((span) => span / 2);
  const isOdd = spans.some((span) => span % 2 !== 0);
  if (isOdd && stride.some((step) => step !== 1)) return undefined;
  return argumentEdit(node, 'padding', isOdd ? '"same"' : half.every((each) => each === half[0]) ? String(half[0]) : `[${half.join(', ')}]`);
}

/** A 1×1 convolution, or a linear layer, that gives a skip connection the shape of what it is added to. */
export function* projectSkip(site: Site): Iterable<Fix> {
  const fix = projected(site);
  if (fix !== undefined) yield fix;
}

/** The projection of what skips. */
function projected(site: Site): Fix | undefined {
  const node = marked(site, 'residual', 'binary', 'parallel');
  const operands = operandsOf(site);
  if (node === undefined || (node.kind === 'binary' && node.operator !== '+')) return undefined;
  const [from, to] = operands.map(({ type }) => type.shape);
  if (node.kind === 'parallel') return projectedBranch(site, node, from, to);
  const [left, right] = operands;
  if (left === undefined || right === undefined || from === undefined || to === undefined) return undefined;
  if (node.kind === 'residual') {
    const projection = projectionTo(from, to);
    if (projection === undefined) return undefined;
    return {
      title: `Project the skip connection with ${projection}`,
      edits: [{ span: { start: node.span.start, end: node.body.span.start }, text: 'add { ' }, insert(node.body.span.end, `; ${projection} }`)],
    };
  }
  const [skip, projection] = dependsOn(right, left) ? [node.left, projectionTo(from, to)] : dependsOn(left, right) ? [node.right, projectionTo(to, from)] : [];
  if (skip === undefined || projection === undefined) return undefined;
  return { title: `Project the skip connection with ${projection}`, edits: [insert(skip.span.start, '('), insert(skip.span.end, ` -> ${projection})`)] };
}

/** Of two branches that are added, the shorter one gets the shape of the other. */
function projectedBranch(site: Site, node: ast.Parallel, a: Shape | undefined, b: Shape | undefined): Fix | undefined {
  const branches = node.body.statements.filter((statement) => statement.kind === 'expression-statement');
  if (node.operation !== 'add' || branches.length !== 2 || node.body.statements.length !== 2 || a === undefined || b === undefined) return undefined;
  const isFirst = textOf(site, branches[0]!).length < textOf(site, branches[1]!).length;
  const branch = branches[isFirst ? 0 : 1]!.value;
  const projection = isFirst ? projectionTo(a, b) : projectionTo(b, a);
  if (projection === undefined) return undefined;
  const isIdentity = /^Identity(?:\(\))?$/.test(textOf(site, branch));
  return { title: `Project the shorter branch with ${projection}`, edits: [isIdentity ? { span: branch.span, text: projection } : insert(branch.span.end, ` -> ${projection}`)] };
}

/** A pool among branches that keep the size keeps it, too. */
export function* poolKeepsSize(site: Site): Iterable<Fix> {
  const node = marked(site, 'parallel');
  for (const statement of node?.body.statements ?? []) {
    const first = statement.kind === 'expression-statement' ? firstLayer(statement.value) : undefined;
    if (first?.kind !== 'call' || first.callee.kind !== 'name' || !/^(?:Max|Avg)Pool[123]d$/.test(first.callee.text)) continue;
    const text = `${first.callee.text}(3, stride = 1, padding = 1)`;
    yield { title: `Use ${text}`, edits: [{ span: first.span, text }] };
  }
}

/** Whether a tensor was computed from another one. */
export function dependsOn(tensor: Tensor, other: Tensor): boolean {
  const pending = [tensor];
  const seen = new Set<Tensor>();
  while (pending.length > 0 && seen.size < 10_000) {
    const next = pending.pop()!;
    if (next === other) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    if (next.source.kind === 'node') for (const input of next.source.node.inputs) pending.push(input);
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
    if (identical(size, wanted)) return 1;
    if (typeof size !== 'number' || typeof wanted !== 'number') return undefined;
    const stride = Math.ceil(size / wanted);
    return Math.floor((size - 1) / stride) + 1 === wanted ? stride : undefined;
  });
  if (!strides.every((stride) => stride !== undefined)) return undefined;
  const stride = strides.every((each) => each === strides[0]) ? String(strides[0]) : `[${strides.join(', ')}]`;
  return `Conv${String(axes)}d(${String(channels)}, 1${stride === '1' ? '' : `, stride = ${stride}`})`;
}

// Fixes of maps that a decoder makes one place too large or too small: another output_padding, or the larger map cropped.

import type * as ast from '../../../../grammar/ast';
import type { Fix } from '../../base/diagnostic';
import { argumentFix } from '../../semantics/lint/edits';
import { layerOf, makerOf } from '../../semantics/lint/network';
import { identical, subtract } from '../../symbolic/dimension';
import { operandsOf, origins, resultOf } from './shapes';
import { around, insert, marked, type Site, textOf } from './site';

/** The output_padding of a transposed convolution on the way, the nearest first, that gives the size that the other side has. */
export function* transposedSize(site: Site): Iterable<Fix> {
  const seen = new Set<object>();
  for (const tensor of operandsOf(site).flatMap(origins)) {
    const node = makerOf(tensor);
    const layer = node && layerOf(node);
    if (node === undefined || layer === undefined || seen.has(layer) || !/^ConvTranspose[123]d$/.test(node.operation.name) || layer.origin.place.file !== site.document.uri) continue;
    seen.add(layer);
    const { stride, output_padding: before } = layer.arguments as unknown as { stride: readonly number[]; output_padding: readonly number[] };
    if (!before.every((each) => each === before[0])) continue;
    for (let padding = 0; padding < Math.max(...stride); padding++) {
      if (padding === before[0]) continue;
      const title = `Use output_padding = ${String(padding)} in ${site.document.text.slice(layer.origin.place.span.start, layer.origin.place.span.end).split('\n')[0]!}`;
      yield* argumentFix(title, node, { output_padding: String(padding) }) ?? [];
    }
  }
}

/** The larger of two maps without what the other one lacks at each side, as in the first U-Net. */
export function* croppedBranch(site: Site): Iterable<Fix> {
  const nodes = branchesOf(site);
  const shapes = nodes.map((node) => resultOf(site, node)?.type.shape);
  if (nodes.length !== 2 || !shapes.every((shape) => shape !== undefined)) return;
  for (const [large, small] of [[0, 1], [1, 0]] as const) {
    const [from, to] = [shapes[large]!, shapes[small]!];
    if (from.length !== to.length || from.length < 3) return;
    const surplus = from.slice(1).map((size, axis) => subtract(size, to[axis + 1]!));
    if (!surplus.every((each): each is number => typeof each === 'number' && each >= 0 && each % 2 === 0) || surplus.every((each) => each === 0)) continue;
    const slices = surplus.map((each) => (each === 0 ? ':' : `${String(each / 2)}:-${String(each / 2)}`));
    const node = nodes[large]!;
    const text = textOf(site, node);
    const isLoose = !['name', 'call', 'index', 'member'].includes(node.kind);
    const written = `[:, ${slices.join(', ')}]`;
    yield { title: `Crop ${text}${written}`, edits: [...(isLoose ? [insert(node.span.start, '(')] : []), insert(node.span.end, `${isLoose ? ')' : ''}${written}`)] };
  }
}

/** The smaller of two maps, where the other is a multiple of it, brought to its size. */
export function* resizedBranch(site: Site): Iterable<Fix> {
  const nodes = branchesOf(site);
  const shapes = nodes.map((node) => resultOf(site, node)?.type.shape);
  if (nodes.length !== 2 || !shapes.every((shape) => shape !== undefined)) return;
  for (const [large, small] of [[0, 1], [1, 0]] as const) {
    const [from, to] = [shapes[small]!.slice(1), shapes[large]!.slice(1)];
    if (from.length !== to.length || from.length < 2) return;
    const factors = from.map((size, axis) => (typeof size === 'number' && typeof to[axis] === 'number' ? to[axis] / size : NaN));
    const [factor] = factors;
    if (factor === undefined || !Number.isInteger(factor) || factor < 2 || !factors.every((each) => each === factor)) continue;
    const node = nodes[small]!;
    const layer = `Upsample(scale_factor = ${String(factor)})`;
    const isLoose = !['name', 'call', 'index', 'member', 'pipe'].includes(node.kind);
    const piped = `${isLoose ? `(${textOf(site, node)})` : textOf(site, node)} -> ${layer}`;
    yield { title: `Write ${piped}`, edits: [{ span: node.span, text: marked(site, 'binary') === undefined ? piped : `(${piped})` }] };
  }
}

/** Another map of the body, which has the size of the other side: of several skip connections, the one that was meant. */
export function* otherSkip(site: Site): Iterable<Fix> {
  const nodes = branchesOf(site);
  const block = around(site, 'block');
  const statement = around(site, 'binding', 'expression-statement', 'output', 'loss');
  if (nodes.length !== 2 || block === undefined || statement === undefined) return;
  const before = block.statements.slice(0, block.statements.findIndex(({ span }) => span.start >= statement.span.start));
  const names = before.flatMap((each) => (each.kind === 'binding' ? each.names : each.kind === 'input' ? [each.name] : [])).reverse();
  for (const [own, other] of [[1, 0], [0, 1]] as const) {
    const node = nodes[own]!;
    const wanted = resultOf(site, nodes[other]!)?.type.shape.slice(1);
    if (node.kind !== 'name' || wanted === undefined || wanted.length < 2) continue;
    for (const name of names) {
      const { text } = name;
      const value = site.document.analysis.observations(name)?.first[0]?.value;
      const shape = value?.kind === 'tensor' ? value.tensor.type.shape.slice(1) : undefined;
      const fits = shape?.length === wanted.length && shape.every((size, axis) => identical(size, wanted[axis]!));
      if (fits && text !== node.text && !(nodes[other]!.kind === 'name' && nodes[other]!.text === text)) yield { title: `Use ${text}, which has that size`, edits: [{ span: node.span, text }] };
    }
  }
}

/** The width that the layer on one side makes, as the other side has it. */
export function* sameWidth(site: Site): Iterable<Fix> {
  const tensors = operandsOf(site);
  const [a, b] = tensors.map(({ type }) => type.shape);
  if (a === undefined || b === undefined || a.length !== b.length || tensors.length !== 2) return;
  const unlike = a.flatMap((size, axis) => (identical(size, b[axis]!) ? [] : [axis]));
  if (unlike.length !== 1) return;
  for (const [own, other] of [[1, 0], [0, 1]] as const) {
    const [has, wanted] = [tensors[own]!.type.shape[unlike[0]!], tensors[other]!.type.shape[unlike[0]!]];
    for (const tensor of origins(tensors[own]!)) {
      const node = makerOf(tensor);
      const layer = node && layerOf(node);
      const name = node && ['out_features', 'embedding_dim', 'hidden_size', 'out_channels'].find((each) => each in node.arguments);
      if (node === undefined || layer === undefined || name === undefined) continue;
      const written = layer.argumentPlaces.get(name);
      const text = written === undefined ? undefined : site.document.text.slice(written.span.start, written.span.end);
      if (layer.origin.place.file === site.document.uri && text === String(has) && typeof wanted === 'number') yield* argumentFix(`Use ${name} = ${String(wanted)}`, node, { [name]: String(wanted) }) ?? [];
      break;
    }
  }
}

function branchesOf(site: Site): readonly ast.Expression[] {
  const node = marked(site, 'binary', 'call');
  if (node?.kind === 'binary') return [node.left, node.right];
  return node?.arguments.flatMap(({ name, value }) => (name === undefined ? [value] : [])) ?? [];
}

// Fixes of how layers stand together: norms behind them, other activations, channels that divide, kernels with the padding that keeps the size.

import type * as ast from '../../../../grammar/ast';
import { walk } from '../../../../grammar/walk';
import type { Fix } from '../../base/diagnostic';
import { hasWeights } from '../../semantics/lint/moments';
import { calleeOf, nameOfArgument } from '../callee';
import type { TextEdit } from '../text-edits';
import { callOf } from './calls';
import { markedNode, near, wholeNumber } from './numbers';
import { around, indentationAt, inFront, insert, marked, replace, type Site, textOf } from './site';

/** What an argument of a call is, by its name. */
function argumentOf(site: Site, call: ast.Call, wanted: string): ast.Argument | undefined {
  const callee = calleeOf(call, site.document);
  return callee && call.arguments.find((argument) => nameOfArgument(call, argument, callee) === wanted);
}

/** The value of an argument where it is written as one number. */
function numberOf(site: Site, call: ast.Call, wanted: string): number | undefined {
  return wholeNumber(argumentOf(site, call, wanted)?.value);
}

/** A layer behind another one: on a line of its own where that one has its own, else as a further step. */
function behind(site: Site, at: number, layer: string): TextEdit {
  const { lines } = site.document;
  const { line, character } = lines.position(at);
  const isLast = lines.line(line).slice(character).trim() === '';
  return insert(at, isLast && /^\s*[A-Z][^;{}]*$/.test(lines.line(line)) ? `\n${indentationAt(site, at)}${layer}` : ` -> ${layer}`);
}

function normFor(name: string): string {
  const axes = /^Conv(?:Transpose)?([123])d/.exec(name)?.[1];
  return axes === undefined ? 'LayerNorm' : `BatchNorm${axes}d`;
}

/** A norm behind the marked layer, or behind each layer with weights from there on. */
export function* normsBehind(site: Site): Iterable<Fix> {
  const layer = marked(site, 'call', 'name');
  const name = layer && textOf(site, layer.kind === 'call' ? layer.callee : layer);
  if (layer === undefined || name === undefined) return;
  const norm = normFor(name);
  yield { title: `Put a ${norm} behind it`, edits: [behind(site, layer.span.end, norm)] };
  for (const { graph } of site.document.analysis.models) {
    const nodes = graph.nodes.filter((node) => node.kind === 'operation' && hasWeights(node) && node.place.file === site.document.uri);
    const first = nodes.findIndex(({ place }) => place.span.start === layer.span.start);
    if (first < 0) continue;
    const edits = new Map<number, TextEdit>();
    for (const node of nodes.slice(first, -1)) if (node.kind === 'operation') edits.set(node.place.span.end, behind(site, node.place.span.end, normFor(node.operation.name)));
    yield { title: `Put a ${norm} behind each layer from here on`, edits: [...edits.values()] };
  }
}

/** An activation that is not flat where it is large. */
export function* openActivation(site: Site): Iterable<Fix> {
  const node = markedNode(site);
  const name = node.kind === 'call' ? node.callee : node;
  if (name.kind !== 'name') return;
  for (const other of ['GELU', 'ReLU']) {
    const written = /^[A-Z]/.test(name.text) ? other : other.toLowerCase();
    yield replace(`Use ${written}`, name.span, written);
  }
}

/** Another value of one argument of a convolution, with the padding that kept the size keeping it. */
function* withPadding(site: Site, name: 'kernel_size' | 'dilation', values: (before: number) => readonly number[]): Iterable<Fix> {
  const call = callOf(site);
  const argument = call && argumentOf(site, call, name);
  const value = wholeNumber(argument?.value);
  if (call === undefined || argument === undefined || value === undefined) return;
  const padding = argumentOf(site, call, 'padding');
  const sizes = { kernel_size: numberOf(site, call, 'kernel_size') ?? 1, dilation: numberOf(site, call, 'dilation') ?? 1 };
  const keeping = ({ kernel_size, dilation }: typeof sizes): number => ((kernel_size - 1) * dilation) / 2;
  for (const other of values(value)) {
    const after = keeping({ ...sizes, [name]: other });
    const keeps = padding !== undefined && wholeNumber(padding.value) === keeping(sizes);
    if (keeps && !Number.isInteger(after)) continue;
    yield {
      title: `Use ${name} = ${String(other)}${keeps ? ` and padding = ${String(after)}` : ''}`,
      edits: [{ span: argument.value.span, text: String(other) }, ...(keeps ? [{ span: padding.value.span, text: String(after) }] : [])],
    };
  }
}

export const smallerKernel = (site: Site): Iterable<Fix> => withPadding(site, 'kernel_size', (before) => Array.from({ length: Math.max(0, before - 1) }, (_, step) => before - 1 - step));

export const otherDilation = (site: Site): Iterable<Fix> => withPadding(site, 'dilation', (before) => near(before).filter((value) => value > 0));

/** The channels, or the axis, that are to be divided, and the nearest size above that can be. */
function sizesOf({ diagnostic: { data } }: Site): { readonly size: number; readonly wanted: number } | undefined {
  const { size, by } = data?.divided ?? { size: NaN, by: NaN };
  return Number.isNaN(size) ? undefined : { size, wanted: Math.ceil(size / by) * by };
}

/** The layer before, which makes as many channels as are there, makes as many as are asked for. */
export function* channelsBefore(site: Site): Iterable<Fix> {
  const sizes = sizesOf(site);
  const body = around(site, 'stack', 'model');
  if (sizes === undefined || body === undefined) return;
  const calls: ast.Call[] = [];
  walk(body, {
    enter(node) {
      if (node.kind === 'call' && node.span.end <= site.diagnostic.span.start) calls.push(node);
      return undefined;
    },
  });
  for (const call of calls.reverse()) {
    for (const name of ['out_channels', 'out_features', 'hidden_size']) {
      const argument = argumentOf(site, call, name);
      if (argument !== undefined && wholeNumber(argument.value) === sizes.size) {
        const text = `${site.document.text.slice(call.span.start, argument.value.span.start)}${String(sizes.wanted)}${site.document.text.slice(argument.value.span.end, call.span.end)}`;
        yield replace(`Use ${text} in front`, argument.value.span, String(sizes.wanted));
      }
    }
  }
}

/** A projection in front that makes as many channels as are asked for. */
export function* projectionBefore(site: Site): Iterable<Fix> {
  const sizes = sizesOf(site);
  const call = callOf(site);
  if (sizes === undefined || call === undefined) return;
  for (const layer of ['Conv2d(%, 1)', 'Conv1d(%, 1)', 'Conv3d(%, 1)', 'Linear(%)']) {
    const written = layer.replace('%', String(sizes.wanted));
    yield { title: `Put ${written} in front`, edits: [inFront(site, call.span.start, [written])] };
  }
}

/** A norm over all that an example has, where a channel has a single value. */
export function* normOfExample(site: Site): Iterable<Fix> {
  const layer = markedNode(site);
  for (const dims of [3, 2, 4, 1]) yield replace(`Use LayerNorm(dims = ${String(dims)})`, layer.span, `LayerNorm(dims = ${String(dims)})`);
}

/** The features in front, for a layer that takes the first axis as channels. */
export function* transposeBefore(site: Site): Iterable<Fix> {
  const layer = marked(site, 'call', 'name');
  const name = layer && textOf(site, layer.kind === 'call' ? layer.callee : layer);
  if (layer !== undefined && name !== undefined && /1d$/.test(name)) yield { title: 'Put transpose in front', edits: [inFront(site, layer.span.start, ['transpose'])] };
}

/** An activation between two linear layers. */
export function* activationBefore(site: Site): Iterable<Fix> {
  const layer = marked(site, 'call', 'name');
  if (layer !== undefined && site.diagnostic.data?.names?.includes('ReLU') === true) yield { title: 'Put a ReLU before it', edits: [inFront(site, layer.span.start, ['ReLU'])] };
}

// Fixes of calls and indices: arguments in the other order or left out, items of an index, operands that fit each other.

import type * as ast from '../../../../grammar/ast';
import { nearestName } from '../../base/nearest';
import { itemSpan } from '../../semantics/text-spans';
import type { Fix } from '../../base/diagnostic';
import { markedNode, setting, wholeNumber } from './numbers';
import { insert, replace, type Site, textOf } from './site';

/** The innermost call around the marked place, or the one that is marked. */
export function callOf(site: Site): ast.Call | undefined {
  const node = markedNode(site);
  if (node.kind === 'call') return node;
  return site.path.findLast((each): each is ast.Call => each.kind === 'call' && each.callee !== node);
}

/** Two neighbouring arguments in the other order. */
export function* swapped(site: Site): Iterable<Fix> {
  const call = callOf(site);
  for (const [index, { value }] of (call?.arguments ?? []).entries()) {
    const next = call!.arguments[index + 1];
    if (next === undefined) return;
    const [a, b] = [textOf(site, value), textOf(site, next.value)];
    yield { title: `Swap ${a} and ${b}`, edits: [{ span: value.span, text: b }, { span: next.value.span, text: a }] };
  }
}

/** One argument less, the last first. */
export function* fewerArguments(site: Site): Iterable<Fix> {
  const call = callOf(site);
  for (let index = (call?.arguments.length ?? 0) - 1; index >= 0; index--) {
    const argument = call!.arguments[index]!;
    yield replace(`Remove ${textOf(site, argument)}`, itemSpan(site.document.text, call!.arguments, index), '');
  }
}

/** An argument that gets the value of another one. */
export function* equalArguments(site: Site): Iterable<Fix> {
  const call = callOf(site);
  const values = (call?.arguments ?? []).map(({ value }) => value);
  for (const value of [...values].reverse()) {
    for (const other of values) if (other !== value) yield replace(`Use ${textOf(site, other)} for ${textOf(site, value)}`, value.span, textOf(site, other));
  }
}

/** The tensor whose further result an argument is, as another argument. */
export function* ownerOfMember(site: Site): Iterable<Fix> {
  const call = callOf(site);
  const member = call?.arguments.map(({ value }) => value).find((value) => value.kind === 'member');
  if (call === undefined || member?.kind !== 'member') return;
  const owner = textOf(site, member.object);
  for (const { value } of call.arguments) if (value !== member) yield replace(`Use ${owner} for ${textOf(site, value)}`, value.span, owner);
}

/** An argument behind a linear layer of the width that the others have. */
export function* projectedArgument(site: Site): Iterable<Fix> {
  const call = callOf(site);
  const widths = [...new Set(site.diagnostic.data?.sizes)].map(String);
  for (const { value } of [...(call?.arguments ?? [])].reverse()) {
    for (const width of widths) {
      const text = `${textOf(site, value)} -> Linear(${width})`;
      yield replace(`Project ${textOf(site, value)} with Linear(${width})`, value.span, text);
    }
  }
}

/** The transposed operand of a matrix product. */
export function* transposed(site: Site): Iterable<Fix> {
  const node = markedNode(site);
  const operands = node.kind === 'binary' ? [node.right, node.left] : node.kind === 'call' ? [...node.arguments].reverse().map(({ value }) => value) : [];
  for (const operand of operands) {
    const text = textOf(site, operand);
    yield { title: `Transpose ${text}`, edits: [insert(operand.span.start, 'transpose('), insert(operand.span.end, ')')] };
  }
}

/** An index with one item less, the last first. */
export function* fewerIndices(site: Site): Iterable<Fix> {
  const node = markedNode(site);
  if (node.kind !== 'index') return;
  for (let left = node.items.length - 1; left > 0; left--) {
    const span = { start: node.items[left - 1]!.span.end, end: node.items.at(-1)!.span.end };
    yield replace(`Remove ${site.document.text.slice(node.items[left]!.span.start, span.end)}`, span, '');
  }
}

/** Of several ellipses, the last becomes one whole axis. */
export function* oneEllipsis(site: Site): Iterable<Fix> {
  const node = markedNode(site);
  const last = node.kind === 'index' ? node.items.findLast(({ kind }) => kind === 'ellipsis') : undefined;
  if (last !== undefined) yield replace('Write : for the last ...', last.span, ':');
}

/** The bounds of a slice in the other order. */
export function* swappedBounds(site: Site): Iterable<Fix> {
  const node = markedNode(site);
  for (const item of node.kind === 'index' ? node.items : []) {
    if (item.kind !== 'slice' || item.start === undefined || item.stop === undefined) continue;
    const [start, stop] = [textOf(site, item.start), textOf(site, item.stop)];
    yield { title: `Write ${stop}:${start}`, edits: [{ span: item.start.span, text: stop }, { span: item.stop.span, text: start }] };
  }
}

/** `x[:, ::-1]` as `flip(x, 1)`. */
export function* flipped(site: Site): Iterable<Fix> {
  const node = markedNode(site);
  if (node.kind !== 'index') return;
  const reversed = node.items.flatMap((item, axis) => (item.kind === 'slice' && item.step !== undefined && wholeNumber(item.step) === -1 ? [axis] : []));
  const isWhole = node.items.every((item) => item.kind === 'slice' && item.start === undefined && item.stop === undefined);
  if (!isWhole || reversed.length === 0) return;
  const axes = reversed.length === 1 ? String(reversed[0]) : `[${reversed.join(', ')}]`;
  const text = `flip(${textOf(site, node.object)}, ${axes})`;
  yield replace(`Write ${text}`, node.span, text);
}

/** Another one of the names that there are, or the nearest: `"wieght"` becomes `"weight"`. */
export function* quotedName(site: Site): Iterable<Fix> {
  const node = markedNode(site);
  const names = site.diagnostic.data?.names ?? [];
  if (node.kind !== 'string') return;
  const nearest = nearestName(node.value, names);
  for (const name of nearest === undefined ? names : [nearest]) yield replace(setting(site, node, `"${name}"`), node.span, `"${name}"`);
}

// Which whole numbers an argument accepts at this place: the layer's own rule is asked with each of them.

import type * as ast from '../../../grammar/ast';
import { nodePathAt } from '../../../grammar/walk';
import { layers } from '../layers/catalog';
import type { RawValue } from '../layers/arguments';
import { bindArguments, type Given } from '../layers/bind';
import type { Operation } from '../layers/definition';
import { toRaw } from '../semantics/values';
import type { CallSite } from './call-site';
import { flowInto } from './flow';
import { grouped } from './numbers';
import { definitionsOf } from './spelling';
import { tryOperation } from './trial';
import type { Document } from './workspace';

/** All numbers up to here are tried; beyond, whether their limit is found by halving. */
const dense = 64;
const largest = 2 ** 24;
/** Single numbers that are listed. */
const listed = 8;

/** `1 to 32 here`, `a divisor such as 1, 2, 4 … here`; undefined where it is not known, or nothing more than the argument always accepts. */
export function validHere(document: Document, { callee, offset }: CallSite, argument: string): string | undefined {
  const operation = callee.kind === 'operation' && !callee.isFunction ? layers.get(callee.operation.name) : undefined;
  const definition = operation && definitionsOf(operation)[argument];
  if (operation === undefined || definition === undefined || !definition.accepts.startsWith('an integer')) return undefined;
  const path = nodePathAt(document.tree, offset);
  const call = path.at(-2);
  const flow = flowInto(document, path.slice(0, -1), offset);
  if (call?.kind !== 'call' || flow === undefined || flow.isList) return undefined;
  const others = otherArguments(document, call, operation, argument);
  // Where another argument is still to be written, it decides.
  if (others === undefined) return undefined;
  const written = new Set([argument, ...others.map(({ name }) => name)]);
  if (Object.entries(definitionsOf(operation)).some(([name, each]) => each.default === undefined && !written.has(name))) return undefined;
  const fits = (value: number): boolean => {
    const { arguments: bound, problems } = bindArguments(operation, [...others, { name: argument, value }]);
    return bound !== undefined && problems.length === 0 && tryOperation(operation, bound, flow.types, flow.domain).effect !== undefined;
  };
  return describe(fits, (value) => 'value' in definition.read(value));
}

/** The values of the other arguments of a call, by name; undefined where one is not known. */
function otherArguments(document: Document, call: ast.Call, operation: Operation, argument: string): readonly Given[] | undefined {
  const names = Object.keys(operation.arguments);
  const given: Given[] = [];
  for (const [index, { name, value }] of call.arguments.entries()) {
    const its = name?.text ?? names[index];
    if (its === argument || its === undefined || value.kind === 'missing') continue;
    const raw = rawOf(document, value);
    if (raw === undefined) return undefined;
    given.push({ name: its, value: raw });
  }
  return given;
}

function rawOf(document: Document, node: ast.Expression): RawValue | undefined {
  switch (node.kind) {
    case 'integer':
    case 'float':
    case 'string':
    case 'boolean':
      return node.value;
    case 'none':
      return null;
    case 'negate': {
      const value = rawOf(document, node.operand);
      return typeof value === 'number' ? -value : undefined;
    }
    case 'list': {
      const items = node.items.map((item) => rawOf(document, item));
      return items.every((item) => item !== undefined) ? items : undefined;
    }
    default: {
      const value = document.analysis.observations(node)?.first[0]?.value;
      const raw = value && toRaw(value);
      return raw !== null && typeof raw === 'object' && 'other' in raw ? undefined : raw;
    }
  }
}

function describe(fits: (value: number) => boolean, isAccepted: (value: number) => boolean): string | undefined {
  const tried = Array.from({ length: dense + 1 }, (_, value) => value);
  const good = tried.filter(fits);
  const [first] = good;
  const last = good.at(-1);
  if (first === undefined || last === undefined) return 'no number fits here';
  const least = tried.find(isAccepted) ?? 0;
  const isRun = good.length === last - first + 1;
  if (!isRun || (last < dense && good.length <= 1)) return `here ${good.slice(0, listed).map(grouped).join(', ')}${good.length > listed || last === dense ? ', …' : ''}`;
  if (last < dense) return `here ${grouped(first)} to ${grouped(last)}`;
  const end = upperEnd(fits);
  if (end !== undefined) return `here ${grouped(first)} to ${grouped(end)}`;
  return first === least ? undefined : `here ${grouped(first)} or more`;
}

/** The last number that fits, where those beyond `dense` end somewhere; undefined where they seem not to. */
function upperEnd(fits: (value: number) => boolean): number | undefined {
  let low = dense;
  let high = dense * 2;
  while (high <= largest && fits(high)) [low, high] = [high, high * 2];
  if (high > largest) return undefined;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

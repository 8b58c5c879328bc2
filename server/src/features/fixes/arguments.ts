// Fixes of arguments: take away what is too much, add what is missing, and write the nearest value that is accepted.

import type * as ast from '../../../../grammar/ast';
import { walk } from '../../../../grammar/walk';
import type { Fix } from '../../base/diagnostic';
import { registeredCode } from '../../base/codes';
import { nearestName } from '../../base/nearest';
import type { ArgumentDefinition, RawValue } from '../../layers/arguments';
import { itemSpan } from '../../semantics/text-spans';
import { toNumber } from '../../semantics/values';
import { calleeOf, nameOfArgument } from '../callee';
import { flowInto } from '../flow';
import { definitionsOf } from '../spelling';
import { around, type Fixer, insert, replace, type Site, textOf } from './site';

/** The argument of a call that the diagnostic speaks of. */
function argumentAt(site: Site): { readonly call: ast.Call; readonly argument: ast.Argument } | undefined {
  const argument = around(site, 'argument');
  const call = argument && site.path.findLast((node): node is ast.Call => node.kind === 'call' && node.arguments.includes(argument));
  return argument && call && { call, argument };
}

export const removeArgument: Fixer = (site) => {
  const found = argumentAt(site);
  if (found === undefined) return [];
  const { call, argument } = found;
  const span = itemSpan(site.document.text, call.arguments, call.arguments.indexOf(argument));
  return [replace(`Remove ${textOf(site, argument)}`, span, '')];
};

/** Gives a positional argument its name. */
export const nameArgument: Fixer = (site) => {
  const found = argumentAt(site);
  const callee = found && calleeOf(found.call, site.document);
  if (found === undefined || callee === undefined) return [];
  const definitions = callee.kind === 'declaration' ? callee.declaration.parameters.map(({ name }) => name.text) : Object.keys(definitionsOf(callee.operation));
  const given = new Set(found.call.arguments.map(({ name }) => name?.text));
  const name = definitions.find((each) => !given.has(each));
  return name === undefined ? [] : [{ title: `Name it ${name}`, edits: [insert(found.argument.span.start, `${name} = `)] }];
};

/** What people most often write. */
const usual: Readonly<Record<string, string>> = { kernel_size: '3', num_heads: '8', heads: '8', num_embeddings: '1000', num_groups: '8', groups: '8', upscale_factor: '2', downscale_factor: '2', chunks: '2', padding: '1', end_dim: '1', threshold: '0', value: '0', p: '0.5', nhead: '8', lr: '0.01' };

export const addArguments: Fixer = (site) => {
  const call = site.path.findLast((node) => (node.kind === 'call' || node.kind === 'name') && node.span.start === site.diagnostic.span.start && node.span.end === site.diagnostic.span.end);
  if (call?.kind !== 'call' && call?.kind !== 'name') return [];
  const asCall: ast.Call = call.kind === 'call' ? call : { kind: 'call', span: call.span, callee: call, arguments: [] };
  const callee = calleeOf(asCall, site.document);
  if (callee?.kind !== 'operation' || callee.isFunction) return [];
  const given = new Set(asCall.arguments.map((argument) => nameOfArgument(asCall, argument, callee)));
  const missing = Object.entries(definitionsOf(callee.operation)).filter(([name, definition]) => definition.default === undefined && !given.has(name));
  const written = missing.map(([name, definition]) => {
    const value = [usual[name], '64', '2', '1', '0.5'].find((each) => each !== undefined && 'value' in definition.read(Number(each)));
    return value && `${name} = ${value}`;
  });
  if (written.length === 0 || !written.every((each) => each !== undefined)) return [];
  const text = written.join(', ');
  const edit = call.kind === 'name' ? insert(call.span.end, `(${text})`) : insert(call.span.end - 1, call.arguments.length === 0 ? text : `, ${text}`);
  return [{ title: `Add ${text}`, edits: [edit] }];
};

/** The same for a stack or model: values that other applications of it give, or small numbers. */
export function* likelyArguments(site: Site): Iterable<Fix> {
  const call = site.path.findLast((node) => (node.kind === 'call' || node.kind === 'name') && node.span.start === site.diagnostic.span.start && node.span.end === site.diagnostic.span.end);
  if (call?.kind !== 'call' && call?.kind !== 'name') return;
  const asCall: ast.Call = call.kind === 'call' ? call : { kind: 'call', span: call.span, callee: call, arguments: [] };
  const callee = calleeOf(asCall, site.document);
  if (callee?.kind !== 'declaration') return;
  const given = new Set(asCall.arguments.map((argument) => nameOfArgument(asCall, argument, callee)));
  const missing = callee.declaration.parameters.filter((parameter) => parameter.default === undefined && !given.has(parameter.name.text)).map(({ name }) => name.text);
  const others = otherCalls(site, asCall, callee.declaration.name.text);
  const usualOf = (name: string): readonly string[] => [...new Set([...others.flatMap((other) => other.arguments.filter((argument) => nameOfArgument(other, argument, callee) === name).map((argument) => textOf(site, argument.value))), '1', '64'])];
  for (const value of missing.length === 0 ? [] : usualOf(missing[0]!)) {
    const text = missing.map((name, index) => `${name} = ${index === 0 ? value : usualOf(name)[0]!}`).join(', ');
    yield { title: `Add ${text}`, edits: [call.kind === 'name' ? insert(call.span.end, `(${text})`) : insert(call.span.end - 1, call.arguments.length === 0 ? text : `, ${text}`)] };
  }
}

/** The other calls of a name in the text. */
function otherCalls({ document }: Site, call: ast.Call, name: string): readonly ast.Call[] {
  const found: ast.Call[] = [];
  walk(document.tree, {
    enter(node) {
      if (node.kind === 'call' && node.span.start !== call.span.start && node.callee.kind === 'name' && node.callee.text === name) found.push(node);
      return undefined;
    },
  });
  return found;
}

/** The nearest value that the argument takes: its own definition says which it reads. */
export const nearestValue: Fixer = (site) => {
  const found = argumentAt(site);
  const callee = found && calleeOf(found.call, site.document);
  if (found === undefined || callee?.kind !== 'operation') return [];
  const name = nameOfArgument(found.call, found.argument, callee);
  const definition = name === undefined ? undefined : definitionsOf(callee.operation)[name];
  const raw = definition && literal(found.argument.value);
  if (definition === undefined || raw === undefined) return [];
  const value = candidates(raw, definition).find((each) => 'value' in definition.read(each));
  if (value === undefined) return [];
  const text = spell(value);
  return [replace(`Use ${name!} = ${text}`, found.argument.value.span, text)];
};

/** A value that is written out; undefined where it is computed. */
function literal(node: ast.Expression): RawValue | undefined {
  switch (node.kind) {
    case 'integer':
    case 'float':
    case 'boolean':
    case 'string':
      return node.value;
    case 'negate': {
      const inner = literal(node.operand);
      return typeof inner === 'number' ? -inner : undefined;
    }
    case 'list': {
      const items = node.items.map(literal);
      return items.every((item) => item !== undefined) ? items : undefined;
    }
    default:
      return undefined;
  }
}

function candidates(raw: RawValue, definition: ArgumentDefinition<unknown>): readonly RawValue[] {
  if (typeof raw === 'number') return [Math.max(1, Math.round(raw)), Math.round(raw), ...shares(raw, definition), ...[0, 1, 2, 0.5].sort((a, b) => Math.abs(a - raw) - Math.abs(b - raw)), ...(raw === 0 || raw === 1 ? [raw === 1] : [])];
  if (typeof raw === 'string') {
    const choices = [...definition.accepts.matchAll(/"([^"]*)"/g)].map((match) => match[1]!);
    const nearest = nearestName(raw, choices);
    const number = Number(raw);
    return [...(nearest === undefined ? choices : [nearest]), ...(raw !== '' && !Number.isNaN(number) ? [number] : []), ...(/^(true|false)$/i.test(raw) ? [/^true$/i.test(raw)] : [])];
  }
  if (typeof raw === 'boolean') return [Number(raw)];
  if (!Array.isArray(raw)) return [];
  const items = raw as readonly RawValue[];
  const raised = items.map((item) => (typeof item === 'number' ? Math.max(1, Math.round(item)) : item));
  const whole = items.map((item) => (typeof item === 'number' ? Math.max(0, Math.round(item)) : item));
  return [raised, whole, ...[1, 2, 3].map((length) => (length <= raised.length ? raised.slice(0, length) : [...raised, ...Array.from({ length: length - raised.length }, () => raised.at(-1)!)])), raised[0] ?? 1];
}

/** Of a share that is too large: the percentage that it may have been meant as, or the default; all of it is nearest and of no use. */
function shares(raw: number, { default: usual }: ArgumentDefinition<unknown>): readonly RawValue[] {
  if (raw <= 1) return [];
  return [...(Number.isInteger(raw) && raw < 100 ? [raw / 100] : []), ...(typeof usual === 'number' ? [usual] : [])];
}

function spell(value: RawValue): string {
  if (Array.isArray(value)) return `[${(value as readonly RawValue[]).map(spell).join(', ')}]`;
  return typeof value === 'string' ? `"${value}"` : String(value);
}

/**
 * PyTorch's `in_channels` or `in_features`, which nobody writes here: the first argument, where it is what comes in. Where what
 * stands behind it is of the wrong kind, it can be nothing else, even if it is another number, or if nothing is known of what comes in.
 */
export function* inferredArgument(site: Site): Iterable<Fix> {
  const call = site.path.findLast((node): node is ast.Call => node.kind === 'call');
  const [first] = call?.arguments ?? [];
  if (call === undefined || first === undefined || first.name !== undefined) return;
  const value = wholeValue(site, first.value);
  if (value === undefined) return;
  const flow = flowInto(site.document, site.path.slice(0, site.path.indexOf(call) + 1), call.span.start);
  const shape = flow?.isList === false ? flow.types[0]?.shape : undefined;
  const comesIn = shape !== undefined && (shape[0] === value || shape.at(-1) === value);
  const isNothingElse = registeredCode(site.diagnostic.code) === 'invalid-argument' && call.arguments.length > 1;
  if (!comesIn && !isNothingElse) return;
  const callee = calleeOf(call, site.document);
  const what = (comesIn ? shape[0] === value && shape.length > 2 : callee?.kind === 'operation' && 'out_channels' in definitionsOf(callee.operation)) ? 'channels' : 'features';
  const title = `Remove ${textOf(site, first)}: the ${what} that come in are known`;
  // Of a call with nothing else, the parentheses go, too.
  const isAll = call.arguments.length === 1;
  yield replace(title, isAll ? { start: call.callee.span.end, end: call.span.end } : itemSpan(site.document.text, call.arguments, 0), '');
}

/** `LayerNorm([64, 8, 8])` of PyTorch is `LayerNorm(dims = 3)` here: the sizes are known, and how many there are is what is left to say. */
export function* normalizedAxes(site: Site): Iterable<Fix> {
  const found = argumentAt(site);
  const callee = found && calleeOf(found.call, site.document);
  if (found?.argument.value.kind !== 'list' || found.call.arguments[0] !== found.argument || callee?.kind !== 'operation' || nameOfArgument(found.call, found.argument, callee) !== 'dims') return;
  const { length } = found.argument.value.items;
  const others = found.call.arguments.length > 1;
  const text = `dims = ${String(length)}`;
  if (length !== 1) yield replace(`Use ${text}: the sizes are known`, found.argument.span, text);
  else yield replace('Leave out the size, which is known', others ? itemSpan(site.document.text, found.call.arguments, 0) : { start: found.call.callee.span.end, end: found.call.span.end }, '');
}

/** The whole number that an expression is worth. */
function wholeValue({ document }: Site, node: ast.Expression): number | undefined {
  if (node.kind === 'integer') return node.value;
  const value = document.analysis.observations(node)?.first[0]?.value;
  const number = value && toNumber(value);
  return number !== undefined && Number.isInteger(number) ? number : undefined;
}

/** The argument that is missing, for one that does not exist. */
export function* missingName(site: Site): Iterable<Fix> {
  const found = argumentAt(site);
  const callee = found && calleeOf(found.call, site.document);
  if (found?.argument.name === undefined || callee === undefined || site.diagnostic.fixes !== undefined) return;
  // Of a layer, those without a default are missing; of a stack, whatever is not given may have been meant.
  const names = callee.kind === 'declaration' ? callee.declaration.parameters.map(({ name }) => name.text) : Object.entries(definitionsOf(callee.operation)).flatMap(([name, definition]) => (definition.default === undefined ? [name] : []));
  const given = new Set(found.call.arguments.map((argument) => nameOfArgument(found.call, argument, callee)));
  for (const name of names) if (!given.has(name)) yield replace(`Change to ${name}`, found.argument.name.span, name);
}

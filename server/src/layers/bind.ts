// Binds written arguments to an operation's definitions: positional ones first, then named ones, then defaults.

import type { Code } from '../base/codes';
import { nearestName } from '../base/nearest';
import type { ArgumentDefinition, RawValue } from './arguments';
import type { Arguments, Operation } from './definition';

/** An argument as written: with a name, or by its place. */
export interface Given {
  readonly name?: string;
  readonly value: RawValue;
}

export interface BindingProblem {
  readonly code: Code;
  readonly message: string;
  /** The written argument at fault, by its index; without one the whole call is. */
  readonly at?: number;
  /** The name that was probably meant. */
  readonly nearest?: string;
}

export interface Bound {
  /** Undefined where a problem leaves an argument without a value. */
  readonly arguments?: Arguments;
  /** For each argument that was written, the index it was written at. */
  readonly written: ReadonlyMap<string, number>;
  readonly problems: readonly BindingProblem[];
}

/** Reads all arguments of one construction or call. */
export function bindArguments(target: Pick<Operation, 'name' | 'arguments'>, given: readonly Given[]): Bound {
  const definitions: Readonly<Record<string, ArgumentDefinition<unknown>>> = target.arguments;
  const names = Object.keys(definitions);
  const written = new Map<string, number>();
  const collected = new Map<string, RawValue[]>();
  const problems: BindingProblem[] = [];
  let position = 0;
  let named: ReadonlySet<string | undefined> | undefined;

  for (const [at, argument] of given.entries()) {
    const taker = names[position];
    const collects = argument.name === undefined && taker !== undefined && definitions[taker]!.rest === true;
    if (collects && collected.has(taker)) {
      collected.get(taker)!.push(argument.value);
      continue;
    }
    if (argument.name === undefined && !collects) position++;
    const name = argument.name ?? taker;
    if (name === undefined) {
      problems.push({ code: 'too-many-arguments', at, message: `${target.name} takes ${countArguments(names.length)}${listed(names)}, but this is one more` });
    } else if (!(name in definitions)) {
      // A name that is inferred, or given already, would only be the next error.
      named ??= new Set(given.map((other) => other.name));
      const nearest = inferred.has(name) ? undefined : nearestName(name, names.filter((each) => !written.has(each) && named?.has(each) !== true));
      problems.push({ code: 'unknown-argument', at, nearest, message: `${target.name} has no argument ${name}${unknownHint(name, nearest, names)}` });
    } else if (written.has(name)) {
      problems.push({ code: 'repeated-argument', at, message: `${name} is given twice` });
    } else {
      written.set(name, at);
      if (collects) collected.set(name, [argument.value]);
    }
  }

  const values: Record<string, unknown> = {};
  let complete = true;
  for (const name of names) {
    const definition = definitions[name]!;
    const at = written.get(name);
    if (at === undefined) {
      if (definition.default === undefined) {
        problems.push({ code: 'missing-argument', message: `${target.name} needs ${name}: ${definition.accepts}` });
        complete = false;
      } else values[name] = definition.default;
      continue;
    }
    const reading = definition.read(rawOf(collected.get(name)) ?? given[at]!.value);
    if ('value' in reading) values[name] = reading.value;
    else {
      problems.push({ code: `invalid-${name.replaceAll('_', '-')}` as const, at, message: `${name} of ${target.name} ${reading.problem}` });
      complete = false;
    }
  }
  return { arguments: complete ? values : undefined, written, problems };
}

/** Values that were written one after the other; a single one stands for itself, as a list may. */
function rawOf(collected: readonly RawValue[] | undefined): RawValue | undefined {
  return collected?.length === 1 ? collected[0] : collected;
}

function countArguments(count: number): string {
  return count === 0 ? 'no arguments' : count === 1 ? 'one argument' : `${String(count)} arguments`;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? '' : ` (${names.join(', ')})`;
}

/** PyTorch's arguments that are inferred here deserve their own answer. */
const inferred = new Set(['in_channels', 'in_features', 'num_features', 'num_channels', 'normalized_shape', 'input_size', 'embed_dim', 'batch_first']);

function unknownHint(name: string, nearest: string | undefined, names: readonly string[]): string {
  if (inferred.has(name)) return name === 'batch_first' ? '; the batch is never written' : '; it is inferred from the input';
  if (nearest !== undefined) return `; did you mean ${nearest}?`;
  return names.length === 0 ? '; it takes none' : `; it has ${names.join(', ')}`;
}

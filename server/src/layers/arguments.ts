// The arguments of layers and functions: what each accepts, its default, and how a written value is read.

import type { Dimension } from '../symbolic/dimension';
import type { Arguments, Operation } from './definition';
import { Expression, print } from '../symbolic/dimension';

/** A value as the evaluator hands it over. Anything that is no plain data comes as what it is, in words. */
export type RawValue =
  | Dimension
  | boolean
  | string
  | null
  | readonly RawValue[]
  | LayerArgument
  | { readonly other: string };

/** A layer of the catalog as an argument of another one. */
export interface LayerArgument {
  readonly operation: Operation;
  readonly arguments: Arguments;
  /** What it is, in words. */
  readonly other: string;
}

export type Reading<T> = { readonly value: T } | { readonly problem: string };

export interface ArgumentDefinition<T> {
  readonly documentation: string;
  /** What may be written, in words: "an integer ≥ 1". */
  readonly accepts: string;
  /** Absent: the argument is required. */
  readonly default?: T;
  /** Takes all further positional values as one list: `reshape(x, h, w)`. */
  readonly rest?: boolean;
  read(raw: RawValue): Reading<T>;
}

/** The definitions of all arguments; the order of the keys is the positional order. */
export type ArgumentDefinitions<A> = { readonly [K in keyof A]: ArgumentDefinition<A[K]> };

interface Options<T> {
  readonly documentation: string;
  readonly default?: T;
}

/** A value as people wrote it, for messages. */
export function describeRaw(raw: RawValue): string {
  if (raw === null) return 'none';
  if (typeof raw === 'string') return `"${raw}"`;
  if (typeof raw === 'number' || typeof raw === 'boolean') return String(raw);
  if (raw instanceof Expression) return print(raw);
  if (Array.isArray(raw)) return `[${(raw as readonly RawValue[]).map(describeRaw).join(', ')}]`;
  return (raw as { other: string }).other;
}

function wrong<T>(accepts: string, raw: RawValue): Reading<T> {
  return { problem: `must be ${accepts}, but is ${describeRaw(raw)}` };
}

function isInteger(raw: RawValue): raw is number {
  return typeof raw === 'number' && Number.isSafeInteger(raw);
}

/** A size: an integer that may depend on free dimensions. */
export function size(options: Options<Dimension> & { minimum?: number }): ArgumentDefinition<Dimension> {
  const minimum = options.minimum ?? 1;
  const accepts = `an integer ≥ ${String(minimum)}`;
  return {
    ...options,
    accepts,
    read: (raw) => ((isInteger(raw) && raw >= minimum) || raw instanceof Expression ? { value: raw } : wrong(accepts, raw)),
  };
}

/** An integer that must be known. */
export function integer(options: Options<number> & { minimum?: number }): ArgumentDefinition<number> {
  const minimum = options.minimum ?? -Infinity;
  const accepts = minimum === -Infinity ? 'an integer' : `an integer ≥ ${String(minimum)}`;
  return { ...options, accepts, read: (raw) => (isInteger(raw) && raw >= minimum ? { value: raw } : wrong(accepts, raw)) };
}

/** A number, bounds included. */
export function number(
  options: Options<number> & { minimum?: number; maximum?: number },
): ArgumentDefinition<number> {
  const { minimum = -Infinity, maximum = Infinity } = options;
  const accepts =
    minimum === -Infinity
      ? 'a number'
      : maximum === Infinity
        ? `a number ≥ ${String(minimum)}`
        : `a number from ${String(minimum)} to ${String(maximum)}`;
  return {
    ...options,
    accepts,
    read: (raw) => (typeof raw === 'number' && raw >= minimum && raw <= maximum ? { value: raw } : wrong(accepts, raw)),
  };
}

export function flag(options: Options<boolean>): ArgumentDefinition<boolean> {
  const accepts = '`true` or `false`';
  return { ...options, accepts, read: (raw) => (typeof raw === 'boolean' ? { value: raw } : wrong(accepts, raw)) };
}

/** One of a few strings. */
export function choice<const C extends string>(
  choices: readonly C[],
  options: Options<C>,
): ArgumentDefinition<C> {
  const accepts = choices.map((each) => `"${each}"`).join(' or ');
  return {
    ...options,
    accepts,
    read: (raw) => {
      const found = choices.find((each) => each === raw);
      return found === undefined ? wrong(accepts, raw) : { value: found };
    },
  };
}

/** One integer for all axes, or a list with one for each. */
export function perAxis(
  axes: number,
  options: { documentation: string; default?: number; minimum: number },
): ArgumentDefinition<readonly number[]> {
  const accepts =
    axes === 1
      ? `an integer ≥ ${String(options.minimum)}`
      : `an integer ≥ ${String(options.minimum)}, or a list of ${String(axes)} such integers`;
  return {
    documentation: options.documentation,
    default: options.default === undefined ? undefined : filled(axes, options.default),
    accepts,
    read: (raw) => {
      const values = Array.isArray(raw) ? (raw as readonly RawValue[]) : filled(axes, raw);
      if (values.length === axes && values.every((value) => isInteger(value) && value >= options.minimum)) {
        return { value: values as readonly number[] };
      }
      return wrong(accepts, raw);
    },
  };
}

/** Also `none`. */
export function optional<T>(definition: ArgumentDefinition<T>): ArgumentDefinition<T | null> {
  return {
    ...definition,
    default: definition.default ?? null,
    accepts: `${definition.accepts}, or none`,
    read: (raw) => (raw === null ? { value: null } : definition.read(raw)),
  };
}

/** The padding of a convolution: integers per axis, or a rule that computes them. */
export type Padding = readonly number[] | 'same' | 'valid';

export function padding(axes: number, documentation: string): ArgumentDefinition<Padding> {
  const numbers = perAxis(axes, { documentation, default: 0, minimum: 0 });
  const accepts = `${numbers.accepts}, or "same" or "valid"`;
  return {
    documentation,
    default: numbers.default,
    accepts,
    read: (raw) => {
      if (raw === 'same' || raw === 'valid') return { value: raw };
      const reading = numbers.read(raw);
      return 'value' in reading ? reading : wrong(accepts, raw);
    },
  };
}

function filled<T>(length: number, value: T): readonly T[] {
  return Array.from({ length }, () => value);
}

/** One axis, which may count from the end. */
export function axis(documentation: string, standard?: number): ArgumentDefinition<number> {
  return integer({ documentation, default: standard });
}

/** Axes to work along: one, a list, or none for all. */
export function axes(documentation: string): ArgumentDefinition<readonly number[] | null> {
  const accepts = 'an integer, a list of integers, or none';
  return {
    documentation,
    default: null,
    accepts,
    read: (raw) => {
      if (raw === null) return { value: null };
      const values = Array.isArray(raw) ? (raw as readonly RawValue[]) : [raw];
      return values.length > 0 && values.every(isInteger) ? { value: values } : wrong(accepts, raw);
    },
  };
}

/** A list of integers, written as one or one after the other. */
export function integers(options: Options<readonly number[]> & { minimum?: number; rest?: boolean }): ArgumentDefinition<readonly number[]> {
  const minimum = options.minimum ?? -Infinity;
  const accepts = `a list of integers${minimum === -Infinity ? '' : ` ≥ ${String(minimum)}`}`;
  return {
    documentation: options.documentation,
    default: options.default,
    rest: options.rest,
    accepts,
    read: (raw) => {
      const values = Array.isArray(raw) ? (raw as readonly RawValue[]) : [raw];
      return values.every((value) => isInteger(value) && value >= minimum) ? { value: values as readonly number[] } : wrong(accepts, raw);
    },
  };
}

/** Numbers of places, written as one list or one after the other; free dimensions may decide them. */
export function amounts(documentation: string): ArgumentDefinition<readonly Dimension[]> {
  const accepts = 'a list of integers';
  return {
    documentation,
    accepts,
    read: (raw) => {
      const values = Array.isArray(raw) ? (raw as readonly RawValue[]) : [raw];
      return values.every((value) => isInteger(value) || value instanceof Expression) ? { value: values as readonly Dimension[] } : wrong(accepts, raw);
    },
  };
}

/** More sizes than any tensor has dimensions; the analysis has a limit of its own. */
const mostSizes = 64;

/** A shape, written as one list or one size after the other; `inferred` allows one −1, which takes what is left. */
export function shapeOf(documentation: string, options: { inferred?: boolean; rest?: boolean } = {}): ArgumentDefinition<readonly Dimension[]> {
  const { inferred = false, rest = true } = options;
  const accepts = inferred ? 'sizes ≥ 1, of which one may be -1' : 'sizes ≥ 1';
  const isSize = (raw: RawValue): boolean => raw instanceof Expression || (isInteger(raw) && (raw >= 1 || (inferred && raw === -1)));
  return {
    documentation,
    accepts,
    rest,
    read: (raw) => {
      const values = Array.isArray(raw) ? (raw as readonly RawValue[]) : [raw];
      if (values.length > mostSizes) return { problem: `takes up to ${String(mostSizes)} sizes, but gets ${values.length.toLocaleString('en-US')}` };
      const free = values.filter((value) => value === -1).length;
      return values.every(isSize) && free <= 1 ? { value: values as readonly Dimension[] } : wrong(accepts, raw);
    },
  };
}

// The recorded cases of the layer catalog, and how one is bound, inferred and run here.

import { readdirSync, readFileSync } from 'node:fs';
import { Builder, type Ref } from '../../server/src/engine/builder';
import { run } from '../../server/src/engine/execute';
import type { RawValue } from '../../server/src/layers/arguments';
import { bindArguments } from '../../server/src/layers/bind';
import { functions, layers } from '../../server/src/layers/catalog';
import type { Arguments, Effect, Operation, Problem } from '../../server/src/layers/definition';
import type { TensorType } from '../../server/src/layers/tensor';
import { type Dimension, subtract } from '../../server/src/symbolic/dimension';
import { decideNonNegative, decideZero } from '../../server/src/symbolic/solve';
import { uniform } from './formula';

type WrittenInput = readonly number[] | { readonly shape: readonly number[]; readonly low: number; readonly high: number; readonly ints: boolean } | { readonly shape: readonly number[]; readonly distinct: number; readonly plane: number };

export interface RecordedCase {
  readonly name: string;
  readonly given: Readonly<Record<string, unknown>>;
  readonly forward?: Readonly<Record<string, unknown>>;
  readonly inputs: readonly WrittenInput[];
  readonly batch?: number;
  /** Why PyTorch refused; nothing else is recorded then. */
  readonly rejected?: string;
  readonly shapes: readonly (readonly number[])[];
  readonly parameters?: readonly (readonly [string, ...number[]])[];
  readonly buffers?: readonly (readonly [string, ...number[]])[];
  /** Multiply-accumulates of convolutions and matrix products for one example, as PyTorch's own counter has them. */
  readonly macs?: number;
  /** For each output two projections and some entries; NaN and infinities are strings. */
  readonly values: readonly (readonly (number | string)[])[];
  /** For each float input and each parameter two projections of the gradient. */
  readonly gradients: readonly (readonly (number | string)[])[];
  readonly mask?: string;
}

export interface Family {
  readonly name: string;
  readonly torch: string;
  readonly cases: readonly RecordedCase[];
}

const folder = new URL('../oracle/layers/', import.meta.url);

export function recordedFamilies(): readonly Family[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({
      name: file.replace('.json', ''),
      ...(JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Omit<Family, 'name'>),
    }));
}

export function operationOf(name: string): Operation {
  const found = layers.get(name) ?? functions.get(name);
  if (found === undefined) throw new Error(`the catalog has no ${name}`);
  return found;
}

interface DrawnInput {
  readonly type: TensorType;
  /** With the batch in front. */
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

export function drawInputs(recorded: RecordedCase, batch = recorded.batch ?? 2): readonly DrawnInput[] {
  return recorded.inputs.map((written, index) => {
    if ('distinct' in written) return distinctInts(written, index + 1, batch);
    const { shape, low, high, ints } = 'shape' in written ? written : { shape: written, low: -1, high: 1, ints: false };
    const whole = [batch, ...shape];
    const values = uniform(index + 1, whole.reduce((a, b) => a * b, 1)).map((value) => {
      const scaled = low + ((value + 1) / 2) * (high - low);
      return ints ? Math.floor(scaled) : scaled;
    });
    return { type: { element: ints ? 'int' : 'float', shape }, shape: whole, values };
  });
}

/** Ints that differ within each plane: the order of numbers of the formula. */
function distinctInts({ shape, distinct, plane }: Extract<WrittenInput, { distinct: number }>, seed: number, batch: number): DrawnInput {
  const whole = [batch, ...shape];
  const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);
  const [rows, count] = [product(whole.slice(0, -plane)), product(whole.slice(-plane))];
  const numbers = uniform(seed, rows * distinct);
  const values = Array.from({ length: rows }, (_, row) => {
    const own = numbers.slice(row * distinct, (row + 1) * distinct);
    return [...own.keys()].sort((a, b) => own[a]! - own[b]!).slice(0, count);
  });
  return { type: { element: 'int', shape }, shape: whole, values: Float64Array.from(values.flat()) };
}

/** JSON has no infinities. */
function revived(value: unknown): RawValue {
  if (value === 'inf' || value === '-inf') return value === 'inf' ? Infinity : -Infinity;
  if (Array.isArray(value)) return value.map(revived);
  return value as RawValue;
}

/** A layer as an argument of a wrapper. */
function layerOf([name, given]: readonly [string, object]): RawValue {
  const operation = operationOf(name);
  const named = Object.entries(given).map(([argument, value]) => ({ name: argument, value: revived(value) }));
  return { operation, arguments: bindArguments(operation, named).arguments!, other: name };
}

export interface Inferred {
  readonly effect?: Effect;
  readonly problems: readonly Pick<Problem, 'code' | 'message'>[];
  readonly warnings: readonly Problem[];
  /** Sizes that must be 0, and sizes that must not be below it, where free dimensions decide. */
  readonly zeros: readonly Dimension[];
  readonly nonNegative: readonly Dimension[];
}

/** The recorded arguments of an accepted case, defaults included. */
export function argumentsOf({ name, given }: RecordedCase): Arguments {
  const named = Object.entries(given).map(([argument, value]) => ({ name: argument, value: argument === 'module' ? layerOf(value as readonly [string, object]) : revived(value) }));
  return bindArguments(operationOf(name), named).arguments!;
}

/** Binds the recorded arguments and infers, for the recorded types or for others of the same rank. */
export function inferCase(recorded: RecordedCase, types: readonly TensorType[]): Inferred {
  const entry = operationOf(recorded.name);
  const problems: Pick<Problem, 'code' | 'message'>[] = [];
  const warnings: Problem[] = [];
  const zeros: Dimension[] = [];
  const nonNegative: Dimension[] = [];
  const found = { problems, warnings, zeros, nonNegative };
  const bind = (definitions: Operation['arguments'], values: Readonly<Record<string, unknown>>): Arguments | undefined => {
    const named = Object.entries(values).map(([name, value]) => ({ name, value: name === 'module' ? layerOf(value as readonly [string, object]) : revived(value) }));
    const bound = bindArguments({ name: entry.name, arguments: definitions }, named);
    problems.push(...bound.problems);
    return bound.arguments;
  };
  // What stands between brackets never goes through the reading of arguments.
  const given = recorded.name === 'index' ? recorded.given : bind(entry.arguments, recorded.given);
  const operation = (given && entry.specialize?.(given)) ?? entry;
  const forward = recorded.forward === undefined ? undefined : bind(operation.forward ?? {}, recorded.forward);
  if (given === undefined || (recorded.forward !== undefined && forward === undefined)) return found;
  const effect = operation.infer({
    inputs: types,
    arguments: given,
    forward,
    problem: (problem) => {
      problems.push(problem);
      return undefined;
    },
    warn: (problem) => {
      warnings.push(problem);
    },
    requireEqual: (a, b) => {
      zeros.push(subtract(a, b));
      return decideZero(subtract(a, b), new Map()).holds !== 'never';
    },
    requireAtLeast: (value, bound) => {
      nonNegative.push(subtract(value, bound));
      return decideNonNegative(subtract(value, bound), new Map()).holds !== 'never';
    },
  });
  return { effect, ...found };
}

/** The types of all results. */
export function resultTypes(effect: Effect): readonly TensorType[] {
  return effect.list ?? [effect.output, ...(effect.further?.values() ?? [])];
}

/** A builder whose random masks are those that PyTorch drew. */
class RecordedMasks extends Builder {
  constructor(private readonly mask: string) {
    super();
  }

  override dropoutMask(shape: readonly number[]): Ref {
    return this.constant(Float64Array.from(this.mask, Number), shape);
  }
}

export interface Lowered {
  readonly builder: Builder;
  readonly outputs: readonly Ref[];
  readonly inputs: readonly Ref[];
  readonly parameters: readonly Ref[];
  readonly leaves: ReadonlyMap<Ref, Float64Array>;
}

export function lowerCase(recorded: RecordedCase, effect: Effect, batch = recorded.batch ?? 2): Lowered {
  const builder = recorded.mask === undefined ? new Builder() : new RecordedMasks(recorded.mask);
  const leaves = new Map<Ref, Float64Array>();
  const leaf = (shape: readonly number[], name: string, values: Float64Array): Ref => {
    const ref = builder.leaf(shape, name);
    leaves.set(ref, values);
    return ref;
  };
  const inputs = drawInputs(recorded, batch).map(({ shape, values }, index) => leaf(shape, `input ${String(index)}`, values));
  const parameters = (effect.parameters ?? []).map(({ name, shape }, index) => {
    const sizes = shape as readonly number[];
    return leaf(sizes, name, uniform(101 + index, sizes.reduce((a, b) => a * b, 1)).map((value) => value / 2));
  });
  const named = Object.fromEntries((effect.parameters ?? []).map(({ name }, index) => [name, parameters[index]!]));
  const made = effect.execute({ builder, inputs, parameters: named, batch, key: 'case' });
  return { builder, outputs: typeof made === 'number' ? [made] : made, inputs, parameters, leaves };
}

/** Values of all outputs, then the gradients in all float inputs and parameters of Σ cotangent·output. */
export function evaluateCase(recorded: RecordedCase, lowered: Lowered): { readonly outputs: readonly Float64Array[]; readonly gradients: readonly Float64Array[]; readonly shapes: readonly (readonly number[])[] } {
  const { builder, outputs, inputs, parameters, leaves } = lowered;
  const shapes = outputs.map((output) => builder.shape(output));
  const sources = [...inputs.filter((_, index) => !isInts(recorded.inputs[index]!)), ...parameters];
  const terms = outputs.map((output, index) => {
    const shape = builder.shape(output);
    const cotangent = builder.constant(uniform(201 + index, shape.reduce((a, b) => a * b, 1)), shape);
    return builder.sum(builder.multiply(cotangent, output));
  });
  const gradients = builder.gradient(terms.reduce((a, b) => builder.add(a, b)), sources);
  const results = run(builder.program, leaves, [...outputs, ...gradients]);
  return { outputs: results.slice(0, outputs.length), gradients: results.slice(outputs.length), shapes };
}

function isInts(written: WrittenInput): boolean {
  return 'shape' in written && ('distinct' in written || written.ints);
}

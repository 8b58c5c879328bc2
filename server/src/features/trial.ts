// Asks a catalog entry what it would do to tensors, without adding anything to a network.

import { type ArgumentDefinition, type RawValue } from '../layers/arguments';
import { layers } from '../layers/catalog';
import { bindArguments } from '../layers/bind';
import type { Arguments, Effect, Operation } from '../layers/definition';
import { printType, type TensorType } from '../layers/tensor';
import { identical, subtract } from '../symbolic/dimension';
import type { Domain } from '../symbolic/domain';
import { decideNonNegative, decideZero } from '../symbolic/solve';

export type Trial = { readonly effect: Effect; readonly problem?: undefined } | { readonly effect?: undefined; readonly problem: string };

/** What an operation does to tensors of these types; what free dimensions may decide counts as decided well. */
export function tryOperation(operation: Operation, given: Arguments, inputs: readonly TensorType[], domain: Domain): Trial {
  const needed = operation.inputs.filter((input) => input.optional !== true && input.variadic !== true).length;
  const most = operation.inputs.some((input) => input.variadic === true) ? Infinity : operation.inputs.length;
  if (inputs.length < needed || inputs.length > most) return { problem: `${operation.name} takes ${String(needed)} tensors` };
  let problem: string | undefined;
  const effect = operation.infer({
    inputs,
    arguments: given,
    problem: ({ message }) => {
      problem ??= message;
      return undefined;
    },
    warn: () => undefined,
    requireEqual: (a, b) => identical(a, b) || decideZero(subtract(a, b), domain).holds !== 'never',
    requireAtLeast: (value, bound) => (typeof value === 'number' ? value >= bound : decideNonNegative(subtract(value, bound), domain).holds !== 'never'),
  });
  return effect === undefined ? { problem: problem ?? `${operation.name} cannot be applied here` } : { effect };
}

/** `[64, 56, 56]`, or `2 × [64]` for lists of equal types. */
export function printEffect({ output, list }: Effect): string {
  if (list === undefined) return printType(output);
  const types = list.map(printType);
  return types.every((type) => type === types[0]) ? `${String(types.length)} × ${types[0] ?? '[]'}` : types.join(', ');
}

/** Values for arguments that have no default: what one most likely writes, by the tensor that comes in. */
const usual: Readonly<Record<string, (operation: string, type: TensorType) => string>> = {
  out_channels: (_, { shape }) => (typeof shape[0] === 'number' && shape[0] >= 8 ? String(shape[0]) : '64'),
  kernel_size: (operation) => (operation.includes('Pool') ? '2' : '3'),
  output_size: () => '1',
  out_features: (_, { shape }) => (typeof shape.at(-1) === 'number' ? String(shape.at(-1)) : '128'),
  hidden_size: (_, { shape }) => (typeof shape.at(-1) === 'number' ? String(shape.at(-1)) : '128'),
  num_embeddings: () => '10_000',
  embedding_dim: () => '256',
  num_groups: (_, { shape }) => String(largestDivisor(shape[0], 32)),
  groups: (_, { shape }) => String(largestDivisor(shape[0], 2)),
  num_heads: (_, { shape }) => String(largestDivisor(shape.at(-1), 8)),
  nhead: (_, { shape }) => String(largestDivisor(shape.at(-1), 8)),
  heads: (_, { shape }) => String(largestDivisor(shape.at(-1), 8)),
  size: () => '5',
  norm_type: () => '2',
  threshold: () => '0',
  value: () => '0',
  dims: (_, { shape }) => shape.map((_size, axis) => shape.length - 1 - axis).join(', '),
  dim: () => '-1',
  unflattened_size: () => '[-1, 1]',
  shape: () => '-1',
  chunks: () => '2',
  split_size_or_sections: () => '1',
  padding: () => '1',
  // A layer that another one wraps.
  module: (_, { shape }) => `Linear(${typeof shape.at(-1) === 'number' ? String(shape.at(-1)) : '128'})`,
  upscale_factor: () => '2',
  downscale_factor: () => '2',
};

function largestDivisor(of: unknown, most: number): number {
  for (let candidate = most; candidate > 1; candidate >>= 1) if (typeof of === 'number' && of % candidate === 0) return candidate;
  return 1;
}

/** The arguments of an operation that have no default, with what one most likely writes for them. */
export function usualArguments(operation: Operation, type: TensorType): readonly { readonly name: string; readonly text: string }[] {
  return Object.entries<ArgumentDefinition<unknown>>(operation.arguments).flatMap(([name, definition]) =>
    definition.default === undefined ? [{ name, text: usual[name]?.(operation.name, type) ?? '1' }] : [],
  );
}

/** Reads the spelling of what is usual: numbers, lists of them, a Linear. */
export function readArguments(operation: Pick<Operation, 'name' | 'arguments'>, given: readonly { readonly name: string; readonly text: string }[]): Arguments | undefined {
  return bindArguments(operation, given.map(({ name, text }) => ({ name, value: rawOf(text) }))).arguments;
}

function rawOf(text: string): RawValue {
  const wrapped = /^Linear\((\d+)\)$/.exec(text);
  if (wrapped !== null) {
    const operation = layers.get('Linear')!;
    return { operation, arguments: readArguments(operation, [{ name: 'out_features', text: wrapped[1]! }])!, other: text };
  }
  return JSON.parse(/^-?\d+$/.test(text.replaceAll('_', '')) || text.startsWith('[') ? text.replaceAll('_', '') : `[${text}]`) as RawValue;
}

// Einstein sums: products and sums over named axes.

import { counted } from '../base/words';
import type { Builder, Ref } from '../engine/builder';
import { add, type Dimension, identical, multiply, print } from '../symbolic/dimension';
import type { ArgumentDefinition } from './arguments';
import { commonBatch } from './broadcast';
import { type Call, type FunctionOperation, tensorFunction, torchPage } from './definition';
import { identity } from './dependence';
import { macsStep } from './product';
import { printShape } from './tensor';

export interface Equation {
  readonly text: string;
  /** The letters of every operand, and of the output. */
  readonly operands: readonly string[];
  readonly output: string;
}

/** `ij,jk->ik`; without an arrow the output has the letters that occur once, in the order of the alphabet. */
function parse(text: string): Equation | string {
  const plain = text.replaceAll(/\s/g, '');
  if (plain.includes('.')) return 'has an ellipsis, which is not supported here; name all written axes';
  const match = /^([A-Za-z,]*)(?:->([A-Za-z]*))?$/.exec(plain);
  if (match === null) return 'must be letters with commas between the operands and an arrow before the output, as in "ij,jk->ik"';
  const operands = match[1]!.split(',');
  const letters = operands.join('');
  const once = [...new Set(letters)].filter((letter) => letters.split(letter).length === 2).sort();
  const output = match[2] ?? once.join('');
  const unknown = [...output].find((letter) => !letters.includes(letter));
  if (unknown !== undefined) return `has ${unknown} in its output, but in no operand`;
  if (new Set(output).size !== output.length) return 'names an axis twice in its output';
  return { text: plain, operands, output };
}

const equation: ArgumentDefinition<Equation> = {
  documentation: 'A letter for every written axis, operands parted by commas: "ij,jk->ik". Letters that the output lacks are summed over.',
  accepts: 'a string such as "ij,jk->ik"',
  read: (raw) => {
    const parsed = typeof raw === 'string' ? parse(raw) : 'must be a string such as "ij,jk->ik"';
    return typeof parsed === 'string' ? { problem: parsed } : { value: parsed };
  },
};

/** The size of every letter; undefined after a problem was reported. */
function sizesOf(call: Call<{ equation: Equation }>): ReadonlyMap<string, Dimension> | undefined {
  const { operands, text } = call.arguments.equation;
  if (operands.length !== call.inputs.length) {
    return call.problem({ code: 'einsum-operand-count', argument: 'equation', message: `"${text}" has ${counted(operands.length, 'operand')}, but einsum gets ${counted(call.inputs.length, 'tensor')}` });
  }
  const sizes = new Map<string, Dimension>();
  for (const [input, letters] of operands.entries()) {
    const { shape } = call.inputs[input]!;
    if (letters.length !== shape.length) {
      return call.problem({
        code: 'wrong-rank',
        argument: 'equation',
        message: `"${letters}" in "${text}" names ${counted(letters.length, 'axis', 'axes')}, but operand ${String(input + 1)} is ${printShape(shape)}; the batch is never written`,
      });
    }
    for (const [axis, size] of shape.entries()) {
      const letter = letters[axis]!;
      const known = sizes.get(letter);
      if (known !== undefined && known !== 1 && size !== 1 && !identical(known, size) && !call.requireEqual(known, size)) {
        return call.problem({ code: 'einsum-sizes-differ', message: `axis ${letter} of "${text}" is ${print(known)} in one operand and ${print(size)} in another` });
      }
      if (known === undefined || known === 1 || (typeof size === 'number' && size !== 1)) sizes.set(letter, size);
    }
  }
  return sizes;
}

/** A tensor whose axes behind the batch have names. */
interface Named {
  readonly ref: Ref;
  readonly letters: string;
}

/** The entries where axes of one name agree, with each name once. */
function withoutRepeats(builder: Builder, { ref, letters }: Named): Named {
  const at = [...letters].findIndex((letter, axis) => letters.indexOf(letter) < axis);
  if (at < 0) return { ref, letters };
  const first = letters.indexOf(letters[at]!);
  const shape = builder.shape(ref);
  const size = shape[at + 1]!;
  const diagonal = builder.constant(
    Array.from({ length: size * size }, (_, place) => (place % (size + 1) === 0 ? 1 : 0)),
    shape.slice(1).map((length, axis) => (axis === first || axis === at ? length : 1)),
  );
  const kept = builder.select(diagonal, ref, builder.scalar(0));
  return withoutRepeats(builder, { ref: builder.sum(kept, [at + 1]), letters: letters.slice(0, at) + letters.slice(at + 1) });
}

/** Sums over the axes that nobody asks for. */
function summed(builder: Builder, { ref, letters }: Named, wanted: string): Named {
  const gone = [...letters].flatMap((letter, axis) => (wanted.includes(letter) ? [] : [axis + 1]));
  return { ref: builder.sum(ref, gone), letters: [...letters].filter((letter) => wanted.includes(letter)).join('') };
}

/** The axes in a given order. */
function arranged(builder: Builder, { ref, letters }: Named, order: string): Ref {
  return builder.transpose(ref, [0, ...[...order].map((letter) => letters.indexOf(letter) + 1)]);
}

/** Two operands as one matrix product per place of the axes that both have and the result keeps. */
function contracted(builder: Builder, a: Named, b: Named, wanted: string): Named {
  const left = summed(builder, a, wanted + b.letters);
  const right = summed(builder, b, wanted + a.letters);
  const shared = [...left.letters].filter((letter) => right.letters.includes(letter));
  const lead = shared.filter((letter) => wanted.includes(letter)).join('');
  const inner = shared.filter((letter) => !wanted.includes(letter)).join('');
  const rows = [...left.letters].filter((letter) => !right.letters.includes(letter)).join('');
  const columns = [...right.letters].filter((letter) => !left.letters.includes(letter)).join('');
  const lengths = new Map<string, number>();
  for (const { ref, letters } of [left, right]) for (const [axis, letter] of [...letters].entries()) lengths.set(letter, builder.shape(ref)[axis + 1]!);
  const sizes = (letters: string): number[] => [...letters].map((letter) => lengths.get(letter)!);
  const count = (letters: string): number => sizes(letters).reduce((p, q) => p * q, 1);
  const batch = builder.shape(left.ref)[0]!;
  const product = builder.matmul(
    builder.reshape(arranged(builder, left, lead + rows + inner), [batch * count(lead), count(rows), count(inner)]),
    builder.reshape(arranged(builder, right, lead + inner + columns), [batch * count(lead), count(inner), count(columns)]),
  );
  const letters = lead + rows + columns;
  return { ref: builder.reshape(product, [batch, ...sizes(letters)]), letters };
}

const einsum = tensorFunction<{ equation: Equation }>({
  name: 'einsum',
  summary: 'Multiplies tensors and sums over the axes that the output does not name.',
  formula: '"ij,jk->ik": y[i, k] = Σ_j a[i, j]·b[j, k]',
  source: torchPage('torch.einsum'),
  keeps: ['input'],
  work: {
    counted: 'the products that are not summed; the others are multiply-accumulates',
    count: (call) => {
      const { operands, output } = call.arguments.equation;
      return macsOf(operands, output, sizesOf({ ...call, requireEqual: () => true })!).products;
    },
  },
  inputs: [{ name: 'operands', variadic: true }],
  arguments: { equation },
  infer(call) {
    const sizes = sizesOf(call);
    if (sizes === undefined) return undefined;
    const { operands, output } = call.arguments.equation;
    const macs = macsOf(operands, output, sizes);
    return {
      output: { element: call.inputs.every((input) => input.element === 'int') ? 'int' : 'float', shape: [...output].map((letter) => sizes.get(letter)!) },
      macs: macs.total,
      get steps() {
        return macs.total === 0 ? [] : [macsStep(macs.factors, macs.total)];
      },
      dependence: {
        windows: operands.flatMap((letters, input) =>
          [...letters].flatMap((letter, axis) => (output.includes(letter) && call.inputs[input]!.shape[axis] !== 1 ? [identity(input, axis, output.indexOf(letter))] : [])),
        ),
        mixed: operands.flatMap((letters, input) =>
          [...letters].flatMap((letter, axis) => (output.includes(letter) ? [] : [{ input, axis, as: 'position' as const }])),
        ),
        stretched: operands.flatMap((letters, input) =>
          [...letters].flatMap((letter, axis) => (output.includes(letter) && call.inputs[input]!.shape[axis] === 1 ? [{ input, axis }] : [])),
        ),
      },
      execute: ({ builder, inputs }) => {
        const named = commonBatch(builder, inputs).map((ref, input) => {
          const letters = operands[input]!;
          const whole = builder.broadcastTo(ref, [builder.shape(ref)[0]!, ...[...letters].map((letter) => sizes.get(letter) as number)]);
          return withoutRepeats(builder, { ref: whole, letters });
        });
        const result = named.reduce((a, b, index) => contracted(builder, a, b, output + named.slice(index + 1).map((each) => each.letters).join('')));
        return arranged(builder, summed(builder, result, output), output);
      },
    };
  },
});

/** From left to right: a step that sums over shared axes multiplies all axes that are left once; others only multiply entries. */
function macsOf(operands: readonly string[], output: string, sizes: ReadonlyMap<string, Dimension>): { total: Dimension; factors: readonly Dimension[]; products: Dimension } {
  let total: Dimension = 0;
  let products: Dimension = 0;
  let factors: readonly Dimension[] = [];
  let left = operands[0]!;
  for (const [index, right] of operands.slice(1).entries()) {
    const wanted = output + operands.slice(index + 2).join('');
    const used = [...new Set(left + right)].filter((letter) => wanted.includes(letter) || (left.includes(letter) && right.includes(letter)));
    const all = used.map((letter) => sizes.get(letter)!);
    if (used.some((letter) => !wanted.includes(letter))) {
      factors = all;
      total = add(total, multiply(...factors));
    } else products = add(products, multiply(...all));
    left = used.filter((letter) => wanted.includes(letter)).join('');
  }
  return { total, factors: operands.length === 2 ? factors : [total], products };
}

export const einsums: readonly FunctionOperation[] = [einsum];

// Elementwise work: the operations of a forward pass that are no multiply-accumulates, counted by simple rules.
//
// Each addition, multiplication, division, comparison and elementary function (eˣ, √x, tanh, …) counts one for each entry;
// an activation counts one, however it is computed. Moving values counts nothing.

import { type Dimension, multiply, sum } from '../symbolic/dimension';
import type { Arguments, Call, Inference } from './definition';
import { elements } from './tensor';

export interface Work<A = Arguments> {
  /** What is counted, in words that go on from "It counts". */
  readonly counted: string;
  count(call: Call<A>, inference: Inference): Dimension;
}

/** Values are moved, or nothing is computed at all. */
export const noWork: Work<never> = { counted: 'nothing: values are only moved', count: () => 0 };

const numbers: Readonly<Record<number, string>> = { 1: 'one', 2: 'two', 3: 'three', 4: 'four', 5: 'five', 6: 'six', 7: 'seven' };

function numberOf(count: number): string {
  return numbers[count] ?? String(count);
}

/** The number of entries of all results. */
export function outputEntries({ output, list, further }: Inference): Dimension {
  return sum([...(list ?? [output]), ...(further?.values() ?? [])].map((type) => elements(type.shape)));
}

/** So many operations for each entry of the output; `what` names them. */
export function perOutput(count: number, what = ''): Work<never> {
  return {
    counted: `${numberOf(count)} for each entry of the output${what === '' ? '' : ` (${what})`}`,
    count: (_call, inference) => multiply(count, outputEntries(inference)),
  };
}

/** So many operations for each entry of the first input; `what` names them. */
export function perInput(count: number, what = ''): Work<never> {
  return {
    counted: `${numberOf(count)} for each entry of the input${what === '' ? '' : ` (${what})`}`,
    count: ({ inputs }) => multiply(count, elements(inputs[0]!.shape)),
  };
}

/** The bias that is added behind the products. */
export const biasWork: Work<{ readonly bias: boolean }> = {
  counted: 'one for each entry of the output where there is a bias',
  count: ({ arguments: { bias } }, { output }) => (bias ? elements(output.shape) : 0),
};

/** The entries of a window for each entry of the output. */
export const windowWork: Work<{ readonly kernel_size: readonly number[] }> = {
  counted: 'one for each entry of a window, for each entry of the output',
  count: ({ arguments: { kernel_size } }, { output }) => multiply(...kernel_size, elements(output.shape)),
};

/** What a softmax counts for each entry: maximum, difference, exponential, sum, division. */
export const softmaxOperations = 5;

/** Products count as multiply-accumulates alone. */
export const productWork: Work<never> = { counted: 'nothing: its products are multiply-accumulates', count: () => 0 };

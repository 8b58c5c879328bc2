// Matrix products and dot products.

import type { Builder, Ref } from '../engine/builder';
import { type Dimension, identical, multiply, print } from '../symbolic/dimension';
import { aligned, broadcastDependence, broadcastShapes } from './broadcast';
import { type Call, type FunctionOperation, type Step, tensorFunction, torchPage } from './definition';
import type { AxisWindow, Dependence } from './dependence';
import { printProduct, printShape } from './tensor';
import { productWork } from './work';

/** `32·64·10 = 20,480`, for the hover. */
export function macsStep(factors: readonly Dimension[], macs: Dimension): Step {
  const left = printProduct(factors);
  return { what: 'MACs', formula: `${left} = ${typeof macs === 'number' ? macs.toLocaleString('en-US') : print(macs)}` };
}

/** Whether the contracted sizes agree; false after a clash was reported. */
function requireContracted(call: Call<object>, name: string, left: Dimension, right: Dimension): boolean {
  if (identical(left, right) || call.requireEqual(left, right)) return true;
  const [a, b] = call.inputs;
  const transposed = b!.shape.length >= 2 && identical(left, b!.shape.at(-1)!);
  call.problem({
    code: 'matmul-sizes-differ',
    message:
      `${name} of ${printShape(a!.shape)} and ${printShape(b!.shape)} sums over ${print(left)} of the first and ${print(right)} of the second, which must be equal` +
      (transposed ? '; transpose the second' : ''),
  });
  return false;
}

const matmul = tensorFunction<object>({
  name: 'matmul',
  summary: 'The matrix product of the last two axes; leading axes broadcast, and a vector counts as a row or a column.',
  formula: 'y[…, i, j] = Σ_k a[…, i, k]·b[…, k, j]',
  source: torchPage('torch.matmul'),
  keeps: ['input'],
  work: productWork,
  inputs: [{ name: 'input' }, { name: 'other' }],
  arguments: {},
  infer(call) {
    const [a, b] = call.inputs;
    const scalar = call.inputs.findIndex((input) => input.shape.length === 0);
    if (scalar >= 0) {
      return call.problem({
        code: 'wrong-rank',
        message: `a matrix product takes vectors and matrices, but its ${scalar === 0 ? 'first' : 'second'} operand is a single number; use * instead`,
      });
    }
    const left = a!.shape.length === 1 ? [1, ...a!.shape] : a!.shape;
    const right = b!.shape.length === 1 ? [...b!.shape, 1] : b!.shape;
    if (!requireContracted(call, 'the matrix product', left.at(-1)!, right.at(-2)!)) return undefined;
    const leads = [left.slice(0, -2), right.slice(0, -2)];
    const lead = broadcastShapes(call, 'the matrix product', leads);
    if (lead === undefined) return undefined;
    const rows = a!.shape.length === 1 ? [] : [left.at(-2)!];
    const columns = b!.shape.length === 1 ? [] : [right.at(-1)!];
    const shape = [...lead, ...rows, ...columns];
    const macs = multiply(...lead, left.at(-2)!, left.at(-1)!, right.at(-1)!);
    return {
      output: { element: call.inputs.every((input) => input.element === 'int') ? 'int' : 'float', shape },
      macs,
      get steps() {
        return [macsStep([...lead, left.at(-2)!, left.at(-1)!, right.at(-1)!], macs)];
      },
      dependence: matmulDependence([a!.shape, b!.shape], leads, lead, rows.length),
      execute: ({ builder, inputs: [x, y] }) => {
        const [batchX, ...shapeX] = builder.shape(x!);
        const [batchY, ...shapeY] = builder.shape(y!);
        const product = matrixProduct(
          builder,
          a!.shape.length === 1 ? builder.reshape(x!, [batchX!, 1, ...shapeX]) : x!,
          b!.shape.length === 1 ? builder.reshape(y!, [batchY!, ...shapeY, 1]) : y!,
        );
        return builder.reshape(product, [Math.max(batchX!, batchY!), ...(shape as readonly number[])]);
      },
    };
  },
});

/** The product of [batch, …, m, k] and [batch, …, k, n]; a single right-hand matrix is not repeated over the batch. */
export function matrixProduct(builder: Builder, a: Ref, b: Ref): Ref {
  const shape = builder.shape(b);
  if (shape[0] === 1 && shape.length === 3) return builder.matmul(a, builder.reshape(b, shape.slice(1)));
  const rank = Math.max(builder.shape(a).length, shape.length) - 1;
  const [left, right] = aligned(builder, [a, b], rank);
  return builder.matmul(left!, right!);
}

/** Leading axes broadcast; rows come from the first, columns from the second; the contracted axes are mixed. */
function matmulDependence(
  shapes: readonly (readonly Dimension[])[],
  leads: readonly (readonly Dimension[])[],
  lead: readonly Dimension[],
  rows: number,
): Dependence {
  const { windows, stretched } = broadcastDependence(leads, lead);
  const kept: AxisWindow[] = [...windows];
  const place = (input: number, from: number, to: number): void => {
    kept.push({ input, from, to, stride: 1, extent: 1, before: 0, after: 0 });
  };
  const [a, b] = shapes;
  if (a!.length > 1) place(0, a!.length - 2, lead.length);
  if (b!.length > 1) place(1, b!.length - 1, lead.length + rows);
  return {
    windows: kept,
    stretched,
    mixed: [
      { input: 0, axis: a!.length - 1, as: 'position' },
      { input: 1, axis: Math.max(0, b!.length - 2), as: 'position' },
    ],
  };
}

const dot = tensorFunction<object>({
  name: 'dot',
  summary: 'The dot product of two vectors.',
  formula: 'y = Σ_i a[i]·b[i]',
  source: torchPage('torch.dot'),
  keeps: ['input'],
  work: productWork,
  inputs: [{ name: 'input' }, { name: 'other' }],
  arguments: {},
  numeric: (a, b) => a! * b!,
  infer(call) {
    const [a, b] = call.inputs;
    const wrong = call.inputs.find((input) => input.shape.length !== 1);
    if (wrong !== undefined) {
      return call.problem({
        code: 'wrong-rank',
        message: `dot takes two vectors, but gets ${printShape(a!.shape)} and ${printShape(b!.shape)}; @ multiplies matrices, and sum(a * b) takes any shapes`,
      });
    }
    if (!requireContracted(call, 'dot', a!.shape[0]!, b!.shape[0]!)) return undefined;
    const macs = a!.shape[0]!;
    return {
      output: { element: call.inputs.every((input) => input.element === 'int') ? 'int' : 'float', shape: [] },
      macs,
      get steps() {
        return [macsStep([macs], macs)];
      },
      dependence: { windows: [], mixed: [0, 1].map((input) => ({ input, axis: 0, as: 'position' as const })) },
      execute: ({ builder, inputs: [x, y] }) => builder.sum(builder.multiply(x!, y!), [1]),
    };
  },
});

export const products: readonly FunctionOperation[] = [matmul, dot];

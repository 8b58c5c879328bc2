// Rows picked by number, and their adjoint.

import { EngineError } from '../errors';
import { pickRows, pickRowsCall } from '../kernels/accelerated';
import { fill } from '../kernels/fill';
import type { PrimitiveTable } from '../primitive';
import { formatShape, sameShape, sizeOf } from '../shape';
import type { Shape } from '../shape';

/** A table [batch…, rows, row…] and indices [batch…, count…] as [batch, rows, row] and [batch, count]. */
function split(table: Shape, indices: Shape, batchAxes: number): { batch: number; rows: number; row: number; count: number } {
  return {
    batch: sizeOf(table.slice(0, batchAxes)),
    rows: table[batchAxes]!,
    row: sizeOf(table.slice(batchAxes + 1)),
    count: sizeOf(indices.slice(batchAxes)),
  };
}

function checkIndex(index: number, rows: number, at: number): void {
  if (!(index >= 0 && index < rows && Number.isInteger(index))) {
    throw new EngineError(`index ${index} at place ${at} is not a whole number from 0 to ${rows - 1}`);
  }
}

export const gathering: Pick<PrimitiveTable, 'gather' | 'scatterAdd'> = {
  // output[b, i, …] = table[b, indices[b, i], …]
  gather: {
    shape: ([table, indices], { batchAxes }) => {
      if (table!.length <= batchAxes || !sameShape(table!.slice(0, batchAxes), indices!.slice(0, batchAxes))) {
        throw new EngineError(`indices ${formatShape(indices!)} do not fit ${formatShape(table!)} with ${batchAxes} common axes`);
      }
      return [...indices!, ...table!.slice(batchAxes + 1)];
    },
    forward: (output, [table, indices], { inputShapes, attributes: { batchAxes } }) => {
      const { batch, rows, row, count } = split(inputShapes[0]!, inputShapes[1]!, batchAxes);
      const wrong = row === 1 ? pickRows(output, table!, indices!, batch, rows, count) : undefined;
      if (wrong === -1) return;
      if (wrong !== undefined) checkIndex(indices![wrong]!, rows, wrong);
      for (let b = 0; b < batch; b++) {
        for (let i = b * count; i < (b + 1) * count; i++) {
          const index = indices![i]!;
          checkIndex(index, rows, i);
          const start = (b * rows + index) * row;
          if (row === 1) output[i] = table![start]!;
          else output.set(table!.subarray(start, start + row), i * row);
        }
      }
    },
    calls: (output, [table, indices], { inputShapes, attributes: { batchAxes } }) => {
      const { batch, rows, row, count } = split(inputShapes[0]!, inputShapes[1]!, batchAxes);
      const call = row === 1 ? pickRowsCall(output, table!, indices!, batch, rows, count) : undefined;
      return call && [call];
    },
    vjp: (b, g, [table, indices], _, { batchAxes }) => [
      b.scatterAdd(g, indices!, b.shape(table!)[batchAxes]!, batchAxes),
      'zero',
    ],
  },

  // output[b, indices[b, i], …] += values[b, i, …], from zeros; adjoint to gather
  scatterAdd: {
    shape: ([values, indices], { batchAxes, size }) => {
      if (indices!.length < batchAxes || !sameShape(values!.slice(0, indices!.length), indices!)) {
        throw new EngineError(`indices ${formatShape(indices!)} do not fit values ${formatShape(values!)}`);
      }
      return [...indices!.slice(0, batchAxes), size, ...values!.slice(indices!.length)];
    },
    forward: (output, [values, indices], { shape, inputShapes, attributes: { batchAxes } }) => {
      const { batch, rows, row, count } = split(shape, inputShapes[1]!, batchAxes);
      fill(output, 0);
      for (let b = 0; b < batch; b++) {
        for (let i = b * count; i < (b + 1) * count; i++) {
          const index = indices![i]!;
          checkIndex(index, rows, i);
          const start = (b * rows + index) * row;
          for (let j = 0; j < row; j++) output[start + j]! += values![i * row + j]!;
        }
      }
    },
    vjp: (b, u, [, indices], _, { batchAxes }) => [b.gather(u, indices!, batchAxes), 'zero'],
  },
};

// Checks compare derivatives that are there: a point at which a unit is off says nothing.

import { expect, it } from 'vitest';
import { checkModel } from '../../server/src/check/run';

const uri = 'file:///m.nn';
const check = (text: string, seed: number) => checkModel({ files: [{ uri, text }], file: uri, model: 'M', seed, budgetEvaluations: 10_000 });

const reluUnit = 'model M { input x: [4]; target y: []; param w: [4]; param b: []; loss (relu(dot(w, x) + b) - y) ^ 2 }';

it('a single ReLU unit is checked where it is on, whatever the seed', () => {
  for (let seed = 0; seed < 20; seed++) {
    const { ok, tensors, notes } = check(reluUnit, seed);
    expect(ok).toBe(true);
    expect(tensors.map(({ worst }) => worst?.analytic)).not.toContain(0);
    expect(notes).toEqual([]);
  }
});

it('derivatives that are zero everywhere are said to be', () => {
  const { ok, notes } = check('model M { input x: [4]; target y: []; Linear(1); Sign; Linear(1); output z; loss mse_loss(z, y) }', 0);
  expect(ok).toBe(true);
  expect(notes).toEqual(['all derivatives of x, Linear_1.weight, Linear_1.bias are zero at every point that was drawn']);
});

it('the derivatives that show whether values are good are those of the check', () => {
  let built = 0;
  const text = 'model M { input x: [4]; loss sum(tanh(x)) }';
  checkModel({ files: [{ uri, text }], file: uri, model: 'M', budgetEvaluations: 100 }, {
    derivatives: {
      tanh: (builder, cotangent, _, y) => {
        built++;
        return [builder.multiply(cotangent, builder.subtract(builder.scalar(1), builder.square(y)))];
      },
    },
  });
  // To know the memory, and to check.
  expect(built).toBe(2);
});

// Entries that are more than one layer of one tensor, as texts use them: wrappers, pools with indices, losses as layers.

import { expect, it } from 'vitest';
import { checkModel } from '../../server/src/check/run';
import type { Graph } from '../../server/src/semantics/graph';
import { analyseText } from '../support/analyse';

function graphOf(text: string): Graph {
  const analysis = analyseText(text);
  expect(analysis.diagnostics.filter(({ severity }) => severity === 'error' || severity === 'warning')).toEqual([]);
  return analysis.models[0]!.graph;
}

function codesOf(text: string): readonly string[] {
  return analyseText(text).diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code);
}

const wrapped = `model M {
  input x: [2, 5, 5]
  c = SpectralNorm(Conv2d(4, 3))
  c
  Tanh
  Flatten
  WeightNorm(Linear(3), dim = none)
  output y
  loss sum(y ^ 2)
  assert params(c) == 4 * 2 * 9 + 4
}
`;

it('a wrapper has the parameters and buffers of PyTorch in the place of the weight', () => {
  const { parameters, buffers } = graphOf(wrapped);
  expect(parameters.map(({ source, type }) => [source.kind === 'parameter' ? source.name : '', ...type.shape])).toEqual([
    ['bias', 4],
    ['parametrizations.weight.original', 4, 2, 3, 3],
    ['bias', 3],
    ['parametrizations.weight.original0'],
    ['parametrizations.weight.original1', 3, 36],
  ]);
  expect(buffers.map(({ name, type }) => [name, ...type.shape])).toEqual([
    ['parametrizations.weight.0._u', 4],
    ['parametrizations.weight.0._v', 18],
  ]);
});

it('the derivatives of wrapped weights agree with differences', () => {
  const uri = 'file:///main.nn';
  const report = checkModel({ files: [{ uri, text: wrapped }], file: uri, model: 'M', budgetEvaluations: 1000 });
  expect(report.problem).toBeUndefined();
  expect(report.tensors.filter(({ ok }) => !ok)).toEqual([]);
  expect(report.ok).toBe(true);
});

it('a wrapper takes the name of a layer, too, and says what it lacks', () => {
  expect(codesOf('model M { input x: [3, 2]; WeightNorm(PReLU) }')).toEqual([]);
  expect(codesOf('model M { input x: [3, 2]; WeightNorm(ReLU) }')).toEqual(['unknown-parameter']);
  expect(codesOf('model M { input x: [3, 2]; SpectralNorm(3) }')).toEqual(['invalid-module']);
  expect(codesOf('model M { input x: [3, 2]; SpectralNorm({ Linear(2); ReLU }) }')).toEqual(['invalid-module']);
});

it('an unpool puts what a pool took back to its place, and differentiates', () => {
  const text = `model M {
  input x: [2, 6, 6]
  p = x -> MaxPool2d(2, return_indices = true)
  y = MaxUnpool2d(2)(p, p.indices)
  assert shape(y) == [2, 6, 6]
  loss MSELoss()(y, x)
}
`;
  graphOf(text);
  const uri = 'file:///main.nn';
  expect(checkModel({ files: [{ uri, text }], file: uri, model: 'M', budgetEvaluations: 500 }).ok).toBe(true);
  expect(codesOf('model M { input x: [1, 4]; p = x -> MaxPool1d(2); MaxUnpool1d(2)(p, p) }')).toEqual(['wrong-element']);
});

it('losses are layers of several inputs, with weights as buffers', () => {
  const { buffers, losses } = graphOf(`model M {
  input x: [4]
  target y: int
  logits = x -> Linear(3)
  loss CrossEntropyLoss(weight = [1, 2, 0.5], label_smoothing = 0.1)(logits, y)
  loss MultiMarginLoss()(logits, y)
}
`);
  expect(losses.map(({ type }) => type.shape)).toEqual([[], []]);
  expect(buffers.map(({ name }) => name)).toEqual(['weight']);
});

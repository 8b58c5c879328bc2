// For each primitive a place to work in: a tensor that depends on random leaves through it.

import type { PrimitiveName, Ref } from '../../../server/src/engine/program';
import { primitives } from '../../../server/src/engine/primitives/table';
import type { Network } from './networks';

/** Primitives through which derivatives pass. */
export const differentiable = (Object.keys(primitives) as PrimitiveName[]).filter((name) => primitives[name].vjp !== 'zero');

const plane = { stride: [2, 1], paddingBefore: [1, 0], paddingAfter: [1, 1], dilation: [1, 2], groups: 2 };
const windows = [{ starts: [0, 1, 2], stops: [2, 3, 4], step: 1 }, { starts: [0, 2], stops: [3, 5], step: 2 }];

function positive(network: Network, name: string): Ref {
  return network.add(network.square(network.random([3, 4], name)), network.scalar(0.5));
}

/** Each gives a tensor with several entries. Discrete primitives come with a smooth factor, so that their leaves matter. */
export const hosts: { readonly [Name in PrimitiveName]: (n: Network) => Ref } = {
  leaf: (n) => n.random([3, 4], 'x'),
  constant: (n) => n.multiply(n.random([3], 'x'), n.constant([1, -2, 3], [3])),
  dropoutMask: (n) => n.multiply(n.random([3, 4], 'x'), n.dropoutMask([3, 4], 0.4, 'mask')),
  negate: (n) => n.negate(n.random([3, 4], 'x')),
  abs: (n) => n.abs(n.random([3, 4], 'x')),
  exp: (n) => n.exp(n.random([3, 4], 'x')),
  expm1: (n) => n.expm1(n.random([3, 4], 'x')),
  log: (n) => n.log(positive(n, 'x')),
  log1p: (n) => n.log1p(positive(n, 'x')),
  sqrt: (n) => n.sqrt(positive(n, 'x')),
  reciprocal: (n) => n.reciprocal(positive(n, 'x')),
  sin: (n) => n.sin(n.random([3, 4], 'x')),
  cos: (n) => n.cos(n.random([3, 4], 'x')),
  tanh: (n) => n.tanh(n.random([3, 4], 'x')),
  sigmoid: (n) => n.sigmoid(n.random([3, 4], 'x')),
  softplus: (n) => n.softplus(n.random([3, 4], 'x')),
  erf: (n) => n.erf(n.random([3, 4], 'x')),
  relu: (n) => n.relu(n.random([3, 4], 'x')),
  sign: (n) => n.multiply(n.sign(n.random([3, 4], 'x')), n.random([4], 'y')),
  step: (n) => n.multiply(n.step(n.random([3, 4], 'x')), n.random([4], 'y')),
  floor: (n) => n.multiply(n.floor(n.random([3, 4], 'x', 3)), n.random([4], 'y')),
  ceil: (n) => n.multiply(n.ceil(n.random([3, 4], 'x', 3)), n.random([4], 'y')),
  round: (n) => n.multiply(n.round(n.random([3, 4], 'x', 3)), n.random([4], 'y')),
  detach: (n) => n.multiply(n.detach(n.random([3, 4], 'x')), n.random([4], 'y')),
  add: (n) => n.add(n.random([3, 4], 'x'), n.random([4], 'y')),
  subtract: (n) => n.subtract(n.random([3, 4], 'x'), n.random([3, 1], 'y')),
  multiply: (n) => n.multiply(n.random([3, 4], 'x'), n.random([4], 'y')),
  divide: (n) => n.divide(n.random([3, 4], 'x'), positive(n, 'y')),
  power: (n) => n.power(positive(n, 'x'), n.random([3, 4], 'y')),
  maximum: (n) => n.maximum(n.random([3, 4], 'x'), n.random([4], 'y')),
  minimum: (n) => n.minimum(n.random([3, 4], 'x'), n.random([4], 'y')),
  equal: (n) => n.multiply(n.equal(n.random([3, 4], 'x'), n.scalar(0)), n.random([4], 'y')),
  less: (n) => n.multiply(n.less(n.random([3, 4], 'x'), n.scalar(0)), n.random([4], 'y')),
  lessEqual: (n) => n.multiply(n.lessEqual(n.random([3, 4], 'x'), n.scalar(0)), n.random([4], 'y')),
  select: (n) => n.select(n.step(n.random([3, 4], 'z')), n.random([3, 4], 'x'), n.random([4], 'y')),
  sum: (n) => n.sum(n.random([3, 4, 2], 'x'), [0, 2]),
  argmax: (n) => n.multiply(n.argmax(n.random([3, 4], 'x')), n.random([3], 'y')),
  logSumExp: (n) => n.logSumExp(n.random([3, 4, 2], 'x'), [0, 2]),
  softmax: (n) => n.softmax(n.random([3, 4, 2], 'x'), 1),
  cumsum: (n) => n.cumsum(n.random([3, 4, 2], 'x'), 1),
  reshape: (n) => n.reshape(n.random([3, 4], 'x'), [12]),
  broadcastTo: (n) => n.broadcastTo(n.random([3, 1], 'x'), [2, 3, 4]),
  transpose: (n) => n.transpose(n.random([3, 4, 2], 'x'), [1, 2, 0]),
  slice: (n) => n.slice(n.random([4, 5], 'x'), [1, 4], [4, -1], [1, -2]),
  embed: (n) => n.pad(n.random([3, 4], 'x'), [1, 0], [0, 2], 0.5),
  concat: (n) => n.concat([n.random([3, 2], 'x'), n.random([3, 4], 'y'), n.random([3, 1], 'z')], 1),
  matmul: (n) => n.matrixProduct(n.random([2, 4, 3], 'x'), n.random([2, 4, 5], 'y'), true, false),
  convolution: (n) => n.convolution(n.random([2, 4, 5, 6], 'x'), n.random([4, 2, 3, 2], 'w'), plane),
  convolutionInputGradient: (n) => n.convolutionInputGradient(n.random([2, 4, 3, 5], 'x'), n.random([4, 2, 3, 2], 'w'), plane, [5, 6]),
  convolutionWeightGradient: (n) => n.convolutionWeightGradient(n.random([2, 4, 5, 6], 'x'), n.random([2, 4, 3, 5], 'g'), plane, [3, 2]),
  windowSum: (n) => n.windowSum(n.random([2, 4, 5], 'x'), windows),
  windowSpread: (n) => n.windowSpread(n.random([2, 3, 2], 'x'), windows, [4, 5]),
  windowArgmax: (n) => n.multiply(n.append('windowArgmax', [n.random([2, 4, 5], 'x')], { windows }), n.random([2, 3, 2], 'y')),
  gather: (n) => n.gather(n.random([2, 4, 3], 'x'), n.constant([3, 0, 3, 1, 1, 3], [2, 3]), 1),
  scatterAdd: (n) => n.scatterAdd(n.random([2, 3, 2], 'x'), n.constant([3, 0, 3, 1, 1, 2], [2, 3]), 4, 1),
};

/** A loss that weighs the entries of a tensor unevenly and is curved in each, without the named primitive. */
export function curvedLoss(n: Network, tensor: Ref, without?: PrimitiveName): Ref {
  n.origin = 'loss';
  const size = n.shape(tensor).reduce((a, b) => a * b, 1);
  const weights = n.constant(Array.from({ length: size }, (_, i) => Math.cos(1 + 2 * i)), [size]);
  const entries = n.multiply(n.reshape(tensor, [size]), n.scalar(0.7));
  const curved = without === 'sin' ? n.tanh(entries) : n.sin(entries);
  if (without === 'sum') return n.matrixProduct(n.reshape(curved, [1, size]), n.reshape(weights, [size, 1]), false, false);
  return n.sum(n.multiply(weights, curved));
}

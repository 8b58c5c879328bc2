// Derivations that courses set, with the mistakes that are made in them: each fails with a message that names the mistake.

import { describe, expect, it } from 'vitest';
import { checkModel } from '../../server/src/check/run';
import { type Exercise, furtherExercises } from './exercises';

const uri = 'file:///main.nn';

/** The message of the one assert; undefined where it holds. */
function messageOf(model: string, claim: string): string | undefined {
  const text = `model M {\n${model}\n assert ${claim}\n}`;
  const report = checkModel({ files: [{ uri, text }], file: uri, model: 'M', budgetEvaluations: 2000 });
  expect(report.problem).toBeUndefined();
  expect(report.tensors.every(({ ok }) => ok)).toBe(true);
  const [assert] = report.asserts;
  expect(assert!.ok).toBe(assert!.message === undefined);
  return assert!.message;
}

const exercises: readonly Exercise[] = [
  ['logistic regression', ' input x: [5]; target y: []; param w: [5]; param b: []\n z = dot(w, x) + b\n p = sigmoid(z)\n loss -(y * log(p) + (1 - y) * log(1 - p))\n assert 0 <= y <= 1', [
    'grad(loss, w) == (p - y) * x', 'grad(loss, b) == p - y', 'grad(loss, x) == (p - y) * w', 'grad(loss, p) == -y / p + (1 - y) / (1 - p)',
  ], [
    ['the input is forgotten', 'grad(loss, w) == p - y', 'the right side lacks the factor x'],
    ['the difference is turned round', 'grad(loss, w) == (y - p) * x', 'the sign is turned round'],
    ['the derivative of the sigmoid is there twice', 'grad(loss, w) == (p - y) * p * (1 - p) * x', 'the right side has the factor p·(1 − p) too much'],
    ['the score stands for the probability', 'grad(loss, w) == (z - y) * x', 'the right side has z where p belongs'],
    ['a weight decay that is not in the loss', 'grad(loss, w) == (p - y) * x + w', 'the right side has the term w too much'],
    ['the sign of one term', 'grad(loss, p) == -y / p - (1 - y) / (1 - p)', 'the right side has the term (1 − y)/(1 − p) with the wrong sign'],
    ['the derivative by the score', 'grad(loss, p) == p - y', 'the right side is the derivative by z'],
    ['the derivative by the probability, not led back', 'grad(loss, z) == (p - y) / (p * (1 - p))', 'the right side is divided by p·(1 − p) too much'],
    ['the sides are exchanged', 'y - p == grad(loss, b)', 'the sign is turned round'],
    ['the sides are exchanged, and a term is missing', 'p == grad(loss, b)', 'the left side lacks the term −y'],
  ]],
  ['softmax and cross entropy', ' input z: [4]; target t: int\n y = one_hot(t, 4)\n p = softmax(z)\n loss -sum(y * log(p))', ['grad(loss, z) == p - y', 'grad(loss, p) == -y / p'], [
    ['the target is forgotten', 'grad(loss, z) == p', 'the right side lacks the term −y'],
    ['the softmax is not led back', 'grad(loss, z) == -y / p', 'the right side is the derivative by p: the way from there back to z is missing'],
    ['only the diagonal of its Jacobian', 'grad(loss, z) == -y * (1 - p)', 'the right side leads only the diagonal of the Jacobian of softmax back: each probability depends on all of z'],
    ['a mean over the classes', 'grad(loss, z) == (p - y) / 4', 'the left side is 4 times the right side everywhere, the number of entries'],
    ['a factor too much', 'grad(loss, z) == (p - y) * p', 'the right side has the factor p too much'],
    ['a function too much', 'grad(loss, z) == log(p) - y', 'the right side has log(p) where p belongs'],
    ['the indicator is forgotten', 'grad(loss, p) == -1 / p', 'the right side lacks the factor y'],
  ]],
  ['two layers', ' input x: [4]; target y: [3]; param W1: [6, 4]; param b1: [6]; param W2: [3, 6]; param b2: [3]\n z1 = W1 @ x + b1\n h = relu(z1)\n z2 = W2 @ h + b2\n loss sum((z2 - y) ^ 2) / 2\n d2 = z2 - y\n d1 = (transpose(W2) @ d2) * step(z1)', [
    'grad(loss, W1) == reshape(d1, 6, 1) @ reshape(x, 1, 4)', 'grad(loss, W2) == reshape(d2, 3, 1) @ reshape(h, 1, 6)', 'grad(loss, x) == transpose(W1) @ d1',
  ], [
    ['the ReLU within an outer product', 'grad(loss, W1) == reshape(transpose(W2) @ d2, 6, 1) @ reshape(x, 1, 4)', 'the right side lacks the factor step(z1) at W2ᵀ·d2'],
    ['the ReLU in place of its derivative', 'grad(loss, b1) == (transpose(W2) @ d2) * relu(z1)', 'the right side has the factor relu(z1) where step(z1) belongs'],
    ['the score in place of the error', 'grad(loss, b1) == (transpose(W2) @ z2) * step(z1)', 'the right side has z2 where (z2 − y) belongs'],
  ]],
  ['rows of examples', ' input X: [5, 4]; input Y: [5, 3]; param W1: [4, 6]; param b1: [6]; param W2: [6, 3]; param b2: [3]\n Z1 = X @ W1 + b1\n H = tanh(Z1)\n Z2 = H @ W2 + b2\n loss mean((Z2 - Y) ^ 2)\n D2 = 2 * (Z2 - Y) / 15\n D1 = (D2 @ transpose(W2)) * (1 - H ^ 2)', [
    'grad(loss, W1) == transpose(X) @ D1', 'grad(loss, b1) == sum(D1, dim = 0)',
  ], [
    ['the sum over the rows', 'grad(loss, b1) == D1', 'the left side has the shape [6], the right side [5, 6]: it lacks the sum over dimension 0'],
    ['the sum over the rows, and a factor', 'grad(loss, b1) == 2 * D1', 'the left side has the shape [6], the right side [5, 6]: a derivative has the shape of what it is by, so that a sum over dimension 0 is missing'],
    ['a mean over the rows', 'grad(loss, b1) == mean(D1, dim = 0)', 'the left side is 5 times the right side everywhere, the size of dimension 0 of X'],
    ['the square of tanh', 'grad(loss, W1) == transpose(X) @ ((D2 @ transpose(W2)) * (1 - H))', 'the right side has the factor (1 − H) where (1 − H²) belongs'],
    ['the tanh itself', 'grad(loss, W1) == transpose(X) @ ((D2 @ transpose(W2)) * (1 - Z1 ^ 2))', 'the right side has the factor (1 − Z1²) where (1 − H²) belongs'],
    ['the derivative of tanh', 'grad(loss, W1) == transpose(X) @ (D2 @ transpose(W2))', 'the right side lacks the factor (1 − H²) at D2·W2ᵀ'],
    ['the factor of the mean and of the square', 'grad(loss, W2) == transpose(H) @ (Z2 - Y)', 'the left side is 2/15 times the right side everywhere; 15 is the number of entries of Y'],
    ['the layer before', 'grad(loss, W2) == transpose(Z1) @ D2', 'the right side has Z1 where H belongs'],
  ]],
  ['batch normalization', ' input x: [6, 3]; param gamma: [3]; param beta: [3]; input y: [6, 3]\n mu = mean(x, dim = 0)\n v = mean((x - mu) ^ 2, dim = 0)\n s = sqrt(v + 0.1)\n xhat = (x - mu) / s\n out = gamma * xhat + beta\n loss sum((out - y) ^ 2)\n dout = 2 * (out - y)\n dxhat = dout * gamma', [
    'grad(loss, x) == (dxhat - mean(dxhat, dim = 0) - xhat * mean(dxhat * xhat, dim = 0)) / s', 'grad(loss, gamma) == sum(dout * xhat, dim = 0)',
  ], [
    ['the variance stands for the deviation', 'grad(loss, x) == (dxhat - mean(dxhat, dim = 0) - xhat * mean(dxhat * xhat, dim = 0)) / v', 'the right side has v where s belongs'],
    ['the sign of the last term', 'grad(loss, x) == (dxhat - mean(dxhat, dim = 0) + xhat * mean(dxhat * xhat, dim = 0)) / s', 'the right side has the term xhat ⊙ mean(dxhat ⊙ xhat, dim = 0) with the wrong sign'],
    ['the scale is forgotten', 'grad(loss, x) == (dout - mean(dout, dim = 0) - xhat * mean(dout * xhat, dim = 0)) / s', 'the right side lacks the factor γ'],
    ['the input is not normalized', 'grad(loss, gamma) == sum(dout * x, dim = 0)', 'the right side has the factor x where xhat belongs'],
    ['the mean is taken for a constant', 'grad(loss, x) == (dxhat - xhat * mean(dxhat * xhat, dim = 0)) / s', 'the right side is the derivative by x − μ: the way from there back to x, or another one, is missing'],
  ]],
  ['attention', ' param Q: [3, 4]; param K: [3, 4]; param V: [3, 5]\n S = Q @ transpose(K) / 2\n A = softmax(S)\n O = A @ V\n loss sum(O ^ 2)\n dO = 2 * O\n dA = dO @ transpose(V)\n dS = A * (dA - sum(dA * A, dim = -1, keepdim = true))', [
    'grad(loss, Q) == dS @ K / 2', 'grad(loss, K) == transpose(dS) @ Q / 2', 'grad(loss, V) == transpose(A) @ dO',
  ], [
    ['the scores are not transposed', 'grad(loss, K) == dS @ Q / 2', 'the right side has dS where its transpose belongs'],
    ['the scale is forgotten', 'grad(loss, Q) == dS @ K', 'the right side is 2 times the left side everywhere'],
    ['the softmax is not led back', 'grad(loss, Q) == dA @ K / 2', 'the right side has dA where dS belongs'],
    ['its factor is forgotten', 'grad(loss, S) == dA - sum(dA * A, dim = -1, keepdim = true)', 'the right side lacks the factor A'],
  ]],
  ['penalties', ' param w: [5]; input x: [5]; target y: []\n e = dot(w, x) - y\n loss e ^ 2 + 0.1 * sum(abs(w)) + 0.2 * sum(w ^ 2)', ['grad(loss, w) == 2 * e * x + 0.1 * sign(w) + 0.4 * w'], [
    ['the factor of a square', 'grad(loss, w) == 2 * e * x + 0.1 * sign(w) + 0.2 * w', 'the right side lacks a factor 2 of the term 0.2·w'],
    ['a penalty is forgotten', 'grad(loss, w) == 2 * e * x + 0.4 * w', 'the right side lacks the term 0.1·sign(w)'],
    ['the sign of a penalty', 'grad(loss, w) == 2 * e * x - 0.1 * sign(w) + 0.4 * w', 'the right side has the term 0.1·sign(w) with the wrong sign'],
    ['the magnitude for its sign', 'grad(loss, w) == 2 * e * x + 0.1 * abs(w) + 0.4 * w', 'the right side has the factor |w| where sign(w) belongs'],
    ['one for the sign', 'grad(loss, w) == 2 * e * x + 0.1 + 0.4 * w', 'the right side lacks the factor sign(w) at 0.1'],
  ]],
  ['a recurrent step', ' input x: [3]; input h0: [4]; param U: [4, 3]; param W: [4, 4]; param b: [4]\n a1 = U @ x + W @ h0 + b\n h1 = tanh(a1)\n a2 = U @ x + W @ h1 + b\n h2 = tanh(a2)\n loss sum(h2 ^ 2)\n d2 = 2 * h2 * (1 - h2 ^ 2)\n d1 = (transpose(W) @ d2) * (1 - h1 ^ 2)', ['grad(loss, b) == d1 + d2'], [
    ['the first step is forgotten', 'grad(loss, b) == d2', 'the right side is the derivative by a2: the way from there back to b, or another one, is missing'],
    ['the matrix is not transposed', 'grad(loss, h1) == W @ d2', 'the right side has W where its transpose belongs'],
    ['a step too much', 'grad(loss, h0) == transpose(W) @ (d1 + d2)', 'the right side has the term d2 too much'],
  ]],
  ['a piecewise loss', ' input x: [6]; input y: [6]\n r = x - y\n loss sum(where(abs(r) < 1, 0.5 * r ^ 2, abs(r) - 0.5))', ['grad(loss, x) == clamp(r, -1, 1)'], [
    ['only the inner piece', 'grad(loss, x) == r', 'the two sides differ only where |r| > 1'],
    ['only the outer pieces', 'grad(loss, x) == sign(r)', 'the two sides differ only where |r| < 1'],
  ]],
  ['a convolution', ' input x: [7]; param k: [3]\n y = k[0] * x[0:5] + k[1] * x[1:6] + k[2] * x[2:7]\n loss sum(y ^ 2)', ['grad(loss, k) == 2 * stack_dims(dot(y, x[0:5]), dot(y, x[1:6]), dot(y, x[2:7]))'], [
    ['the kernel is flipped', 'grad(loss, k) == 2 * stack_dims(dot(y, x[2:7]), dot(y, x[1:6]), dot(y, x[0:5]))', 'the entries of the right side stand in the opposite order'],
  ]],
  ['a row that is used twice', ' input z: [4]; param u: [4, 4]\n loss sum(u * u) + sum(z * u[0])', [], [
    ['one place is forgotten', 'grad(loss, u) == 2 * u', 'the two sides differ only at index 0 of dimension 0'],
  ]],
];

describe.each([...exercises, ...furtherExercises])('%s', (_, model, right, mistakes) => {
  it.each(right.map((claim) => [claim]))('%s holds', (claim) => {
    expect(messageOf(model, claim)).toBeUndefined();
  });

  it.each(mistakes)('%s', (_what, claim, says) => {
    expect(messageOf(model, claim)).toMatch(/^the left side is \S+( at entry \[[\d, ]+\])?, the right side \S+; /);
    expect(messageOf(model, claim)!.split('; ').slice(1).join('; ')).toBe(says);
  });
});

it('what nothing simple explains is not explained', () => {
  expect(messageOf(' param w: [5]; input x: [5]\n loss sum(sin(w * x))', 'grad(loss, w) == cos(3 * w) * exp(x)')).toMatch(/^the left side is \S+ at entry \[0\], the right side [^;]+$/);
});

// Further derivations with what goes wrong in them: what is said beside the values.

export type Exercise = readonly [name: string, model: string, right: readonly string[], mistakes: readonly (readonly [what: string, claim: string, says: string])[]];

export const furtherExercises: readonly Exercise[] = [
  ['further: softmax jacobian', ' input z: [4]; input g: [4]\n p = softmax(z)\n loss dot(p, g)', ['grad(loss, z) == p * (g - dot(p, g))'], [
    ['only the diagonal', 'grad(loss, z) == g * p * (1 - p)', 'the right side leads only the diagonal of the Jacobian of softmax back: each probability depends on all of z'],
    ['sum over g instead', 'grad(loss, z) == p * (g - sum(g))', 'the right side has sum(g) where dot(p, g) belongs'],
    ['p forgotten', 'grad(loss, z) == g - dot(p, g)', 'the right side lacks the factor p'],
    ['mean instead of dot', 'grad(loss, z) == p * (g - mean(p * g))', 'the right side has dot(p, g)/4 where a sum belongs'],
    ['sign', 'grad(loss, z) == p * (dot(p, g) - g)', 'the sign is turned round'],
  ]],
  ['further: softmax rows', ' input Z: [5, 3]; target t: int[5]\n P = softmax(Z)\n Y = one_hot(t, 3)\n loss -sum(Y * log(P)) / 5', ['grad(loss, Z) == (P - Y) / 5'], [
    ['mean over all entries', 'grad(loss, Z) == (P - Y) / 15', 'the left side is 3 times the right side everywhere, the size of dimension 1 of Z'],
    ['no mean', 'grad(loss, Z) == P - Y', 'the right side is 5 times the left side everywhere, the size of dimension 0 of Z'],
    ['softmax of the wrong dimension', 'grad(loss, Z) == (softmax(Z, dim = 0) - Y) / 5', 'the right side has softmax(Z, dim = 0) where P belongs'],
  ]],
  ['further: cross entropy from logits', ' input x: [4]; target t: int; param W: [3, 4]; param b: [3]\n z = W @ x + b\n loss cross_entropy(z, t)', [], [
    ['logits for probabilities', 'grad(loss, b) == z - one_hot(t, 3)', 'the right side has z where softmax(z) belongs'],
    ['sigmoid for softmax', 'grad(loss, b) == sigmoid(z) - one_hot(t, 3)', 'the right side has σ(z) where softmax(z) belongs'],
    ['probabilities without softmax of z', 'grad(loss, b) == softmax(z)', 'the right side lacks the term −onehot(t)'],
  ]],
  ['further: bce rows', ' input X: [5, 4]; target y: [5]; param w: [4]; param b: []\n z = X @ w + b\n p = sigmoid(z)\n loss -mean(y * log(p) + (1 - y) * log(1 - p))\n assert 0 <= y <= 1', ['grad(loss, w) == transpose(X) @ (p - y) / 5'], [
    ['sum for mean', 'grad(loss, w) == transpose(X) @ (p - y)', 'the right side is 5 times the left side everywhere, the number of entries of y'],
    ['mean of w\'s size', 'grad(loss, w) == transpose(X) @ (p - y) / 4', 'the left side is 4/5 times the right side everywhere; 5 is the number of entries of y'],
    ['sigmoid twice', 'grad(loss, w) == transpose(X) @ ((p - y) * p * (1 - p)) / 5', 'the right side has the factor p ⊙ (1 − p) too much'],
    ['bias without sum', 'grad(loss, b) == (p - y) / 5', 'the left side has the shape [], the right side [5]: it lacks the sum over dimension 0'],
    ['bias sum not mean', 'grad(loss, b) == sum(p - y)', 'the right side is 5 times the left side everywhere, the number of entries of y'],
    ['logits', 'grad(loss, w) == transpose(X) @ (z - y) / 5', 'the right side has z where p belongs'],
  ]],
  ['further: bits', ' input z: [4]; target t: int\n p = softmax(z)\n y = one_hot(t, 4)\n loss -sum(y * log(p)) / log(2)', [], [
    ['base 2 forgotten', 'grad(loss, z) == p - y', 'the left side is 1.4427 times the right side everywhere, which is 1/log(2)'],
    ['base 2 multiplied', 'grad(loss, z) == (p - y) * log(2)', 'the left side is 2.08137 times the right side everywhere, which is 1/log(2)²'],
  ]],
  ['further: sigmoid mse', ' input x: [4]; target y: []; param w: [4]\n z = dot(w, x)\n a = sigmoid(z)\n loss (a - y) ^ 2', ['grad(loss, w) == 2 * (a - y) * a * (1 - a) * x'], [
    ['sigmoid\' forgotten', 'grad(loss, w) == 2 * (a - y) * x', 'the right side lacks the factor a·(1 − a)'],
    ['sigmoid\' of z', 'grad(loss, w) == 2 * (a - y) * z * (1 - z) * x', 'the right side has z·(1 − z) where a·(1 − a) belongs, the derivative of a = sigmoid(z)'],
    ['sigmoid\' as sigmoid', 'grad(loss, w) == 2 * (a - y) * a * x', 'the right side has the factor a where (a·(1 − a)) belongs'],
    ['1 - a^2', 'grad(loss, w) == 2 * (a - y) * (1 - a ^ 2) * x', 'the right side has the factor (1 − a²) where (a·(1 − a)) belongs'],
    ['factor 2 and sigmoid\'', 'grad(loss, w) == (a - y) * x', 'the left side is 2·a·(1 − a) times the right side'],
  ]],
  ['further: tanh', ' input x: [4]; target y: []; param w: [4]\n z = dot(w, x)\n h = tanh(z)\n loss (h - y) ^ 2 / 2', [], [
    ['1 - h', 'grad(loss, w) == (h - y) * (1 - h) * x', 'the right side has the factor (1 − h) where (1 − h²) belongs'],
    ['(1-h)^2', 'grad(loss, w) == (h - y) * (1 - h) ^ 2 * x', 'the right side has the factor ((1 − h)²) where (1 − h²) belongs'],
    ['1 - z^2', 'grad(loss, w) == (h - y) * (1 - z ^ 2) * x', 'the right side has the factor (1 − z²) where (1 − h²) belongs'],
    ['h (1-h)', 'grad(loss, w) == (h - y) * h * (1 - h) * x', 'the right side has h·(1 − h) where 1 − h² belongs, the derivative of h = tanh(z)'],
    ['1 + h^2', 'grad(loss, w) == (h - y) * (1 + h ^ 2) * x', 'the right side has the term h² with the wrong sign'],
  ]],
  ['further: weight norm', ' input x: [4]; param g: []; param v: [4]; target y: []\n n = norm(v)\n w = g * v / n\n e = dot(w, x) - y\n loss e ^ 2\n dw = 2 * e * x', ['grad(loss, v) == g / n * dw - g * dot(dw, v) / n ^ 3 * v'], [
    ['projection forgotten', 'grad(loss, v) == g / n * dw', 'the right side takes n for a constant, but it depends on v'],
    ['power of the norm', 'grad(loss, v) == g / n * dw - g * dot(dw, v) / n ^ 2 * v', 'the right side lacks the factor n at n²'],
    ['g without norm', 'grad(loss, g) == dot(dw, v)', 'the right side must be divided by n'],
    ['g forgotten in the projection', 'grad(loss, v) == g / n * dw - dot(dw, v) / n ^ 3 * v', 'the right side has v where g·v belongs'],
    ['sign of projection', 'grad(loss, v) == g / n * dw + g * dot(dw, v) / n ^ 3 * v', 'the right side has the term g·dot(dw, v)/n³·v with the wrong sign'],
  ]],
  ['further: linear rows', ' input X: [5, 4]; target Y: [5, 3]; param W: [4, 3]; param b: [3]\n E = X @ W + b - Y\n loss mean(E ^ 2)', ['grad(loss, W) == 2 / 15 * transpose(X) @ E'], [
    ['mean over rows only', 'grad(loss, W) == 2 / 5 * transpose(X) @ E', 'the right side is 3 times the left side everywhere, the number of entries of b'],
    ['bias', 'grad(loss, b) == 2 / 15 * E', 'the left side has the shape [3], the right side [5, 3]: it lacks the sum over dimension 0'],
    ['bias sum over wrong dim', 'grad(loss, b) == 2 / 15 * sum(E, dim = 0) * 5', 'the right side is 5 times the left side everywhere, the size of dimension 0 of X'],
  ]],
  ['further: square layer', ' input X: [4, 4]; target Y: [4, 4]; param W: [4, 4]\n E = X @ W - Y\n loss sum(E ^ 2)', [], [
    ['not transposed', 'grad(loss, W) == 2 * X @ E', 'the right side has 2·X where its transpose belongs'],
    ['order exchanged', 'grad(loss, W) == 2 * E @ transpose(X)', 'the right side has 2·E·Xᵀ where Xᵀ·(2·E) belongs'],
    ['input', 'grad(loss, X) == 2 * E @ W', 'the right side has W where its transpose belongs'],
  ]],
  ['further: two layers', ' input x: [4]; target y: [3]; param W1: [6, 4]; param b1: [6]; param W2: [3, 6]; param b2: [3]\n z1 = W1 @ x + b1\n h = sigmoid(z1)\n z2 = W2 @ h + b2\n loss sum((z2 - y) ^ 2)\n d2 = 2 * (z2 - y)', ['grad(loss, b1) == (transpose(W2) @ d2) * h * (1 - h)'], [
    ['sigmoid\' forgotten', 'grad(loss, b1) == transpose(W2) @ d2', 'the right side lacks the factor h ⊙ (1 − h)'],
    ['sigmoid\' of z', 'grad(loss, b1) == (transpose(W2) @ d2) * z1 * (1 - z1)', 'the right side has z1 ⊙ (1 − z1) where h ⊙ (1 − h) belongs, the derivative of h = sigmoid(z1)'],
    ['wrong layer', 'grad(loss, b1) == (transpose(W2) @ (z2 - y)) * h * (1 - h)', 'the left side is 2 times the right side everywhere'],
    ['h only', 'grad(loss, b1) == (transpose(W2) @ d2) * h', 'the right side has the factor h where (h ⊙ (1 − h)) belongs'],
  ]],
  ['further: lasso', ' input x: [6]; param w: [6]; target y: []\n e = dot(w, x) - y\n loss e ^ 2 + 0.1 * sum(abs(w))', [], [
    ['w for sign', 'grad(loss, w) == 2 * e * x + 0.1 * w', 'the right side has the factor w where sign(w) belongs'],
  ]],
  ['further: decay', ' input x: [6]; param w: [6]; target y: []\n e = dot(w, x) - y\n loss e ^ 2 + 0.05 * sum(w ^ 2)', [], [
    ['factor 2', 'grad(loss, w) == 2 * e * x + 0.05 * w', 'the right side lacks a factor 2 of the term 0.05·w'],
    ['norm', 'grad(loss, w) == 2 * e * x + 0.1 * w / norm(w)', 'the right side is divided by ‖w‖ too much'],
    ['forgotten', 'grad(loss, w) == 2 * e * x', 'the right side lacks the term 0.1·w'],
  ]],
  ['further: step', ' input x: [6]; param w: [6]; param m: [6]; target y: []\n e = dot(w, x) - y\n loss e ^ 2\n g = grad(loss, w)\n m1 = 0.9 * m + g', ['w - 0.01 * m1 == w - 0.009 * m - 0.01 * g'], [
    ['momentum damped', 'w - 0.01 * m1 == w - 0.01 * (0.9 * m + 0.1 * g)', 'the right side has the factor 0.1 of 0.1·g too much'],
    ['sign of step', 'w - 0.01 * g == w + 0.01 * 2 * e * x', 'the right side has the term 0.02·e·x with the wrong sign'],
    ['factor in step', 'w - 0.01 * g == w - 0.01 * e * x', 'the right side lacks a factor 2 of the term 0.01·e·x'],
  ]],
  ['further: conv 1d', ' input x: [7]; param k: [3]\n y = k[0] * x[0:5] + k[1] * x[1:6] + k[2] * x[2:7]\n loss sum(y ^ 2)', [], [
    ['factor 2', 'grad(loss, k) == stack_dims(dot(y, x[0:5]), dot(y, x[1:6]), dot(y, x[2:7]))', 'the left side is 2 times the right side everywhere'],
    ['flipped', 'grad(loss, k) == 2 * stack_dims(dot(y, x[2:7]), dot(y, x[1:6]), dot(y, x[0:5]))', 'the entries of the right side stand in the opposite order'],
  ]],
  ['further: batch norm', ' input x: [6, 3]; param gamma: [3]; param beta: [3]; input y: [6, 3]\n mu = mean(x, dim = 0)\n v = mean((x - mu) ^ 2, dim = 0)\n s = sqrt(v + 0.1)\n xhat = (x - mu) / s\n out = gamma * xhat + beta\n loss sum((out - y) ^ 2)\n dout = 2 * (out - y)\n dxhat = dout * gamma', [], [
    ['only through xhat', 'grad(loss, x) == dxhat / s', 'the right side takes μ and s for constants, but they depend on x'],
    ['sums for means', 'grad(loss, x) == (dxhat - sum(dxhat, dim = 0) - xhat * sum(dxhat * xhat, dim = 0)) / s', 'the right side has sums where means belong'],
    ['eps', 'grad(loss, x) == (dxhat - mean(dxhat, dim = 0) - xhat * mean(dxhat * xhat, dim = 0)) / sqrt(v)', 'the right side has v where (v + 0.1) belongs'],
    ['beta mean', 'grad(loss, beta) == mean(dout, dim = 0)', 'the left side is 6 times the right side everywhere, the size of dimension 0 of x'],
    ['gamma without xhat', 'grad(loss, gamma) == sum(dout, dim = 0)', 'the right side is the derivative by β'],
    ['out for xhat', 'grad(loss, gamma) == sum(dout * out, dim = 0)', 'the right side has the factor out where xhat belongs'],
    ['last term without xhat', 'grad(loss, x) == (dxhat - mean(dxhat, dim = 0) - mean(dxhat * xhat, dim = 0)) / s', 'the right side lacks the factor xhat at mean(dxhat ⊙ xhat, dim = 0)'],
  ]],
  ['further: layer norm', ' input x: [6]; param gamma: [6]; input y: [6]\n mu = mean(x)\n s = sqrt(mean((x - mu) ^ 2) + 0.1)\n xhat = (x - mu) / s\n out = gamma * xhat\n loss sum((out - y) ^ 2)\n d = 2 * (out - y) * gamma', [], [
    ['sums', 'grad(loss, x) == (d - mean(d) - xhat * sum(d * xhat)) / s', 'the right side has dot(d, xhat) where a mean belongs'],
    ['no 1/s', 'grad(loss, x) == d - mean(d) - xhat * mean(d * xhat)', 'the right side must be divided by s'],
  ]],
  ['further: attention', ' param Q: [3, 4]; param K: [3, 4]; param V: [3, 5]\n S = Q @ transpose(K) / 2\n A = softmax(S)\n O = A @ V\n loss sum(O ^ 2)\n dO = 2 * O\n dA = dO @ transpose(V)\n dS = A * (dA - sum(dA * A, dim = -1, keepdim = true))', [], [
    ['sum over rows', 'grad(loss, S) == A * (dA - sum(dA * A, dim = 0))', 'the right side has sum(dA ⊙ A, dim = 0), which goes over dimension 0 where dimension 1, kept, belongs'],
    ['scale twice', 'grad(loss, Q) == dS @ K / 4', 'the left side is 2 times the right side everywhere'],
    ['A not transposed', 'grad(loss, V) == A @ dO', 'the right side has A where its transpose belongs'],
  ]],
  ['further: rnn', ' input x: [3]; input h0: [4]; param U: [4, 3]; param W: [4, 4]; param b: [4]\n a1 = U @ x + W @ h0 + b\n h1 = tanh(a1)\n a2 = U @ x + W @ h1 + b\n h2 = tanh(a2)\n loss sum(h2 ^ 2)\n d2 = 2 * h2 * (1 - h2 ^ 2)\n d1 = (transpose(W) @ d2) * (1 - h1 ^ 2)', [], [
    ['one step only', 'grad(loss, W) == reshape(d2, 4, 1) @ reshape(h1, 1, 4)', 'the right side takes h1 for a constant, but it depends on W'],
  ]],
  ['further: hinge', ' input x: [5]; target y: []; param w: [5]\n m = y * dot(w, x)\n loss relu(1 - m)', [], [
    ['condition forgotten', 'grad(loss, w) == -y * x', 'the right side lacks the factor step(1 − m)'],
    ['condition of the other side', 'grad(loss, w) == -step(m) * y * x', 'the right side has step(m) where (step(1 − m)) belongs'],
    ['y forgotten', 'grad(loss, w) == -step(1 - m) * x', 'the right side lacks the factor y'],
  ]],
  ['further: kl', ' param mu: [4]; param logvar: [4]\n loss -0.5 * sum(1 + logvar - mu ^ 2 - exp(logvar))', [], [
    ['half', 'grad(loss, logvar) == exp(logvar) - 1', 'the right side is 2 times the left side everywhere'],
    ['exp of half', 'grad(loss, logvar) == 0.5 * (exp(0.5 * logvar) - 1)', 'the right side has the factor 0.5 of 0.5·logvar too much'],
    ['minus', 'grad(loss, mu) == -mu', 'the sign is turned round'],
  ]],
  ['further: gaussian', ' input x: [5]; param mu: []; param s: []\n loss sum((x - mu) ^ 2 * exp(-2 * s)) / 2 + 5 * s', [], [
    ['1/sigma', 'grad(loss, mu) == -sum(x - mu) * exp(-s)', 'the right side has the factor exp(−s) where exp(−2·s) belongs'],
    ['N forgotten', 'grad(loss, s) == 1 - sum((x - mu) ^ 2) * exp(-2 * s)', 'the right side has 1 where 5 belongs'],
    ['factor', 'grad(loss, s) == 5 - sum((x - mu) ^ 2) * exp(-2 * s) / 2', 'the right side lacks a factor 2 of the term ‖x − μ‖²·exp(−2·s)/2'],
  ]],
  ['further: chain', ' input x: []; param w: []\n u = w * x\n loss exp(sin(u))', [], [
    ['inner forgotten', 'grad(loss, w) == exp(sin(u)) * cos(u)', 'the right side lacks the factor x'],
    ['sin for cos', 'grad(loss, w) == exp(sin(u)) * sin(u) * x', 'the right side has the factor sin(u) where cos(u) belongs'],
    ['-cos', 'grad(loss, w) == -exp(sin(u)) * cos(u) * x', 'the sign is turned round'],
  ]],
  ['further: quotient', ' param a: []; param b: []\n loss a / (a + b)', [], [
    ['quotient rule forgotten', 'grad(loss, a) == 1 / (a + b)', 'the right side takes a + b for a constant, but it depends on a'],
    ['sign', 'grad(loss, b) == a / (a + b) ^ 2', 'the sign is turned round'],
    ['square forgotten', 'grad(loss, b) == -a / (a + b)', 'the right side must be divided by a + b'],
    ['log rule', 'grad(loss, a) == 1 / (a + b) + a / (a + b) ^ 2', 'the right side has the term a/(a + b)² with the wrong sign'],
  ]],
];

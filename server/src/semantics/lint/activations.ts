// Kinds of activations, by the names of their functions without underscores.

/** All that are applied to each entry by itself. */
export const elementwiseLayers: ReadonlySet<string> = new Set([
  ...['relu', 'leakyrelu', 'relu6', 'elu', 'selu', 'gelu', 'silu', 'mish', 'sigmoid', 'tanh', 'softplus', 'hardswish'],
  ...['hardsigmoid', 'logsigmoid', 'celu', 'softsign', 'tanhshrink', 'hardtanh', 'rrelu', 'prelu', 'sign', 'step'],
]);

/** The largest derivative of those that are flat at both ends. */
export const saturating: ReadonlyMap<string, number> = new Map([
  ['sigmoid', 1 / 4],
  ['hardsigmoid', 1 / 6],
  ['tanh', 1],
  ['softsign', 1],
  ['hardtanh', 1],
  ['erf', 2 / Math.sqrt(Math.PI)],
]);

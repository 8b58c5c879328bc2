// The engine's heavy kernels in AssemblyScript, for 128-bit SIMD. Addresses are in bytes, strides and counts in entries.
// Built twice from this source: with multiply and add, and with relaxed fused multiply-add where the host has it.

export { addMatrixProduct, moveFactor } from './matrix-product';
export { addInputGradient, convolve, convolveWeightGradient } from './convolution';
export { freeMemory } from './panels';
export { sumDifferences } from './vector';
export { add, divide, erf, exp, multiply, negate, relu, sigmoid, sqrt, step, subtract, tanh } from './entrywise';
export { differ, signsDiffer } from './compare';
export { argmaxWindows, maxWindows, sumWindows } from './windows';
export { moveTap, setTap } from './tap';
export { logSumExp, softmax } from './softmax';
export { pick } from './gather';
export { addStrided, copyStrided } from './strided';
export { fillBell, fillUniform, moveAlong, shakeAlong, shiftAlong, sumAlong } from './random';

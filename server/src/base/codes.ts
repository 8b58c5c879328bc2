// The register of all diagnostics by code: what each is about, and how grave it is. The messages stay where they are made.

import type { Severity } from './diagnostic';

/** What a diagnostic is about, in the order of the index of the pages in docs/diagnostics. */
export const categories = {
  syntax: 'Syntax',
  names: 'Names and imports',
  arguments: 'Arguments',
  values: 'Values and statements',
  shapes: 'Shapes',
  free: 'Free dimensions',
  limits: 'Limits',
  asserts: 'Asserts and gradients',
  network: 'The network as a whole',
  unused: 'Unused code',
} as const;

export type Category = keyof typeof categories;

export interface CodeDefinition {
  /** A noun phrase: what is wrong. */
  readonly title: string;
  readonly severity: Severity;
  readonly category: Category;
}

const as =
  (severity: Severity) =>
  (category: Category, title: string): CodeDefinition => ({ title, severity, category });
const error = as('error');
const warning = as('warning');
const information = as('information');
const hint = as('hint');

const definitions = {
  'file-too-large': error('limits', 'A file above 2 MB'),
  'foreign-sign': error('syntax', 'A sign of another language'),
  'keyword-as-name': error('syntax', 'A keyword where a name belongs'),
  'malformed-number': error('syntax', 'A number that is written wrong'),
  'minus-at-line-start': warning('syntax', 'A line that begins with a minus'),
  'missing-body': error('syntax', 'A word without its block'),
  'missing-bracket': error('syntax', 'A bracket that is never opened'),
  'missing-keyword': error('syntax', 'A declaration without its keyword'),
  'missing-part': error('syntax', 'Something that is missing'),
  'missing-separator': error('syntax', 'Two statements on one line'),
  'nesting-too-deep': error('limits', 'Brackets or expressions inside each other too deep'),
  'plus-at-line-start': error('syntax', 'A line that begins with a plus'),
  'tuple-for-list': error('syntax', 'Several values in round parentheses'),
  'unclosed-bracket': error('syntax', 'A bracket that is never closed'),
  'unclosed-string': error('syntax', 'A string without an end'),
  unexpected: error('syntax', 'Something that does not fit'),
  'unknown-character': error('syntax', 'A character without a meaning'),
  'unopened-bracket': error('syntax', 'A bracket that closes nothing'),
  'wrong-quotes': error('syntax', 'A string in other quotes'),

  'bound-twice': error('names', 'A name that is bound twice in a body'),
  'cyclic-declaration': error('names', 'A declaration that needs itself'),
  'cyclic-import': error('names', 'Imports in a circle'),
  'declared-twice': error('names', 'A name that is declared twice in a file'),
  'missing-file': error('names', 'An import of a file that is not there'),
  'unknown-member': error('names', 'A result or parameter that is not there'),
  'unknown-name': error('names', 'A name that nobody declares'),
  'unknown-optimizer': error('names', 'An optimizer that does not exist'),

  'bounds-out-of-order': error('arguments', 'A lower bound above the upper one'),
  'dropout-without-effect': warning('arguments', 'Dropout between the layers of a single one'),
  'invalid-argument': error('arguments', 'A value that an argument does not take'),
  'missing-argument': error('arguments', 'An argument that must be given'),
  'negative-padding': error('arguments', 'Padding below zero'),
  'positional-after-named': error('arguments', 'A positional argument behind a named one'),
  'repeated-argument': error('arguments', 'An argument that is given twice'),
  'same-padding-with-stride': error('arguments', 'padding = "same" with a stride'),
  'size-or-scale-factor': error('arguments', 'Neither or both of size and scale_factor'),
  'too-many-arguments': error('arguments', 'More arguments than there are'),
  'unknown-argument': error('arguments', 'An argument that does not exist'),
  'unused-align-corners': error('arguments', 'align_corners where it has no meaning'),
  'unused-value': error('arguments', 'A fill value where nothing is filled'),
  'wrong-list-length': error('arguments', 'A list with too few or too many values'),
  'wrong-pad-length': error('arguments', 'Padding for the wrong number of sides'),

  'arithmetic-on-layer': error('values', 'Arithmetic on a layer'),
  'division-by-zero': error('values', 'A division by zero'),
  'empty-range': error('values', 'A range without values'),
  'error-in-application': error('values', 'A stack whose body has an error here'),
  'invalid-repeat': error('values', 'A loop without a known number of rounds'),
  'layer-called-on-tensor': error('values', 'A constructor that is called on a tensor'),
  'layer-never-applied': error('values', 'Parameters of a layer that is never applied'),
  'let-holds-layer': error('values', 'A let that holds a layer or tensor'),
  'loss-not-scalar': error('values', 'A loss that is not one number'),
  'missing-input': error('values', 'An input that is not given'),
  'missing-state': error('values', 'A state that is not given'),
  'missing-tensor': error('values', 'A function that is called without its tensor'),
  'model-not-finished': error('values', 'A figure of the model, asked for inside its body'),
  'no-branches': error('values', 'A parallel block without branches'),
  'no-effect': warning('values', 'A statement that does nothing'),
  'no-loss': error('values', 'The loss of a model that has none'),
  'not-a-layer': error('values', 'Something else where a layer belongs'),
  'not-a-model': error('values', 'A variant of something that is no model'),
  'not-a-number': error('values', 'Something else where a number belongs'),
  'not-a-tensor': error('values', 'Something else where a tensor belongs'),
  'not-callable': error('values', 'A call of something that cannot be called'),
  'not-iterable': error('values', 'A loop over something that is no list'),
  'nothing-flows': error('values', 'A layer without an incoming value'),
  'nothing-to-output': error('values', 'An output without a value'),
  'parameter-before-application': error('values', 'The weights of a layer that was not applied yet'),
  'power-is-zero': error('values', 'A power mean with the power 0'),
  'shared-shape-clash': error('values', 'A shared layer with inputs of two sizes'),
  'slice-step-below-one': error('values', 'A slice of a tensor that goes backwards'),
  'step-is-zero': error('values', 'A step of 0'),
  'unequal-lists': error('values', 'A zip of lists with unequal lengths'),
  'unknown-parameter': error('values', 'A wrapper around a layer without that parameter'),
  'wrong-input-count': error('values', 'Too few or too many inputs'),
  'wrong-operand': error('values', 'An operand that the operator does not take'),
  'wrong-unpacking': error('values', 'Names and values of unequal number'),

  'axes-out-of-order': error('shapes', 'Axes in the wrong order'),
  'axis-out-of-range': error('shapes', 'An axis that the tensor does not have'),
  'einsum-operand-count': error('shapes', 'An einsum with too few or too many operands'),
  'einsum-sizes-differ': error('shapes', 'A letter of einsum with two sizes'),
  'element-count-differs': error('shapes', 'A reshape to another number of elements'),
  'empty-slice': error('shapes', 'A slice with nothing in it'),
  'factor-does-not-divide': error('shapes', 'A factor that does not divide the size'),
  'groups-do-not-divide': error('shapes', 'Groups that do not divide the channels'),
  'heads-do-not-divide': error('shapes', 'Heads that do not divide the width'),
  'index-out-of-range': error('shapes', 'An index outside of its axis'),
  'invalid-size': error('shapes', 'A size that is no positive integer'),
  'keys-and-values-differ': error('shapes', 'Keys and values of unequal number'),
  'loss-broadcasts': warning('shapes', 'A loss whose prediction and target differ in shape'),
  'matmul-sizes-differ': error('shapes', 'A matrix product of sizes that do not meet'),
  'no-output-left': error('shapes', 'A window larger than its padded input'),
  'not-a-permutation': error('shapes', 'A permutation that is none'),
  'odd-halves': error('shapes', 'An odd size that is to be halved'),
  'output-padding-too-large': error('shapes', 'output_padding that reaches the stride'),
  'overlapping-unpool': warning('shapes', 'An unpool whose windows overlap'),
  'padding-too-large': error('shapes', 'A mirror image wider than the input'),
  'pool-padding-too-large': error('shapes', 'Pooling padding above half the kernel'),
  'projection-too-large': error('shapes', 'A projection that is not smaller than the state'),
  'rank-too-high': error('shapes', 'A tensor of more than 8 dimensions'),
  'ranks-differ': error('shapes', 'Inputs of unequal rank'),
  'repeated-axis': error('shapes', 'An axis that is given twice'),
  'repeated-ellipsis': error('shapes', 'Two ellipses in one place'),
  'shape-mismatch': error('shapes', 'An input that has not the declared shape'),
  'shapes-do-not-broadcast': error('shapes', 'Shapes that cannot be added or multiplied'),
  'shapes-do-not-join': error('shapes', 'Shapes that cannot be concatenated'),
  'shifts-and-dims-differ': error('shapes', 'Shifts and axes of unequal number'),
  'single-value-per-channel': error('shapes', 'A norm over a single value'),
  'slopes-do-not-fit': error('shapes', 'Slopes that do not fit the channels'),
  'split-sizes-differ': error('shapes', 'Parts that do not add up to the whole'),
  'too-many-indices': error('shapes', 'More indices than dimensions'),
  'widths-differ': error('shapes', 'Widths that do not meet'),
  'window-count-differs': error('shapes', 'A Fold of another number of windows'),
  'wrong-element': error('shapes', 'Integers where floats belong, or the reverse'),
  'wrong-indices-shape': error('shapes', 'Indices that do not fit the values'),
  'wrong-mask-shape': error('shapes', 'A mask of the wrong shape'),
  'wrong-output-size': error('shapes', 'An output size that no pool leads back to'),
  'wrong-rank': error('shapes', 'An input with too few or too many dimensions'),
  'wrong-state-shape': error('shapes', 'A state of the wrong shape'),
  'wrong-target-shape': error('shapes', 'A target that does not fit the prediction'),
  'wrong-variance-shape': error('shapes', 'A variance that does not fit the prediction'),
  'wrong-weight-shape': error('shapes', 'Weights that do not fit the classes'),

  'free-parameter-shape': error('free', 'A parameter whose shape would be free'),
  'open-shape': error('free', 'A declared shape with an ellipsis'),
  'size-not-possible': error('free', 'A size that the model rules out'),
  'size-requirement': information('free', 'A condition on a free dimension'),
  'size-too-complex': error('free', 'A size that cannot be followed'),
  'undecided-chunks': error('free', 'A number of parts that depends on a free dimension'),
  'undecided-condition': error('free', 'A choice that depends on a free dimension'),
  'undecided-size': error('free', 'A number that depends on a free dimension'),
  'unknown-dimension': error('free', 'A free dimension that the model does not have'),
  'unknown-memory': information('free', 'Memory that is not known'),

  'size-too-large': error('limits', 'A size above 2⁵³'),
  'too-deep': error('limits', 'A recursion without an end'),
  'too-many-nodes': error('limits', 'A network of more than 200,000 operations'),
  'too-many-repeats': error('limits', 'A loop of more than 10,000 rounds'),
  'too-much-work': error('limits', 'An analysis that takes too long'),

  'assert-fails': error('asserts', 'An assert that does not hold'),
  'assert-not-condition': error('asserts', 'An assert of something that is no condition'),
  'assert-undecided': information('asserts', 'An assert that cannot be decided'),
  'gradient-mismatch': error('asserts', 'A gradient that does not agree'),
  'unknown-receptive-field': error('asserts', 'A receptive field that cannot be said'),

  'adjacent-linear': warning('network', 'Two linear layers with nothing between them'),
  'bias-before-norm': warning('network', 'A bias that the norm behind it takes away'),
  'channels-last': warning('network', 'An image or sequence with its channels last'),
  checkerboard: warning('network', 'A transposed convolution that overlaps unevenly'),
  'disconnected-parameter': warning('network', 'Parameters that nothing depends on'),
  'exhausted-receptive-field': information('network', 'Layers that see nothing new of the input'),
  'exploding-gradient': warning('network', 'A gradient that grows on its way back'),
  gridding: warning('network', 'Stacked dilations that leave holes'),
  'large-eps': information('network', 'An optimizer that damps small gradients'),
  'inferred-size-given': warning('network', 'A layer with the size that comes in as its first argument'),
  'large-norm-eps': warning('network', 'A norm whose eps outweighs the variance'),
  'logits-in-binary-cross-entropy': warning('network', 'Logits where a loss takes probabilities'),
  'logits-in-nll-loss': warning('network', 'Logits where a loss takes logarithms of probabilities'),
  'misaligned-branches': warning('network', 'Branches that look at different places'),
  'misplaced-dropout': warning('network', 'A Dropout that does harm or nothing'),
  'narrow-receptive-field': information('network', 'A receptive field smaller than the input'),
  'probabilities-in-nll-loss': warning('network', 'Probabilities where a loss takes their logarithms'),
  'rectified-logits': warning('network', 'An activation that leaves no logit below 0'),
  'repeated-activation': warning('network', 'The same activation twice in a row'),
  'repeated-norm': warning('network', 'The same norm twice in a row'),
  'repeated-softmax': warning('network', 'A softmax of a softmax'),
  'saturating-chain': warning('network', 'A deep chain of saturating activations'),
  'separate-weights': hint('network', 'A constructor whose uses share no weights'),
  'sigmoid-before-logits-loss': warning('network', 'A sigmoid before a loss that contains it'),
  'softmax-before-cross-entropy': warning('network', 'A softmax before a loss that contains it'),
  'stride-above-kernel': warning('network', 'A stride above the kernel'),
  'taps-in-padding': warning('network', 'A kernel larger than what it slides over'),
  'unread-at-some-sizes': information('network', 'A stride that leaves positions unread at some sizes'),
  'unread-border': warning('network', 'A stride that leaves positions unread'),
  'vanishing-gradient': warning('network', 'A gradient that shrinks on its way back'),
  'zero-gradient': warning('network', 'An operation that no gradient passes'),

  'dead-code': warning('unused', 'Layers behind the loss'),
  'unused-binding': warning('unused', 'A binding that nothing uses'),
  'unused-declaration': hint('unused', 'A stack, function or let that nothing uses'),
  'unused-ignore': hint('unused', 'An ignore that silences nothing'),
  'unused-import': warning('unused', 'An import that nothing uses'),
  'unused-parameter': warning('unused', 'An argument that the body does not use'),
} as const satisfies Readonly<Record<string, CodeDefinition>>;

/** A code that has a page of its own. */
export type RegisteredCode = keyof typeof definitions;

/** The code of a diagnostic. A value that an argument does not take is reported by the argument's name: `invalid-stride`. */
export type Code = RegisteredCode | `invalid-${string}`;

export const codes: ReadonlyMap<RegisteredCode, CodeDefinition> = new Map(
  Object.entries(definitions) as [RegisteredCode, CodeDefinition][],
);

/** The register's name for a code: all values that arguments do not take share one. */
export function registeredCode(code: string): RegisteredCode | undefined {
  if (code in definitions) return code as RegisteredCode;
  return code.startsWith('invalid-') ? 'invalid-argument' : undefined;
}

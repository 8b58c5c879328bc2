// Losses of classifications: logits or logarithms of probabilities against classes.

import type { Builder, Ref } from '../engine/builder';
import { add, type Dimension, identical, multiply, print } from '../symbolic/dimension';
import { type ArgumentDefinitions, integer, number } from './arguments';
import { requireFloat } from './check';
import { type Call, type FunctionOperation, type Inference, type InputDefinition, tensorFunction, torchPage } from './definition';
import { everything } from './dependence';
import { reduced, type Reduction, reduction } from './loss';
import { elements, printShape, type TensorType } from './tensor';
import { softmaxOperations } from './work';

interface ClassArguments {
  ignore_index: number;
  reduction: Reduction;
  label_smoothing: number;
}

/** The axis of the classes: the one without which the prediction has the target's shape; of several, the first that has as many places as there are weights. */
function classAxis(call: Pick<Call, 'inputs' | 'problem' | 'requireEqual'>, name: string): number | undefined {
  const [input, target, weights] = call.inputs.map((each) => each.shape);
  if (target!.length === input!.length - 1) {
    const without = (at: number): readonly Dimension[] => input!.filter((_, index) => index !== at);
    const counted = input!.flatMap((size, at) => (weights?.length === 1 && identical(size, weights[0]!) ? [at] : []));
    const axes = counted.length > 0 ? counted : input!.map((_, at) => at);
    const exact = axes.find((at) => without(at).every((size, index) => identical(size, target![index]!)));
    const found = exact ?? axes.find((at) => without(at).every((size, index) => call.requireEqual(size, target![index]!)));
    if (found !== undefined) return found;
  }
  return call.problem({
    code: 'wrong-target-shape',
    message: `${name} compares the prediction ${printShape(input!)} with a target that has its shape without the classes, but the target is ${printShape(target!)}`,
  });
}

/** How many classes an int target may name: the axis of the prediction that it lacks. */
function classCount(input: number, [prediction, target]: readonly TensorType[]): Dimension | undefined {
  if (input !== 1 || target!.element !== 'int') return undefined;
  const at = prediction!.shape.findIndex((size, index) => !identical(size, target!.shape[index] ?? -1));
  return prediction!.shape[Math.max(0, at)];
}

const classWeight: InputDefinition = { name: 'weight', optional: true, documentation: 'A weight for every class.' };

/** Moves the class axis to the end: [batch, positions…, classes]. */
function classesLast(builder: Builder, x: Ref, at: number): Ref {
  const others = builder.shape(x).map((_, index) => index).filter((index) => index !== at + 1);
  return builder.transpose(x, [...others, at + 1]);
}

/** The loss of class indices from logarithms of probabilities; the classes are the last axis. */
function indexLoss(builder: Builder, logs: Ref, target: Ref, weights: Ref | undefined, given: ClassArguments): Ref {
  const classes = builder.shape(logs).at(-1)!;
  const [zero, one] = [builder.scalar(0), builder.scalar(1)];
  const counted = builder.notEqual(target, builder.scalar(given.ignore_index));
  const safe = builder.select(counted, target, zero);
  const kept = (values: Ref): Ref => builder.select(counted, values, zero);
  const scaled = weights === undefined ? counted : kept(builder.gather(weights, safe, 1));
  const hit = builder.negate(builder.multiply(scaled, pickClass(builder, logs, safe)));
  const total = (values: Ref): Ref => builder.sum(values, builder.shape(values).slice(1).map((_, index) => index + 1));
  const divisor = total(scaled);
  const settle = (values: Ref): Ref =>
    given.reduction === 'none' ? values : given.reduction === 'sum' ? total(values) : builder.divide(total(values), divisor);
  if (given.label_smoothing === 0) return settle(hit);
  const spread = weights === undefined ? logs : builder.multiply(logs, alongClasses(builder, weights, logs));
  const smooth = kept(builder.negate(builder.sum(spread, [builder.shape(logs).length - 1])));
  const share = builder.scalar(given.label_smoothing / classes);
  return builder.add(
    builder.multiply(builder.subtract(one, builder.scalar(given.label_smoothing)), settle(hit)),
    builder.multiply(share, settle(smooth)),
  );
}

/** The entry of each target's class: [batch, positions…]. */
function pickClass(builder: Builder, logs: Ref, target: Ref): Ref {
  return builder.gather(logs, target, builder.shape(logs).length - 1);
}

/** Weights [batch, classes] laid along the last axis. */
function alongClasses(builder: Builder, weights: Ref, logs: Ref): Ref {
  const [batch, classes] = builder.shape(weights) as [number, number];
  return builder.reshape(weights, [batch, ...builder.shape(logs).slice(1, -1).map(() => 1), classes]);
}

/** The loss of class probabilities. */
function probabilityLoss(builder: Builder, logs: Ref, target: Ref, weights: Ref | undefined, given: ClassArguments): Ref {
  const classes = builder.shape(logs).at(-1)!;
  const smoothed =
    given.label_smoothing === 0
      ? target
      : builder.add(builder.multiply(target, builder.scalar(1 - given.label_smoothing)), builder.scalar(given.label_smoothing / classes));
  const scale = weights === undefined ? smoothed : builder.multiply(smoothed, alongClasses(builder, weights, logs));
  const values = builder.negate(builder.sum(builder.multiply(logs, scale), [builder.shape(logs).length - 1]));
  return reduced(builder, values, given.reduction);
}

function requireClassWeights(call: Pick<Call, 'inputs' | 'problem' | 'requireEqual'>, name: string, classes: Dimension): boolean {
  const weights = call.inputs[2]?.shape;
  if (weights === undefined || (weights.length === 1 && call.requireEqual(weights[0]!, classes))) return true;
  call.problem({ code: 'wrong-weight-shape', message: `${name} takes one weight for each of the ${print(classes)} classes, but weight is ${printShape(weights)}`, data: { shapes: [printShape([classes])] } });
  return false;
}

const ignoreIndex = integer({ default: -100, documentation: 'Targets of this value count nothing.' });

const crossEntropy = tensorFunction<ClassArguments>({
  name: 'cross_entropy',
  summary: 'The cross entropy of logits and class indices, or class probabilities; it contains the softmax.',
  formula: '−log softmax(input)[target]; mean over the positions of an example',
  source: torchPage('torch.nn.functional.cross_entropy'),
  keeps: ['input'],
  work: {
    counted: 'five for each logit (the softmax), two more with label smoothing, and two for each position',
    count: ({ inputs: [input, target], arguments: { label_smoothing } }) => {
      const positions = target!.element === 'int' ? elements(target!.shape) : elements(input!.shape);
      return add(multiply(softmaxOperations + (label_smoothing === 0 ? 0 : 2), elements(input!.shape)), multiply(2, positions));
    },
  },
  inputs: [{ name: 'input' }, { name: 'target' }, classWeight],
  indexBound: classCount,
  arguments: {
    ignore_index: ignoreIndex,
    reduction,
    label_smoothing: number({ minimum: 0, maximum: 1, default: 0, documentation: 'How much of the target is spread over all classes.' }),
  },
  infer(call) {
    const [input, target] = call.inputs;
    const isIndex = target!.element === 'int';
    if (!requirePrediction(call, 'cross_entropy')) return undefined;
    if (!isIndex && target!.shape.length === input!.shape.length - 1) {
      return call.problem({
        code: 'wrong-element',
        message: `the target ${printShape(target!.shape)} of cross_entropy holds class indices and must be int; declare it as int${target!.shape.length === 0 ? '' : printShape(target!.shape)}`,
        data: { element: 'int' },
      });
    }
    const at = isIndex ? classAxis(call, 'cross_entropy') : probabilityAxis(call);
    if (at === undefined || !requireClassWeights(call, 'cross_entropy', input!.shape[at]!)) return undefined;
    return classEffect(call, at, (builder, logits, labels, weights) => {
      const logs = builder.logSoftmax(logits, -1);
      return isIndex ? indexLoss(builder, logs, labels, weights, call.arguments) : probabilityLoss(builder, logs, classesLast(builder, labels, at), weights, call.arguments);
    });
  },
});

/** Probabilities have the prediction's shape; the classes are the first axis then, as in PyTorch. */
function probabilityAxis(call: Pick<Call, 'inputs' | 'problem' | 'requireEqual'>): number | undefined {
  const [input, target] = call.inputs.map((each) => each.shape);
  if (input!.length === target!.length && input!.every((size, index) => call.requireEqual(size, target![index]!))) return 0;
  return call.problem({
    code: 'wrong-target-shape',
    message: `cross_entropy with class probabilities takes a target of the prediction's shape ${printShape(input!)}, but it is ${printShape(target!)}; class indices are int`,
  });
}

function requirePrediction(call: Call<ClassArguments>, name: string): boolean {
  const [input] = call.inputs;
  if (input!.shape.length === 0) {
    call.problem({ code: 'wrong-rank', message: `${name} takes a prediction with an axis for the classes, but gets a single number; binary_cross_entropy_with_logits takes one` });
    return false;
  }
  return requireFloat({ inputs: [input!], problem: call.problem.bind(call) }, name);
}

function classEffect(
  call: Call<ClassArguments>,
  at: number,
  apply: (builder: Builder, logits: Ref, target: Ref, weights: Ref | undefined) => Ref,
): Inference | undefined {
  const { shape } = call.inputs[0]!;
  const positions = shape.filter((_, index) => index !== at);
  const none = call.arguments.reduction === 'none';
  return {
    output: { element: 'float', shape: none ? positions : [] },
    get steps() {
      return [{ what: 'classes', formula: `axis ${String(at)} of ${printShape(shape)}: ${print(shape[at]!)}` }];
    },
    dependence: everything(call.inputs.map((input) => input.shape.length)),
    execute: ({ builder, inputs }) => apply(builder, classesLast(builder, inputs[0]!, at), inputs[1]!, inputs[2] === undefined ? undefined : builder.detach(inputs[2])),
  };
}

const nllLoss = tensorFunction<ClassArguments>({
  name: 'nll_loss',
  summary: 'The negative logarithm of the target class; the input holds logarithms of probabilities.',
  formula: '−input[target]; mean over the positions of an example',
  source: torchPage('torch.nn.functional.nll_loss'),
  keeps: ['input'],
  work: { counted: 'two for each position (sign and sum)', count: ({ inputs }) => multiply(2, elements(inputs[1]!.shape)) },
  inputs: [{ name: 'input' }, { name: 'target' }, classWeight],
  indexBound: classCount,
  arguments: { ignore_index: ignoreIndex, reduction } as ArgumentDefinitions<ClassArguments>,
  infer(call) {
    if (!requirePrediction(call, 'nll_loss')) return undefined;
    const { shape, element } = call.inputs[1]!;
    if (element !== 'int') {
      return call.problem({ code: 'wrong-element', message: `the target ${printShape(shape)} of nll_loss holds class indices and must be int`, data: { element: 'int' } });
    }
    const at = classAxis(call, 'nll_loss');
    if (at === undefined || !requireClassWeights(call, 'nll_loss', call.inputs[0]!.shape[at]!)) return undefined;
    return classEffect(call, at, (builder, logs, labels, weights) => indexLoss(builder, logs, labels, weights, { ...call.arguments, label_smoothing: 0 }));
  },
});

export const classLosses: readonly FunctionOperation[] = [crossEntropy, nllLoss];

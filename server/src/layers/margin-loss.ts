// Losses that keep a margin: between distances of embeddings, and between the scores of classes.

import type { Builder, Ref } from '../engine/builder';
import { add, type Dimension, multiply, print } from '../symbolic/dimension';
import { type ArgumentDefinition, flag, number } from './arguments';
import { broadcastShapes } from './broadcast';
import { requireFloat } from './check';
import { type Call, type FunctionOperation, type Inference, type InputDefinition, tensorFunction, torchPage } from './definition';
import { everything } from './dependence';
import { above, reduced, type Reduction, reduction } from './loss';
import { norm } from './reduce';
import { elements, printShape, type TensorType } from './tensor';

type Shape = readonly Dimension[];

/** One value for each row, reduced. */
function rowEffect(call: Pick<Call<{ reduction: Reduction }>, 'inputs' | 'arguments'>, rows: Shape, values: (builder: Builder, inputs: readonly Ref[]) => Ref, kept: Pick<Inference, 'statistics' | 'masks' | 'keptInputs'> = {}): Inference {
  const how = call.arguments.reduction;
  return {
    output: { element: 'float', shape: how === 'none' ? rows : [] },
    dependence: everything(call.inputs.map((input) => input.shape.length)),
    ...kept,
    execute: ({ builder, inputs }) => reduced(builder, values(builder, inputs), how),
  };
}

/** The axis of the vectors; the batch counts. */
function lastAxis(builder: Builder, x: Ref): number {
  return builder.shape(x).length - 1;
}

// ── Distances ────────────────────────────────────────────────────────────────

const tripletMargin = tensorFunction<{ margin: number; p: number; eps: number; swap: boolean; reduction: Reduction }>({
  name: 'triplet_margin_loss',
  summary: 'An anchor nearer to a positive than to a negative example, by a margin.',
  formula: 'mean of max(0, d(anchor, positive) − d(anchor, negative) + margin), with d(x, y) = (Σ |x − y + eps|ᵖ)^(1/p)',
  source: `${torchPage('torch.nn.functional.triplet_margin_loss')} · Balntas et al., 2016`,
  keeps: ['statistics'],
  work: { counted: 'eight for each entry (two distances), twelve with swap', count: ({ inputs, arguments: { swap } }) => multiply(swap ? 12 : 8, elements(inputs[0]!.shape)) },
  inputs: [{ name: 'anchor' }, { name: 'positive' }, { name: 'negative' }],
  arguments: {
    margin: above(0, 1, 'By how much the distances should differ.'),
    p: number({ default: 2, documentation: 'The order of the norm.' }),
    eps: number({ default: 1e-6, documentation: 'Added to every difference, so that no length is 0.' }),
    swap: flag({ default: false, documentation: 'Takes the distance of positive and negative where it is the smaller one.' }),
    reduction,
  },
  infer(call) {
    const shapes = call.inputs.map((input) => input.shape);
    if (!requireFloat(call, 'triplet_margin_loss')) return undefined;
    if (shapes.some((shape) => shape.length !== shapes[0]!.length || shape.length === 0)) {
      return call.problem({ code: 'ranks-differ', message: `triplet_margin_loss takes three tensors of vectors, but gets ${shapes.map(printShape).join(', ')}` });
    }
    const shape = broadcastShapes(call, 'triplet_margin_loss', shapes);
    if (shape === undefined) return undefined;
    const { margin, p, eps, swap } = call.arguments;
    const rows = shape.slice(0, -1);
    // As PyTorch's autograd saves them: the differences of each pair, their lengths, and what is clamped.
    const statistics = (needs: (position: number) => boolean): Dimension => {
      const pairs = [[0, 1], [0, 2], ...(swap ? [[1, 2]] : [])];
      const differences = pairs.filter((pair) => pair.some(needs)).length;
      return add(multiply(differences, elements(shape)), multiply(swap ? 4 : differences + 1, ...rows));
    };
    const alike = shapes.every((each) => printShape(each) === printShape(shape));
    return rowEffect(call, rows, (builder, [anchor, positive, negative]) => {
      const distance = (a: Ref, b: Ref): Ref => {
        const difference = builder.add(builder.subtract(a, b), builder.scalar(eps));
        return norm(builder, difference, [lastAxis(builder, difference)], false, p);
      };
      const far = distance(anchor!, negative!);
      const wrong = swap ? builder.minimum(far, distance(positive!, negative!)) : far;
      return builder.clamp(builder.add(builder.subtract(distance(anchor!, positive!), wrong), builder.scalar(margin)), 0, Infinity);
    }, alike ? { statistics } : {});
  },
});

const cosineEmbedding = tensorFunction<{ margin: number; reduction: Reduction }>({
  name: 'cosine_embedding_loss',
  summary: 'Vectors that point the same way where the target is 1, and apart where it is −1.',
  formula: '1 − cos(x₁, x₂) where target = 1, max(0, cos(x₁, x₂) − margin) where target = −1',
  source: torchPage('torch.nn.functional.cosine_embedding_loss'),
  keeps: ['input', 'statistics', 'mask'],
  work: { counted: 'six for each pair of entries: three products and their sums', count: ({ inputs }) => multiply(6, elements(inputs[0]!.shape)) },
  inputs: [{ name: 'input1' }, { name: 'input2' }, { name: 'target', documentation: '1 for pairs that belong together, −1 for others.', signs: true }],
  arguments: { margin: number({ default: 0, documentation: 'The cosine that unlike pairs may have; from −1 to 1, best from 0 to 0.5.' }), reduction },
  infer(call) {
    const [a, b, target] = call.inputs.map((input) => input.shape) as [Shape, Shape, Shape];
    if (!requireFloat({ inputs: call.inputs.slice(0, 2), problem: (problem) => call.problem(problem) }, 'cosine_embedding_loss')) return undefined;
    if ((a.length !== 1 && a.length !== 2) || b.length !== a.length || target.length !== a.length - 1) {
      return call.problem({ code: 'wrong-target-shape', message: `cosine_embedding_loss takes two vectors and one target, or as many targets as there are rows, but gets ${[a, b, target].map(printShape).join(', ')}` });
    }
    const shape = broadcastShapes(call, 'cosine_embedding_loss', [a, b]);
    const rows = shape && broadcastShapes(call, 'cosine_embedding_loss', [shape.slice(0, -1), target]);
    if (rows === undefined) return undefined;
    const { margin } = call.arguments;
    const kept = {
      keptInputs: [0, 1],
      // The products of each pair of vectors and what becomes of them; where the target is 1, and where it is −1.
      statistics: (needs: (position: number) => boolean): Dimension => multiply(needs(0) && needs(1) ? 5 : 4, ...rows),
      masks: multiply(2, ...rows),
    };
    return rowEffect(call, rows, (builder, [x, y, targets]) => {
      const product = (p: Ref, q: Ref): Ref => {
        const terms = builder.multiply(p, q);
        return builder.sum(terms, [lastAxis(builder, terms)]);
      };
      // PyTorch adds the 1e-12 to both squares.
      const square = (p: Ref): Ref => builder.add(product(p, p), builder.scalar(1e-12));
      const cosine = builder.divide(product(x!, y!), builder.sqrt(builder.multiply(square(x!), square(y!))));
      const like = builder.multiply(builder.equal(targets!, builder.scalar(1)), builder.subtract(builder.scalar(1), cosine));
      const unlike = builder.multiply(builder.equal(targets!, builder.scalar(-1)), builder.clamp(builder.subtract(cosine, builder.scalar(margin)), 0, Infinity));
      return builder.add(like, unlike);
    }, kept);
  },
});

// ── Scores of classes ────────────────────────────────────────────────────────

const classWeight: InputDefinition = { name: 'weight', optional: true, documentation: 'A weight for every class.' };

/** Scores [C] or [N, C]; undefined after a problem was reported. */
function requireScores(call: Pick<Call, 'inputs' | 'problem'>, name: string, most: number): Shape | undefined {
  const [input] = call.inputs;
  if (!requireFloat({ inputs: [input!], problem: (problem) => call.problem(problem) }, name)) return undefined;
  if (input!.shape.length >= 1 && input!.shape.length <= most) return input!.shape;
  return call.problem({ code: 'wrong-rank', message: `${name} takes the scores of all classes, [C]${most === 2 ? ' or [N, C]' : ' with axes in front'}, but gets ${printShape(input!.shape)}` });
}

function requireTarget(call: Pick<Call, 'inputs' | 'problem' | 'requireEqual'>, name: string, wanted: Shape, element: TensorType['element']): boolean {
  const target = call.inputs[1]!;
  if (element === 'int' && target.element !== 'int') {
    call.problem({ code: 'wrong-element', message: `the target ${printShape(target.shape)} of ${name} holds class indices and must be int`, data: { element: 'int' } });
    return false;
  }
  if (target.shape.length === wanted.length && target.shape.every((size, axis) => call.requireEqual(size, wanted[axis]!))) return true;
  call.problem({ code: 'wrong-target-shape', message: `${name} takes a target ${printShape(wanted)}, but it is ${printShape(target.shape)}` });
  return false;
}

function requireClassWeight(call: Pick<Call, 'inputs' | 'problem' | 'requireEqual'>, name: string, classes: Dimension): boolean {
  const weight = call.inputs[2]?.shape;
  if (weight === undefined || (weight.length === 1 && call.requireEqual(weight[0]!, classes))) return true;
  call.problem({ code: 'wrong-weight-shape', message: `${name} takes one weight for each of the ${print(classes)} classes, but weight is ${printShape(weight)}`, data: { shapes: [printShape([classes])] } });
  return false;
}

/** Weights [batch, classes] along the last axis of a tensor with axes in between. */
function along(builder: Builder, weight: Ref, x: Ref): Ref {
  const [batch, classes] = builder.shape(weight) as [number, number];
  return builder.reshape(builder.detach(weight), [batch, ...builder.shape(x).slice(1, -1).map(() => 1), classes]);
}

/** 1 at the target's place, 0 elsewhere: [batch, …, classes]. */
function placesOf(builder: Builder, target: Ref, classes: number): Ref {
  const numbers = builder.constant(Array.from({ length: classes }, (_, c) => c), [classes]);
  return builder.equal(builder.reshape(target, [...builder.shape(target), 1]), numbers);
}

const oneOrTwo: ArgumentDefinition<number> = {
  documentation: 'The power of what a margin lacks.',
  accepts: '1 or 2',
  default: 1,
  read: (raw) => (raw === 1 || raw === 2 ? { value: raw } : { problem: 'must be 1 or 2' }),
};

const multiMargin = tensorFunction<{ p: number; margin: number; reduction: Reduction }>({
  name: 'multi_margin_loss',
  summary: 'The score of the right class above all others by a margin.',
  formula: 'mean of Σ_c≠t max(0, margin − input[t] + input[c])ᵖ / C',
  source: torchPage('torch.nn.functional.multi_margin_loss'),
  keeps: ['input'],
  work: { counted: 'five for each score', count: ({ inputs }) => multiply(5, elements(inputs[0]!.shape)) },
  inputs: [{ name: 'input' }, { name: 'target' }, classWeight],
  indexBound: (input, types) => (input === 1 ? types[0]!.shape.at(-1) : undefined),
  arguments: { p: oneOrTwo, margin: number({ default: 1, documentation: 'By how much.' }), reduction },
  infer(call) {
    const shape = requireScores(call, 'multi_margin_loss', 2);
    if (shape === undefined || !requireTarget(call, 'multi_margin_loss', shape.slice(0, -1), 'int')) return undefined;
    if (!requireClassWeight(call, 'multi_margin_loss', shape.at(-1)!)) return undefined;
    const { p, margin } = call.arguments;
    return rowEffect(call, shape.slice(0, -1), (builder, [x, target, weight]) => {
      const axis = lastAxis(builder, x!);
      const classes = builder.shape(x!)[axis]!;
      const right = placesOf(builder, target!, classes);
      const score = builder.sum(builder.multiply(x!, right), [axis], true);
      const lack = builder.relu(builder.add(builder.subtract(builder.scalar(margin), score), x!));
      const others = builder.select(right, builder.scalar(0), p === 1 ? lack : builder.square(lack));
      const total = builder.divide(builder.sum(others, [axis]), builder.scalar(classes));
      if (weight === undefined) return total;
      return builder.multiply(total, builder.sum(builder.multiply(right, along(builder, weight, x!)), [axis]));
    });
  },
});

const multilabelMargin = tensorFunction<{ reduction: Reduction }>({
  name: 'multilabel_margin_loss',
  summary: 'The scores of all right classes above those of all wrong ones; the target lists the right ones and ends with −1.',
  formula: 'mean of Σ_t∈target Σ_c∉target max(0, 1 − (input[t] − input[c])) / C',
  source: torchPage('torch.nn.functional.multilabel_margin_loss'),
  keeps: ['input', 'mask'],
  work: { counted: 'four for each pair of classes', count: ({ inputs }) => multiply(4, elements(inputs[0]!.shape), inputs[0]!.shape.at(-1)!) },
  inputs: [{ name: 'input' }, { name: 'target', documentation: 'Class indices; what stands behind the first −1 does not count.' }],
  indexBound: (input, types) => (input === 1 ? types[0]!.shape.at(-1) : undefined),
  arguments: { reduction },
  infer(call) {
    const shape = requireScores(call, 'multilabel_margin_loss', 2);
    if (shape === undefined || !requireTarget(call, 'multilabel_margin_loss', shape, 'int')) return undefined;
    return rowEffect(call, shape.slice(0, -1), (builder, [x, target]) => {
      const axis = lastAxis(builder, x!);
      const classes = builder.shape(x!)[axis]!;
      const ended = builder.cumsum(builder.less(target!, builder.scalar(0)), axis);
      const listed = builder.equal(ended, builder.scalar(0));
      // [batch, …, places of the target, classes]
      const counted = builder.reshape(listed, [...builder.shape(listed), 1]);
      const places = builder.multiply(placesOf(builder, target!, classes), counted);
      const isTarget = builder.max(places, [axis]);
      const wide = (ref: Ref): Ref => builder.reshape(ref, [...builder.shape(ref).slice(0, -1), 1, classes]);
      const scores = builder.sum(builder.multiply(places, wide(x!)), [axis + 1], true);
      const lack = builder.relu(builder.add(builder.subtract(builder.scalar(1), scores), wide(x!)));
      const wrong = builder.multiply(counted, builder.subtract(builder.scalar(1), wide(isTarget)));
      return builder.divide(builder.sum(builder.multiply(lack, wrong), [axis, axis + 1]), builder.scalar(classes));
    });
  },
});

const multilabelSoftMargin = tensorFunction<{ reduction: Reduction }>({
  name: 'multilabel_soft_margin_loss',
  summary: 'The binary cross entropy of every class from its logit, averaged over the classes.',
  formula: 'mean of −(target·log σ(input) + (1 − target)·log σ(−input))',
  source: torchPage('torch.nn.functional.multilabel_soft_margin_loss'),
  keeps: ['input'],
  work: { counted: 'six for each score', count: ({ inputs }) => multiply(6, elements(inputs[0]!.shape)) },
  inputs: [{ name: 'input' }, { name: 'target' }, classWeight],
  arguments: { reduction },
  infer(call) {
    const shape = requireScores(call, 'multilabel_soft_margin_loss', Infinity);
    if (shape === undefined || !requireTarget(call, 'multilabel_soft_margin_loss', shape, 'float')) return undefined;
    if (!requireClassWeight(call, 'multilabel_soft_margin_loss', shape.at(-1)!)) return undefined;
    return rowEffect(call, shape.slice(0, -1), (builder, [x, target, weight]) => {
      const one = builder.scalar(1);
      const hit = builder.multiply(target!, builder.logSigmoid(x!));
      const miss = builder.multiply(builder.subtract(one, target!), builder.logSigmoid(builder.negate(x!)));
      const values = builder.negate(builder.add(hit, miss));
      return builder.mean(weight === undefined ? values : builder.multiply(values, along(builder, weight, x!)), [lastAxis(builder, x!)]);
    });
  },
});

export const marginLosses: readonly FunctionOperation[] = [tripletMargin, cosineEmbedding, multiMargin, multilabelMargin, multilabelSoftMargin];

// What a loss does by itself, done before it once more, or left out where the loss expects it; and a softmax of a softmax.

import type { Code } from '../../base/codes';
import type { GraphNode, Tensor } from '../graph';
import type { EvaluatedModel } from '../model';
import type { Lint } from './lint';
import { removal } from './edits';
import { ByTensor, everywhere, kindOf, kindOfOperation, makerOf, named, perOperation } from './network';

const softmaxes = new Set(['softmax', 'logsoftmax', 'softmax2d', 'softmin']);
/** Activations that leave nothing below 0. */
const rectifiers = new Set(['relu', 'relu6', 'softplus']);
/** Activations that people take for a Sigmoid's. */
const unsuitable = new Set(['tanh', 'softsign', 'relu', 'leakyrelu', 'elu', 'selu', 'gelu', 'silu', 'softplus']);
const sigmoids = new Set(['sigmoid', 'hardsigmoid', 'logsigmoid']);
/** Operations that hand values on as they are. */
const passing = new Set(['identity', 'flatten', 'reshape', 'unflatten', 'squeeze', 'unsqueeze', 'transpose', 'permute', 'dropout']);
/** Layers whose outputs may be any number. */
const isUnbounded = named(/^(?:Linear|Bilinear|Conv(?:Transpose)?[123]d)$/);

/** A loss as a layer is the function of another name. */
const lossKind = perOperation((operation) => {
  const kind = kindOfOperation(operation);
  return { crossentropyloss: 'crossentropy', bceloss: 'binarycrossentropy', bcewithlogitsloss: 'binarycrossentropywithlogits' }[kind] ?? kind;
});

interface Rule {
  readonly code: Code;
  /** Of the operation that reads. */
  readonly reader: (kind: string) => boolean;
  /** Of the operation whose values it gets. */
  readonly wrong: (maker: GraphNode) => boolean;
  message(maker: string, reader: string): string;
  /** What the quick fix does about the maker. */
  readonly fix: 'remove' | 'log' | 'with-logits' | 'cross-entropy' | 'sigmoid';
}

const rules: readonly Rule[] = [
  {
    code: 'softmax-before-cross-entropy',
    reader: (kind) => kind === 'crossentropy',
    wrong: (maker) => softmaxes.has(kindOf(maker)),
    message: (maker, reader) =>
      /log/i.test(maker)
        ? `${reader} takes the logarithm of a softmax by itself, so that ${maker} before it changes nothing; leave it out`
        : `${reader} contains the softmax, so that ${maker} before it squashes the probabilities a second time, which keeps the loss high and the gradients small; give it the logits`,
    fix: 'remove',
  },
  {
    code: 'sigmoid-before-logits-loss',
    reader: (kind) => kind === 'binarycrossentropywithlogits',
    wrong: (maker) => sigmoids.has(kindOf(maker)) || softmaxes.has(kindOf(maker)),
    message: (maker, reader) => `${reader} contains the sigmoid, so that ${maker} before it squashes the values a second time: no probability can come ${/log/i.test(maker) ? 'above 1/2' : 'below 1/2 or above 0.74'}; give it the logits`,
    fix: 'remove',
  },
  {
    code: 'rectified-logits',
    reader: (kind) => kind === 'crossentropy' || kind === 'binarycrossentropywithlogits',
    wrong: (maker) => rectifiers.has(kindOf(maker)),
    message: (maker, reader) => `${reader} takes logits of either sign, but ${maker} leaves none below 0${/logits/i.test(reader) ? ', so that no probability can come below 1/2' : ', and passes no gradient to those that it has cut'}; leave it out`,
    fix: 'remove',
  },
  {
    code: 'probabilities-in-nll-loss',
    reader: (kind) => kind === 'nllloss',
    wrong: (maker) => kindOf(maker) === 'softmax' || kindOf(maker) === 'softmax2d' || sigmoids.has(kindOf(maker)),
    message: (maker, reader) => `${reader} takes logarithms of probabilities, but ${maker} gives the probabilities themselves; log_softmax gives their logarithms`,
    fix: 'log',
  },
  {
    code: 'logits-in-nll-loss',
    reader: (kind) => kind === 'nllloss',
    wrong: (maker) => isUnbounded(maker.operation),
    message: (maker, reader) => `${reader} takes logarithms of probabilities, but ${maker} gives any number; ${otherName('cross-entropy', reader)!} takes those`,
    fix: 'cross-entropy',
  },
  {
    code: 'logits-in-binary-cross-entropy',
    reader: (kind) => kind === 'binarycrossentropy',
    wrong: (maker) => isUnbounded(maker.operation),
    message: (maker, reader) => `${reader} takes probabilities between 0 and 1, but ${maker} gives any number; ${otherName('with-logits', reader)!} takes those`,
    fix: 'with-logits',
  },
  {
    code: 'logits-in-binary-cross-entropy',
    reader: (kind) => kind === 'binarycrossentropy',
    wrong: (maker) => unsuitable.has(kindOf(maker)),
    message: (maker, reader) => `${reader} takes probabilities between 0 and 1, but ${maker} gives ${/tanh|softsign/i.test(maker) ? 'numbers from -1 to 1' : 'numbers above 1, too'}; a Sigmoid gives those`,
    fix: 'sigmoid',
  },
  {
    code: 'repeated-softmax',
    reader: (kind) => softmaxes.has(kind),
    wrong: (maker) => softmaxes.has(kindOf(maker)),
    message: (maker, reader) => `${reader} of ${maker}: a softmax of values between 0 and 1 is nearly uniform; one of the two must go`,
    fix: 'remove',
  },
];

/** The operation that made the values of a tensor, whatever has only handed them on since; `known` are the answers so far. */
function makerOfValues(tensor: Tensor | undefined, known: ByTensor<GraphNode | null>): GraphNode | undefined {
  const passed: Tensor[] = [];
  let at = tensor;
  let maker = makerOf(at);
  while (at !== undefined && maker !== undefined && passing.has(kindOf(maker))) {
    const before = known.get(at);
    if (before !== undefined) {
      maker = before ?? undefined;
      break;
    }
    passed.push(at);
    at = maker.inputs[0];
    maker = makerOf(at);
  }
  for (const each of passed) known.set(each, maker ?? null);
  return maker;
}

export const lossInput: Lint = (model, report) => {
  const known = new ByTensor<GraphNode | null>(model.graph);
  for (const rule of rules) {
    const found = everywhere(
      model.graph,
      (node) => {
        const maker = makerOfValues(node.inputs[0], known);
        return maker !== undefined && rule.wrong(maker) ? { node, maker } : undefined;
      },
      (operation) => rule.reader(lossKind(operation)),
    );
    for (const { node, maker } of found) {
      const isOfLoss = rule.fix === 'with-logits' || rule.fix === 'cross-entropy';
      const [mark, other] = isOfLoss ? [node, maker] : [maker, node];
      report({
        code: rule.code,
        severity: 'warning',
        place: mark.place,
        message: rule.message(maker.operation.name, node.operation.name),
        related: [{ message: `${other.operation.name} is here`, place: other.place }],
        fixes: fixesOf(rule, model, mark),
      });
    }
  }
};

function fixesOf({ fix }: Rule, model: EvaluatedModel, { place, operation }: GraphNode): ReturnType<typeof removal> {
  if (fix === 'remove') return removal(model, place, `Remove ${operation.name}`);
  const written = model.run.program.textAt(place);
  if (!written.startsWith(operation.name)) return undefined;
  const name = otherName(fix, operation.name);
  if (name === undefined) return undefined;
  const span = { start: place.span.start, end: place.span.start + operation.name.length };
  return [{ title: `Write ${name}`, edits: [{ span, text: name }] }];
}

/** The loss or layer that a quick fix writes instead. */
function otherName(fix: Rule['fix'], name: string): string | undefined {
  const isLayer = /^[A-Z]/.test(name);
  switch (fix) {
    case 'with-logits':
      return isLayer ? 'BCEWithLogitsLoss' : `${name}_with_logits`;
    case 'cross-entropy':
      return isLayer ? 'CrossEntropyLoss' : 'cross_entropy';
    case 'sigmoid':
      return isLayer ? 'Sigmoid' : 'sigmoid';
    default:
      return { Softmax: 'LogSoftmax', softmax: 'log_softmax' }[name];
  }
}

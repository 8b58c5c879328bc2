// Optimizers: their arguments with PyTorch's names and defaults, update rules, and the state that they keep.

import { type ArgumentDefinitions, type ArgumentDefinition, flag, number, type RawValue } from './arguments';
import type { Arguments } from './definition';

export interface Optimizer {
  readonly name: string;
  readonly summary: string;
  /** The step for a parameter w, line by line, with the names of the arguments; those that are 0 may be in it. */
  rule(given: Arguments): readonly string[];
  readonly source: string;
  readonly arguments: ArgumentDefinitions<Arguments>;
  /** How a parameter moves, one number at a time, from a fresh state: its next value, given the gradient and the value. */
  start(given: Arguments): (gradient: number, value: number) => number;
  /** Numbers kept for each parameter beside its value and gradient. */
  state(given: Arguments): number;
}

const lr = (value: number): ArgumentDefinition<number> =>
  number({ minimum: 0, default: value, documentation: 'The learning rate.' });
const weightDecay = number({ minimum: 0, default: 0, documentation: 'Adds weight_decay·w to the gradient.' });

/** Two numbers in 0 … 1. */
const betas: ArgumentDefinition<readonly number[]> = {
  documentation: 'Decay of the means of the gradient and of its square.',
  accepts: 'a list of two numbers ≥ 0 and < 1',
  default: [0.9, 0.999],
  read: (raw: RawValue) => {
    const values = Array.isArray(raw) ? (raw as readonly RawValue[]) : [];
    const right = values.length === 2 && values.every((value) => typeof value === 'number' && value >= 0 && value < 1);
    return right ? { value: values as readonly number[] } : { problem: 'must be a list of two numbers ≥ 0 and < 1' };
  },
};

const eps = (value: number): ArgumentDefinition<number> =>
  number({ minimum: 0, default: value, documentation: 'Added to the denominator; a large one damps small gradients.' });

/** The arguments that are numbers. */
function numbersOf(given: Arguments): Readonly<Record<string, number>> {
  return given as Readonly<Record<string, number>>;
}

/** Adam (Kingma and Ba, 2015, algorithm 1); decoupled: AdamW (Loshchilov and Hutter, 2019, algorithm 2). */
function startAdam(decoupled: boolean): Optimizer['start'] {
  return (given) => {
    const { lr: rate, eps: damping, weight_decay: decay } = numbersOf(given);
    const [beta1, beta2] = given.betas as readonly [number, number];
    let [m, v, greatest, t] = [0, 0, 0, 0];
    return (gradient, value) => {
      const g = decoupled ? gradient : gradient + decay! * value;
      const shrunk = decoupled ? value * (1 - rate! * decay!) : value;
      t++;
      m = beta1 * m + (1 - beta1) * g;
      v = beta2 * v + (1 - beta2) * g * g;
      greatest = Math.max(greatest, v);
      const root = Math.sqrt((given.amsgrad === true ? greatest : v) / (1 - beta2 ** t));
      return shrunk - (rate! * m) / (1 - beta1 ** t) / (root + damping!);
    };
  };
}

const startSgd: Optimizer['start'] = (given) => {
  const { lr: rate, momentum, dampening, weight_decay: decay } = numbersOf(given);
  let buffer: number | undefined;
  return (gradient, value) => {
    const g = gradient + decay! * value;
    // PyTorch's first step takes the gradient as it is.
    buffer = buffer === undefined ? g : momentum! * buffer + (1 - dampening!) * g;
    const step = momentum === 0 ? g : given.nesterov === true ? g + momentum! * buffer : buffer;
    return value - rate! * step;
  };
};

const startRmsprop: Optimizer['start'] = (given) => {
  const { lr: rate, alpha, eps: damping, momentum, weight_decay: decay } = numbersOf(given);
  let [v, buffer] = [0, 0];
  return (gradient, value) => {
    const g = gradient + decay! * value;
    v = alpha! * v + (1 - alpha!) * g * g;
    buffer = momentum! * buffer + g / (Math.sqrt(v) + damping!);
    return value - rate! * buffer;
  };
};

const startAdagrad: Optimizer['start'] = (given) => {
  const { lr: rate, eps: damping, weight_decay: decay } = numbersOf(given);
  let s = 0;
  return (gradient, value) => {
    const g = gradient + decay! * value;
    s += g * g;
    return value - (rate! * g) / (Math.sqrt(s) + damping!);
  };
};

const gradient = 'g ← ∂loss/∂w + weight_decay·w';

/** m̂ and v̂ are without their bias towards 0 at the first steps. */
function adamRule(given: Arguments): readonly string[] {
  const greatest = given.amsgrad === true;
  return [
    'm ← β₁·m + (1 − β₁)·g',
    'v ← β₂·v + (1 − β₂)·g²',
    ...(greatest ? ['u ← max(u, v)'] : []),
    'm̂ = m/(1 − β₁ᵗ)',
    greatest ? 'v̂ = u/(1 − β₂ᵗ)' : 'v̂ = v/(1 − β₂ᵗ)',
    'w ← w − lr·m̂/(√v̂ + eps)',
  ];
}

function sgdRule({ momentum, dampening, nesterov }: Arguments): readonly string[] {
  if (momentum === 0) return [gradient, 'w ← w − lr·g'];
  const buffer = `b ← momentum·b + (1 − dampening)·g${dampening === 0 ? '' : ', at first g'}`;
  return [gradient, buffer, nesterov === true ? 'w ← w − lr·(g + momentum·b)' : 'w ← w − lr·b'];
}

const adam = {
  rule: (given: Arguments) => [gradient, ...adamRule(given)],
  arguments: { lr: lr(1e-3), betas, eps: eps(1e-8), weight_decay: weightDecay, amsgrad: flag({ default: false, documentation: 'Uses the largest v so far.' }) },
  start: startAdam(false),
  state: (given: Arguments) => (given.amsgrad === true ? 3 : 2),
};

const all: readonly Optimizer[] = [
  {
    name: 'SGD',
    summary: 'Stochastic gradient descent, with momentum if given.',
    rule: sgdRule,
    source: 'https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html',
    arguments: {
      lr: lr(1e-3),
      momentum: number({ minimum: 0, default: 0, documentation: 'The share of the last step that is kept.' }),
      dampening: number({ default: 0, documentation: 'Reduces the share of the gradient in the momentum.' }),
      weight_decay: weightDecay,
      nesterov: flag({ default: false, documentation: 'Looks ahead along the momentum.' }),
    },
    start: startSgd,
    state: (given) => (given.momentum === 0 ? 0 : 1),
  },
  {
    name: 'Adam',
    summary: 'Steps of the size of the learning rate, along a mean of the gradients (Kingma and Ba, 2015).',
    source: 'https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html',
    ...adam,
  },
  {
    name: 'AdamW',
    summary: 'Adam with the weight decay outside of the means (Loshchilov and Hutter, 2019).',
    source: 'https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html',
    ...adam,
    start: startAdam(true),
    rule: (given) => ['w ← (1 − lr·weight_decay)·w', 'g ← ∂loss/∂w', ...adamRule(given)],
    arguments: { ...adam.arguments, weight_decay: number({ minimum: 0, default: 1e-2, documentation: 'Shrinks w by lr·weight_decay in each step.' }) },
  },
  {
    name: 'RMSprop',
    summary: 'Divides the gradient by a mean of its size.',
    rule: ({ momentum }) => [gradient, 'v ← α·v + (1 − α)·g²', ...(momentum === 0 ? ['w ← w − lr·g/(√v + eps)'] : ['b ← momentum·b + g/(√v + eps)', 'w ← w − lr·b'])],
    source: 'https://docs.pytorch.org/docs/stable/generated/torch.optim.RMSprop.html',
    arguments: {
      lr: lr(1e-2),
      alpha: number({ minimum: 0, default: 0.99, documentation: 'Decay of the mean of the squared gradient.' }),
      eps: eps(1e-8),
      weight_decay: weightDecay,
      momentum: number({ minimum: 0, default: 0, documentation: 'The share of the last step that is kept.' }),
    },
    start: startRmsprop,
    state: (given) => (given.momentum === 0 ? 1 : 2),
  },
  {
    name: 'Adagrad',
    summary: 'Divides the gradient by the root of the sum of all its squares (Duchi et al., 2011).',
    rule: () => [gradient, 's ← s + g²', 'w ← w − lr·g/(√s + eps)'],
    source: 'https://docs.pytorch.org/docs/stable/generated/torch.optim.Adagrad.html',
    arguments: { lr: lr(1e-2), eps: eps(1e-10), weight_decay: weightDecay },
    start: startAdagrad,
    state: () => 1,
  },
];

export const optimizers: ReadonlyMap<string, Optimizer> = new Map(all.map((each) => [each.name, each]));

// Warms up a worker while nobody asks it for a check: the host compiles the code that runs often, and the first check finds that done.

import type { CheckReport, CheckRequest } from './protocol';
import { checkShare } from './run';

/** Small models of the usual layers, each checked in a few hundredths of a second. */
const texts = [
  `model Convolutions {
    input image: [3, 8, 8]
    target label: int
    Conv2d(8, 3, padding = 1) -> BatchNorm2d -> ReLU -> MaxPool2d(2)
    Conv2d(16, 3, padding = 1) -> BatchNorm2d -> ReLU -> AdaptiveAvgPool2d(1) -> Flatten -> Linear(10)
    output logits
    loss cross_entropy(logits, label)
  }`,
  `model Attention {
    input x: [6, 16]
    residual { LayerNorm -> MultiheadAttention(2) }
    residual { LayerNorm -> Linear(32) -> GELU -> Linear(16) }
    Linear(8) -> Tanh
  }`,
];

/** Rounds over these models, each with a part of the entries, so that no step is long. The host compiles for longer than the checks run, and after three it finds little more. */
const rounds = 3;
const parts = 2;

/** Checks that nobody sees, one by one. */
export function* warmingUp(): Generator<CheckReport> {
  const file = 'file:///warm.nn';
  for (let round = 0; round < rounds; round++) {
    for (const text of texts) {
      const request: CheckRequest = { files: [{ uri: file, text }], file, model: text.slice('model '.length, text.indexOf(' {')), seed: round, budgetMilliseconds: 60_000 };
      yield checkShare(request, { index: round % parts, count: parts });
    }
  }
}

/** Milliseconds before a worker warms up: while files are opened and analysed, nothing else is to take the processor. */
export const warmingDelay = 10_000;

/** Warms up step by step, between which messages are read, until the returned function is called. @param later Calls a function after so many milliseconds. */
export function warmUp(later: (step: () => void, milliseconds: number) => void, steps: Iterator<unknown> = warmingUp()): () => void {
  let isOver = false;
  const step = (): void => {
    if (!isOver && steps.next().done !== true) later(step, 0);
  };
  later(step, warmingDelay);
  return () => { isOver = true; };
}

// How far the analysis of one model may go before it gives a clear error instead.

export interface Limits {
  /** Nodes in the graph of one model. */
  readonly nodes: number;
  /** Evaluations of statements, expressions and list items. */
  readonly steps: number;
  /** Summands of one size. */
  readonly terms: number;
  /** Parts of one size, those inside of quotients included, and how deep they stand inside each other. */
  readonly sizeWeight: number;
  readonly sizeDepth: number;
  /** Rounds of one loop. */
  readonly repeats: number;
  /** Stacks, models, blocks and functions inside each other. */
  readonly depth: number;
  readonly rank: number;
  readonly importDepth: number;
  /** Evaluations that are remembered for each place in the text. */
  readonly observations: number;
}

export const defaultLimits: Limits = {
  nodes: 200_000,
  steps: 1_000_000,
  terms: 1_000,
  sizeWeight: 5_000,
  sizeDepth: 100,
  repeats: 10_000,
  depth: 200,
  rank: 8,
  importDepth: 32,
  observations: 32,
};

/**
 * Steps that one thing takes, about in proportion to its time. Inferences are those that are not shared with an earlier
 * application of the same arguments to the same types.
 */
export const stepsOf = { body: 10, inference: 60, symbolicInference: 120 } as const;

/** A stack that is looked at by itself is evaluated a few times; one that makes more than this is not understood. */
export const limitsAlone = { nodes: 5_000, steps: 50_000 } as const;

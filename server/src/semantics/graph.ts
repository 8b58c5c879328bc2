// The network that a model declares: tensors and the operations between them, in the order of evaluation.

import { fixed, type Span } from '../base/span';
import type { Arguments, Effect, Operation } from '../layers/definition';
import type { TensorType } from '../layers/tensor';
import type { Dimension } from '../symbolic/dimension';
import type { Domain } from '../symbolic/domain';
import type { Relation } from '../symbolic/knowledge';
import type { Chain } from './findings';

/** A place in one of the program's files. */
export interface Place {
  readonly file: string;
  readonly span: Span;
}

/** A place as data that can be sent to another thread: it stays where it is now. */
export function fixedPlace({ file, span }: Place): Place {
  return { file, span: fixed(span) };
}

export type TensorSource =
  | { readonly kind: 'input' | 'target'; readonly name: string }
  | {
      readonly kind: 'parameter';
      readonly name: string;
      /** The layer that it belongs to; a statement `param` has none. */
      readonly layer?: { readonly operation: Operation; readonly label?: string };
      readonly initial: InitialValues;
    }
  | {
      readonly kind: 'constant';
      /** NaN where free dimensions decide it: the text says how. */
      readonly value: number;
      readonly text?: string;
    }
  | { readonly kind: 'node'; readonly node: AnyNode };

/** The first values of a parameter: U(−bound, bound), N(0, deviation²), or a constant. */
export type InitialValues =
  | { readonly uniform: number }
  | { readonly normal: number }
  | { readonly constant: number };

export interface Tensor {
  readonly id: number;
  /** Its sizes are simplified once more when the body is finished, under all that is known then. */
  type: TensorType;
  /** Whether there is one for each example of the batch; parameters and constants have none. */
  readonly batched: boolean;
  readonly source: TensorSource;
  /** Where it is declared or computed. */
  readonly place: Place;
}

export interface GraphNode {
  readonly id: number;
  readonly kind: 'operation';
  readonly operation: Operation;
  readonly arguments: Arguments;
  readonly effect: Effect;
  /** The effect's, simplified like the sizes of the outputs. */
  macs: Dimension;
  readonly inputs: readonly Tensor[];
  /** The layer's parameters, in the order of `effect.parameters`. */
  readonly parameters: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly place: Place;
  /** The layer as an identity: two nodes with the same one share their weights. Undefined for functions. */
  readonly layer?: object;
  /** The applications of stacks and models that it was made in. */
  readonly chain?: Chain;
}

/** `grad(y, x)`: the derivative of a scalar by a tensor. */
export interface GradientNode {
  readonly id: number;
  readonly kind: 'gradient';
  /** The scalar, and what it is derived by. */
  readonly inputs: readonly [of: Tensor, by: Tensor];
  readonly outputs: readonly Tensor[];
  readonly place: Place;
}

export type AnyNode = GraphNode | GradientNode;

/** What a statement `assert` came to. */
export interface Judgement {
  readonly place: Place;
  readonly text: string;
  readonly outcome: 'holds' | 'fails' | 'assumed' | 'waits' | 'unknown';
  /** For an assert on tensors or gradients: the sides that must agree at random points. */
  readonly comparisons?: readonly { readonly operator: string; readonly left: Tensor; readonly right: Tensor }[];
}

/** A condition on free dimensions that the model needs, and the place that needs it. */
export interface DerivedRequirement {
  readonly text: string;
  readonly symbols: readonly string[];
  readonly place: Place;
  readonly reason: string;
}

export interface NamedOutput {
  readonly name: string;
  readonly tensors: readonly Tensor[];
}

export interface Graph {
  readonly nodes: AnyNode[];
  /** How many of the nodes the body made; those behind belong to asserts. */
  bodyNodes: number;
  /** The body was evaluated to its end without an error; until then the figures of the whole are not known. */
  finished: boolean;
  readonly inputs: Tensor[];
  readonly targets: Tensor[];
  /** Every parameter that the body creates, once. */
  readonly parameters: Tensor[];
  /** Buffers, such as running statistics, once. */
  readonly buffers: { readonly name: string; readonly owner: string; readonly type: TensorType }[];
  readonly outputs: NamedOutput[];
  readonly losses: Tensor[];
  readonly judgements: Judgement[];
  readonly requirements: DerivedRequirement[];
  /** What is assumed or required of each free dimension, and of several together. */
  domain: Domain;
  readonly relations: Relation[];
}

const anything: Domain = new Map();

export function emptyGraph(): Graph {
  return {
    nodes: [],
    bodyNodes: 0,
    finished: false,
    inputs: [],
    targets: [],
    parameters: [],
    buffers: [],
    outputs: [],
    losses: [],
    judgements: [],
    requirements: [],
    domain: anything,
    relations: [],
  };
}

// One evaluation of a model: its graph as it grows, what is known of its free dimensions, and its budget.

import type * as ast from '../../../grammar/ast';
import type { Code } from '../base/codes';
import type { Span } from '../base/span';
import type { Arguments, Problem } from '../layers/definition';
import type { Optimizer } from '../layers/optimizers';
import type { TensorType } from '../layers/tensor';
import { type Dimension, identical, print, subtract } from '../symbolic/dimension';
import { restrict } from '../symbolic/domain';
import { decideNonNegative, decideZero, type Verdict } from '../symbolic/solve';
import type { Chain, Finding, Findings } from './findings';
import { emptyGraph, type Graph, type Place, type Tensor, type TensorSource } from './graph';
import type { Limits } from './limits';
import type { Program } from './program';
import type { Scope } from './scope';
import type { Memory, Value } from './values';

/** The flow of one body while its statements run. */
export class Body {
  flow: Value | undefined;
  /** What was published, by name. */
  readonly published = new Map<string, Value>();
  /** The newest publication, while the flow has not moved since. */
  lastPublished: Value | undefined;
  /** Whether any statement has moved the flow. */
  moved = false;
  private next = 0;

  constructor(
    /** The incoming values that `input` statements take in order. */
    readonly incoming: readonly Value[],
    /** Whether `input` declares inputs of the network instead. */
    readonly isNetwork: boolean,
  ) {
    this.flow = incoming[0];
  }

  move(flow: Value): void {
    this.flow = flow;
    this.moved = true;
    this.lastPublished = undefined;
  }

  publish(name: string, value: Value): void {
    this.published.set(name, value);
    this.lastPublished = value;
  }

  takeIncoming(): Value | undefined {
    return this.incoming[this.next++];
  }

  /** What the body gives where it is applied. */
  get result(): Value | undefined {
    return this.lastPublished ?? this.flow;
  }
}

/** One application of something that makes layers: makes them anew, or takes those of the application before. */
export class Activation {
  private readonly counts = new Map<object, number>();

  constructor(private readonly memory: Memory) {}

  /** The layer that this expression makes here; the same one in every application that shares the memory. */
  remember<T>(node: object, make: () => T): T {
    const index = this.counts.get(node) ?? 0;
    this.counts.set(node, index + 1);
    let made = this.memory.get(node);
    if (made === undefined) this.memory.set(node, (made = []));
    if (index >= made.length) made.push(make());
    return made[index] as T;
  }
}

/** Everything that evaluating an expression needs to know of where it stands. */
export interface Context {
  readonly run: Run;
  readonly scope: Scope;
  readonly body: Body;
  readonly activation: Activation;
  readonly chain?: Chain;
  readonly depth: number;
  /** Whether it stands in a model that is applied inside another. */
  readonly inAppliedModel?: boolean;
}

export interface ChosenOptimizer {
  readonly definition: Optimizer;
  readonly arguments: Arguments;
  readonly place: Place;
}

/** Thrown to leave an evaluation that reached a limit, once the error is reported; caught where the model starts. */
export class LimitReached extends Error {}

export class Run {
  readonly graph: Graph = emptyGraph();
  optimizer: ChosenOptimizer | undefined;
  /** Asserts that see the finished body. */
  readonly postponed: { readonly context: Context; readonly statement: ast.Assert }[] = [];
  /** How many errors this evaluation has met. */
  errors = 0;
  private tensors = 0;
  private steps = 0;
  /** Lower bounds that were proven or required, by expression. */
  private readonly proven = new Map<string, number>();

  constructor(
    readonly program: Program,
    readonly findings: Findings,
    readonly limits: Limits,
    /** The model's name; for lets and asserts of a file, the file. */
    readonly name: string,
    /** Whether it evaluates what stands outside of all models. */
    readonly isFile: boolean,
    /** Values for free dimensions. */
    readonly given: ReadonlyMap<string, number> = new Map(),
  ) {}

  newTensor(type: TensorType, batched: boolean, source: TensorSource, place: Place): Tensor {
    return { id: this.tensors++, type, batched, source, place };
  }

  newNodeId(context: Context, place: Place): number {
    if (this.graph.nodes.length >= this.limits.nodes) {
      return this.stop(context, place, 'too-many-nodes', `${this.name} has more than ${this.limits.nodes.toLocaleString('en-US')} operations, the limit of the analysis; use fewer repeats`);
    }
    return this.graph.nodes.length;
  }

  /** Counts work; ends an evaluation that would run away. */
  spend(context: Context, place: () => Place, steps = 1): void {
    this.steps += steps;
    if (this.steps <= this.limits.steps) return;
    this.stop(context, place(), 'too-much-work', `the analysis ends here: it took ${this.limits.steps.toLocaleString('en-US')} steps; use fewer repeats or shorter lists`);
  }

  /** Reports and ends this model's evaluation. */
  stop(context: Context, place: Place, code: Code, message: string): never {
    this.report(context, { code, message, place });
    throw new LimitReached(code);
  }

  /** Evaluates something and takes back all that it did to the graph. */
  onTrial<T>(trial: () => T): T {
    const { graph } = this;
    const lists: unknown[][] = [graph.nodes, graph.parameters, graph.buffers, graph.requirements, graph.judgements, graph.losses, this.postponed];
    const lengths = lists.map((each) => each.length);
    const { domain } = graph;
    const { errors } = this;
    try {
      return this.findings.quietly(trial);
    } finally {
      for (const [index, each] of lists.entries()) each.length = lengths[index]!;
      graph.domain = domain;
      this.errors = errors;
      this.proven.clear();
    }
  }

  report(context: Pick<Context, 'chain'>, finding: Finding): void {
    if (finding.severity === undefined || finding.severity === 'error') this.errors++;
    this.findings.report(finding, context.chain);
  }

  /** Whether a = b under all admissible sizes; a condition on free dimensions becomes a requirement. */
  requireEqual(a: Dimension, b: Dimension, place: Place, reason: string): boolean {
    if (identical(a, b)) return true;
    return this.require(decideZero(subtract(a, b), this.graph.domain), () => `${print(a)} == ${print(b)}`, place, reason);
  }

  requireAtLeast(value: Dimension, bound: number, place: Place, reason: string): boolean {
    if (typeof value === 'number') return value >= bound;
    // What holds for all sizes goes on to hold, as their domain only shrinks.
    if ((this.proven.get(value.key) ?? -Infinity) >= bound) return true;
    const holds = this.require(
      decideNonNegative(subtract(value, bound), this.graph.domain),
      () => `${print(value)} >= ${String(bound)}`,
      place,
      reason,
    );
    if (holds) this.proven.set(value.key, bound);
    return holds;
  }

  private require(verdict: Verdict, spell: () => string, place: Place, reason: string): boolean {
    if (verdict.holds === 'always') return true;
    if (verdict.holds === 'never') return false;
    const { requirement } = verdict;
    const text = spell();
    if (requirement === undefined) {
      if (!this.graph.requirements.some((known) => known.text === text)) {
        this.graph.requirements.push({ text, symbols: [], place, reason });
      }
      return true;
    }
    const domain = restrict(this.graph.domain, requirement);
    if (domain === undefined) return false;
    this.graph.domain = domain;
    this.graph.requirements.push({ text, symbols: [requirement.symbol.key], place, reason });
    return true;
  }
}

/** Marks the argument that a catalog rule complains of, or the whole application. */
export function placeOfProblem(problem: Problem, whole: Place, places: ReadonlyMap<string, Place>): Place {
  return (problem.argument === undefined ? undefined : places.get(problem.argument)) ?? whole;
}

export function at(context: Pick<Context, 'scope'>, node: { readonly span: Span }): Place {
  return { file: context.scope.file, span: node.span };
}

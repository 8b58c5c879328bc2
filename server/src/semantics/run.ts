// One evaluation of a model: its graph as it grows, what is known of its free dimensions, and its budget.

import type * as ast from '../../../grammar/ast';
import type { Code } from '../base/codes';
import type { Span } from '../base/span';
import type { Arguments, Problem } from '../layers/definition';
import type { Optimizer } from '../layers/optimizers';
import type { TensorType } from '../layers/tensor';
import { type Dimension, type FreeSymbol, identical, print, subtract, symbolsOf } from '../symbolic/dimension';
import { conditions, type Domain, rangeOf, restrict } from '../symbolic/domain';
import { equalitiesOfZero } from '../symbolic/factors';
import { asSymbol, hasExtremes, knownNonNegative, knownZero, type Relation, relationOfZero, simplify, type SizeCondition } from '../symbolic/knowledge';
import type { Verdict } from '../symbolic/solve';
import { Again } from './again';
import type { Activation, Body } from './body-state';
import type { Chain, Finding, Findings, Round } from './findings';
import { emptyGraph, type Graph, type Place, type Tensor, type TensorSource } from './graph';
import type { Limits } from './limits';
import type { Program } from './program';
import type { Binding, Scope } from './scope';
import type { Unit } from './unit';
import type { Layer } from './values';

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
  /** The round of the loop that it stands in. */
  readonly round?: Round;
}

export interface ChosenOptimizer {
  readonly definition: Optimizer;
  readonly arguments: Arguments;
  readonly place: Place;
}

/** What an evaluation has come to at some moment. */
export interface Standing {
  readonly nodes: number;
  readonly steps: number;
  readonly sharedSteps: number;
  readonly errors: number;
  readonly losses: number;
  readonly relations: number;
  readonly domain: Domain;
}

/** So many applications inside each other at one place, and whatever runs away does so by recursion. */
const recursive = 8;

/** Thrown to leave an evaluation that reached a limit, once the error is reported; caught where the model starts. */
export class LimitReached extends Error {}

const noSizes: ReadonlyMap<string, number> = new Map();

export interface RunOptions {
  /** Values for free dimensions. */
  readonly given?: ReadonlyMap<string, number>;
  /** What arguments and inputs are: given ones, or, of something by itself, free or unknown. */
  readonly incoming?: 'given' | 'free' | 'unknown';
  /** Other ones than those of the unit. */
  readonly findings?: Findings;
  /** Other ones than those of the program. */
  readonly limits?: Limits;
  /** Of `model B = A(args)`: where B is declared, since what is found lies in the body of A. */
  readonly variant?: Place;
}

export class Run {
  readonly graph: Graph = emptyGraph();
  readonly again = new Again();
  /** How many trials it is in, whose effects are taken back. */
  private trials = 0;
  optimizer: ChosenOptimizer | undefined;
  /** Asserts that see the finished body. */
  readonly postponed: { readonly context: Context; readonly statement: ast.Assert }[] = [];
  /** Losses that ask for the parameters of the whole body. */
  readonly lateLosses: { readonly context: Context; readonly statement: ast.Loss }[] = [];
  /** The statements of the body are done, but for what sees all of it. */
  closing = false;
  /** Every application of a layer, with the range of nodes that it added. */
  readonly applied: { readonly layer: Layer; readonly from: number; readonly to: number }[] = [];
  /** The layers that were made of constructors which a body bound to a name. */
  readonly fresh: { readonly binding: Binding; readonly layer: Layer }[] = [];
  /** How many errors this evaluation has met. */
  errors = 0;
  /** Whether a value is unknown for an error that was reported elsewhere: in another declaration, or in the layout of the text. */
  lacksValues = false;
  private tensors = 0;
  private steps = 0;
  private sharedSteps = 0;
  /** Lower bounds that were proven or required, by expression. */
  private proven: Map<string, number> | undefined;
  /** Simplified sizes, by expression, and under what is known of free dimensions they are so. */
  private simple: Map<string, Dimension> | undefined;
  private simpleUnder: Domain | undefined;
  private simpleAfter = 0;

  readonly findings: Findings;
  readonly limits: Limits;

  readonly given: ReadonlyMap<string, number>;
  private readonly incoming: 'given' | 'free' | 'unknown';
  private readonly variant: Place | undefined;

  constructor(
    readonly program: Program,
    /** What is evaluated, with what it asks. */
    readonly unit: Unit,
    /** The model's name; for lets and asserts of a file, the file. */
    readonly name: string,
    /** Whether it evaluates what stands outside of all models. */
    readonly isFile: boolean,
    options: RunOptions = {},
  ) {
    this.findings = options.findings ?? unit.findings;
    this.limits = options.limits ?? program.limits;
    this.given = options.given ?? noSizes;
    this.incoming = options.incoming ?? 'given';
    this.variant = options.variant;
  }

  /** Whether parameters may have free dimensions: a stack is understood by itself. */
  get freeParameters(): boolean {
    return this.incoming === 'free';
  }

  /** Whether nothing that comes in is known, so that only what errs in any case is an error. */
  get isBlind(): boolean {
    return this.incoming === 'unknown';
  }

  newTensor(type: TensorType, batched: boolean, source: TensorSource, place: Place): Tensor {
    return { id: this.tensors++, type: source.kind === 'node' ? this.simplifiedType(type) : type, batched, source, place };
  }

  isTooComplex(size: Dimension): boolean {
    return typeof size !== 'number' && (size.weight > this.limits.sizeWeight || size.depth > this.limits.sizeDepth);
  }

  /** The size under all that is known of free dimensions by now. */
  simplified(size: Dimension): Dimension {
    const { domain, relations } = this.graph;
    if (typeof size === 'number' || (domain.size === 0 && relations.length === 0 && !hasExtremes(size))) return size;
    if (this.simpleUnder !== domain || this.simpleAfter !== relations.length) this.forgetSimple();
    this.simple ??= new Map<string, Dimension>();
    let simple = this.simple.get(size.key);
    if (simple === undefined) this.simple.set(size.key, (simple = simplify(size, this.graph)));
    return simple;
  }

  private forgetSimple(): void {
    this.simple = undefined;
    this.simpleUnder = this.graph.domain;
    this.simpleAfter = this.graph.relations.length;
  }

  simplifiedType(type: TensorType): TensorType {
    const { domain, relations } = this.graph;
    if (domain.size === 0 && relations.length === 0 && !type.shape.some((size) => typeof size !== 'number' && hasExtremes(size))) return type;
    const shape = type.shape.map((size) => this.simplified(size));
    return shape.every((size, axis) => size === type.shape[axis]) ? type : { ...type, shape };
  }

  newNodeId(context: Context, place: Place): number {
    if (this.graph.nodes.length >= this.limits.nodes) {
      const most = `more than ${grouped(this.limits.nodes)} operations, the limit of the analysis`;
      this.stopAtRecursion(context, 'too-many-nodes', most);
      this.stop(context, place, 'too-many-nodes', `${this.name} has ${most}; use fewer repeats`);
    }
    return this.graph.nodes.length;
  }

  /** Counts work; ends an evaluation that would run away. */
  spend(context: Context, where: { readonly span: Span; readonly file?: string }, steps = 1): void {
    this.steps += steps;
    if (this.steps <= this.limits.steps) return;
    this.stopAtRecursion(context, 'too-much-work', `more than ${grouped(this.limits.steps)} steps, the limit of the analysis`);
    this.stop(context, { file: where.file ?? context.scope.file, span: where.span }, 'too-much-work', `the analysis ends here: it took ${grouped(this.limits.steps)} steps; use fewer repeats or shorter lists`);
  }

  /** Ends an evaluation that a limit finds deep in a recursion: at the place where that goes on. */
  private stopAtRecursion(context: Context, code: Code, most: string): void {
    const counts = new Map<object, number>();
    for (let link = context.chain; link !== undefined; link = link.outer) {
      const { span } = link.place;
      const count = (counts.get(span) ?? 0) + 1;
      if (count === recursive) this.stop({ chain: link.outer }, link.place, code, `${link.name} applies itself here again and again: it comes to ${most}; let it do so less deep, or in one place instead of several`);
      counts.set(span, count);
    }
  }

  /** How far it has come, and what else could make the same statements do something else. */
  get standing(): Standing {
    const { nodes, losses, relations, domain } = this.graph;
    return { nodes: nodes.length, steps: this.steps, sharedSteps: this.sharedSteps, errors: this.errors, losses: losses.length, relations: relations.length, domain };
  }

  /**
   * Of a round of a loop that every further round repeats: ends the evaluation if those would pass a limit. False where
   * the round has changed what is known, so that the next one may be another.
   */
  foresee(context: Context, place: Place, before: Standing, further: number): boolean {
    const now = this.standing;
    if (now.errors !== before.errors || now.losses !== before.losses || now.relations !== before.relations || now.domain !== before.domain) return false;
    const nodes = now.nodes - before.nodes;
    if (now.nodes + further * nodes > this.limits.nodes) {
      const all = `${grouped(further)} further rounds of ${grouped(nodes)} ${nodes === 1 ? 'operation' : 'operations'} each`;
      this.stop(context, place, 'too-many-nodes', `${all} would bring ${this.name} above ${grouped(this.limits.nodes)} operations, the limit of the analysis; use fewer repeats`);
    }
    const steps = now.steps - before.steps - (now.sharedSteps - before.sharedSteps);
    if (now.steps + further * steps > this.limits.steps) {
      const all = `${grouped(further)} further rounds of ${grouped(steps)} steps each`;
      this.stop(context, place, 'too-much-work', `${all} would bring the analysis of ${this.name} above ${grouped(this.limits.steps)} steps, its limit; use fewer repeats or shorter lists`);
    }
    return true;
  }

  /** Counts work whose result is shared: a round that repeats another does not take it again. */
  spendOnce(context: Context, place: Place, steps: number): void {
    this.sharedSteps += steps;
    this.spend(context, place, steps);
  }

  /** Reports and ends this model's evaluation. */
  stop(context: Pick<Context, 'chain' | 'round'>, place: Place, code: Code, message: string): never {
    this.report(context, { code, message, place });
    throw new LimitReached(code);
  }

  /** Evaluates something and takes back all that it did to the graph. */
  onTrial<T>(trial: () => T): T {
    const { graph } = this;
    const lists: unknown[][] = [graph.nodes, graph.parameters, graph.buffers, graph.requirements, graph.relations, graph.judgements, graph.losses, this.postponed, this.lateLosses, this.applied, this.fresh];
    const lengths = lists.map((each) => each.length);
    const { domain } = graph;
    const { errors, lacksValues } = this;
    this.trials++;
    try {
      return this.findings.quietly(trial);
    } finally {
      this.trials--;
      for (const [index, each] of lists.entries()) each.length = lengths[index]!;
      graph.domain = domain;
      this.errors = errors;
      this.lacksValues = lacksValues;
      this.proven = undefined;
      this.forgetSimple();
    }
  }

  /** Whether all of it is known by now: no total lacks what an error hides. */
  get isSound(): boolean {
    return this.errors === 0 && !this.lacksValues;
  }

  get isOnTrial(): boolean {
    return this.trials > 0;
  }

  report(context: Pick<Context, 'chain' | 'round'>, finding: Finding): void {
    if (finding.severity === undefined || finding.severity === 'error') this.errors++;
    this.noteIn(this.findings, finding, context.chain, context.round);
  }

  /** Notes what may go wrong in this variant of a body alone. */
  noteIn(findings: Findings, finding: Finding, chain?: Chain, round?: Round): void {
    const { variant, name } = this;
    const related = variant === undefined ? finding.related : [...(finding.related ?? []), { message: `in ${name}, a variant that is made here`, place: variant }];
    findings.report({ ...finding, related }, chain, round);
  }

  /** Whether a = b under all admissible sizes; a condition on free dimensions becomes a requirement. */
  requireEqual(a: Dimension, b: Dimension, place: Place, reason: string): boolean {
    if (identical(a, b)) return true;
    const difference = subtract(a, b);
    const verdict = knownZero(difference, this.graph);
    const { requirement } = verdict;
    const parts = verdict.holds !== 'always' && verdict.holds !== 'never' && requirement === undefined ? equalitiesOfZero(difference, this.graph) : undefined;
    if (parts !== undefined) return parts.every(([left, right]) => this.requireEqual(left, right, place, reason));
    // A remainder that must be 0 reads as `D % 4 == 0`.
    const spell = (): string => (b === 0 && requirement !== undefined ? conditions(requirement.symbol.name, requirement.range).join(' and ') : `${print(a)} == ${print(b)}`);
    return this.require({ kind: 'zero', value: difference }, verdict, spell, place, reason);
  }

  requireAtLeast(value: Dimension, bound: number, place: Place, reason: string): boolean {
    if (typeof value === 'number') return value >= bound;
    // What holds for all sizes goes on to hold, as their domain only shrinks.
    if ((this.proven?.get(value.key) ?? -Infinity) >= bound) return true;
    const excess = subtract(value, bound);
    const holds = this.require(
      { kind: 'nonnegative', value: excess },
      knownNonNegative(excess, this.graph),
      () => `${print(value)} >= ${String(bound)}`,
      place,
      reason,
    );
    if (holds) (this.proven ??= new Map<string, number>()).set(value.key, bound);
    return holds;
  }

  /** Whether a condition on sizes can hold; what it takes is noted as a requirement and known from then on. */
  require(condition: SizeCondition, verdict: Verdict, spell: () => string, place: Place, reason: string): boolean {
    if (verdict.holds === 'always') return true;
    const before = this.graph.relations.length;
    if (verdict.holds === 'never' || !this.learn(condition, verdict)) return false;
    const { requirement } = verdict;
    const relation = this.graph.relations.length > before ? this.graph.relations.at(-1) : undefined;
    const text = relation?.kind === 'division' ? `${relation.symbol.name} % ${inProduct(relation.divisor)} == ${String(relation.remainder)}` : spell();
    if (requirement === undefined && this.graph.requirements.some((known) => known.text === text)) return true;
    this.graph.requirements.push({ text, symbols: requirement === undefined ? [] : [requirement.symbol.key], place, reason });
    return true;
  }

  /** Takes a condition on sizes for true; false where nothing admissible is left. */
  learn({ kind, value }: SizeCondition, { requirement }: Verdict): boolean {
    const { graph } = this;
    if (requirement !== undefined) {
      const domain = restrict(graph.domain, requirement);
      if (domain === undefined) return false;
      graph.domain = domain;
      return true;
    }
    const relation = this.relationOf(kind, value);
    if (relation === undefined) return true;
    graph.relations.push(relation);
    // Of two that are equal, the one that stays has the bounds of both.
    const only = relation.kind === 'elimination' ? asSymbol(relation.by) : undefined;
    if (relation.kind === 'elimination' && only !== undefined) {
      const domain = restrict(graph.domain, { symbol: only, range: rangeOf(graph.domain, relation.symbol.key) });
      if (domain === undefined) return false;
      graph.domain = domain;
    }
    return true;
  }

  private relationOf(kind: SizeCondition['kind'], value: Dimension): Relation | undefined {
    if (kind === 'zero') return relationOfZero(value, this.graph, (symbol) => this.orderOf(symbol));
    return { kind: kind === 'nonzero' ? 'difference' : 'bound', value };
  }

  /** Where a free dimension is declared among all of them. */
  private orderOf(symbol: FreeSymbol): number {
    const { inputs, targets } = this.graph;
    const declared = [...inputs, ...targets].flatMap(({ type }) => type.shape.flatMap((size) => symbolsOf(size)));
    return declared.findIndex(({ key }) => key === symbol.key);
  }
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

/** A size as a factor: in parentheses where it is more than one. */
function inProduct(dimension: Dimension): string {
  const text = print(dimension);
  return /^\w+$/.test(text) ? text : `(${text})`;
}

/** Marks the argument that a catalog rule complains of, or the whole application. */
export function placeOfProblem(problem: Problem, whole: Place, places: ReadonlyMap<string, Place>): Place {
  return (problem.argument === undefined ? undefined : places.get(problem.argument)) ?? whole;
}

/** Evaluates a node, and notes which parameters come into being meanwhile. */
export function creating<T>({ run }: Pick<Context, 'run'>, node: { readonly span: Span }, evaluate: () => T): T {
  const { parameters } = run.graph;
  const from = parameters.length;
  const result = evaluate();
  run.findings.noteCreation(node, { run, from, to: parameters.length });
  return result;
}

export function at(context: Pick<Context, 'scope'>, node: { readonly span: Span }): Place {
  return { file: context.scope.file, span: node.span };
}

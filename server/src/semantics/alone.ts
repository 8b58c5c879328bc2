// A stack understood by itself: its body evaluated once, with a free dimension for each name in the types of its inputs and
// for each argument that can be any size. What comes out are the shapes of every application, as expressions.

import type * as ast from '../../../grammar/ast';
import { children, type Node } from '../../../grammar/walk';
import type { Diagnostic } from '../base/diagnostic';
import { type Anchor, anchorOf } from '../base/span';
import { type Dimension, freeSymbol, substitute, subtract, symbolsOf } from '../symbolic/dimension';
import { knownZero } from '../symbolic/knowledge';
import { runStatements } from './body';
import { Activation, Body } from './body-state';
import { evaluate } from './evaluate';
import { type Chain, Findings, type JoinedFindings, type Observation, type Observations } from './findings';
import { limitsAlone } from './limits';
import { settleSizes } from './model';
import type { Program } from './program';
import { type Context, LimitReached, Run } from './run';
import { Scope } from './scope';
import type { Unit } from './unit';
import { size, type Value } from './values';

/** A stack that is understood by itself. */
export interface UnderstoodStack {
  readonly declaration: ast.Stack;
  readonly run: Run;
  readonly body: Body;
  /** What each expression of its body is worth. */
  readonly observations: ReadonlyMap<object, Observations>;
  /** The arguments that have their defaults; all others are free. */
  readonly defaults: ReadonlyMap<string, Value>;
}

/** The stacks of one state of a file, each looked at when it is first asked for. */
export class Understanding {
  private readonly known = new Map<ast.Declaration, UnderstoodStack | undefined>();
  private byPiece: ReadonlyMap<Anchor | undefined, readonly ast.Stack[]> | undefined;
  private readonly revision: number;

  constructor(
    private readonly tree: ast.File,
    private readonly file: string,
    private readonly program: Program,
    private readonly applied: JoinedFindings,
  ) {
    this.revision = program.revision;
  }

  /** The stack, if it is understood by itself, and not otherwise where models apply it. */
  of(declaration: ast.Declaration): UnderstoodStack | undefined {
    if (declaration.kind !== 'stack') return undefined;
    if (!this.known.has(declaration)) this.known.set(declaration, this.look(declaration));
    return this.known.get(declaration);
  }

  /** What an expression is worth in a stack that is understood by itself. */
  observationsOf(node: object): Observations | undefined {
    return this.around(node)?.observations.get(node);
  }

  /** The stack around a node that is understood by itself. */
  around(node: object): UnderstoodStack | undefined {
    this.byPiece ??= this.index();
    const { span } = node as Node;
    const declaration = this.byPiece.get(anchorOf(span))?.find((each) => each.span.start <= span.start && span.end <= each.span.end);
    return declaration && this.of(declaration);
  }

  private look(declaration: ast.Stack): UnderstoodStack | undefined {
    const { program } = this;
    // The program has gone on to another state, which must not be mixed with this one.
    if (program.revision !== this.revision) return undefined;
    const unit = program.unit(declaration, declaration.name.text, (made) => understand(declaration, this.file, program, made));
    const stack = unit.result as UnderstoodStack | undefined;
    return stack !== undefined && agrees(stack, this.applied) ? stack : undefined;
  }

  private index(): ReadonlyMap<Anchor | undefined, readonly ast.Stack[]> {
    const found = new Map<Anchor | undefined, ast.Stack[]>();
    for (const declaration of this.tree.declarations) {
      if (declaration.kind !== 'stack') continue;
      const piece = anchorOf(declaration.span);
      const others = found.get(piece);
      if (others === undefined) found.set(piece, [declaration]);
      else others.push(declaration);
    }
    return found;
  }
}

/**
 * Undefined where the stack cannot be understood by itself: an input has no shape, an argument is neither a size nor a
 * rate and has no default, an argument stands where a layer does, a condition is undecided, or anything errs.
 */
function understand(declaration: ast.Stack, file: string, program: Program, unit: Unit): UnderstoodStack | undefined {
  if (declaration.body === undefined || !inputsHaveShapes(declaration.body)) return undefined;
  const withDefaults = declaration.parameters.filter((parameter) => parameter.default !== undefined).map(({ name }) => name.text);
  const rates = new Set<string>();
  const attempt = (kept: readonly string[]): UnderstoodStack | undefined => {
    const outcome = evaluateAlone(declaration, file, program, unit, new Set(kept), rates);
    return 'run' in outcome ? outcome : undefined;
  };
  let kept = withDefaults;
  let found: UnderstoodStack | undefined;
  // An argument that errs as a size where it stands, such as that of a Dropout, may be a rate: no shape depends on it.
  for (;;) {
    const outcome = evaluateAlone(declaration, file, program, unit, new Set(kept), rates);
    if ('run' in outcome) found = outcome;
    const next = 'run' in outcome ? undefined : declaration.parameters.find(({ name, default: standard }) => standard === undefined && !rates.has(name.text) && outcome.wrong.has(name.text));
    if (next === undefined) break;
    rates.add(next.name.text);
  }
  // Every size that may be free is: what then errs, as a kernel does, keeps its default.
  for (const name of withDefaults) {
    const value: Value | undefined = found?.defaults.get(name);
    if (value?.kind !== 'size' || typeof value.value !== 'number' || value.value < 1) continue;
    const fewer = kept.filter((other) => other !== name);
    const freer = attempt(fewer);
    if (freer !== undefined) [kept, found] = [fewer, freer];
  }
  return found;
}

function inputsHaveShapes(body: ast.Block): boolean {
  const inputs = body.statements.filter((statement) => statement.kind === 'input');
  return inputs.length > 0 && inputs.every(({ type }) => type?.shape?.every((dimension) => dimension.kind !== 'ellipsis') === true);
}

/** What did not work: the names of arguments that an error marks where they are used. */
interface Failure {
  readonly wrong: ReadonlySet<string>;
}

/** A number that a rate can be. */
const anyRate = 0.5;

function evaluateAlone(declaration: ast.Stack, file: string, program: Program, unit: Unit, kept: ReadonlySet<string>, rates: ReadonlySet<string>): UnderstoodStack | Failure {
  const limits = { ...program.limits, ...limitsAlone };
  const findings = new Findings(limits.observations);
  const run = new Run(program, unit, declaration.name.text, false, { incoming: 'free', findings, limits });
  const parameters = new Scope(undefined, file);
  const body = new Body([], true);
  const context: Context = { run, scope: parameters, body, activation: new Activation(new Map()), depth: 0 };
  const defaults = new Map<string, Value>();
  try {
    for (const { name, default: node } of declaration.parameters) {
      const isRate = rates.has(name.text);
      const value: Value = isRate ? { kind: 'number', value: anyRate } : kept.has(name.text) && node !== undefined ? evaluate(context, node) : size(freeSymbol(name.text));
      if (kept.has(name.text)) defaults.set(name.text, value);
      parameters.bind(name.text, { value, place: { file, span: name.span } });
    }
    runStatements({ ...context, scope: new Scope(parameters, file) }, declaration.body!.statements);
  } catch (error) {
    if (!(error instanceof LimitReached)) throw error;
    return { wrong: new Set() };
  }
  if (!run.isSound) return { wrong: wrongArguments(declaration, findings.diagnosticsOf(file)) };
  // A size in the place of a layer: the argument is meant for something else.
  if (findings.has('no-effect')) return { wrong: new Set() };
  settleSizes(run);
  const observations = new Map<object, Observations>();
  for (const node of nodesOf(declaration.body!)) {
    const known = findings.observationsOf(node);
    if (known !== undefined) observations.set(node, known);
  }
  return { declaration, run, body, observations, defaults };
}

/** The arguments whose very name an error marks. */
function wrongArguments({ body }: ast.Stack, diagnostics: readonly Diagnostic[]): ReadonlySet<string> {
  const places = new Set(diagnostics.filter(({ severity, code }) => severity === 'error' && code.startsWith('invalid-')).map(({ span }) => span.start));
  const found = new Set<string>();
  for (const node of nodesOf(body!)) if (node.kind === 'name' && places.has(node.span.start)) found.add(node.text);
  return found;
}

function nodesOf(root: Node): readonly Node[] {
  const found: Node[] = [];
  const pending = [root];
  while (pending.length > 0) {
    const node = pending.pop()!;
    found.push(node);
    for (const child of children(node)) pending.push(child);
  }
  return found;
}

/**
 * Whether the applications in models have the shapes that the stack by itself says they have. Where an application gives
 * something else than the default that a shape comes from, it has not.
 */
function agrees({ declaration, observations, run }: UnderstoodStack, findings: JoinedFindings): boolean {
  const sizes = run.graph.inputs.flatMap(({ type }) => type.shape.flatMap((size) => symbolsOf(size))).map(({ name }) => name);
  return [...observations].every(([node, { first }]) => {
    const applied = byApplication(findings.observationsOf(node)?.first ?? [], declaration);
    // What came in did not match where a size has no value: that is an error of the application.
    return [...applied].every(([chain, actual]) => sizes.some((name) => chain.scope?.lookup(name) === undefined) || sameShapes(first, actual, chain));
  });
}

/** The observations inside the stack itself, by the application that they belong to. */
function byApplication(observations: readonly Observation[], declaration: ast.Stack): ReadonlyMap<Chain, readonly Observation[]> {
  const found = new Map<Chain, Observation[]>();
  for (const observation of observations) {
    const { chain } = observation;
    if (chain?.declaration !== declaration) continue;
    const known = found.get(chain);
    if (known === undefined) found.set(chain, [observation]);
    else known.push(observation);
  }
  return found;
}

/** Whether every value of an application is the one that the stack by itself has there. */
function sameShapes(expected: readonly Observation[], actual: readonly Observation[], { scope }: Chain): boolean {
  return actual.every(({ value, run }, index) => {
    const other = expected[index];
    const at = (dimension: Dimension): Dimension | undefined =>
      substitute(dimension, ({ name }) => {
        const known = scope?.lookup(name)?.value;
        return known?.kind === 'size' ? known.value : undefined;
      });
    return other !== undefined && sameShape(other.value, value, (a, b) => {
      const there = at(a);
      return there !== undefined && knownZero(subtract(there, b), (run as Run).graph).holds === 'always';
    });
  });
}

function sameShape(expected: Value, actual: Value, agree: (a: Dimension, b: Dimension) => boolean): boolean {
  if (actual.kind === 'unknown') return true;
  if (expected.kind === 'list' && actual.kind === 'list') {
    return expected.items.length === actual.items.length && expected.items.every((item, index) => sameShape(item, actual.items[index]!, agree));
  }
  if (expected.kind !== 'tensor' || actual.kind !== 'tensor') return expected.kind !== 'tensor' && actual.kind !== 'tensor';
  const [a, b] = [expected.tensor.type.shape, actual.tensor.type.shape];
  return a.length === b.length && a.every((dimension, axis) => agree(dimension, b[axis]!));
}

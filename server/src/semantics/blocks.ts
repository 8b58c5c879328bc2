// Blocks as layers and values: unnamed blocks, if, repeat, for, residual and parallel branches.

import type * as ast from '../../../grammar/ast';
import { children, type Node } from '../../../grammar/walk';
import { layers } from '../layers/catalog';
import { sameType } from './again';
import { apply, applyFunction, asLayer, isLayerLike } from './apply';
import { runStatements, unpack } from './body';
import { Activation, Body } from './body-state';
import { construct } from './construct';
import { decideTruth, evaluate } from './evaluate';
import { at, type Context, creating } from './run';
import { Scope } from './scope';
import { type BodyLayer, describe, list, type Memory, toNumber, unknown, type Value } from './values';

/** What one application of a block does, in a context with its own scope and flow. */
type Application = (inner: Context) => Value | undefined;

function bodyLayer(
  context: Context,
  node: ast.Block | ast.Repeat | ast.For | ast.Residual | ast.Parallel,
  name: string,
  run: Application,
): Value {
  const made = context.activation.recall<{ memory: Memory }>(node) ?? context.activation.keep(node, { memory: new Map() as Memory });
  const layer: BodyLayer = {
    kind: 'body',
    name,
    node,
    body: node.kind === 'block' ? node : node.body,
    scope: context.scope,
    origin: { place: at(context, node), node },
    memory: made.memory,
    run: (inputs, place) => {
      if (context.depth >= context.run.limits.depth) {
        return context.run.stop(context, place, 'too-deep', `blocks stand inside each other more than ${String(context.run.limits.depth)} deep`);
      }
      const inner: Context = {
        ...context,
        scope: new Scope(context.scope, context.scope.file),
        body: new Body(inputs, false),
        activation: new Activation(made.memory),
        depth: context.depth + 1,
      };
      return run(inner) ?? unknown;
    },
  };
  return { kind: 'layer', layer };
}

/** The same place in another round: names of its own, the flow handed over. */
function nextRound(context: Context, flow: Value | undefined): Context {
  return {
    ...context,
    scope: new Scope(context.scope, context.scope.file),
    body: new Body(flow === undefined ? [] : [flow], false),
  };
}

export function identityLayer(context: Context, node: ast.Expression): Value {
  return construct(context, { kind: 'constructor', name: 'Identity', target: { kind: 'catalog', operation: layers.get('Identity')! } }, [], node);
}

/** A block: a layer, or the value of its one expression. */
export function blockLayer(context: Context, node: ast.Block): Value {
  const [only] = node.statements;
  if (only === undefined) return identityLayer(context, node);
  if (node.statements.length === 1 && only.kind === 'expression-statement') {
    return evaluate({ ...context, scope: new Scope(context.scope, context.scope.file) }, only.value);
  }
  if (readsIncomingValue(context, node)) {
    return bodyLayer(context, node, 'block', (inner) => {
      runStatements(inner, node.statements);
      return inner.body.flow;
    });
  }
  const inner = nextRound(context, undefined);
  runStatements(inner, node.statements.slice(0, -1));
  const last = node.statements.at(-1)!;
  if (last.kind === 'expression-statement') return evaluate(inner, last.value);
  runStatements(inner, [last]);
  return inner.body.flow ?? unknown;
}

/** Whether a block of several statements does something to the value that comes in, rather than being a value itself. */
function readsIncomingValue(context: Context, block: ast.Block): boolean {
  if (block.statements.some((statement) => statement.kind === 'input' || statement.kind === 'output')) return true;
  const first = block.statements.findIndex((statement) => statement.kind === 'expression-statement');
  const statement = block.statements[first];
  if (statement?.kind !== 'expression-statement' || first === block.statements.length - 1) return statement === undefined;
  if (statement.value.kind === 'if') return true;
  return context.run.onTrial(() => {
    const trial: Context = { ...nextRound(context, undefined), activation: new Activation(new Map()) };
    runStatements(trial, block.statements.slice(0, first));
    return isLayerLike(evaluate(trial, statement.value));
  });
}

/** The block whose condition holds; undefined where none does and there is no else. */
export function pickBranch(context: Context, node: ast.If): ast.Block | 'undecided' | undefined {
  for (const branch of node.branches) {
    const truth = decideTruth(context, evaluate(context, branch.condition), branch.condition);
    if (truth === undefined) return 'undecided';
    if (truth) return branch.body;
  }
  return node.otherwise;
}

export function ifValue(context: Context, node: ast.If): Value {
  const picked = pickBranch(context, node);
  if (picked === 'undecided') return unknown;
  return picked === undefined ? identityLayer(context, node) : blockLayer(context, picked);
}

/** `repeat n { … }`: the flow goes from round to round; every round makes its own layers. */
export function repeatLayer(context: Context, node: ast.Repeat): Value {
  const count = evaluate(context, node.count);
  if (count.kind === 'unknown') return unknown;
  const rounds = toNumber(count);
  if (rounds === undefined || !Number.isInteger(rounds) || rounds < 0) {
    context.run.report(context, {
      code: 'invalid-repeat',
      place: at(context, node.count),
      message: `repeat needs a number of rounds ≥ 0 that is known while analysing, but this is ${describe(count)}`,
    });
    return unknown;
  }
  return loop(context, node, rounds, () => undefined);
}

/** `for a, b in list { … }` */
export function forLayer(context: Context, node: ast.For): Value {
  const iterable = evaluate(context, node.iterable);
  if (iterable.kind === 'unknown') return unknown;
  if (iterable.kind !== 'list') {
    context.run.report(context, {
      code: 'not-iterable',
      place: at(context, node.iterable),
      message: `for runs over a list, but this is ${describe(iterable)}${iterable.kind === 'size' ? `; range(${describe(iterable)}) is one` : ''}`,
      data: iterable.kind === 'size' ? { names: ['range'] } : undefined,
    });
    return unknown;
  }
  return loop(context, node, iterable.items.length, (inner, round) => {
    const item = iterable.items[round]!;
    unpack(inner, node.names, node.names.length === 1 ? list([item]) : item, node.iterable);
  });
}

function loop(context: Context, node: ast.Repeat | ast.For, rounds: number, prepare: (inner: Context, round: number) => void): Value {
  const counted = at(context, node.kind === 'repeat' ? node.count : node.iterable);
  if (rounds > context.run.limits.repeats) {
    context.run.report(context, {
      code: 'too-many-repeats',
      place: counted,
      message: `${rounds.toLocaleString('en-US')} rounds are more than ${context.run.limits.repeats.toLocaleString('en-US')}, the limit of the analysis`,
    });
    return unknown;
  }
  return bodyLayer(context, node, node.kind, (inner) => {
    const collected = new Map<string, Value[]>();
    for (const statement of node.body.statements) {
      if (statement.kind === 'output') collected.set(statement.name.text, []);
    }
    let { flow } = inner.body;
    let isForeseen = node.kind === 'for' && readsNames(node);
    for (let round = 0; round < rounds; round++) {
      const before = inner.run.standing;
      const incoming = flow;
      inner.run.spend(inner, node);
      const next: Context = { ...nextRound(inner, flow), round: { place: counted, done: round, all: rounds, chain: inner.chain, outer: inner.round } };
      prepare(next, round);
      runStatements(next, node.body.statements);
      ({ flow } = next.body);
      for (const [name, value] of next.body.published) {
        const values = collected.get(name);
        if (values === undefined) collected.set(name, [value]);
        else values.push(value);
      }
      // All that a round sees is as it was: every further one does the same.
      if (!isForeseen && sameFlow(incoming, flow)) isForeseen = inner.run.foresee(inner, counted, before, rounds - round - 1);
    }
    // What the rounds published is a list in the body around the loop.
    for (const [name, values] of collected) {
      context.scope.bind(name, { value: list(values), place: at(context, node) });
    }
    return flow;
  });
}

/** Whether the rounds of a loop can tell from each other which one they are. */
function readsNames({ names, body }: ast.For): boolean {
  const reads = (node: Node): boolean => (node.kind === 'name' && names.some(({ text }) => text === node.text)) || [...children(node)].some(reads);
  return reads(body);
}

/** Whether what flows out of a round is to the next one what came in. */
function sameFlow(before: Value | undefined, after: Value | undefined): boolean {
  if (before === after) return true;
  return before?.kind === 'tensor' && after?.kind === 'tensor' && before.tensor.batched === after.tensor.batched && sameType(before.tensor.type, after.tensor.type);
}

/** `residual { body }` is x + body(x). */
export function residualLayer(context: Context, node: ast.Residual): Value {
  return bodyLayer(context, node, 'residual', (inner) => {
    const before = inner.body.flow;
    runStatements(inner, node.body.statements);
    const after = inner.body.flow;
    if (before === undefined || after === undefined) return unknown;
    return joined([before, after], before, (each) => applyFunction(inner, 'add', each, node));
  });
}

/** `concat { }`, `add { }`, `multiply { }`: each statement is a branch off the same incoming value. */
export function parallelLayer(context: Context, node: ast.Parallel): Value {
  const given = Object.fromEntries(
    node.arguments.map((argument) => [argument.name?.text ?? 'dim', evaluate(context, argument.value)]),
  );
  return bodyLayer(context, node, node.operation, (inner) => {
    const incoming = inner.body.flow;
    const branches: Value[] = [];
    for (const statement of node.body.statements) {
      if (statement.kind !== 'expression-statement') {
        runStatements(inner, [statement]);
        continue;
      }
      const value = creating(inner, statement, () => branch(inner, statement.value, incoming));
      if (value !== undefined) branches.push(value);
    }
    if (branches.some((value) => value.kind === 'unknown')) return unknown;
    if (branches.length === 0) {
      inner.run.report(inner, { code: 'no-branches', place: at(inner, node), message: `${node.operation} { } needs at least one branch` });
      return unknown;
    }
    return joined(branches, incoming, (each) =>
      node.operation === 'concat' ? applyFunction(inner, 'concat', each, node, given) : each.reduce((sum, next) => applyFunction(inner, node.operation, [sum, next], node)),
    );
  });
}

/** Joins branches; where a list comes in, those that map over it are joined item by item. */
function joined(branches: readonly Value[], incoming: Value | undefined, join: (branches: readonly Value[]) => Value): Value {
  if (incoming?.kind !== 'list') return join(branches);
  const mapped = branches.some((branch) => branch.kind === 'list' && branch.items.length === incoming.items.length);
  if (!mapped) return join(branches);
  return list(incoming.items.map((_, index) => join(branches.map((branch) => (branch.kind === 'list' && branch.items.length === incoming.items.length ? branch.items[index]! : branch)))));
}

/** The value of one branch; undefined for an `if` that picks none. */
function branch(context: Context, node: ast.Expression, incoming: Value | undefined): Value | undefined {
  let value: Value;
  if (node.kind === 'if') {
    const picked = pickBranch(context, node);
    if (picked === undefined) return undefined;
    value = picked === 'undecided' ? unknown : blockLayer(context, picked);
  } else value = evaluate(context, node);
  if (!isLayerLike(value)) return value;
  const layer = asLayer(context, value, node);
  if (layer === undefined) return unknown;
  return apply(context, layer, incoming === undefined ? [] : [incoming], node);
}


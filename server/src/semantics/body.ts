// Runs the statements of a body: the flow moves through layers, names are bound, results are published.

import type * as ast from '../../../grammar/ast';
import { optimizers } from '../layers/optimizers';
import { penalties } from '../layers/penalty';
import { apply, asLayer, isLayerLike } from './apply';
import { asksForWhole, assume, postponeAssert } from './asserts';
import { pickBranch } from './blocks';
import { evaluateArgument } from './call';
import { bindCatalogArguments, suggestion } from './construct';
import { evaluate } from './evaluate';
import type { Place, Tensor } from './graph';
import { stepsOf } from './limits';
import { at, type Context, creating, type Run } from './run';
import type { Chain } from './findings';
import { bindUnknownSizes, declaredType, matchType } from './types';
import { describe, hasUnknown, holdsLayer, size, tensor, toNumber, unknown, type Value } from './values';

/** The losses that have waited. */
export function runLateLosses({ lateLosses }: Run): void {
  for (const { context, statement } of lateLosses.splice(0)) runStatement(context, statement);
}

/** Runs a stack's or an applied model's body and gives its result, with what it published. */
export function runBody(context: Context, block: ast.Block, place: Place, name: string): Value {
  const { run, body } = context;
  if (context.depth >= run.limits.depth) {
    const depth = `more than ${String(run.limits.depth)} deep`;
    const problem = isRecursive(context.chain) ? `${name} is applied inside itself ${depth}; an if must end the recursion` : `${name} stands ${depth} in stacks that apply one another; put some of them together`;
    return run.stop(context, place, 'too-deep', problem);
  }
  run.spend(context, place, stepsOf.body);
  runStatements(context, block.statements);
  let inputs = 0;
  for (const statement of block.statements) if (statement.kind === 'input') inputs++;
  const most = Math.max(1, inputs);
  if (body.incoming.length > most) {
    run.report(context, {
      code: 'wrong-input-count',
      place,
      message: `${name} has ${String(most)} ${most === 1 ? 'input' : 'inputs'}, but gets ${String(body.incoming.length)}`,
    });
  }
  const { result } = body;
  if (result === undefined) return unknown;
  return result.kind === 'tensor' ? tensor(result.tensor, body.published) : result;
}

/** Whether the innermost application is one of those around it again. */
function isRecursive(chain: Chain | undefined): boolean {
  for (let link = chain?.outer; link !== undefined; link = link.outer) if (link.declaration === chain!.declaration) return true;
  return false;
}

export function runStatements(context: Context, statements: readonly ast.Statement[]): void {
  for (const statement of statements) runStatement(context, statement);
}

function runStatement(context: Context, statement: ast.Statement): void {
  creating(context, statement, () => { perform(context, statement); });
}

function perform(context: Context, statement: ast.Statement): void {
  switch (statement.kind) {
    case 'input':
      input(context, statement);
      return;
    case 'target':
      target(context, statement);
      return;
    case 'param':
      param(context, statement);
      return;
    case 'output':
      output(context, statement);
      return;
    case 'loss':
      loss(context, statement);
      return;
    case 'optimizer':
      optimizer(context, statement);
      return;
    case 'assert':
      if (!assume(context, statement)) postponeAssert(context, statement);
      return;
    case 'binding':
      binding(context, statement);
      return;
    case 'expression-statement':
      expressionStatement(context, statement.value);
  }
}

/** Binds a name once in its body. */
function bind(context: Context, name: ast.Name, value: Value, bound?: ast.Expression): void {
  if (name.text === '') return;
  const before = context.scope.own(name.text);
  if (before !== undefined && before.place.span.start !== name.span.start) {
    context.run.report(context, {
      code: 'bound-twice',
      place: at(context, name),
      message: `${name.text} is bound already in this body; a name keeps its value, so take another name`,
      related: [{ message: 'first bound here', place: before.place }],
    });
    return;
  }
  context.scope.bind(name.text, { value, place: at(context, name), bound });
  context.run.findings.observe(name, value, context);
}

/** A tensor that the network takes from outside. */
function declareTensor(context: Context, statement: ast.Input | ast.Target): Value {
  const { run } = context;
  const what = `the ${statement.kind} ${statement.name.text}`;
  const type = declaredType(context, statement.type, what);
  if (type === undefined) return unknown;
  const place = at(context, statement.name);
  const declared = run.newTensor(type, true, { kind: statement.kind, name: statement.name.text }, place);
  (statement.kind === 'input' ? run.graph.inputs : run.graph.targets).push(declared);
  return tensor(declared);
}

function input(context: Context, statement: ast.Input): void {
  const { body, run } = context;
  if (body.isNetwork) {
    const value = declareTensor(context, statement);
    bind(context, statement.name, value);
    // The flow starts as the first input.
    if (body.flow === undefined) body.flow = value;
    return;
  }
  const incoming = body.takeIncoming() ?? missingInput(context, statement);
  if (statement.type !== undefined && incoming.kind === 'unknown') bindUnknownSizes(context, statement.type);
  else if (statement.type !== undefined && incoming.kind === 'tensor') matchType(context, statement.type, incoming.tensor.type, statement.name.text);
  else if (statement.type?.shape !== undefined && incoming.kind !== 'unknown') {
    run.report(context, {
      code: 'not-a-tensor',
      place: at(context, statement.type),
      message: `${statement.name.text} is declared as a tensor, but ${describe(incoming)} comes in`,
    });
  }
  bind(context, statement.name, incoming);
}

function missingInput(context: Context, statement: ast.Input): Value {
  const name = statement.name.text;
  context.run.report(context, {
    code: 'missing-input',
    place: context.chain?.place ?? at(context, statement.name),
    message: `the input ${name} is not given${context.body.moved ? `; a further \`input\` is one more thing that comes in: the flow is named where it is computed, as in \`${name} = x -> ReLU\`` : ''}`,
    related: context.chain && [{ message: `${name} is declared here`, place: at(context, statement.name) }],
  });
  return unknown;
}

/** Of an applied model nobody gives the target, so what depends on it stays unknown. */
function target(context: Context, statement: ast.Target): void {
  bind(context, statement.name, context.body.isNetwork ? declareTensor(context, statement) : unknown);
}

function param(context: Context, statement: ast.Param): void {
  const { run } = context;
  const type = declaredType(context, statement.type, `the parameter ${statement.name.text}`);
  const initial = statement.value === undefined ? undefined : evaluate(context, statement.value);
  if (type === undefined) {
    bind(context, statement.name, unknown);
    return;
  }
  const free = run.freeParameters ? undefined : type.shape.find((dimension) => typeof dimension !== 'number');
  if (free !== undefined) {
    run.report(context, {
      code: 'free-parameter-shape',
      place: at(context, statement.type ?? statement.name),
      message: `a parameter has a fixed shape, but ${describe(size(free))} is free; write a number, or make it an argument with a default`,
    });
    bind(context, statement.name, unknown);
    return;
  }
  let parameter = context.activation.recall<Tensor>(statement);
  if (parameter === undefined) {
    const constant = initial === undefined ? undefined : toNumber(initial);
    const source = {
      kind: 'parameter' as const,
      name: statement.name.text,
      initial: constant === undefined ? { normal: 1 } : { constant },
    };
    parameter = context.activation.keep(statement, run.newTensor(type, false, source, at(context, statement.name)));
    run.graph.parameters.push(parameter);
  }
  bind(context, statement.name, tensor(parameter));
}

/** Publishes the flow under a name, or what the name stands for. */
function output(context: Context, statement: ast.Output): void {
  const { body, run, scope } = context;
  const name = statement.name.text;
  if (name === '') return;
  const bound = scope.own(name)?.value;
  const value = bound ?? body.flow;
  if (value === undefined) {
    run.report(context, { code: 'nothing-to-output', place: at(context, statement), message: `there is no value to publish as ${name}: nothing flows here, and ${name} is not bound` });
    return;
  }
  if (bound !== undefined && (holdsLayer(bound) || bound.kind === 'constructor' || bound.kind === 'function')) {
    run.report(context, { code: 'nothing-to-output', place: at(context, statement.name), message: `there is no value to publish as ${name}: it is ${describe(bound)}, which maps a tensor and is none; bind what it gives, ${name} = x -> …` });
    return;
  }
  if (bound === undefined) bind(context, statement.name, value);
  else run.findings.observe(statement.name, value, context);
  body.publish(name, value);
}

/** A loss on all parameters, such as `l2()`, waits for the end of the body. */
function loss(context: Context, statement: ast.Loss): void {
  const { run } = context;
  if (asksForWhole(statement.value, penalties) && !run.closing) {
    // The parameters of an applied model are not those of the model around it.
    if (context.inAppliedModel !== true) run.lateLosses.push({ context, statement });
    return;
  }
  const value = evaluate(context, statement.value);
  if (value.kind === 'unknown') return;
  if (value.kind !== 'tensor' || value.tensor.type.shape.length > 0) {
    run.report(context, {
      code: 'loss-not-scalar',
      place: at(context, statement.value),
      message: `a loss is one number per example, of shape [], but this is ${describe(value)}; sum or mean reduces it`,
    });
    return;
  }
  run.graph.losses.push(value.tensor);
  run.findings.observe(statement, value, context);
}

function optimizer(context: Context, statement: ast.Optimizer): void {
  const { run } = context;
  const { value: node } = statement;
  const callee = node.kind === 'call' ? node.callee : node;
  const name = callee.kind === 'name' ? callee.text : '';
  const definition = optimizers.get(name);
  const given =
    node.kind !== 'call'
      ? []
      : node.arguments.map((argument) => evaluateArgument(context, argument));
  if (definition === undefined) {
    if (name === '') return;
    run.report(context, {
      code: 'unknown-optimizer',
      place: at(context, callee),
      message: `${name} is no optimizer; there are ${[...optimizers.keys()].join(', ')}${suggestion(name, optimizers.keys())}`,
      data: { names: [...optimizers.keys()] },
    });
    return;
  }
  const bound = bindCatalogArguments(context, definition, given, node);
  if (bound === undefined) return;
  run.optimizer = { definition, arguments: bound.arguments, place: at(context, node) };
  const { eps } = bound.arguments;
  if (name.startsWith('Adam') && typeof eps === 'number' && eps >= 1e-3) {
    run.report(context, {
      code: 'large-eps',
      severity: 'information',
      place: bound.places.get('eps') ?? at(context, node),
      message: `eps = ${String(eps)} damps small gradients: a constant gradient g gives steps of lr·g/(|g| + ${String(eps)}) instead of lr·sign(g)`,
    });
  }
}

function binding(context: Context, statement: ast.Binding): void {
  const value = evaluate(context, statement.value);
  const [only] = statement.names;
  if (statement.names.length === 1 && only !== undefined) {
    if (value.kind === 'layer' && value.layer.kind === 'catalog') value.layer.label ??= only.text;
    // A bare constructor stays one, so that each use makes a layer of its own.
    bind(context, only, value, statement.value);
    return;
  }
  unpack(context, statement.names, value, statement.value);
}

/** Binds each name to an item of a list of the same length. */
export function unpack(context: Context, names: readonly ast.Name[], value: Value, node: ast.Expression): void {
  const items = value.kind === 'list' ? value.items : undefined;
  if (value.kind !== 'unknown' && items?.length !== names.length) {
    context.run.report(context, {
      code: 'wrong-unpacking',
      place: at(context, node),
      message: `${String(names.length)} names take a list of ${String(names.length)}, but this is ${items === undefined ? describe(value) : `a list of ${String(items.length)}`}`,
      data: items && { sizes: [items.length] },
    });
  }
  for (const [index, name] of names.entries()) {
    bind(context, name, items?.length === names.length ? items[index]! : unknown);
  }
}

/** A layer is applied to the flow; a tensor, or a list of tensors, becomes the flow. */
function expressionStatement(context: Context, node: ast.Expression): void {
  const { body, run } = context;
  if (node.kind === 'if') {
    // The picked side runs in this very body: its bindings, outputs and losses are this body's.
    const picked = pickBranch(context, node);
    if (picked === 'undecided') body.move(unknown);
    else if (picked !== undefined) runStatements(context, picked.statements);
    return;
  }
  const value = evaluate(context, node);
  if (hasUnknown(value)) body.move(value);
  else if (isLayerLike(value)) {
    const layer = asLayer(context, value, node);
    if (layer === undefined) body.move(unknown);
    else if (body.flow === undefined && layer.kind !== 'body') {
      run.report(context, { code: 'nothing-flows', place: at(context, node), message: 'there is no incoming value to apply this layer to; an `input` in front would declare one' });
      body.move(unknown);
    } else {
      const moved = apply(context, layer, body.flow === undefined ? [] : [body.flow], node);
      body.move(moved);
    }
  } else if (value.kind === 'tensor' || (value.kind === 'list' && value.items.every((item) => item.kind === 'tensor'))) {
    body.move(value);
  } else {
    run.report(context, {
      code: 'no-effect',
      severity: 'warning',
      place: at(context, node),
      message: `a statement is a layer or a tensor, but this is ${describe(value)}, which does nothing here`,
    });
  }
}


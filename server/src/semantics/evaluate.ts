// What an expression is worth.

import type * as ast from '../../../grammar/ast';
import { namesAround, nearestName } from '../base/nearest';
import { layers, functions } from '../layers/catalog';
import { apply, applyFunction, asLayer, isLayerLike } from './apply';
import { compareNumbers, conjunction, disjunction, evaluateBinary, evaluateComparison, evaluateNegate, negation } from './arithmetic';
import { blockLayer, forLayer, ifValue, parallelLayer, repeatLayer, residualLayer } from './blocks';
import { builtins } from './builtins';
import { evaluateCall } from './call';
import { didYouMean, renaming } from './construct';
import { foreignAdvice, foreignMethods, foreignModules, foreignNames, foreignValues } from './foreign';
import { evaluateIndex } from './index-expression';
import { at, type Context, creating } from './run';
import { boolean, describe, list, none, tensor, toNumber, unknown, type Value } from './values';

/** What is worth a look: not what stands there anyway, nor what is noted where it is applied. */
const noted: ReadonlySet<ast.Expression['kind']> = new Set(['name', 'member', 'call', 'binary', 'index', 'comparison', 'logical', 'not', 'negate']);

/** Evaluates, and notes the value for the editor. */
export function evaluate(context: Context, node: ast.Expression): Value {
  context.run.spend(context, node);
  const value = evaluateUnnoted(context, node);
  if (noted.has(node.kind)) context.run.findings.observe(node, value, context);
  // Of an applied model nobody gives the target; anywhere else a value is unknown since something is wrong.
  if (value.kind === 'unknown' && context.inAppliedModel !== true) context.run.lacksValues = true;
  return value;
}

function evaluateUnnoted(context: Context, node: ast.Expression): Value {
  switch (node.kind) {
    case 'integer':
      return integer(context, node);
    case 'float':
      return { kind: 'number', value: node.value };
    case 'string':
      return { kind: 'string', value: node.value };
    case 'boolean':
      return boolean(node.value);
    case 'none':
      return none;
    case 'missing':
      return unknown;
    case 'name':
      return evaluateName(context, node);
    case 'list':
      return list(node.items.map((item) => evaluate(context, item)));
    case 'block':
      return blockLayer(context, node);
    case 'if':
      return ifValue(context, node);
    case 'repeat':
      return repeatLayer(context, node);
    case 'for':
      return forLayer(context, node);
    case 'residual':
      return residualLayer(context, node);
    case 'parallel':
      return parallelLayer(context, node);
    case 'pipe':
      return evaluatePipe(context, node);
    case 'logical':
      return evaluateLogical(context, node);
    case 'not': {
      const operand = evaluate(context, node.operand);
      return operand.kind === 'unknown' ? unknown : negation(context, operand, node);
    }
    case 'comparison':
      return evaluateComparison(context, node);
    case 'binary':
      return evaluateBinary(context, node);
    case 'negate':
      return evaluateNegate(context, node);
    case 'call':
      return evaluateCall(context, node);
    case 'index':
      return evaluateIndex(context, node);
    case 'member':
      return evaluateMember(context, node);
  }
}

function integer(context: Context, node: ast.IntegerLiteral): Value {
  if (Number.isSafeInteger(node.value)) return { kind: 'size', value: node.value };
  context.run.report(context, {
    code: 'size-too-large',
    place: at(context, node),
    message: `${node.text} is above 2^53 and no longer exact`,
  });
  return unknown;
}

/** A name of the body, the file, or the catalog, in this order. */
function evaluateName(context: Context, node: ast.Name): Value {
  if (node.text === '') return unknown;
  const { run } = context;
  if (node.text === 'loss') return lossValue(context, node);
  const found = named(context, node) ?? standard(node.text);
  if (found !== undefined) return found;
  const place = at(context, node);
  const { way, name } = insteadOf(context, node.text);
  run.report(context, { code: 'unknown-name', place, message: `${node.text} is not declared${way}`, fixes: renaming(place, name) });
  return unknown;
}

/** What to write instead of a name that nobody declares, in words and as a name. */
function insteadOf(context: Context, text: string): { readonly way: string; readonly name?: string } {
  const advice = foreignAdvice.get(text);
  if (advice !== undefined) return { way: `; ${advice}` };
  const foreign = foreignValues.get(text) ?? foreignNames.get(text);
  if (foreign !== undefined) return { way: `; here it is ${foreignValues.has(text) ? 'written' : 'called'} ${foreign}`, name: foreign };
  const nearest = nearestName(text, knownNames(context, text));
  return { way: didYouMean(nearest), name: nearest };
}

/** What a name of the body or the file means. */
function named(context: Context, node: ast.Name): Value | undefined {
  const { scope, run } = context;
  return scope.lookup(node.text)?.value ?? run.program.declared(scope.file, node.text, context, at(context, node));
}

/** `nn`, `torch.nn` or `self`, where nobody declares it; undefined for anything else. */
function foreignModule(context: Context, node: ast.Expression): string | undefined {
  if (node.kind === 'member') {
    const outer = foreignModule(context, node.object);
    return outer !== undefined && foreignModules.has(node.name.text) ? `${outer}.${node.name.text}` : undefined;
  }
  return node.kind === 'name' && foreignModules.has(node.text) && named(context, node) === undefined ? node.text : undefined;
}

/** What the language brings along. */
function standard(name: string): Value | undefined {
  const layer = layers.get(name);
  if (layer !== undefined) return { kind: 'constructor', name, target: { kind: 'catalog', operation: layer } };
  const builtin = builtins.get(name);
  const operation = functions.get(name);
  if (builtin !== undefined) return { kind: 'function', name, target: { kind: 'builtin', builtin, operation } };
  if (operation !== undefined) return { kind: 'function', name, target: { kind: 'catalog', operation } };
  if (name === 'inf') return { kind: 'number', value: Infinity };
  return name === 'pi' ? { kind: 'number', value: Math.PI } : undefined;
}

/** Names of a body that are looked through for one that was meant. */
const mostOfBody = 200;

/** Every name that could stand here, but of very many only some. */
function knownNames(context: Pick<Context, 'scope' | 'run'>, like: string): readonly string[] {
  const ofBody: string[] = [];
  for (const name of context.scope.names()) if (ofBody.push(name) === mostOfBody) break;
  return [...ofBody, ...namesAround(like, context.run.program.namesOf(context.scope.file, context.run)), ...(standardNames ??= [...layers.keys(), ...functions.keys(), ...builtins.keys()])];
}

/** Those that the language brings along, listed when somebody first asks. */
let standardNames: readonly string[] | undefined;

/** The value of the loss: the sum of all loss statements so far. */
function lossValue(context: Context, node: ast.Name): Value {
  const [first, ...others] = context.run.graph.losses;
  if (first === undefined) {
    context.run.report(context, { code: 'no-loss', place: at(context, node), message: 'this model has no loss statement' });
    return unknown;
  }
  return others.reduce<Value>((sum, next) => applyFunction(context, 'add', [sum, tensor(next)], node), tensor(first));
}

/** `x -> f` applies; `f -> g` composes. */
function evaluatePipe(context: Context, node: ast.Pipe): Value {
  const left = creating(context, node.left, () => evaluate(context, node.left));
  const right = evaluate(context, node.right);
  if (isLayerLike(left)) {
    const first = asLayer(context, left, node.left);
    const second = asLayer(context, right, node.right);
    if (first === undefined || second === undefined) return unknown;
    return { kind: 'layer', layer: { kind: 'composition', first, second, origin: { place: at(context, node), node } } };
  }
  const layer = asLayer(context, right, node.right);
  if (left.kind === 'unknown' || layer === undefined) return unknown;
  return apply(context, layer, [left], node.right);
}

function evaluateLogical(context: Context, node: ast.Logical): Value {
  const left = evaluate(context, node.left);
  if (left.kind === 'unknown') return unknown;
  // The second operand is not looked at where the first decides.
  if (left.kind === 'boolean' && left.value === (node.operator === 'or')) return left;
  const right = evaluate(context, node.right);
  if (right.kind === 'unknown') return unknown;
  return (node.operator === 'and' ? conjunction : disjunction)(context, left, right, node);
}

/** `layer.weight`, `result.name`, `loop.y`. */
function evaluateMember(context: Context, node: ast.Member): Value {
  const name = node.name.text;
  const foreign = foreignModule(context, node.object);
  if (foreign !== undefined && name !== '') {
    const ours = foreignNames.get(name) ?? name;
    context.run.report(context, {
      code: 'unknown-name',
      place: at(context, node.object),
      message: `${foreign} is not declared; layers, functions and what a body binds stand by themselves: ${ours}`,
    });
    return named(context, node.name) ?? standard(ours) ?? unknown;
  }
  const object = evaluate(context, node.object);
  if (object.kind === 'unknown' || name === '') return unknown;
  const { run } = context;
  if (run.isBlind) return unknown;
  if (object.kind === 'layer' && object.layer.kind === 'catalog') {
    const { parameters, operation } = object.layer;
    const index = parameters?.findIndex((parameter) => parameter.source.kind === 'parameter' && parameter.source.name === name) ?? -1;
    if (parameters !== undefined && index >= 0) return tensor(parameters[index]!);
    const names = parameters?.map((parameter) => (parameter.source.kind === 'parameter' ? parameter.source.name : '')) ?? [];
    run.report(context, {
      code: parameters === undefined ? 'parameter-before-application' : 'unknown-member',
      place: at(context, node.name),
      message:
        parameters === undefined
          ? `the shape of ${name} is not known before ${operation.name} is applied; apply the layer first`
          : names.length === 0
            ? `${operation.name} has no parameters`
            : `${operation.name} has no parameter ${name}; it has ${names.join(', ')}`,
      data: { names },
    });
    return unknown;
  }
  const results = object.kind === 'tensor' ? object.results : undefined;
  const result = results?.get(name);
  if (result !== undefined) return result;
  const method = object.kind === 'tensor' ? functionOfMethod(name) : undefined;
  run.report(context, {
    code: 'unknown-member',
    place: at(context, node.name),
    message:
      results === undefined || results.size === 0
        ? `${describe(object)} has no member ${name}${method === undefined ? '' : `; functions take their tensor in parentheses: ${method}(x)`}`
        : `there is no output ${name}; there are ${[...results.keys()].join(', ')}`,
    data: { names: [...(results?.keys() ?? [])], function: results === undefined || results.size === 0 ? method : undefined },
  });
  return unknown;
}

/** The function that other frameworks have as a method of tensors. */
function functionOfMethod(name: string): string | undefined {
  return foreignMethods.get(name) ?? (functions.has(name) || builtins.has(name) ? name : undefined);
}

/** A value that decides something: an `if`, a loop. Undefined, and reported, where it cannot. */
export function decideTruth(context: Context, value: Value, node: ast.Expression): boolean | undefined {
  if (value.kind === 'boolean') return value.value;
  if (value.kind === 'condition') {
    const written = value.text.replaceAll(/(?<=\d),(?=\d{3})/g, '_');
    context.run.report(context, {
      code: 'undecided-condition',
      place: at(context, node),
      message: `whether ${value.text} depends on a free dimension; \`assert ${written}\` in the model would decide it`,
      data: { condition: written },
    });
  } else if (value.kind !== 'unknown') {
    const number = toNumber(value);
    if (number !== undefined) return compareNumbers('!=', number, 0);
    context.run.report(context, {
      code: 'undecided-condition',
      place: at(context, node),
      message: `true or false is needed here while analysing, but this is ${describe(value)}`,
    });
  }
  return undefined;
}

// Stacks that are passed on as arguments: which ones an argument may hold, and the names of their arguments where it is called.
// `stack Stage(block) { block(channels = 64) }` names the `channels` of every stack that is given to Stage.

import type * as ast from '../../../grammar/ast';
import type { Node } from '../../../grammar/walk';
import { behindAliases, type Entity, entityOf, type Files, namesOf, type Occurrence, occurrencesOf } from './entity';
import { pathTo } from './scopes';

type Callable = ast.Stack | ast.Model | ast.FunctionDeclaration;

/** What is given for an argument of a declaration anywhere, what arguments that are passed on were given included. */
function passedFor(files: Files, parameter: Entity, seen = new Set<object>()): readonly Entity[] {
  if (seen.has(parameter.name)) return [];
  seen.add(parameter.name);
  const owner = ownerOf(parameter);
  if (owner === undefined) return [];
  const index = owner.parameters.findIndex(({ name }) => name === parameter.name);
  const standard = owner.parameters[index]?.default;
  const declared: Entity = { source: parameter.source, name: owner.name, by: owner };
  const given = occurrencesOf(files, declared).flatMap(({ source, name, path }) => {
    const call = path.at(-1);
    if (call?.kind !== 'call' || call.callee !== name) return [];
    const argument = call.arguments.find((each) => each.name?.text === parameter.name.text) ?? call.arguments.filter((each) => each.name === undefined)[index];
    return argument === undefined ? [] : [{ source, value: argument.value }];
  });
  const all = standard === undefined ? given : [...given, { source: parameter.source, value: standard }];
  return all.flatMap(({ source, value }) => {
    if (value.kind !== 'name') return [];
    const entity = entityOf(files, { source, name: value, path: pathTo(source.tree, value) });
    if (entity === undefined) return [];
    return entity.by.kind === 'parameter' ? passedFor(files, entity, seen) : [behindAliases(files, entity)];
  });
}

function ownerOf({ source, by, name }: Entity): Callable | undefined {
  const owner = by.kind === 'parameter' ? pathTo(source.tree, name)[1] : undefined;
  return owner !== undefined && isCallable(owner) ? owner : undefined;
}

function isCallable(node: Node): node is Callable {
  return node.kind === 'stack' || node.kind === 'model' || node.kind === 'function';
}

/** What an argument's name in the call of a passed stack may stand for: an argument of each stack that is passed. */
export function argumentsOfPassed(files: Files, { source, name, path }: Occurrence): readonly Entity[] {
  const [call, argument] = path.slice(-2);
  if (argument?.kind !== 'argument' || argument.name !== name || call?.kind !== 'call' || call.callee.kind !== 'name') return [];
  const callee = entityOf(files, { source, name: call.callee, path: path.slice(0, -1) });
  if (callee?.by.kind !== 'parameter') return [];
  return passedFor(files, callee).flatMap(({ source: from, by }) => {
    const parameter = isCallable(by) ? by.parameters.find((each) => each.name.text === name.text) : undefined;
    return parameter === undefined ? [] : [{ source: from, name: parameter.name, by: parameter }];
  });
}

/** All places that must keep one name: those of an entity and, of an argument, those where it is named in calls of a passed stack. */
export function occurrencesTogether(files: Files, entity: Entity): readonly Occurrence[] {
  if (entity.by.kind !== 'parameter') return occurrencesOf(files, entity);
  const entities = [entity];
  const found = new Map<object, Occurrence>();
  const inCalls = files.all.flatMap((source) => (source.text.includes(entity.name.text) ? namesOf(source, entity.name.text) : [])).flatMap((occurrence) => {
    const targets = argumentsOfPassed(files, occurrence);
    return targets.length === 0 ? [] : [{ occurrence, targets }];
  });
  for (const each of entities) {
    for (const occurrence of occurrencesOf(files, each)) found.set(occurrence.name, occurrence);
    for (const { occurrence, targets } of inCalls) {
      if (!targets.some(({ name }) => name === each.name)) continue;
      found.set(occurrence.name, occurrence);
      for (const target of targets) if (!entities.some(({ name }) => name === target.name)) entities.push(target);
    }
  }
  return [...found.values()];
}

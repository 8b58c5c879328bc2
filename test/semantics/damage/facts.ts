// What an analysis knows of each declaration, in a form that can be compared, and which declarations speak of which.

import type * as ast from '../../../grammar/ast';
import { children, type Node, walk } from '../../../grammar/walk';
import type { UnderstoodStack } from '../../../server/src/semantics/alone';
import { printShape } from '../../../server/src/layers/tensor';
import type { Analysis } from '../../../server/src/semantics/analyse';
import { countMacs, countParameters } from '../../../server/src/semantics/cost';
import type { EvaluatedModel } from '../../../server/src/semantics/model';
import { requirementsOf } from '../../../server/src/semantics/requirements';
import { describe, type Value } from '../../../server/src/semantics/values';
import { print } from '../../../server/src/symbolic/dimension';

export type Named = Exclude<ast.Declaration, ast.Assert | ast.Import>;

export function isNamed(declaration: ast.Declaration): declaration is Named {
  return declaration.kind !== 'assert' && declaration.kind !== 'import';
}

/** All names that stand in a declaration; a node is looked through once. */
export function namesIn(declaration: ast.Declaration): ReadonlySet<string> {
  let names = namesKnown.get(declaration);
  if (names === undefined) {
    const found = new Set<string>();
    walk(declaration, {
      enter(node) {
        if (node.kind === 'name') found.add(node.text);
        return undefined;
      },
    });
    namesKnown.set(declaration, (names = found));
  }
  return names;
}
const namesKnown = new WeakMap<ast.Declaration, ReadonlySet<string>>();

/** Everything that a declaration is made of: itself, what it names, and what these name. */
export function partsOf(declaration: ast.Declaration, tree: ast.File): ReadonlySet<ast.Declaration> {
  const parts = new Set<ast.Declaration>([declaration]);
  for (const part of parts) {
    for (const other of tree.declarations) if (isNamed(other) && namesIn(part).has(other.name.text)) parts.add(other);
  }
  return parts;
}

/**
 * The declarations that use one, also by way of others, with all that these use: what is wrong where they apply it stands in
 * it, and what they apply it to is shown in it.
 */
export function usersOf(declaration: Named, tree: ast.File): ReadonlySet<ast.Declaration> {
  const used = new Set([declaration.name.text]);
  const users = new Set<ast.Declaration>();
  for (const name of used) {
    for (const other of tree.declarations) {
      if (other.kind === 'import' || users.has(other) || !namesIn(other).has(name)) continue;
      users.add(other);
      if (other.kind !== 'assert') used.add(other.name.text);
    }
  }
  for (const user of [...users]) for (const part of partsOf(user, tree)) users.add(part);
  return users;
}

/** What is said in a declaration, with places that are counted from its beginning. */
export function saidIn({ span }: ast.Declaration, { diagnostics }: Analysis): readonly string[] {
  return diagnostics
    .filter((each) => span.start <= each.span.start && each.span.end <= span.end)
    .map(({ code, message, span: { start, end } }) => `${String(start - span.start)}-${String(end - span.start)} ${code}: ${message}`);
}

/** An object that stands for what is known of a declaration; while it is the same, so are the facts. */
export function knowledgeOf(declaration: ast.Declaration, analysis: Analysis): EvaluatedModel | UnderstoodStack | undefined {
  switch (declaration.kind) {
    case 'model':
      return analysis.models.find((model) => model.declaration === declaration);
    case 'stack':
      return analysis.understood(declaration);
    default:
      return undefined;
  }
}

/** What is known of a declaration. */
export function factsOf(declaration: ast.Declaration, analysis: Analysis): unknown {
  switch (declaration.kind) {
    case 'model': {
      const model = analysis.models.find((each) => each.declaration === declaration);
      return model === undefined ? analysis.templates.find((each) => each.declaration === declaration)?.missing : modelFacts(model);
    }
    case 'stack':
      return stackFacts(declaration, analysis);
    case 'let':
      return analysis.observations(declaration.name)?.first.map(({ value }) => describe(value));
    case 'assert':
      return analysis.judgements.filter(({ place }) => place.span.start >= declaration.span.start && place.span.end <= declaration.span.end).map(({ text, outcome }) => `${outcome} ${text}`);
    default:
      return undefined;
  }
}

function modelFacts(model: EvaluatedModel): object {
  const { graph, complete, run, optimizer } = model;
  return {
    complete,
    finished: graph.finished,
    errors: run.errors,
    optimizer: optimizer?.definition.name,
    nodes: graph.nodes.map((node) => `${node.kind === 'operation' ? node.operation.name : node.kind} ${node.outputs.map(({ type }) => `${type.element}${printShape(type.shape)}`).join(' ')}`),
    outputs: graph.outputs.map(({ name, tensors }) => `${name} ${tensors.map(({ type }) => printShape(type.shape)).join(' ')}`),
    parameters: countParameters(graph.parameters),
    macs: print(countMacs(graph.nodes)),
    judgements: graph.judgements.map(({ text, outcome }) => `${outcome} ${text}`),
    requirements: requirementsOf(model).flatMap(({ conditions }) => conditions),
  };
}

/** What every expression of a stack is worth: by itself where it is understood so, and in the models that apply it. */
function stackFacts(declaration: ast.Stack, analysis: Analysis): object {
  const found: string[] = [];
  const pending: Node[] = [declaration.body];
  while (pending.length > 0) {
    const node = pending.pop()!;
    const known = analysis.observations(node);
    if (known !== undefined) found.push(`${node.kind} ×${String(known.count)} ${known.first.map(({ value }) => printed(value)).join(', ')}`);
    pending.push(...children(node));
  }
  return { isUnderstood: analysis.understood(declaration) !== undefined, observed: found };
}

function printed(value: Value): string {
  if (value.kind === 'tensor') return printShape(value.tensor.type.shape);
  return value.kind === 'list' ? `[${value.items.map(printed).join(', ')}]` : describe(value);
}

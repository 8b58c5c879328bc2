// What damage leaves whole: in every example, cut off anywhere or with a token taken out, doubled, swapped or put in, there is an
// analysis, and the models that the damage does not touch keep their facts. (That the trees of all declarations keep theirs is
// tried on every prefix and every token by test/grammar/recovery.test.ts in every run.)
//
// Every single change takes an analysis of the whole file, and all of them half an hour; so each run tries some of every kind,
// evenly spread. `NN_SEED` shifts them, so that the seeds 1, 2, 3, … come by every change; `DAMAGE=all` tries them all at once,
// `DAMAGE=100` a hundred of each kind.

import { describe, expect, it } from 'vitest';
import type * as ast from '../../grammar/ast';
import { endOf, Newline, tokenize } from '../../grammar/tokens';
import { walk } from '../../grammar/walk';
import { printShape } from '../../server/src/layers/tensor';
import type { Analysis } from '../../server/src/semantics/analyse';
import { countMacs, countParameters } from '../../server/src/semantics/cost';
import type { EvaluatedModel } from '../../server/src/semantics/model';
import { requirementsOf } from '../../server/src/semantics/requirements';
import { print } from '../../server/src/symbolic/dimension';
import { examples } from '../grammar/examples';
import { analyseText } from '../support/analyse';

/** A change of a text: what stands from `start` to `end` becomes `by`. */
interface Change {
  readonly start: number;
  readonly end: number;
  readonly by: string;
}

interface Token {
  readonly start: number;
  readonly end: number;
  readonly image: string;
}

const tried = process.env['DAMAGE'] === 'all' ? Infinity : Number(process.env['DAMAGE'] ?? 12);
const seed = Number(process.env['NN_SEED'] ?? 1);

function tokensOf(text: string): readonly Token[] {
  return tokenize(text)
    .tokens.filter(({ tokenType }) => tokenType !== Newline)
    .map((token) => ({ start: token.startOffset, end: endOf(token), image: token.image }));
}

/** Each stands at some tokens; those that open, close or begin something are the worst. */
const intruders = ['(', ')', '[', ']', '{', '}', '->', '=', ',', ':', ';', '-', '.', 'if', 'else', 'model', 'output', 'not', 'x', '"'];

const kinds: Readonly<Record<string, (text: string, tokens: readonly Token[]) => readonly Change[]>> = {
  'cut off': (text) => Array.from({ length: text.length }, (_, start) => ({ start, end: text.length, by: '' })),
  'with a token taken out': (_, tokens) => tokens.map(({ start, end }) => ({ start, end, by: '' })),
  'with a token doubled': (_, tokens) => tokens.map(({ start, end, image }) => ({ start, end, by: `${image} ${image}` })),
  'with two tokens swapped': (text, tokens) =>
    tokens.slice(1).map((second, index) => {
      const first = tokens[index]!;
      return { start: first.start, end: second.end, by: second.image + text.slice(first.end, second.start) + first.image };
    }),
  'with a token put in': (_, tokens) => tokens.map(({ start }, index) => ({ start, end: start, by: `${intruders[index % intruders.length]!} ` })),
};

/** Every n-th of the items, at most `tried`; the seed says from where, so that n seeds in a row take all. */
function spread<T>(items: readonly T[], offset: number): readonly T[] {
  const step = Math.max(1, Math.ceil(items.length / tried));
  return items.filter((_, index) => index % step === (seed + offset) % step);
}

/** What a model is, in a form that can be compared. */
function factsOf(model: EvaluatedModel, { diagnostics }: Analysis): object {
  const { graph, complete, run, declaration: { span } } = model;
  return {
    diagnostics: diagnostics.filter((each) => span.start <= each.span.start && each.span.end <= span.end).map(({ code, message, span: { start, end } }) => `${String(start - span.start)}-${String(end - span.start)} ${code}: ${message}`),
    complete,
    errors: run.errors,
    outputs: graph.outputs.map(({ name, tensors }) => `${name} ${tensors.map(({ type }) => printShape(type.shape)).join(' ')}`),
    parameters: countParameters(graph.parameters),
    macs: print(countMacs(graph.nodes)),
    judgements: graph.judgements.map(({ text, outcome }) => `${outcome} ${text}`),
    requirements: requirementsOf(model).flatMap(({ conditions }) => conditions),
  };
}

type Named = Exclude<ast.Declaration, ast.Assert | ast.Import>;

function namedIn({ tree }: Analysis): readonly Named[] {
  return tree.declarations.filter((declaration): declaration is Named => declaration.kind !== 'assert' && declaration.kind !== 'import');
}

/** All names that stand in a declaration. */
function namesIn(declaration: ast.Declaration): ReadonlySet<string> {
  const names = new Set<string>();
  walk(declaration, {
    enter(node) {
      if (node.kind === 'name') names.add(node.text);
      return undefined;
    },
  });
  return names;
}

/**
 * The declarations that a model is used by, also by way of others, with all that these use: what is wrong where they apply it
 * stands in it.
 */
function usersOf(name: string, analysis: Analysis): readonly ast.Declaration[] {
  const used = new Set([name]);
  const users = new Set<ast.Declaration>();
  for (const text of used) {
    for (const declaration of analysis.tree.declarations) {
      if (declaration.kind === 'import' || users.has(declaration) || !namesIn(declaration).has(text)) continue;
      users.add(declaration);
      if (declaration.kind !== 'assert') used.add(declaration.name.text);
    }
  }
  for (const user of users) for (const other of namedIn(analysis)) if (namesIn(user).has(other.name.text)) users.add(other);
  return [...users];
}

/** For each model the declarations that it is made of, itself included, and the names that stand in them. */
function partsOf(analysis: Analysis): ReadonlyMap<string, { readonly declarations: ReadonlySet<Named>; readonly names: ReadonlySet<string> }> {
  const named = namedIn(analysis);
  const parts = new Map<string, { declarations: Set<Named>; names: Set<string> }>();
  for (const { declaration } of analysis.models) {
    const declarations = new Set<Named>([declaration]);
    const names = new Set<string>();
    for (const part of declarations) {
      for (const name of namesIn(part)) names.add(name);
      for (const other of named) if (names.has(other.name.text)) declarations.add(other);
    }
    parts.set(declaration.name.text, { declarations, names });
  }
  return parts;
}

describe.each([...examples])('%s', (_, text) => {
  const tokens = tokensOf(text);
  const sound = analyseText(text);
  const parts = partsOf(sound);
  const facts = new Map(sound.models.map((model) => [model.declaration.name.text, factsOf(model, sound)]));
  const users = new Map([...parts.keys()].map((name) => [name, usersOf(name, sound)]));
  const declared = new Set(namedIn(sound).map(({ name }) => name.text));

  it.each(Object.entries(kinds))('%s', (kind, changesOf) => {
    let kept = 0;
    for (const { start, end, by } of spread(changesOf(text, tokens), 7 * Object.keys(kinds).indexOf(kind))) {
      const damaged = text.slice(0, start) + by + text.slice(end);
      const place = damaged.slice(Math.max(0, start - 60), start + by.length + 60);
      const before = tokens.findLast((token) => token.end <= start)?.end ?? 0;
      const after = tokens.find((token) => token.start >= end)?.start ?? text.length;
      const analysis = analyseText(damaged);
      const models = new Map(analysis.models.map((model) => [model.declaration.name.text, model]));
      // Damage may give a declaration the name of something else, which then means that declaration.
      const renamed = namedIn(analysis).filter(({ name }) => !declared.has(name.text)).map(({ name }) => name.text);
      const isTouched = ({ span }: ast.Declaration): boolean => span.end >= before && span.start <= after;
      for (const [name, { declarations, names }] of parts) {
        if ([...declarations].some(isTouched)) continue;
        if (renamed.some((other) => names.has(other))) continue;
        kept++;
        const model = models.get(name);
        const found = model && factsOf(model, analysis);
        const isUsedAsBefore = !users.get(name)!.some(isTouched);
        expect(isUsedAsBefore ? found : { ...found, diagnostics: [] }, `${name} in: ${place}`).toEqual(isUsedAsBefore ? facts.get(name) : { ...facts.get(name), diagnostics: [] });
      }
    }
    // A file of one model has nothing that could be kept.
    if (parts.size > 2) expect(kept).toBeGreaterThan(0);
  });
});

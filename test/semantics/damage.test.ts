// What damage leaves whole: in every example, cut off or with a token taken out, doubled or swapped, the models that it does not touch keep their facts.

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

/** How many changes of a kind are tried on one example, spread over it; `DAMAGE=all` tries every one. */
const tried = process.env['DAMAGE'] === 'all' ? Infinity : 15;

function tokensOf(text: string): readonly Token[] {
  return tokenize(text)
    .tokens.filter(({ tokenType }) => tokenType !== Newline)
    .map((token) => ({ start: token.startOffset, end: endOf(token), image: token.image }));
}

const kinds: Readonly<Record<string, (text: string, tokens: readonly Token[]) => readonly Change[]>> = {
  'cut off': (text, tokens) => tokens.map(({ end }) => ({ start: end, end: text.length, by: '' })),
  'with a token taken out': (_, tokens) => tokens.map(({ start, end }) => ({ start, end, by: '' })),
  'with a token doubled': (_, tokens) => tokens.map(({ start, end, image }) => ({ start, end, by: `${image} ${image}` })),
  'with two tokens swapped': (text, tokens) =>
    tokens.slice(1).map((second, index) => {
      const first = tokens[index]!;
      return { start: first.start, end: second.end, by: second.image + text.slice(first.end, second.start) + first.image };
    }),
};

/** At most `tried` of the items, evenly spread; `phase` from 0 to 1 shifts them. */
function spread<T>(items: readonly T[], phase: number): readonly T[] {
  if (items.length <= tried) return items;
  return Array.from({ length: tried }, (_, index) => items[Math.floor(((index + phase) * items.length) / tried)]!);
}

/** What a model is, in a form that can be compared. */
function factsOf(model: EvaluatedModel): object {
  const { graph, complete, run } = model;
  return {
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
function namesIn(declaration: Named): ReadonlySet<string> {
  const names = new Set<string>();
  walk(declaration, {
    enter(node) {
      if (node.kind === 'name') names.add(node.text);
      return undefined;
    },
  });
  return names;
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
  const facts = new Map(sound.models.map((model) => [model.declaration.name.text, factsOf(model)]));
  const declared = new Set(namedIn(sound).map(({ name }) => name.text));

  it.each(Object.entries(kinds))('%s', (kind, changesOf) => {
    const phase = (Object.keys(kinds).indexOf(kind) + 0.5) / Object.keys(kinds).length;
    let kept = 0;
    for (const { start, end, by } of spread(changesOf(text, tokens), phase)) {
      const damaged = text.slice(0, start) + by + text.slice(end);
      const place = damaged.slice(Math.max(0, start - 60), start + by.length + 60);
      const before = tokens.findLast((token) => token.end <= start)?.end ?? 0;
      const after = tokens.find((token) => token.start >= end)?.start ?? text.length;
      const analysis = analyseText(damaged);
      const found = new Map(analysis.models.map((model) => [model.declaration.name.text, model]));
      // Damage may give a declaration the name of something else, which then means that declaration.
      const renamed = namedIn(analysis).filter(({ name }) => !declared.has(name.text)).map(({ name }) => name.text);
      for (const [name, { declarations, names }] of parts) {
        if ([...declarations].some(({ span }) => span.end >= before && span.start <= after)) continue;
        if (renamed.some((other) => names.has(other))) continue;
        kept++;
        const model = found.get(name);
        expect(model && factsOf(model), `${name} in: ${place}`).toEqual(facts.get(name));
      }
    }
    // A file of one model has nothing that could be kept.
    if (parts.size > 2) expect(kept).toBeGreaterThan(0);
  });
});

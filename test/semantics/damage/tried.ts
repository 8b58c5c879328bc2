// Does all damage of one kind to a text, follows each as an edit, and looks at what it leaves whole. Runs as one bundle, as what
// ships does: a module of the test runner takes twice the time.

import assert from 'node:assert/strict';
import type * as ast from '../../../grammar/ast';
import { parse, type ParseResult } from '../../../grammar/parse';
import { Analyser, type Analysis } from '../../../server/src/semantics/analyse';
import { type Change, changed, type Damage, damages, placeOf, tokensOf } from '../../support/damage';
import { compact } from '../../grammar/tree';
import { factsOf, isNamed, knowledgeOf, namesIn, partsOf, saidIn, usersOf } from './facts';

const uri = 'file:///damaged.nn';

/** One of so many damaged texts is analysed by itself, too, to see that following edits has come to the same. */
const compared = 20;

/** A text that is edited: what was evaluated of one state counts for the next. */
class Edited {
  private readonly analyser = new Analyser(uri);

  analyse(text: string, { file: tree }: ParseResult): Analysis {
    return this.analyser.analyse(() => ({ uri, text, tree }))!;
  }
}

/** Gives the same text for declarations that differ in their places alone. */
function treeKey(declaration: ast.Declaration): string {
  let key = treeKeys.get(declaration);
  if (key === undefined) treeKeys.set(declaration, (key = compact(declaration)));
  return key;
}
const treeKeys = new WeakMap<ast.Declaration, string>();

/** What is known of one declaration of the sound text. */
class Kept {
  readonly parts: ReadonlySet<ast.Declaration>;
  readonly users: ReadonlySet<ast.Declaration>;
  private readonly start: number;
  private readonly facts: unknown;
  private readonly said: readonly string[];
  /** Objects that have been found to stand for the facts. */
  private readonly good = new WeakSet<object>();

  constructor(
    readonly declaration: ast.Declaration,
    sound: Analysis,
  ) {
    this.parts = partsOf(declaration, sound.tree);
    this.users = isNamed(declaration) ? usersOf(declaration, sound.tree) : new Set();
    this.start = declaration.span.start;
    this.facts = factsOf(declaration, sound);
    this.said = saidIn(declaration, sound);
  }

  /** Whether damage that reaches some declarations may change what is known of this one. */
  isReached(reached: ReadonlySet<ast.Declaration>): boolean {
    return meet(this.parts, reached);
  }

  /** Looks at the declaration in the damaged text. */
  expectIn(analysis: Analysis, reached: ReadonlySet<ast.Declaration>, { start, end, by }: Change, place: string): void {
    const at = this.start <= start ? this.start : this.start + by.length - (end - start);
    const { kind } = this.declaration;
    const found = analysis.tree.declarations.find((each) => each.span.start === at && each.kind === kind);
    const title = isNamed(this.declaration) ? `${kind} ${this.declaration.name.text}` : kind;
    assert(found !== undefined, `${title} is lost in: ${place}`);
    const isUsedAsBefore = !meet(this.users, reached);
    // What is wrong where a declaration is applied is also said in it, and a stack shows what it is applied to.
    if (isUsedAsBefore) same(saidIn(found, analysis), this.said, `what is said in the ${title} in: ${place}`);
    else if (kind === 'stack') return;
    const standing = [found, ...(kind === 'stack' ? this.users : [])].map((each) => knowledgeOf(each, analysis)).filter((each) => each !== undefined);
    if (standing.length > 0 && standing.every((each) => this.good.has(each))) return;
    same(factsOf(found, analysis), this.facts, `the ${title} in: ${place}`);
    for (const each of standing) this.good.add(each);
  }
}

function meet<T>(some: ReadonlySet<T>, others: ReadonlySet<T>): boolean {
  for (const each of some) if (others.has(each)) return true;
  return false;
}

/** Places and all, as they are now. */
function plain(known: unknown): unknown {
  return JSON.parse(JSON.stringify(known ?? null));
}

function same(found: unknown, expected: unknown, title: string): void {
  const [its, other] = [JSON.stringify(found), JSON.stringify(expected)];
  if (its === other) return;
  const at = [...(its ?? '')].findIndex((character, index) => character !== other?.[index]);
  assert.fail(`${title}\nis    …${String(its?.slice(Math.max(0, at - 80), at + 200))}\nnot   …${String(other?.slice(Math.max(0, at - 80), at + 200))}`);
}

/** All that is known of a text. */
function everything(analysis: Analysis): unknown {
  const { tree, diagnostics } = analysis;
  return [diagnostics, tree.declarations.map((declaration) => factsOf(declaration, analysis))];
}

/** Damages a text in all ways of one kind; gives how many declarations had to keep, and kept, what is known of them. */
export function damage(text: string, kind: Damage): number {
  const edited = new Edited();
  const parsed = parse(text);
  const sound = edited.analyse(text, parsed);
  const all = sound.tree.declarations.map((declaration) => new Kept(declaration, sound));
  const declared = new Set(sound.tree.declarations.filter(isNamed).map(({ name }) => name.text));
  const tokens = tokensOf(text);
  const spans = new Map(sound.tree.declarations.map((declaration) => [declaration, { start: declaration.span.start, end: declaration.span.end }]));
  const before = plain(everything(sound));
  const seen = new Set([sound.tree.declarations.map(treeKey).join()]);
  let kept = 0;

  for (const change of damages[kind](text)) {
    const damaged = changed(text, change);
    const damagedParse = parse(damaged, parsed);
    // Analysis reads trees: two texts with the same tree, such as those with more or less of a comment, have the same.
    const key = damagedParse.file.declarations.map(treeKey).join();
    if (seen.has(key)) continue;
    seen.add(key);
    const analysis = edited.analyse(damaged, damagedParse);
    const place = placeOf(damaged, change);

    const first = tokens.findLast((token) => token.end <= change.start)?.end ?? 0;
    const last = tokens.find((token) => token.start >= change.end)?.start ?? text.length;
    // Damage may give a declaration the name of something else, which then means that declaration.
    const newNames = analysis.tree.declarations.flatMap((each) => (isNamed(each) && !declared.has(each.name.text) ? [each.name.text] : []));
    const reached = new Set<ast.Declaration>();
    for (const [declaration, { start, end }] of spans) {
      if ((end >= first && start <= last) || newNames.some((name) => namesIn(declaration).has(name))) reached.add(declaration);
    }
    for (const each of all) {
      if (each.isReached(reached)) continue;
      kept++;
      each.expectIn(analysis, reached, change, place);
    }
    if (seen.size % compared === 0) {
      const alone = parse(damaged);
      same(everything(analysis), everything(new Edited().analyse(damaged, alone)), `what was followed to: ${place}`);
    }
  }

  // And back.
  parsed.settle();
  same(everything(edited.analyse(text, parsed)), before, 'the sound text again');
  return kept;
}

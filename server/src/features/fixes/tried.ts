// Fixes that are tried before they are offered: the text is analysed with each of them, so that one that mends nothing is never
// seen. Where none mends, two that lead there together are one fix.

import type { Diagnostic, Fix } from '../../base/diagnostic';
import { type RegisteredCode, registeredCode } from '../../base/codes';
import { KeptSearch, type Search } from '../../base/search';
import { fixed } from '../../base/span';
import { diagnosticsOf } from '../diagnostics';
import { composed } from '../text-edits';
import type { Document } from '../workspace';
import { Hidden } from './hidden';
import { type Fixer, own, type Site, siteOf } from './site';
import { tryEdits } from './trials';

/** Letters of a text beyond which nothing is tried. */
export const mostTriedText = 400_000;

/** Candidates that are tried for one diagnostic, and those among them behind which a second step is tried. */
const most = { candidates: 48, halfway: 4 };

/** Fixers whose proposals are tried, and how many of each are wanted. */
export interface Tried {
  readonly proposers: readonly Fixer[];
  readonly wanted: number;
}

/** Of each proposer, the first that mends. */
export function trying(...proposers: readonly Fixer[]): Tried {
  return { proposers, wanted: 1 };
}

/** The same where each proposal that mends is as good as the others. */
export function tryingAll(...proposers: readonly Fixer[]): Tried {
  return { proposers, wanted: 4 };
}

/** What a code has: fixes that are sure, and those to be tried. */
export type Table = { readonly [Code in RegisteredCode]?: readonly (Fixer | Tried)[] };

/** An application of a stack is in error no more once its one error is mended. */
function errorsIn(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.filter(({ severity, code }) => severity === 'error' && code !== 'error-in-application');
}

/** The proposals as they are now: the places in a text that is tried move with the next trial. */
function proposals(site: Site, proposer: Fixer): readonly Fix[] {
  const fixes: Fix[] = [];
  for (const { title, edits } of proposer(site)) {
    if (fixes.push({ title, edits: edits.map(({ span, text }) => ({ span: fixed(span), text })) }) >= most.candidates) break;
  }
  return fixes;
}

/** What is left to mend behind a fix: errors that it has brought, and whether others come to light that it has not. */
interface Left {
  readonly errors: readonly Diagnostic[];
  readonly uncovers: boolean;
}

/** What a mended text must be: without the diagnostic, and without an error that was not there, or not to be seen. */
class Goal {
  private readonly code: RegisteredCode | undefined;
  private readonly alike: number;
  private readonly known: ReadonlySet<string>;
  private readonly hidden: Hidden;

  constructor(readonly site: Site) {
    const before = diagnosticsOf(site.document);
    this.code = registeredCode(site.diagnostic.code);
    this.alike = this.countAlike(before);
    this.known = new Set(errorsIn(before).map(textOf));
    this.hidden = new Hidden(site);
  }

  private countAlike(all: readonly Diagnostic[]): number {
    return all.filter((each) => registeredCode(each.code) === this.code).length;
  }

  /** What a text with edits has and should not; undefined where the diagnostic is as before. */
  left(document: Document, edits: Fix['edits']): Left | undefined {
    const after = diagnosticsOf(document);
    const fresh = errorsIn(after).filter((error) => !this.known.has(textOf(error)));
    const uncovered = new Set(this.site.diagnostic.severity === 'error' ? fresh.filter((error) => this.hidden.covers(error, edits)) : []);
    const errors = fresh.filter((error) => !uncovered.has(error));
    const isAsBefore = errors.length === 0 && this.countAlike(after.filter((each) => !uncovered.has(each))) >= this.alike;
    return isAsBefore ? undefined : { errors, uncovers: uncovered.size > 0 };
  }
}

function textOf({ code, message }: Diagnostic): string {
  return `${code}: ${message}`;
}

/** A fix that leaves one other error, with what is proposed for that. */
interface Halfway {
  readonly fix: Fix;
  readonly seconds: readonly Fix[];
}

/** What was tried for a diagnostic: editors ask again whenever the cursor moves, and after a request that was cancelled. */
class Attempts {
  private readonly goal: Goal;
  private readonly halfway: Halfway[] = [];
  private readonly byEntry = new Map<Tried, KeptSearch<Fix>>();
  private pairs: KeptSearch<Fix> | undefined;

  constructor(
    private readonly table: Table,
    site: Site,
  ) {
    this.goal = new Goal(site);
  }

  of(entry: Tried): Search<Fix> {
    const known = this.byEntry.get(entry) ?? new KeptSearch(tried(this.table, this.goal, entry, this.halfway));
    this.byEntry.set(entry, known);
    return known;
  }

  /** Once all entries have been tried. */
  inTwoSteps(): Search<Fix> {
    return (this.pairs ??= new KeptSearch(inTwoSteps(this.goal, this.halfway)));
  }
}

const attempts = new WeakMap<Document, Map<Diagnostic, Attempts>>();

function attemptsAt(table: Table, site: Site): Attempts {
  const ofDocument = attempts.get(site.document) ?? new Map<Diagnostic, Attempts>();
  attempts.set(site.document, ofDocument);
  const known = ofDocument.get(site.diagnostic) ?? new Attempts(table, site);
  ofDocument.set(site.diagnostic, known);
  return known;
}

/** The fixes of a site, the best first: what the diagnostic brings along, and its code's row of the table. */
export function* search(table: Table, site: Site): Search<Fix> {
  const row = rowOf(table, site.diagnostic);
  let isMended = false;
  for (const entry of row.some(bringsOwn) ? row : [own, ...row]) {
    for (const fix of typeof entry === 'function' ? entry(site) : attemptsAt(table, site).of(entry)) {
      isMended ||= fix !== undefined;
      yield fix;
    }
  }
  if (!isMended && row.some((entry) => typeof entry !== 'function')) yield* attemptsAt(table, site).inTwoSteps();
}

/** Whether an entry stands for what the diagnostic brings along. */
function bringsOwn(entry: Fixer | Tried): boolean {
  return typeof entry === 'function' ? entry === own : entry.proposers.includes(own);
}

/** The fixers of a code. */
function rowOf(table: Table, { code }: Diagnostic): readonly (Fixer | Tried)[] {
  const registered = registeredCode(code);
  return (registered && table[registered]) ?? [];
}

/** Those that mend, as many as are wanted of each proposer, first those behind which nothing is left; collects those that lead halfway. */
function* tried(table: Table, goal: Goal, { proposers, wanted }: Tried, halfway: Halfway[]): Search<Fix> {
  const { site } = goal;
  if (site.document.text.length > mostTriedText) return;
  for (const proposer of proposers) {
    let mending = 0;
    const uncovering: Fix[] = [];
    for (const fix of proposals(site, proposer)) {
      const document = yield* tryEdits(site.document, fix.edits);
      const left = goal.left(document, fix.edits);
      if (left?.errors.length === 0 && left.uncovers) uncovering.push(fix);
      else if (left?.errors.length === 0) {
        yield fix;
        if (++mending >= wanted) break;
      } else if (left?.errors.length === 1 && left.errors[0]!.code !== 'assert-fails' && halfway.length < most.halfway) {
        // What is claimed is not to be changed for the sake of a fix.
        const [error] = left.errors;
        const next = siteOf(document, error!, site.files);
        const seconds = rowOf(table, error!).flatMap((entry) => (typeof entry === 'function' ? [entry] : entry.proposers)).flatMap((each) => proposals(next, each));
        if (seconds.length > 0) halfway.push({ fix, seconds: seconds.slice(0, most.candidates) });
      }
    }
    if (mending === 0) yield* uncovering.slice(0, wanted);
  }
}

/** The first pair that mends. */
function* inTwoSteps(goal: Goal, halfway: readonly Halfway[]): Search<Fix> {
  const { document } = goal.site;
  for (const { fix, seconds } of halfway) {
    for (const second of seconds) {
      const edits = composed(fix.edits, second.edits);
      if (goal.left(yield* tryEdits(document, edits), edits)?.errors.length !== 0) continue;
      yield { title: `${fix.title}, and ${second.title.charAt(0).toLowerCase()}${second.title.slice(1)}`, edits };
      return;
    }
  }
}

// Gradient checks of the models of open documents: started, followed, cancelled, and remembered by what was checked.

import type { Code } from '../base/codes';
import type { Diagnostic } from '../base/diagnostic';
import { parse } from '../../../grammar/parse';
import type { CheckHost, RunningCheck } from '../check/host';
import type { CheckedEntry, CheckProgress, CheckReport, CheckRequest } from '../check/protocol';
import type { Place } from '../semantics/graph';
import { describeEntry, precise } from './check-report';
import { type Anchor, anchorOf, contentOf, placeOf } from './content';
import type { Document, Workspace } from './workspace';

/** What a check is asked for beside its model; from the settings. */
export type CheckChoices = Pick<CheckRequest, 'seed' | 'second' | 'batch' | 'budgetMilliseconds' | 'memoryBytes'>;

export interface CheckDone {
  readonly kind: 'done';
  readonly report: CheckReport;
  readonly choices: CheckChoices;
  /** What was wrong, at places that outlive edits elsewhere. */
  readonly findings: readonly CheckFinding[];
}

/** A part of what a check found wrong, and where. */
export interface CheckFinding {
  readonly code: Code;
  readonly message: string;
  readonly anchor: Anchor;
  /** The derivative by differences, and the one by differentiation. */
  readonly expected?: string;
  readonly actual?: string;
}

export type CheckState =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'running'; readonly progress: CheckProgress; readonly fraction: number; readonly secondsLeft?: number }
  | { readonly kind: 'failed'; readonly reason: string }
  | CheckDone;

/** How a check ended; cancelled by a person, or because the model became another one. */
export type CheckEnd = CheckDone | Extract<CheckState, { kind: 'failed' }> | { readonly kind: 'cancelled'; readonly changed: boolean };

interface Running {
  readonly content: string;
  readonly uri: string;
  readonly model: string;
  state: CheckState;
  changed: boolean;
  run?: RunningCheck;
  ended?: Promise<CheckEnd>;
}

interface Ended {
  readonly uri: string;
  readonly model: string;
  readonly content: string;
  readonly state: CheckDone | Extract<CheckState, { kind: 'failed' }>;
}

/** How many reports are remembered. */
const remembered = 256;

export class GradientChecks {
  private readonly running = new Map<string, Running>();
  /** The last end of each model's check. */
  private readonly last = new Map<string, Ended>();
  /** Reports by what was checked, the newest at the end: an undone edit finds its report again. */
  private readonly reports = new Map<string, CheckDone>();

  constructor(
    private readonly workspace: Workspace,
    private readonly host: Pick<CheckHost, 'run'>,
    /** Called with the address of each document where something has changed: how far a check is, or that it is over. */
    private readonly onChange: (uri: string, isOver: boolean) => void,
    private readonly choices: () => CheckChoices = () => ({}),
  ) {}

  /**
   * Checks a model, joins the check that is running, or gives the report of this very model if there is one;
   * with `again` it is checked in any case, at other values.
   */
  start(uri: string, model: string, again = false): Promise<CheckEnd> {
    const document = this.workspace.document(uri);
    if (document === undefined) return Promise.resolve({ kind: 'failed', reason: 'the document is not open' });
    const id = idOf(uri, model);
    const content = contentOf(model, document);
    const before = this.running.get(id);
    if (before?.ended !== undefined) {
      if (before.content === content) return before.ended;
      this.stop(before, true);
    }
    const known = this.reports.get(keyOf(uri, content));
    const wanted = this.choices();
    const chosen = again && known !== undefined ? { ...wanted, seed: (known.choices.seed ?? 0) + 1 } : wanted;
    if (known !== undefined && !again && sameChoices(known.choices, wanted)) {
      this.last.set(id, { uri, model, content, state: known });
      return Promise.resolve(known);
    }
    return this.run(document, model, content, chosen);
  }

  private run(document: Document, model: string, content: string, choices: CheckChoices): Promise<CheckEnd> {
    const { uri } = document;
    const id = idOf(uri, model);
    const files = filesOf(document);
    const running: Running = { content, uri, model, state: { kind: 'waiting' }, changed: false };
    this.running.set(id, running);
    running.run = this.host.run({ files, file: uri, model, ...choices }, (progress) => {
      running.state = progressing(progress);
      this.onChange(uri, false);
    });
    running.ended = running.run.promise.then(
      (report) => this.end(running, report === undefined ? { kind: 'cancelled', changed: running.changed } : { kind: 'done', report, choices, findings: findingsOf(report, files) }),
      (error: unknown) => this.end(running, { kind: 'failed', reason: error instanceof Error ? error.message : String(error) }),
    );
    this.onChange(uri, false);
    return running.ended;
  }

  cancel(uri: string, model: string): void {
    const running = this.running.get(idOf(uri, model));
    if (running !== undefined) this.stop(running, false);
  }

  /** Whether any check is running or waiting. */
  get busy(): boolean {
    return this.running.size > 0;
  }

  /** The addresses of the documents whose models are being checked or wait for it. */
  get documents(): ReadonlySet<string> {
    return new Set([...this.running.values()].map(({ uri }) => uri));
  }

  /** Ends the checks of models that have become others; edits elsewhere, comments and layout leave them alone. */
  revise(): void {
    for (const running of this.running.values()) {
      const document = this.workspace.document(running.uri);
      if (document !== undefined && contentOf(running.model, document) !== running.content) this.stop(running, true);
    }
  }

  /** Ends all checks of a document; their reports stay. */
  close(uri: string): void {
    for (const running of this.running.values()) if (running.uri === uri) this.stop(running, false);
  }

  /** The check of a model as it is now, or else the last one of what it was before. */
  stateOf(document: Document, model: string): { readonly state: CheckState; readonly stale: boolean } | undefined {
    const id = idOf(document.uri, model);
    const running = this.running.get(id);
    if (running !== undefined) return { state: running.state, stale: false };
    const content = contentOf(model, document);
    const last = this.last.get(id);
    if (last?.content === content) return { state: last.state, stale: false };
    const known = this.reports.get(keyOf(document.uri, content));
    if (known !== undefined) return { state: known, stale: false };
    return last && { state: last.state, stale: true };
  }

  /** What the checks found wrong in a document, in models that are still what was checked. */
  diagnosticsOf(document: Document): readonly Diagnostic[] {
    const found: Diagnostic[] = [];
    const own = document.analysis.models.map(({ name }) => ({ uri: document.uri, model: name }));
    const others = [...this.last.values()].filter(({ uri }) => uri !== document.uri);
    for (const { uri, model } of [...own, ...others]) {
      const checked = uri === document.uri ? document : this.workspace.document(uri);
      const known = checked && this.stateOf(checked, model);
      if (known === undefined || known.stale || known.state.kind !== 'done') continue;
      for (const { code, message, anchor } of known.state.findings) {
        const place = anchor.file === document.uri ? placeOf(anchor, document.tree) : undefined;
        if (place !== undefined) found.push({ code, severity: 'error', message, span: place.span });
      }
    }
    return found;
  }

  private stop(running: Running, changed: boolean): void {
    running.changed = changed;
    running.run?.cancel();
  }

  private end(running: Running, end: CheckEnd): CheckEnd {
    const { uri, model, content } = running;
    const id = idOf(uri, model);
    // A newer check of the same model may have taken the place of this one.
    if (this.running.get(id) === running) this.running.delete(id);
    if (end.kind !== 'cancelled') this.last.set(id, { uri, model, content, state: end });
    if (end.kind === 'done') this.remember(keyOf(uri, content), end);
    for (const touched of new Set([uri, ...(end.kind === 'done' ? end.findings.map(({ anchor }) => anchor.file) : [])])) this.onChange(touched, true);
    return end;
  }

  private remember(key: string, state: CheckDone): void {
    this.reports.delete(key);
    this.reports.set(key, state);
    const [oldest] = this.reports.keys();
    if (this.reports.size > remembered && oldest !== undefined) this.reports.delete(oldest);
  }
}

function idOf(uri: string, model: string): string {
  return `${uri}#${model}`;
}

function keyOf(uri: string, content: string): string {
  return `${uri}\n${content}`;
}

function sameChoices(a: CheckChoices, b: CheckChoices): boolean {
  return a.batch === b.batch && (a.second === true) === (b.second === true) && a.budgetMilliseconds === b.budgetMilliseconds && a.memoryBytes === b.memoryBytes;
}

function progressing(progress: CheckProgress): CheckState {
  return { kind: 'running', progress, fraction: progress.total === 0 ? 0 : progress.done / progress.total, secondsLeft: progress.secondsLeft };
}

function filesOf(document: Document): { uri: string; text: string }[] {
  return [...document.dependencies].flatMap(([uri, source]) => (source === undefined ? [] : [{ uri, text: source.text }]));
}

/** What a report says is wrong, anchored in the texts that were checked. */
function findingsOf(report: CheckReport, files: readonly { readonly uri: string; readonly text: string }[]): readonly CheckFinding[] {
  const found: CheckFinding[] = [];
  const add = (place: Place | undefined, code: Code, message: string, worst?: CheckedEntry): void => {
    const file = place && files.find(({ uri }) => uri === place.file);
    const anchor = file && anchorOf(place!, parse(file.text).file);
    if (anchor !== undefined) found.push({ code, message, anchor, expected: worst && precise(worst.numeric), actual: worst && precise(worst.analytic) });
  };
  for (const tensor of report.tensors) {
    if (!tensor.ok) add(tensor.place, 'gradient-mismatch', `the gradients of ${report.model} do not agree at ${tensor.worst === undefined ? tensor.name : describeEntry(tensor.worst)}${tensor.pattern === undefined ? '' : `; ${tensor.pattern}`}`, tensor.worst);
  }
  for (const culprit of report.culprits) add(culprit.place, 'gradient-mismatch', culprit.message);
  for (const assert of report.asserts) {
    if (!assert.ok) add(assert.place, 'assert-fails', `this assert fails in ${report.model}${assert.message === undefined ? '' : `: ${assert.message}`}`);
  }
  return found;
}

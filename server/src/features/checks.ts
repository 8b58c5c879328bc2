// Gradient checks of the models of open documents: started, followed, cancelled, and remembered by what was checked.

import type { Code } from '../base/codes';
import type { Diagnostic } from '../base/diagnostic';
import type { CheckHost, RunningCheck } from '../check/host';
import type { CheckReport } from '../check/protocol';
import type { Place } from '../semantics/graph';
import { describeEntry } from './check-report';
import { textsBehind } from './names';
import type { Document, Workspace } from './workspace';

export type CheckState =
  | { readonly kind: 'running'; readonly fraction: number; readonly stage: string }
  | { readonly kind: 'done'; readonly report: CheckReport }
  | { readonly kind: 'failed'; readonly reason: string };

interface Check {
  readonly document: Document;
  readonly model: string;
  /** The texts that the model depends on, as they were checked. */
  readonly texts: string;
  state: CheckState;
  running?: RunningCheck;
  ended?: Promise<CheckState | undefined>;
}

export class GradientChecks {
  private readonly checks = new Map<string, Check>();

  constructor(
    private readonly workspace: Workspace,
    private readonly host: Pick<CheckHost, 'run'>,
    /** Called whenever a state has changed. */
    private readonly onChange: (uri: string) => void,
  ) {}

  /** Checks a model, or joins the check that is running; gives its end, undefined if it was cancelled. */
  start(uri: string, model: string): Promise<CheckState | undefined> {
    const document = this.workspace.document(uri);
    if (document === undefined) return Promise.resolve({ kind: 'failed', reason: 'the document is not open' });
    const key = keyOf(uri, model);
    const texts = textsBehind(model, document);
    const before = this.checks.get(key);
    if (before?.ended !== undefined) {
      if (before.texts === texts) return before.ended;
      before.running?.cancel();
    }
    const check: Check = { document, model, texts, state: { kind: 'running', fraction: 0, stage: '' } };
    this.checks.set(key, check);
    check.running = this.host.run({ files: filesOf(document), file: uri, model }, ({ done, total, stage }) => {
      check.state = { kind: 'running', fraction: total === 0 ? 0 : done / total, stage };
      this.onChange(uri);
    });
    check.ended = check.running.promise.then(
      (report) => this.end(check, key, report && { kind: 'done', report }),
      (error: unknown) => this.end(check, key, { kind: 'failed', reason: error instanceof Error ? error.message : String(error) }),
    );
    this.onChange(uri);
    return check.ended;
  }

  cancel(uri: string, model: string): void {
    this.checks.get(keyOf(uri, model))?.running?.cancel();
  }

  /** Ends and forgets all checks of a document. */
  close(uri: string): void {
    for (const [key, check] of this.checks) {
      if (check.document.uri !== uri) continue;
      check.running?.cancel();
      this.checks.delete(key);
    }
  }

  /** The last check of a model, and whether the model has changed since. */
  stateOf(document: Document, model: string): { readonly state: CheckState; readonly stale: boolean } | undefined {
    const check = this.checks.get(keyOf(document.uri, model));
    return check && { state: check.state, stale: check.texts !== textsBehind(model, document) };
  }

  /** What the checks found wrong in a document, as long as its text is the one that was checked. */
  diagnosticsOf(document: Document): readonly Diagnostic[] {
    const found: Diagnostic[] = [];
    for (const { document: checked, state } of this.checks.values()) {
      if (state.kind !== 'done') continue;
      const text = checked.dependencies.get(document.uri)?.text;
      if (text === document.text) found.push(...diagnosticsIn(state.report, document.uri));
    }
    return found;
  }

  private end(check: Check, key: string, state: CheckState | undefined): CheckState | undefined {
    check.running = undefined;
    check.ended = undefined;
    // A newer check of the same model has taken the place of this one.
    if (this.checks.get(key) !== check) return state;
    if (state === undefined) this.checks.delete(key);
    else check.state = state;
    this.onChange(check.document.uri);
    return state;
  }
}

function keyOf(uri: string, model: string): string {
  return `${uri}#${model}`;
}

function filesOf(document: Document): { uri: string; text: string }[] {
  return [...document.dependencies].flatMap(([uri, source]) => (source === undefined ? [] : [{ uri, text: source.text }]));
}

function diagnosticsIn(report: CheckReport, uri: string): Diagnostic[] {
  const found: Diagnostic[] = [];
  const add = (place: Place | undefined, code: Code, message: string): void => {
    if (place?.file === uri) found.push({ code, severity: 'error', message, span: place.span });
  };
  for (const tensor of report.tensors) {
    if (!tensor.ok) add(tensor.place, 'gradient-mismatch', `the gradients of ${report.model} do not agree at ${tensor.worst === undefined ? tensor.name : describeEntry(tensor.worst)}`);
  }
  for (const culprit of report.culprits) add(culprit.place, 'gradient-mismatch', culprit.message);
  for (const assert of report.asserts) {
    if (!assert.ok) add(assert.place, 'assert-fails', `this assert fails in ${report.model}${assert.message === undefined ? '' : `: ${assert.message}`}`);
  }
  return found;
}

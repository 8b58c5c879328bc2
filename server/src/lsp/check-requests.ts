// The requests around gradient checks: start with progress, cancel, report, and the models of a document with their states.

import type { CancellationToken, WorkDoneProgressServerReporter } from 'vscode-languageserver';
import { outcomeOf, reportPage } from '../features/check-report';
import type { CheckEnd } from '../features/checks';
import { factsOf, progressText, stageText } from '../features/code-lens';
import { lineOf } from '../features/hover/facts';
import type { Document } from '../features/workspace';
import { toRange } from './convert';
import { guarded } from './guard';
import { cancelCheckRequest, checkGradientsRequest, type CheckOutcome, type CheckParams, type ModelEntry, type ModelReference, modelsRequest, reportRequest } from './requests';
import type { Session } from './session';

/** Milliseconds between two reports of progress. */
const progressInterval = 200;

export function registerCheckRequests(session: Session): void {
  const { connection, checks } = session;
  connection.onRequest(checkGradientsRequest, async (reference, token) => (await guarded(connection, checkGradientsRequest.method, () => check(session, reference, token))) ?? failed);
  connection.onRequest(cancelCheckRequest, ({ uri, model }) => {
    checks.cancel(uri, model);
    return null;
  });
  connection.onRequest(reportRequest, async (reference) => ({ markdown: (await guarded(connection, reportRequest.method, () => report(session, reference))) ?? '' }));
  connection.onRequest(modelsRequest, async ({ uri }) => (await guarded(connection, modelsRequest.method, () => models(session, uri))) ?? []);
}

const failed: CheckOutcome = { ok: false, cancelled: false, message: 'the check failed' };

/** Runs a check with its progress shown; the token cancels it. */
export async function runCheck(session: Session, { uri, model, again = false }: CheckParams, token: CancellationToken): Promise<CheckEnd> {
  const ended = session.checks.start(uri, model, again);
  const cancelling = token.onCancellationRequested(() => { session.checks.cancel(uri, model); });
  const progress = session.showsProgress && session.checks.busy ? await session.connection.window.createWorkDoneProgress() : undefined;
  const stopReporting = progress && reportProgress(session, progress, uri, model);
  const end = await ended;
  stopReporting?.();
  cancelling.dispose();
  return end;
}

async function check(session: Session, reference: CheckParams, token: CancellationToken): Promise<CheckOutcome> {
  const document = await session.document(reference.uri);
  if (document?.analysis.models.some((each) => each.name === reference.model) !== true) return { ...failed, message: `there is no model ${reference.model} that can be checked` };
  const end = await runCheck(session, reference, token);
  switch (end.kind) {
    case 'cancelled':
      return { ok: false, cancelled: true, message: end.changed ? 'cancelled, as the model has changed' : 'cancelled' };
    case 'failed':
      return { ...failed, message: end.reason };
    case 'done':
      return { ok: end.report.ok, cancelled: false, message: outcomeOf(end.report) };
  }
}

/** Shows how far a check is until the returned function is called; the client may cancel it. */
function reportProgress(session: Session, progress: WorkDoneProgressServerReporter, uri: string, model: string): () => void {
  progress.begin(`Checking the gradients of ${model}`, 0, undefined, true);
  const cancelling = progress.token.onCancellationRequested(() => { session.checks.cancel(uri, model); });
  const timer = setInterval(() => {
    const document = session.workspace.document(uri);
    const state = document && session.checks.stateOf(document, model)?.state;
    if (state?.kind === 'running') progress.report(Math.floor(state.fraction * 100), `${progressText(state)} · ${stageText(state)}`);
  }, progressInterval);
  return () => {
    clearInterval(timer);
    cancelling.dispose();
    progress.done();
  };
}

async function report(session: Session, { uri, model }: ModelReference): Promise<string> {
  const document = await session.document(uri);
  const known = document && session.checks.stateOf(document, model);
  switch (known?.state.kind) {
    case undefined:
      return `The gradients of ${model} have not been checked yet.`;
    case 'waiting':
    case 'running':
      return `The gradients of ${model} are being checked.`;
    case 'failed':
      return `The check of ${model} failed: ${known!.state.reason}`;
    case 'done':
      return reportPage(known!.state.report, { stale: known!.stale, seed: known!.state.choices.seed, lineOf: known!.stale ? undefined : (place) => lineOf(place, document!) });
  }
}

async function models(session: Session, uri: string): Promise<ModelEntry[]> {
  const document = await session.document(uri);
  if (document === undefined) return [];
  return document.analysis.models.map((model) => ({
    name: model.name,
    range: toRange(document, model.declaration.span),
    facts: factsOf(model, session.settings).title,
    check: checkOf(session, document, model.name),
  }));
}

function checkOf({ checks }: Session, document: Document, model: string): ModelEntry['check'] {
  const known = checks.stateOf(document, model);
  if (known === undefined) return undefined;
  const { state, stale } = known;
  switch (state.kind) {
    case 'waiting':
      return { state: 'waiting', stale, text: 'waiting for other checks' };
    case 'running':
      return { state: 'running', stale, text: `checking ${progressText(state)}` };
    case 'failed':
      return { state: 'failed', stale, text: state.reason };
    case 'done':
      return { state: state.report.ok ? 'ok' : 'wrong', stale, text: outcomeOf(state.report) };
  }
}

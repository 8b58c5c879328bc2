// The requests around gradient checks: start with progress, cancel, report, and the models of a document.

import type { WorkDoneProgressServerReporter } from 'vscode-languageserver';
import { outcomeOf, reportPage } from '../features/check-report';
import { toRange } from './convert';
import { guarded } from './guard';
import { cancelCheckRequest, checkGradientsRequest, type CheckOutcome, type ModelReference, modelsRequest, reportRequest } from './requests';
import type { Session } from './session';

/** Milliseconds between two reports of progress. */
const progressInterval = 200;

export function registerCheckRequests(session: Session): void {
  const { connection, checks } = session;
  connection.onRequest(checkGradientsRequest, async (reference) => (await guarded(connection, checkGradientsRequest.method, () => check(session, reference))) ?? failed);
  connection.onRequest(cancelCheckRequest, ({ uri, model }) => {
    checks.cancel(uri, model);
    return null;
  });
  connection.onRequest(reportRequest, async (reference) => ({ markdown: (await guarded(connection, reportRequest.method, () => report(session, reference))) ?? '' }));
  connection.onRequest(modelsRequest, async ({ uri }) => {
    const document = await session.document(uri);
    return (document?.analysis.models ?? []).map(({ name, declaration }) => ({ name, range: toRange(document!, declaration.span) }));
  });
}

const failed: CheckOutcome = { ok: false, cancelled: false, message: 'the check failed' };

async function check(session: Session, { uri, model }: ModelReference): Promise<CheckOutcome> {
  const document = await session.document(uri);
  if (document?.analysis.models.some((each) => each.name === model) !== true) return { ...failed, message: `there is no model ${model} that can be checked` };
  const ended = session.checks.start(uri, model);
  const progress = session.showsProgress ? await session.connection.window.createWorkDoneProgress() : undefined;
  const stopReporting = progress && reportProgress(session, progress, uri, model);
  const state = await ended;
  stopReporting?.();
  if (state === undefined) return { ok: false, cancelled: true, message: 'cancelled' };
  if (state.kind === 'failed') return { ...failed, message: state.reason };
  if (state.kind === 'running') return failed;
  return { ok: state.report.ok, cancelled: false, message: outcomeOf(state.report) };
}

/** Shows how far a check is until the returned function is called; the client may cancel it. */
function reportProgress(session: Session, progress: WorkDoneProgressServerReporter, uri: string, model: string): () => void {
  progress.begin(`Checking the gradients of ${model}`, 0, undefined, true);
  const cancelling = progress.token.onCancellationRequested(() => { session.checks.cancel(uri, model); });
  const timer = setInterval(() => {
    const document = session.workspace.document(uri);
    const state = document && session.checks.stateOf(document, model)?.state;
    if (state?.kind === 'running') progress.report(Math.floor(state.fraction * 100), state.stage);
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
  if (known === undefined) return `The gradients of ${model} have not been checked yet.`;
  const { state, stale } = known;
  if (state.kind === 'running') return `The gradients of ${model} are being checked.`;
  if (state.kind === 'failed') return `The check of ${model} failed: ${state.reason}`;
  return `${stale ? '*The model has changed since this check.*\n\n' : ''}${reportPage(state.report)}`;
}

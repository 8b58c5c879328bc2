// The requests that this server adds to the protocol; client/src/protocol.ts names them, too.

import { type Location, NotificationType, type Range, RequestType, RequestType0 } from 'vscode-languageserver';

/** Names one model of one document. */
export interface ModelReference {
  uri: string;
  model: string;
}

/** A model to check; with `again` in any case, at other random values. */
export interface CheckParams extends ModelReference {
  again?: boolean;
}

/** A model of a document, with what is said of it in one line. */
export interface ModelEntry {
  name: string;
  range: Range;
  facts: string;
  /** Of its gradient check; absent where there was none. */
  check?: { state: 'waiting' | 'running' | 'ok' | 'wrong' | 'failed'; stale: boolean; text: string };
}

/** A test of the Test Explorer; see features/tests.ts. */
export interface TestEntry {
  id: string;
  label: string;
  uri: string;
  range: Range;
  /** Whether it needs the gradient check of its model, and so time. */
  needsCheck: boolean;
}

/** The tests of a model, or those of the file itself. */
export interface TestGroupEntry {
  model: string | null;
  range: Range;
  content: string;
  tests: TestEntry[];
}

export interface RunTestsParams {
  uri: string;
  model: string | null;
  ids: string[];
}

export interface TestResultEntry {
  id: string;
  outcome: 'passed' | 'failed' | 'errored' | 'skipped';
  messages: { text: string; expected?: string; actual?: string; location?: Location }[];
  seconds?: number;
}

/** How a gradient check ended. */
export interface CheckOutcome {
  ok: boolean;
  cancelled: boolean;
  message: string;
}

export const checkGradientsRequest = new RequestType<CheckParams, CheckOutcome, void>('nn/checkGradients');
export const cancelCheckRequest = new RequestType<ModelReference, null, void>('nn/cancelCheck');
export const reportRequest = new RequestType<ModelReference, { markdown: string }, void>('nn/report');
export const modelsRequest = new RequestType<{ uri: string }, ModelEntry[], void>('nn/models');
export const testsRequest = new RequestType<{ uri: string }, TestGroupEntry[], void>('nn/tests');
/** Cancelling it cancels the check that it has started. */
export const runTestsRequest = new RequestType<RunTestsParams, TestResultEntry[], void>('nn/runTests');
/** The models of all files, to compare with. */
export const allModelsRequest = new RequestType0<ModelReference[], void>('nn/allModels');
export const compareRequest = new RequestType<{ left: ModelReference; right: ModelReference }, { markdown: string }, void>('nn/compare');

/** To a client that announces `followsAnalysis` in its initialization options: what is known of a document has changed, or only how far its checks are. */
export const analysedNotification = new NotificationType<{ uri: string; onlyCheck: boolean }>('nn/analysed');

/** From the server to a client that announces `readFile` in its initialization options: a file that is not open. */
export const readFileRequest = new RequestType<{ uri: string }, { text: string | null }, void>('nn/readFile');
/** Of the same clients: the .nn files in a folder and the folders in it; null for a folder that they cannot read. */
export const listFilesRequest = new RequestType<{ folder: string }, { uris: string[] | null }, void>('nn/listFiles');

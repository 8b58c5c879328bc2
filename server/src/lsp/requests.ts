// The requests that this server adds to the protocol. The client takes the types from here, and names the requests by the same words.

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

/** How a gradient check ended. */
export interface CheckOutcome {
  ok: boolean;
  cancelled: boolean;
  message: string;
}

/** A document whose models, or tests, are asked for. */
export interface ModelsParams {
  uri: string;
}

/** A model of a document, with the range of its declaration and what is said of it in one line. */
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
  /** Changes when what the tests speak of does. */
  content: string;
  tests: TestEntry[];
}

/** Some tests of a model, or of the file itself. */
export interface RunTestsParams {
  uri: string;
  model: string | null;
  ids: string[];
}

export interface TestResultEntry {
  id: string;
  outcome: 'passed' | 'failed' | 'errored' | 'skipped';
  messages: { text: string; expected?: string; actual?: string; location?: Location }[];
  /** What was found out, in one line. */
  output?: string;
  seconds?: number;
}

/** Two models of whatever files. */
export interface CompareParams {
  left: ModelReference;
  right: ModelReference;
}

/** A page in Markdown. */
export interface PageResult {
  markdown: string;
}

/** What is known of a document has changed, or only how far its checks are. */
export interface AnalysedParams {
  uri: string;
  onlyCheck: boolean;
}

/** A file that is not open. */
export interface ReadFileParams {
  uri: string;
}

/** Null where there is none. */
export interface ReadFileResult {
  text: string | null;
}

export interface ListFilesParams {
  folder: string;
}

/** The .nn files in a folder and the folders in it; null for a folder that cannot be read. */
export interface ListFilesResult {
  uris: string[] | null;
}

/** Answered when the check has ended. */
export const checkGradientsRequest = new RequestType<CheckParams, CheckOutcome, void>('nn/checkGradients');
export const cancelCheckRequest = new RequestType<ModelReference, null, void>('nn/cancelCheck');
export const reportRequest = new RequestType<ModelReference, PageResult, void>('nn/report');
export const modelsRequest = new RequestType<ModelsParams, ModelEntry[], void>('nn/models');
export const testsRequest = new RequestType<ModelsParams, TestGroupEntry[], void>('nn/tests');
/** Answered when they have run; cancelling it cancels the check that it has started. */
export const runTestsRequest = new RequestType<RunTestsParams, TestResultEntry[], void>('nn/runTests');
/** The models of all files, to compare with. */
export const allModelsRequest = new RequestType0<ModelReference[], void>('nn/allModels');
export const compareRequest = new RequestType<CompareParams, PageResult, void>('nn/compare');

/** To a client that announces `followsAnalysis` in its initialization options. */
export const analysedNotification = new NotificationType<AnalysedParams>('nn/analysed');

/** From the server to a client that announces `readFile` in its initialization options. */
export const readFileRequest = new RequestType<ReadFileParams, ReadFileResult, void>('nn/readFile');
/** Of the same clients. */
export const listFilesRequest = new RequestType<ListFilesParams, ListFilesResult, void>('nn/listFiles');

// The requests that client and server add to the language server protocol; server/src/lsp/requests.ts names them, too.

import type { Location, Range } from 'vscode-languageclient';

/** Names one model of one document. */
export interface ModelReference {
  uri: string;
  model: string;
}

/** `nn/models`: the models of a document, in order, each with the range of its declaration. */
export interface ModelsParams {
  uri: string;
}

export interface ModelEntry {
  name: string;
  range: Range;
  facts: string;
  /** Of its gradient check; absent where there was none. */
  check?: { state: 'waiting' | 'running' | 'ok' | 'wrong' | 'failed'; stale: boolean; text: string };
}

/** `nn/checkGradients`: a model to check; with `again` in any case, at other random values. */
export interface CheckParams extends ModelReference {
  again?: boolean;
}

/** `nn/tests`: the tests of a model, or those of the file itself. */
export interface TestGroupEntry {
  model: string | null;
  range: Range;
  /** Changes when what the tests speak of does. */
  content: string;
  tests: TestEntry[];
}

export interface TestEntry {
  id: string;
  label: string;
  uri: string;
  range: Range;
  /** Whether it needs the gradient check of its model, and so time. */
  needsCheck: boolean;
}

/** `nn/runTests`: some tests of a model or of the file. */
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

/** `nn/compare`: two models of whatever files. */
export interface CompareParams {
  left: ModelReference;
  right: ModelReference;
}

/** `nn/report` and `nn/compare`: a page in Markdown. */
export interface PageResult {
  markdown: string;
}

/** `nn/checkGradients`: how a gradient check ended. */
export interface CheckOutcome {
  ok: boolean;
  cancelled: boolean;
  message: string;
}

/** `nn/readFile`, from the server: a file that is not open; null where there is none. */
export interface ReadFileParams {
  uri: string;
}

export interface ReadFileResult {
  text: string | null;
}

/** `nn/listFiles`, from the server: the .nn files in a folder and the folders in it. */
export interface ListFilesParams {
  folder: string;
}

export interface ListFilesResult {
  uris: string[] | null;
}

export const requests = {
  /** CheckParams → CheckOutcome, when the check has ended. */
  checkGradients: 'nn/checkGradients',
  /** ModelReference → nothing. */
  cancelCheck: 'nn/cancelCheck',
  /** ModelReference → PageResult. */
  report: 'nn/report',
  /** ModelsParams → TestGroupEntry[]. */
  tests: 'nn/tests',
  /** RunTestsParams → TestResultEntry[], when they have run; cancelling it cancels the check that it has started. */
  runTests: 'nn/runTests',
  /** Nothing → ModelReference[]: the models of all files. */
  allModels: 'nn/allModels',
  /** CompareParams → PageResult. */
  compare: 'nn/compare',
  /** ModelsParams → ModelEntry[]. */
  models: 'nn/models',
  /** From the server: ReadFileParams → ReadFileResult. */
  readFile: 'nn/readFile',
  /** From the server: ListFilesParams → ListFilesResult. */
  listFiles: 'nn/listFiles',
} as const;

/** From the server: AnalysedParams; what is known of a document has changed, or only how far its checks are. */
export interface AnalysedParams {
  uri: string;
  onlyCheck: boolean;
}

export const analysed = 'nn/analysed';

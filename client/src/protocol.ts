// The requests that client and server add to the language server protocol; server/src/lsp/requests.ts names them, too.

import type { Range } from 'vscode-languageclient';

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
}

/** `nn/report`: the last gradient check of a model as Markdown. */
export interface ReportResult {
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
  /** ModelReference → CheckOutcome, when the check has ended. */
  checkGradients: 'nn/checkGradients',
  /** ModelReference → nothing. */
  cancelCheck: 'nn/cancelCheck',
  /** ModelReference → ReportResult. */
  report: 'nn/report',
  /** ModelsParams → ModelEntry[]. */
  models: 'nn/models',
  /** From the server: ReadFileParams → ReadFileResult. */
  readFile: 'nn/readFile',
  /** From the server: ListFilesParams → ListFilesResult. */
  listFiles: 'nn/listFiles',
} as const;

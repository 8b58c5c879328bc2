// The requests that the client adds to the language server protocol.

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

export const requests = {
  /** ModelReference → the check's outcome, when it has ended. */
  checkGradients: 'nn/checkGradients',
  /** ModelReference → nothing. */
  cancelCheck: 'nn/cancelCheck',
  /** ModelReference → ReportResult. */
  report: 'nn/report',
  /** ModelsParams → ModelEntry[]. */
  models: 'nn/models',
} as const;

// The requests that client and server add to the language server protocol; server/src/lsp/requests.ts says what they mean.

export type {
  AnalysedParams,
  CheckOutcome,
  CheckParams,
  CompareParams,
  ListFilesParams,
  ListFilesResult,
  ModelEntry,
  ModelReference,
  ModelsParams,
  PageResult,
  ReadFileParams,
  ReadFileResult,
  RunTestsParams,
  TestEntry,
  TestGroupEntry,
  TestResultEntry,
} from '../../server/src/lsp/requests';

/** Their names on the wire. */
export const requests = {
  checkGradients: 'nn/checkGradients',
  cancelCheck: 'nn/cancelCheck',
  report: 'nn/report',
  tests: 'nn/tests',
  runTests: 'nn/runTests',
  allModels: 'nn/allModels',
  compare: 'nn/compare',
  models: 'nn/models',
  /** From the server. */
  readFile: 'nn/readFile',
  listFiles: 'nn/listFiles',
} as const;

/** From the server. */
export const analysed = 'nn/analysed';

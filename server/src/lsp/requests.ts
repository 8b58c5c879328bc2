// The requests that this server adds to the protocol; client/src/protocol.ts names them, too.

import { type Range, RequestType } from 'vscode-languageserver';

/** Names one model of one document. */
export interface ModelReference {
  uri: string;
  model: string;
}

/** How a gradient check ended. */
export interface CheckOutcome {
  ok: boolean;
  cancelled: boolean;
  message: string;
}

export const checkGradientsRequest = new RequestType<ModelReference, CheckOutcome, void>('nn/checkGradients');
export const cancelCheckRequest = new RequestType<ModelReference, null, void>('nn/cancelCheck');
export const reportRequest = new RequestType<ModelReference, { markdown: string }, void>('nn/report');
export const modelsRequest = new RequestType<{ uri: string }, { name: string; range: Range }[], void>('nn/models');

/** From the server to a client that announces `readFile` in its initialization options: a file that is not open. */
export const readFileRequest = new RequestType<{ uri: string }, { text: string | null }, void>('nn/readFile');
/** Of the same clients: the .nn files in a folder and the folders in it; null for a folder that they cannot read. */
export const listFilesRequest = new RequestType<{ folder: string }, { uris: string[] | null }, void>('nn/listFiles');

// The one safety net: what fails inside a feature is logged, and the server lives on.

import { type CancellationToken, type Connection, LSPErrorCodes, ResponseError } from 'vscode-languageserver';

/** The result, or null where computing it throws. */
export async function guarded<T>(connection: Connection, what: string, compute: () => T | Promise<T>): Promise<T | null> {
  try {
    return await compute();
  } catch (error) {
    connection.console.error(`${what} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return null;
  }
}

/** Lets the messages that have arrived be read first, among them cancellations and newer texts. */
export async function takeTurn(token: CancellationToken): Promise<ResponseError | undefined> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  return token.isCancellationRequested ? new ResponseError(LSPErrorCodes.RequestCancelled, 'cancelled') : undefined;
}

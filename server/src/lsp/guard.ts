// The one safety net: what fails inside a feature is logged, and the server lives on.

import { type CancellationToken, type Connection, LSPErrorCodes, ResponseError } from 'vscode-languageserver';
import type { Search } from '../base/search';

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
export async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}

/** Milliseconds that work may take before others have their turn. */
const slice = 8;

/** Pauses now and then: a long work asks at each step whether it is time. */
export class Pace {
  private since = Date.now();

  async step(): Promise<void> {
    if (Date.now() - this.since < slice) return;
    await pause();
    this.since = Date.now();
  }
}

/** What work in steps comes to, while others have their turn; undefined where it is over before. */
export async function stepwise<T>(steps: Iterator<undefined, T>, isOver: () => boolean = () => false): Promise<T | undefined> {
  const pace = new Pace();
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    await pace.step();
    if (isOver()) return undefined;
  }
}

/** What a search finds until it is over, while others have their turn. */
export async function collected<T>(search: Search<T>, isOver: () => boolean): Promise<T[]> {
  const pace = new Pace();
  const result: T[] = [];
  for (const each of search) {
    if (each !== undefined) result.push(each);
    await pace.step();
    if (isOver()) break;
  }
  return result;
}

/** Works that come one after the other, as they share something. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  async take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => undefined);
    return turn;
  }
}

/** Waits for something, or until nobody waits for it any more. */
export async function unlessCancelled(work: Promise<unknown>, token: CancellationToken): Promise<void> {
  let listener: { dispose(): void } | undefined;
  const end = new Promise<void>((resolve) => {
    listener = token.onCancellationRequested(() => { resolve(); });
  });
  await Promise.race([work, end]).finally(() => listener?.dispose());
}

/**
 * Answers a request: not if it is cancelled, and not with places in another text than the one that it was asked about.
 * Messages that have come in with it are read before.
 */
export async function answered<T>(token: CancellationToken, versionNow: () => number | undefined, answer: () => Promise<T>): Promise<T | ResponseError> {
  const version = versionNow();
  const isStale = (): boolean => token.isCancellationRequested || versionNow() !== version;
  await pause();
  const found = isStale() ? undefined : await answer();
  if (token.isCancellationRequested) return new ResponseError(LSPErrorCodes.RequestCancelled, 'cancelled');
  return isStale() ? new ResponseError(LSPErrorCodes.ContentModified, 'the text has changed') : found!;
}

// The requests of the Test Explorer: which tests a document has, and running some of them.

import type { CancellationToken } from 'vscode-languageserver';
import { resultsOf, type TestMessage, testsOf } from '../features/tests';
import { runCheck } from './check-requests';
import { toLocation, toRange } from './convert';
import { guarded } from './guard';
import { type RunTestsParams, runTestsRequest, type TestGroupEntry, type TestResultEntry, testsRequest } from './requests';
import type { Session } from './session';

export function registerTestRequests(session: Session): void {
  const { connection } = session;
  connection.onRequest(testsRequest, async ({ uri }) => (await guarded(connection, testsRequest.method, () => tests(session, uri))) ?? []);
  connection.onRequest(runTestsRequest, async (parameters, token) => (await guarded(connection, runTestsRequest.method, () => run(session, parameters, token))) ?? []);
}

async function tests(session: Session, uri: string): Promise<TestGroupEntry[]> {
  const document = await session.document(uri);
  if (document === undefined) return [];
  return testsOf(document).map(({ model, place, content, tests: cases }) => ({
    model: model ?? null,
    range: toRange(document, place.span),
    content,
    tests: cases.flatMap(({ id, label, place: own, needsCheck }) => {
      const location = toLocation(own, session.source);
      return location === undefined ? [] : [{ id, label, needsCheck, ...location }];
    }),
  }));
}

async function run(session: Session, { uri, model, ids }: RunTestsParams, token: CancellationToken): Promise<TestResultEntry[]> {
  const before = await session.document(uri);
  const wanted = new Set(ids);
  const group = before && testsOf(before).find((each) => (each.model ?? null) === model);
  if (before === undefined || group === undefined) return [];
  const needsCheck = group.tests.some((test) => wanted.has(test.id) && test.needsCheck);
  const end = group.model !== undefined && needsCheck ? await runCheck(session, { uri, model: group.model }, token) : undefined;
  const document = (await session.document(uri)) ?? before;
  return resultsOf(document, group, wanted, end).map(({ messages, ...result }) => ({ ...result, messages: messages.map((message) => toMessage(message, session)) }));
}

function toMessage({ text, expected, actual, place }: TestMessage, { source }: Session): TestResultEntry['messages'][number] {
  return { text, expected, actual, location: toLocation(place, source) };
}

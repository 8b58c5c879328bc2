// The requests around comparisons: the models of all files, and two of them side by side.

import { compareModels, comparisonPage } from '../features/compare';
import type { Places } from '../features/summary';
import { type Analysis, analyse } from '../semantics/analyse';
import type { EvaluatedModel } from '../semantics/model';
import { guarded } from './guard';
import { allModelsRequest, compareRequest, type ModelReference } from './requests';
import type { Session } from './session';

export function registerCompareRequests(session: Session): void {
  const { connection } = session;
  connection.onRequest(allModelsRequest, async () => (await guarded(connection, allModelsRequest.method, () => allModels(session))) ?? []);
  connection.onRequest(compareRequest, async ({ left, right }) => ({ markdown: (await guarded(connection, compareRequest.method, () => compare(session, left, right))) ?? '' }));
}

async function allModels(session: Session): Promise<ModelReference[]> {
  const { all } = await session.files();
  const references: ModelReference[] = [];
  for (const { uri } of all) {
    const analysis = await analysisOf(session, uri);
    references.push(...(analysis?.models ?? []).map(({ name }) => ({ uri, model: name })));
  }
  return references;
}

async function compare(session: Session, left: ModelReference, right: ModelReference): Promise<string> {
  const [one, other] = [await modelOf(session, left), await modelOf(session, right)];
  const places = placesIn(session);
  if (one === undefined) return `There is no model ${left.model} any more.`;
  if (other === undefined) return `There is no model ${right.model} any more.`;
  return comparisonPage(compareModels(one, places, other, places));
}

async function modelOf(session: Session, { uri, model }: ModelReference): Promise<EvaluatedModel | undefined> {
  return (await analysisOf(session, uri))?.models.find(({ name }) => name === model);
}

/** The analysis of a file, whether it is open or not. */
async function analysisOf(session: Session, uri: string): Promise<Analysis | undefined> {
  const document = await session.document(uri);
  if (document !== undefined) return document.analysis;
  const read = (address: string): Analysis | undefined => analyse(address, (each) => session.source(each));
  let analysis = read(uri);
  while (session.workspace.loading !== undefined) {
    await session.workspace.loading;
    analysis = read(uri);
  }
  return analysis;
}

function placesIn({ source }: Session): Places {
  return {
    lineOf: ({ file, span }) => (source(file)?.lines.position(span.start).line ?? 0) + 1,
    textOf: ({ file, span }) => source(file)?.text.slice(span.start, span.end) ?? '',
  };
}

// What the Test Explorer shows: the asserts of each model and its gradient check as tests, and what became of them.

import type * as ast from '../../../grammar/ast';
import { nodePathAt } from '../../../grammar/walk';
import type { Judgement, Place } from '../semantics/graph';
import type { EvaluatedModel } from '../semantics/model';
import { outcomeOf } from './check-report';
import type { CheckEnd } from './checks';
import { contentOf, contentOfFile, digest, placeOf } from './content';
import { grouped } from './numbers';
import { spellValue, textOf } from './spelling';
import type { Document } from './workspace';

export interface TestCase {
  /** Among the tests of its group; the same as long as its text is. */
  readonly id: string;
  readonly label: string;
  readonly place: Place;
  /** Whether it needs the gradient check of its model. */
  readonly needsCheck: boolean;
}

/** The tests of a model; those of the file itself have no model. */
export interface TestGroup {
  readonly model?: string;
  readonly place: Place;
  /** Changes when what the tests speak of does. */
  readonly content: string;
  readonly tests: readonly TestCase[];
}

export interface TestMessage {
  readonly text: string;
  readonly expected?: string;
  readonly actual?: string;
  readonly place?: Place;
}

export interface TestResult {
  readonly id: string;
  readonly outcome: 'passed' | 'failed' | 'errored' | 'skipped';
  readonly messages: readonly TestMessage[];
  /** What was found out, in one line, where that is more than the outcome. */
  readonly output?: string;
  readonly seconds?: number;
}

const gradients = 'gradients';

/** The tests of a document: those of each model in the order of the text, then the asserts of the file. */
export function testsOf(document: Document): readonly TestGroup[] {
  const { analysis, uri } = document;
  const ofModels = analysis.models.map((model): TestGroup => ({
    model: model.name,
    place: { file: uri, span: model.declaration.name.span },
    content: digest(contentOf(model.name, document)),
    tests: [
      ...assertsOf(model.graph.judgements).map(({ test }) => test),
      { id: gradients, label: 'gradients', place: { file: uri, span: model.declaration.name.span }, needsCheck: true },
    ],
  }));
  const own = assertsOf(analysis.judgements).map(({ test }) => test);
  const { start } = document.tree.span;
  return own.length === 0 ? ofModels : [...ofModels, { place: { file: uri, span: { start, end: start } }, content: digest(contentOfFile(document)), tests: own }];
}

interface AssertTest {
  readonly test: TestCase;
  /** One for each evaluation of the statement. */
  readonly judgements: readonly Judgement[];
}

/** Assumptions are no tests; what a stack asserts is one test, however often it is applied. */
function assertsOf(judgements: readonly Judgement[]): readonly AssertTest[] {
  const groups = new Map<string, { text: string; place: Place; judgements: Judgement[] }>();
  for (const judgement of judgements) {
    if (judgement.outcome === 'assumed') continue;
    const { text, place } = judgement;
    const key = `${place.file}:${String(place.span.start)}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { text, place, judgements: [judgement] });
    else known.judgements.push(judgement);
  }
  const seen = new Map<string, number>();
  return [...groups.values()].map(({ text, place, judgements: all }) => {
    const label = text.replace(/\s+/g, ' ');
    const count = (seen.get(label) ?? 0) + 1;
    seen.set(label, count);
    return { test: { id: count === 1 ? `assert ${label}` : `assert ${label} #${String(count)}`, label, place, needsCheck: all.some(({ outcome }) => outcome === 'waits') }, judgements: all };
  });
}

/** What became of tests of one group; `check` is how the gradient check ended, where one was needed. */
export function resultsOf(document: Document, group: TestGroup, ids: ReadonlySet<string>, check: CheckEnd | undefined): readonly TestResult[] {
  const model = document.analysis.models.find(({ name }) => name === group.model);
  const judgements = group.model === undefined ? document.analysis.judgements : (model?.graph.judgements ?? []);
  const results = assertsOf(judgements).map((each) => resultOfAssert(each, document, model, check));
  if (model !== undefined) results.push(resultOfGradients(document, check));
  return results.filter(({ id }) => ids.has(id));
}

function resultOfAssert({ test, judgements }: AssertTest, document: Document, model: EvaluatedModel | undefined, check: CheckEnd | undefined): TestResult {
  const { id, place } = test;
  const failing = judgements.find(({ outcome }) => outcome === 'fails');
  if (failing !== undefined) return { id, outcome: 'failed', messages: [{ ...failureAt(failing, document, model), place }] };
  if (judgements.some(({ outcome }) => outcome === 'unknown')) return { id, outcome: 'skipped', messages: [{ text: 'What it speaks of is not known.', place }] };
  if (!judgements.some(({ outcome }) => outcome === 'waits')) return { id, outcome: 'passed', messages: [] };
  const problem = problemOf(check);
  if (problem !== undefined) return { ...problem, id };
  const checked = check?.kind === 'done' ? check.report.asserts.filter(({ text }) => judgements.some((judgement) => judgement.text === text)) : [];
  if (checked.length === 0) return { id, outcome: 'skipped', messages: [] };
  const broken = checked.find(({ ok }) => !ok);
  return broken === undefined ? { id, outcome: 'passed', messages: [] } : { id, outcome: 'failed', messages: [{ text: broken.message ?? 'It does not hold.', actual: broken.actual, expected: broken.expected, place }] };
}

function resultOfGradients(document: Document, check: CheckEnd | undefined): TestResult {
  const problem = problemOf(check);
  if (problem !== undefined) return { ...problem, id: gradients };
  if (check?.kind !== 'done') return { id: gradients, outcome: 'skipped', messages: [] };
  const { report } = check;
  const agree = report.tensors.every(({ ok }) => ok) && report.culprits.length === 0 && (report.ok || report.asserts.some(({ ok }) => !ok));
  const output = outcomeOf(report);
  if (agree) return { id: gradients, outcome: 'passed', messages: [], output, seconds: report.seconds };
  const messages = check.findings
    .filter(({ code }) => code === 'gradient-mismatch')
    .map(({ message, expected, actual, anchor }): TestMessage => {
      const place = anchor.file === document.uri ? placeOf(anchor, document.tree) : undefined;
      return { text: message, expected, actual, place };
    });
  return { id: gradients, outcome: 'failed', messages: messages.length > 0 ? messages : [{ text: output }], output, seconds: report.seconds };
}

/** Why a check has no result. */
function problemOf(check: CheckEnd | undefined): Omit<TestResult, 'id'> | undefined {
  if (check?.kind === 'cancelled') return { outcome: 'skipped', messages: [] };
  const reason = check?.kind === 'failed' ? check.reason : check?.kind === 'done' ? check.report.problem : undefined;
  return reason === undefined ? undefined : { outcome: 'errored', messages: [{ text: reason }] };
}

/** Why an assert on sizes fails, with the values of both sides. */
function failureAt({ place, text }: Judgement, document: Document, model: EvaluatedModel | undefined): TestMessage {
  const said = document.analysis.diagnostics.find(({ code, span }) => code === 'assert-fails' && place.span.start <= span.start && span.end <= place.span.end)?.message;
  const message = said ?? `${text} does not hold`;
  const statement = place.file === document.uri ? nodePathAt(document.tree, place.span.start).find((node): node is ast.Assert => node.kind === 'assert') : undefined;
  const condition = statement?.condition;
  if (condition?.kind !== 'comparison' || condition.operands.length !== 2) return { text: message };
  const [actual, expected] = condition.operands.map((operand) => {
    const observed = (document.analysis.observations(operand)?.first ?? []).filter(({ run }) => model === undefined || run === model.run);
    const value = observed[0]?.value;
    if (value === undefined || value.kind === 'unknown') return textOf(operand, document.text);
    return value.kind === 'size' ? grouped(value.value) : spellValue(value);
  });
  const [operator] = condition.operators;
  // Of several variants that break an assert, the diagnostic tells of the first.
  const isOfThis = said === undefined || said.includes(`: ${actual!} `) || said.includes(' at ');
  const ownText = operator === '==' ? `this assert fails: ${actual!} is not ${expected!}` : `this assert fails: ${actual!} ${operator!} ${expected!} does not hold`;
  return { text: isOfThis ? message : ownText, actual, expected: operator === '==' ? expected : `${operator!} ${expected!}` };
}

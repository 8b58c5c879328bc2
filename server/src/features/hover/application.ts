// The hover on a layer, a stack or a function where it is applied.

import type * as ast from '../../../../grammar/ast';
import { toNumber, type Value } from '../../semantics/values';
import { derivativeLine } from '../derivatives';
import { type Application, applicationCounts, applicationsInModels, costOf, countOf, isAlone, onlyOperation, ofOneRun, signatureOf } from '../figures';
import { code, codeBlock, escaped, paragraphs, sourceLinks, table } from '../markdown';
import { counted, grouped } from '../numbers';
import { catalogLayer, spellLayer, spellValue, textOf } from '../spelling';
import { defaultSettings, type Settings } from '../settings';
import type { Document } from '../workspace';
import { factsOfApplication, factTable } from './facts';
import { pointwisePlot } from './function';

/** How many distinct applications are listed. */
const listed = 6;

/** The page of an expression that was applied; undefined where it never was. */
export function applicationPage(applications: readonly Application[], node: ast.Expression, document: Document, settings: Settings = defaultSettings): string | undefined {
  const [first] = applications;
  if (first === undefined) return undefined;
  const plotted = onlyOperation(first.nodes);
  const operation = plotted?.operation;
  const plot = plotted && pointwisePlot(plotted.operation, plotted.arguments);
  const meaning = [operation?.summary, operation && code(operation.formula), plot];
  const facts = factTable(factsOfApplication(first, document, settings));
  return paragraphs(
    codeBlock(titleOf(first, node, document), signatureOf(first)),
    operation === undefined ? documentationOf(node, document) : undefined,
    first.nodes[0]?.kind === 'gradient' ? derivativeLine(first.nodes[0].outputs[0]!, first.run, document) : undefined,
    isAlone(first) ? applicationsBesides(node, document) : repetition(applications, applicationCounts(document, node)),
    // A curve says more of an activation than its cost does.
    ...(plot === undefined ? [facts, ...meaning] : [...meaning, facts]),
    operation && sourceLinks(operation.source),
  );
}

function titleOf(application: Application, node: ast.Expression, document: Document): string {
  const layer = catalogLayer(onlyOperation(application.nodes)?.layer);
  if (layer !== undefined) return layer.label === undefined ? spellLayer(layer) : `${layer.label} = ${spellLayer(layer)}`;
  const made = document.analysis.observations(node)?.first.find(({ value }) => value.kind === 'layer' || value.kind === 'constructor')?.value;
  if (made !== undefined) return spellValue(made);
  const text = textOf(node, document.text);
  const body = text.indexOf('{');
  return body < 0 ? text : text.slice(0, body).trimEnd();
}

/** What a stack's or model's declaration says of it. */
function documentationOf(node: ast.Expression, document: Document): string | undefined {
  switch (node.kind) {
    case 'residual':
      return 'Adds the incoming value to what the body makes of it: y = x + body(x).';
    case 'repeat':
      return `Runs its body ${roundsOf(document, node.count, toNumber, 'time') ?? 'again and again'}, each round with weights of its own.`;
    case 'for':
      return `Runs its body for each ${roundsOf(document, node.iterable, (value) => (value.kind === 'list' ? value.items.length : undefined), 'item')?.replace(/^/, 'of ') ?? 'item'}, each round with weights of its own.`;
    case 'parallel':
      return parallels[node.operation];
  }
  for (const { value } of document.analysis.observations(node)?.first ?? []) {
    if (value.kind === 'constructor' && value.target.kind === 'declaration') return value.target.declaration.documentation;
    if (value.kind === 'layer' && value.layer.kind === 'body' && 'documentation' in value.layer.node) return value.layer.node.documentation;
  }
  return undefined;
}

/** `3 times`; `2, 3 or 5 times` where a stack is applied with different counts. */
function roundsOf(document: Document, node: ast.Expression, count: (value: Value) => number | undefined, noun: string): string | undefined {
  const known = document.analysis.observations(node)?.first.map(({ value }) => count(value));
  const counts = [...new Set(known ?? [node.kind === 'integer' ? node.value : node.kind === 'list' ? node.items.length : undefined])];
  const all = counts.filter((each) => each !== undefined).sort((a, b) => a - b);
  const [last] = all.slice(-1);
  if (last === undefined || all.length < counts.length || all.length > listed) return undefined;
  return all.length === 1 ? counted(last, noun) : `${all.slice(0, -1).map(grouped).join(', ')} or ${grouped(last)} ${noun}s`;
}

const parallels: Readonly<Record<ast.Parallel['operation'], string>> = {
  concat: 'Runs each statement as a branch off the incoming value, and joins the results along one dimension.',
  add: 'Runs each statement as a branch off the incoming value, and adds the results.',
  multiply: 'Runs each statement as a branch off the incoming value, and multiplies the results.',
};

/** Inside a stack that is understood by itself: what becomes of it in models. */
function applicationsBesides(node: ast.Expression, document: Document): string {
  const applications = ofOneRun(applicationsInModels(document, node));
  const [first] = applications;
  const alone = 'The figures below are those of the stack by itself';
  if (first === undefined) return `${alone}.`;
  return paragraphs(`${alone}; applied ×${grouped(countOf(applications))} in ${escaped(first.model)}:`, applicationTable(applications));
}

/** Where an expression is applied more than once: how often, and with which shapes. */
function repetition(all: readonly Application[], counts: ReturnType<typeof applicationCounts>): string | undefined {
  if (all.length < 2) return undefined;
  const applications = ofOneRun(all);
  const rows = distinctRows(applications);
  if (counts.length > 1 && rows.length === 1) return undefined;
  const times = counts.map(({ run, count }) => `${grouped(count)} in ${run.name}`);
  const text = `**Applied ×${grouped(countOf(applications))}** in ${escaped(applications[0]!.model)}${counts.length > 1 ? ` (${escaped(times.join(', '))})` : ''}; the figures below are those of the first.`;
  return rows.length < 2 && applications.every(({ unlisted }) => unlisted === 0) ? text : paragraphs(text, applicationTable(applications));
}

function distinctRows(applications: readonly Application[]): readonly { readonly signature: string; readonly count: number; readonly first: Application }[] {
  const groups = new Map<string, { signature: string; count: number; first: Application }>();
  for (const application of applications) {
    const signature = signatureOf(application);
    const known = groups.get(signature);
    if (known === undefined) groups.set(signature, { signature, count: application.times, first: application });
    else known.count += application.times;
  }
  return [...groups.values()];
}

/** The distinct applications with their counts and costs. */
export function applicationTable(applications: readonly Application[]): string {
  const rows = distinctRows(applications);
  const costs = rows.slice(0, listed).map((row) => ({ ...row, ...costOf(row.first.nodes) }));
  const costly = costs.some(({ parameters, macs }) => parameters !== 0 || macs !== 0);
  const lines = costs.map(({ signature, count, parameters, macs }) => [`×${grouped(count)}`, code(signature), ...(costly ? [grouped(parameters), code(grouped(macs))] : [])]);
  const rest = rows.length - lines.length;
  const unlisted = applications.reduce((sum, each) => sum + each.unlisted, 0);
  const more = unlisted > 0 ? `… and ${grouped(unlisted)} further applications` : rest > 0 ? `… and ${grouped(rest)} more` : undefined;
  return paragraphs(table(['', 'Shapes', ...(costly ? ['Parameters', 'MACs'] : [])], lines), more);
}

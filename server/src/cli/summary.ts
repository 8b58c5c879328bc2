// `nn summary`: the layers of a model with shapes, parameters, multiply-accumulates and receptive fields.

import type { Diagnostic } from '../base/diagnostic';
import { counted, groupedAndShortened, grouped, shortened } from '../features/numbers';
import { type FieldFigures, type Figure, figure, type ModelSummary, type Places, type SummaryRow, summaryOf, summaryRows } from '../features/summary';
import type { Document } from '../features/workspace';
import type { EvaluatedModel } from '../semantics/model';
import { atSizes, chosenModels, openFile, placesIn } from './files';
import { columns, type ExitCode, styled, type Terminal } from './terminal';

export interface SummaryOptions {
  readonly json?: boolean;
  readonly at?: ReadonlyMap<string, number>;
}

export function summary(file: string, name: string | undefined, options: SummaryOptions, terminal: Terminal): ExitCode {
  const document = openFile(file);
  const models = atSizes(document, chosenModels(document, name), options.at ?? new Map());
  const places = placesIn(document);
  if (options.json === true) terminal.out(`${JSON.stringify({ models: models.map((model) => summaryOf(model, places)) }, undefined, 2)}\n`);
  else if (models.length === 0) terminal.out(`${file} declares no model that can be built without arguments\n`);
  else terminal.out(models.map((model) => page(model, document, terminal)).join('\n'));
  return reportErrors(models, document, file, terminal);
}

/** Figures miss what is wrong: that is said, and the command fails. */
function reportErrors(models: readonly EvaluatedModel[], document: Document, file: string, terminal: Terminal): ExitCode {
  const report = (what: string, error: Diagnostic | undefined): void => {
    const where = error === undefined ? '' : `: ${error.message} (${file}:${String(document.lines.position(error.span.start).line + 1)})`;
    terminal.error(`nn: ${what} has errors, so figures may be incomplete${where}\n`);
  };
  const isError = ({ severity }: Diagnostic): boolean => severity === 'error';
  const broken = document.problems.find(isError);
  if (broken !== undefined) report(file, broken);
  const failing = models.filter(({ graph, complete }) => !graph.finished || !complete);
  for (const model of failing) report(model.name, model.run.findings.diagnosticsOf(document.uri).find(isError));
  return failing.length > 0 || broken !== undefined ? 1 : 0;
}

function page(model: EvaluatedModel, document: Document, terminal: Terminal): string {
  const places = placesIn(document);
  const totals = summaryOf(model, places);
  const head = ['Layer', 'Output shape', 'Parameters', 'MACs', 'Receptive field', 'Line'];
  const inputs = totals.inputs.map(({ name, shape }) => [`${name} (input)`, shapeText(shape), '', '', '', '']);
  const parameters = parameterRows(model, places);
  const rows = [head, ...inputs, ...parameters, ...summaryRows(model, places).map(cells)];
  const [title, ...lines] = columns(rows, [false, false, true, true, false, true]);
  const rule = '─'.repeat(Math.max(...[title!, ...lines].map((line) => line.length)));
  return [styled(terminal, 'bold', model.name), styled(terminal, 'gray', rule), styled(terminal, 'bold', title!), styled(terminal, 'gray', rule), ...lines, styled(terminal, 'gray', rule), ...(model.graph.finished ? [] : ['Incomplete       the model has errors; what they hide is in no figure']), ...footer(totals), ''].join('\n');
}

/** The parameters that are declared by themselves; those of a stack that is applied often stand in one row as long as their shape stays. */
function parameterRows({ graph }: EvaluatedModel, places: Places): string[][] {
  const rows: { name: string; shape: string; line: number; each: number; count: number }[] = [];
  for (const { source, type, place } of graph.parameters) {
    if (source.kind !== 'parameter' || source.layer !== undefined) continue;
    const [shape, line, last] = [shapeText(type.shape.map(figure)), places.lineOf(place), rows.at(-1)];
    if (last !== undefined && last.name === source.name && last.shape === shape && last.line === line) last.count++;
    else rows.push({ name: source.name, shape, line, each: type.shape.reduce<number>((total, size) => total * (size as number), 1), count: 1 });
  }
  return rows.map(({ name, shape, line, each, count }) => [`${name} (parameter)${count > 1 ? ` ×${String(count)}` : ''}`, shape, grouped(each * count), '', '', String(line)]);
}

function cells(row: SummaryRow): readonly string[] {
  const indent = '  '.repeat(row.depth);
  if (row.kind === 'group') return [`${indent}${row.name}`, '', zeroless(figure(row.cost.parameters)), zeroless(row.cost.macs === 0 ? 0 : figure(row.cost.macs)), '', String(row.line)];
  const { name, operation, arguments: written, output, params, macs, receptiveField, line } = row.layer;
  const bound = name === operation || name.replace(/_\d+$/, '') === operation ? '' : `${name} = `;
  const call = `${bound}${operation}${written === '' ? '' : `(${clipped(written)})`}`;
  return [`${indent}${call}`, shapeText(output), zeroless(params), zeroless(macs), fieldText(receptiveField), String(line)];
}

const widest = 44;

function clipped(text: string): string {
  return text.length <= widest ? text : `${text.slice(0, widest - 1)}…`;
}

function zeroless(value: Figure): string {
  if (value === 0) return '';
  return typeof value === 'number' ? grouped(value) : clipped(value);
}

function shapeText(shape: readonly Figure[]): string {
  return `[${shape.map(String).join(', ')}]`;
}

function fieldText(field: FieldFigures): string {
  if (field === null) return '';
  return field === 'global' ? 'global' : field.size.map(String).join('×');
}

function footer(totals: ModelSummary): string[] {
  const { params, buffers, macs, receptiveField, outputs, requirements } = totals;
  const details = (field: FieldFigures): string =>
    field === null || field === 'global' ? '' : `, stride ${field.stride.map(String).join('×')}, padding ${field.padding.map((pair) => (pair === null ? '–' : `[${pair.join(', ')}]`)).join(' × ')}`;
  return [
    ...outputs.map(({ name, shape }) => `Output           ${name} ${shapeText(shape)}`),
    `Parameters       ${groupedAndShortened(params)}${buffers > 0 ? `, and ${counted(buffers, 'entry', 'entries')} of buffers` : ''}`,
    `MACs             ${typeof macs === 'number' ? (macs < 10_000 ? grouped(macs) : `${grouped(macs)} (${shortened(macs)})`) : macs}`,
    ...(receptiveField === null ? [] : [`Receptive field  ${fieldText(receptiveField)}${details(receptiveField)}`]),
    ...(requirements.length === 0 ? [] : [`Requires         ${requirements.join(' and ')}`]),
  ];
}

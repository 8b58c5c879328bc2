// Golden texts: a .nn file that says of itself, in comments, what the editor says of it.
//
// Below a line, `#   ^^^^ error[code]: message` marks a diagnostic, with `#        = related: line:column` under it; the same
// marks give the figures of a model under its name and the outcome of an assert. `  #: [64, 32, 32]` at the end of a line
// are the hints in it. All of these are written by the renderer and taken out again by `plain`.

import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { diagnosticsOf } from '../../server/src/features/diagnostics';
import { costOfModel } from '../../server/src/features/figures';
import { inlayHints } from '../../server/src/features/inlay-hints';
import { grouped } from '../../server/src/features/numbers';
import type { Document } from '../../server/src/features/workspace';
import { printType } from '../../server/src/layers/tensor';

/** The text without what a renderer has written into it. */
export function plain(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^#\s*\^+ |^# {4,}= /.test(line))
    .map((line) => line.replace(/ {2}#: .*$/, ''))
    .join('\n');
}

interface Mark {
  readonly line: number;
  readonly column: number;
  readonly length: number;
  readonly message: string;
  readonly notes: readonly string[];
}

/** The text with all that is known of it. */
export function rendered(document: Document): string {
  const marks = [...figureMarks(document), ...judgementMarks(document), ...diagnosticMarks(document)].sort((a, b) => a.column - b.column);
  const hints = hintsByLine(document);
  return document.text
    .split('\n')
    .flatMap((text, line) => {
      const labels = hints.get(line);
      const under = marks.filter((mark) => mark.line === line).flatMap((mark) => [caretLine(mark), ...mark.notes.map((note) => `#${' '.repeat(Math.max(4, mark.column))}= ${note}`)]);
      return [labels === undefined ? text : `${text}  #: ${labels.join(' | ')}`, ...under];
    })
    .join('\n');
}

/** Carets at the first column stand behind the `#` that hides the column. */
function caretLine({ column, length, message }: Mark): string {
  return column === 0 ? `#${'^'.repeat(Math.max(1, length - 1))} ${message}` : `#${' '.repeat(column - 1)}${'^'.repeat(length)} ${message}`;
}

function markAt(document: Document, span: { readonly start: number; readonly end: number }, message: string, notes: readonly string[] = []): Mark {
  const start = document.lines.position(span.start);
  const end = document.lines.position(span.end);
  const width = document.lines.line(start.line).length;
  const last = end.line === start.line ? end.character : width;
  return { line: start.line, column: start.character, length: Math.max(1, last - start.character), message, notes };
}

function diagnosticMarks(document: Document): readonly Mark[] {
  return diagnosticsOf(document).map(({ span, severity, code, message, related = [] }) =>
    markAt(document, span, `${severity}[${code}]: ${message}`, related.map((each) => `${each.message}: ${placeOf(document, each)}`)),
  );
}

function placeOf(document: Document, { span, file = document.uri }: { readonly span: { readonly start: number }; readonly file?: string }): string {
  const source = file === document.uri ? document : document.dependencies.get(file);
  const { line, character } = source!.lines.position(span.start);
  const name = file === document.uri ? '' : `${relative(fileURLToPath(new URL('.', document.uri)), fileURLToPath(file))}:`;
  return `${name}${String(line + 1)}:${String(character + 1)}`;
}

function figureMarks(document: Document): readonly Mark[] {
  return document.analysis.models.map((model) => {
    const { parameters, macs } = costOfModel(model);
    const outputs = model.graph.outputs.map(({ name, tensors }) => `${name} ${tensors.map(({ type }) => printType(type)).join(' ')}`);
    const figures = [`${grouped(parameters)} parameters`, `${grouped(macs)} MACs`, ...outputs];
    return markAt(document, model.declaration.name.span, model.graph.finished ? figures.join(', ') : 'not finished');
  });
}

function judgementMarks(document: Document): readonly Mark[] {
  const { models, judgements } = document.analysis;
  const marks = new Map<number, string[]>();
  const add = (name: string, { place, outcome }: (typeof judgements)[number]): void => {
    if (place.file === document.uri) marks.set(place.span.start, [...(marks.get(place.span.start) ?? []), `${outcome}${name}`]);
  };
  for (const judgement of judgements) add('', judgement);
  for (const { declaration, graph } of models) for (const judgement of graph.judgements) add(models.length > 1 ? ` in ${declaration.name.text}` : '', judgement);
  return [...marks].map(([start, outcomes]) => markAt(document, { start, end: start + 'assert'.length }, [...new Set(outcomes)].join(', ')));
}

function hintsByLine(document: Document): ReadonlyMap<number, string[]> {
  const found = new Map<number, string[]>();
  for (const { kind, offset, label } of inlayHints(document, { start: 0, end: document.text.length })) {
    if (kind !== 'type') continue;
    const { line } = document.lines.position(offset);
    found.set(line, [...(found.get(line) ?? []), label]);
  }
  return found;
}

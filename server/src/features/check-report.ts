// A gradient check in words: in one line for the lens, and as a page.

import type { CheckedEntry, CheckReport } from '../check/protocol';
import type { Place } from '../semantics/graph';
import { code, escaped, paragraphs, table, unbroken } from './markdown';
import { counted, duration, grouped, scientific } from './numbers';
import { capitalized } from './spelling';

/** `conv1.weight[3,0,1,1]: analytic 0.25, numeric 0.5` */
export function describeEntry({ tensor, index, analytic, numeric }: CheckedEntry): string {
  return `${entryName(tensor, index)}: analytic ${precise(analytic)}, numeric ${precise(numeric)}`;
}

function entryName(tensor: string, index: readonly number[]): string {
  return index.length === 0 ? tensor : `${tensor}[${index.join(',')}]`;
}

/** Seven digits, as many as are compared. */
export function precise(value: number): string {
  return String(Number(value.toPrecision(7)));
}

/** The outcome in one line. */
export function outcomeOf(report: CheckReport): string {
  const failing = report.tensors.filter((tensor) => !tensor.ok);
  const broken = report.asserts.filter((assert) => !assert.ok);
  if (report.problem !== undefined) return `✗ not checked: ${report.problem}`;
  if (failing.length > 0) {
    const worst = failing.find((tensor) => tensor.name === report.worst?.tensor) ?? failing[0]!;
    const others = failing.length - 1;
    return `✗ ${worst.worst === undefined ? worst.name : describeEntry(worst.worst)}${others > 0 ? ` · and ${counted(others, 'more tensor')}` : ''}`;
  }
  if (broken.length > 0) return `✗ ${counted(broken.length, 'assert')} ${broken.length === 1 ? 'fails' : 'fail'}: ${broken[0]!.text}`;
  if (!report.ok) return `✗ gradients do not agree: ${report.culprits[0]?.message ?? report.notes.at(-1) ?? 'a joint direction of all tensors differs'}`;
  const parts: string[] = [];
  if (report.tensors.length > 0) {
    parts.push('gradients agree');
    if (report.worst !== undefined) parts.push(`worst relative error ${scientific(report.worst.relativeError)}`);
    parts.push(counted(report.tensors.length, 'tensor'));
  }
  if (report.asserts.length > 0) parts.push(`${counted(report.asserts.length, 'assert')} ${report.asserts.length === 1 ? 'holds' : 'hold'}`);
  return parts.length === 0 ? '✓ nothing to check' : `✓ ${parts.join(' · ')}`;
}

export interface ReportOptions {
  /** The model has changed since. */
  readonly stale?: boolean;
  readonly seed?: number;
  /** Where a place is now, as one says it: `line 12`. */
  readonly lineOf?: (place: Place) => string | undefined;
}

/** The whole report as a page; a stale one is grey. */
export function reportPage(report: CheckReport, { stale = false, seed, lineOf }: ReportOptions = {}): string {
  const page = paragraphs(
    `# Gradients of ${escaped(report.model)}`,
    `**${escaped(outcomeOf(report))}**`,
    settingOf(report, seed),
    disagreementsOf(report),
    tensorTable(report, lineOf),
    assertTable(report, lineOf),
    report.notes.length === 0 ? undefined : paragraphs('## Remarks', report.notes.map((note) => `- ${escaped(sentence(note))}`).join('\n')),
  );
  return stale ? paragraphs('*The model has changed since this check.*', `<div style="opacity: 0.55">`, page, '</div>') : page;
}

/** How it was checked: sizes, batch, seed and time. */
function settingOf({ sizes, batch, seconds }: CheckReport, seed: number | undefined): string {
  const parts = [
    ...Object.entries(sizes).map(([name, size]) => code(`${name} = ${grouped(size)}`)),
    `${counted(batch, 'example')} at once`,
    ...(seed === undefined ? [] : [`seed ${String(seed)}`]),
    duration(seconds),
  ];
  return `Reverse-mode derivatives against central differences · ${parts.join(' · ')}`;
}

function disagreementsOf({ tensors, culprits }: CheckReport): string | undefined {
  const rows = tensors.flatMap(({ ok, worst }) => (ok || worst === undefined ? [] : [[code(entryName(worst.tensor, worst.index)), code(precise(worst.analytic)), code(precise(worst.numeric)), scientific(worst.relativeError)]]));
  if (rows.length + culprits.length === 0) return undefined;
  return paragraphs(
    '## Where they do not agree',
    rows.length === 0 ? undefined : table(['Entry', 'By differentiation', 'By differences', 'Relative error'], rows),
    culprits.length === 0 ? undefined : culprits.map(({ message }) => `- ${escaped(sentence(message))}`).join('\n'),
  );
}

/** Directions and kinks are left out where there are none. */
function tensorTable({ tensors }: CheckReport, lineOf: ReportOptions['lineOf']): string | undefined {
  if (tensors.length === 0) return undefined;
  const [sampled, kinked] = [tensors.some(({ checked, entries }) => checked < entries), tensors.some(({ kinks }) => kinks > 0)];
  const rows = tensors.map((tensor) => [
    tensor.ok ? '✓' : '✗',
    code(tensor.name),
    unbroken(`[${tensor.shape.join(', ')}]`),
    tensor.checked === tensor.entries ? `all ${grouped(tensor.entries)}` : `${grouped(tensor.checked)} of ${grouped(tensor.entries)}`,
    ...(sampled ? [grouped(tensor.directions)] : []),
    ...(kinked ? [tensor.kinks === 0 ? '' : grouped(tensor.kinks)] : []),
    tensor.worst === undefined ? '' : `${scientific(tensor.worst.relativeError)}${tensor.worst.index.length === 0 || tensor.worst.relativeError === 0 ? '' : ` at ${code(entryName('', tensor.worst.index))}`}`,
    ...placed(tensor.place, lineOf),
  ]);
  return paragraphs('## Tensors', table(['', 'Tensor', 'Shape', 'Compared', ...(sampled ? ['Directions'] : []), ...(kinked ? ['At a kink'] : []), 'Worst relative error', ...(lineOf === undefined ? [] : ['Place'])], rows));
}

function assertTable({ asserts }: CheckReport, lineOf: ReportOptions['lineOf']): string | undefined {
  if (asserts.length === 0) return undefined;
  const rows = asserts.map(({ ok, text, message, place }) => [ok ? '✓' : '✗', code(text.replace(/\s+/g, ' ')), message === undefined ? (ok ? 'holds at random points' : '') : escaped(message), ...placed(place, lineOf)]);
  return paragraphs('## Asserts', table(['', 'Assert', '', ...(lineOf === undefined ? [] : ['Place'])], rows));
}

function placed(place: Place | undefined, lineOf: ReportOptions['lineOf']): readonly string[] {
  return lineOf === undefined ? [] : [((place && lineOf(place)) ?? '').replaceAll(' ', '\u00a0')];
}

function sentence(text: string): string {
  return `${capitalized(text)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

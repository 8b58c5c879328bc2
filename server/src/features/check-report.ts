// A gradient check in words: in one line for the lens, and as a page.

import type { CheckedEntry, CheckReport } from '../check/protocol';
import { code, escaped, paragraphs, table } from './markdown';
import { counted, grouped, scientific } from './numbers';

/** `conv1.weight[3,0,1,1]: analytic 0.25, numeric 0.5` */
export function describeEntry({ tensor, index, analytic, numeric }: CheckedEntry): string {
  return `${entryName(tensor, index)}: analytic ${precise(analytic)}, numeric ${precise(numeric)}`;
}

function entryName(tensor: string, index: readonly number[]): string {
  return index.length === 0 ? tensor : `${tensor}[${index.join(',')}]`;
}

function precise(value: number): string {
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

/** The whole report as a page. */
export function reportPage(report: CheckReport): string {
  const sizes = Object.entries(report.sizes).map(([name, size]) => `${name} = ${grouped(size)}`);
  const setting = [sizes.length === 0 ? undefined : `with ${sizes.join(', ')}`, `on a batch of ${grouped(report.batch)}`, `in ${report.seconds.toFixed(1)} s`];
  const rows = report.tensors.map((tensor) => [
    tensor.ok ? '✓' : '✗',
    code(tensor.name),
    code(`[${tensor.shape.join(', ')}]`),
    tensor.checked === tensor.entries ? `all ${grouped(tensor.entries)}` : `${grouped(tensor.checked)} of ${grouped(tensor.entries)}`,
    grouped(tensor.directions),
    grouped(tensor.kinks),
    tensor.worst === undefined ? '–' : `${scientific(tensor.worst.relativeError)}${tensor.worst.index.length === 0 ? '' : ` at ${code(entryName('', tensor.worst.index))}`}`,
  ]);
  const wrong = [
    ...report.tensors.filter((tensor) => !tensor.ok && tensor.worst !== undefined).map((tensor) => `- ${code(describeEntry(tensor.worst!))}`),
    ...report.culprits.map(({ message }) => `- ${escaped(message)}`),
  ];
  return paragraphs(
    `# Gradients of ${escaped(report.model)}`,
    escaped(outcomeOf(report)),
    `Reverse-mode derivatives against central differences, ${setting.filter((part) => part !== undefined).join(', ')}.`,
    wrong.length === 0 ? undefined : paragraphs('## Where they do not agree', wrong.join('\n')),
    rows.length === 0 ? undefined : table(['', 'Tensor', 'Shape', 'Entries compared', 'Directions', 'Kinks', 'Worst relative error'], rows),
    report.asserts.length === 0 ? undefined : paragraphs('## Asserts', report.asserts.map((each) => `- ${each.ok ? '✓' : '✗'} ${code(each.text)}${each.message === undefined ? '' : `: ${escaped(each.message)}`}`).join('\n')),
    report.notes.length === 0 ? undefined : report.notes.map((note) => `*${escaped(note)}*`).join('\n\n'),
  );
}

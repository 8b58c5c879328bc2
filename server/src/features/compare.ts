// Two models side by side: their totals, and their layers aligned as a diff.

import { elementwiseLayers } from '../semantics/lint/activations';
import type { EvaluatedModel } from '../semantics/model';
import { code, escaped, paragraphs, table, unbroken } from './markdown';
import { counted, grouped } from './numbers';
import { type FieldFigures, type Figure, type LayerSummary, type ModelSummary, type Places, summaryOf } from './summary';

export type ChangeKind = 'same' | 'changed' | 'removed' | 'added';

/** A row of the diff: a layer of either model, or both where they stand for each other. */
export interface ComparedLayer {
  readonly kind: ChangeKind;
  readonly left?: LayerSummary;
  readonly right?: LayerSummary;
}

export interface Comparison {
  readonly left: ModelSummary;
  readonly right: ModelSummary;
  readonly layers: readonly ComparedLayer[];
}

/** Compares two models, each with the places of its file. */
export function compareModels(left: EvaluatedModel, leftPlaces: Places, right: EvaluatedModel, rightPlaces: Places): Comparison {
  const [a, b] = [summaryOf(left, leftPlaces), summaryOf(right, rightPlaces)];
  const layers = align(a.layers, b.layers).map(([one, other]): ComparedLayer => ({ kind: kindOf(one, other), left: one, right: other }));
  return { left: a, right: b, layers };
}

function kindOf(left: LayerSummary | undefined, right: LayerSummary | undefined): ChangeKind {
  if (left === undefined) return 'added';
  if (right === undefined) return 'removed';
  return figuresOf(left) === figuresOf(right) ? 'same' : 'changed';
}

/** What makes two layers the same: what they are and do, wherever they stand, as a layer or as the function of its name. */
function figuresOf({ call, operation, output, params, macs, receptiveField }: LayerSummary): string {
  return JSON.stringify([kindOfName(operation), call.slice(operation.length), output, params, macs, receptiveField]);
}

/** `ReLU` and `relu` are one operation. */
function kindOfName(operation: string): string {
  return operation.toLowerCase().replaceAll('_', '');
}

function isActivation({ operation }: LayerSummary): boolean {
  return elementwiseLayers.has(kindOfName(operation));
}

type Pair = readonly [LayerSummary | undefined, LayerSummary | undefined];

/** Above this many pairs of differing layers the middle is not aligned. */
const mostPairs = 4_000_000;

/** The alignment of greatest likeness (Needleman and Wunsch, 1970), between the equal layers at both ends. */
function align(left: readonly LayerSummary[], right: readonly LayerSummary[]): readonly Pair[] {
  const keys = [left.map(figuresOf), right.map(figuresOf)] as const;
  let start = 0;
  while (start < left.length && start < right.length && keys[0][start] === keys[1][start]) start++;
  let end = 0;
  while (end < left.length - start && end < right.length - start && keys[0].at(-1 - end) === keys[1].at(-1 - end)) end++;
  const [a, b] = [left.slice(start, left.length - end), right.slice(start, right.length - end)];
  const middle: readonly Pair[] = a.length * b.length > mostPairs ? [...a.map((each): Pair => [each, undefined]), ...b.map((each): Pair => [undefined, each])] : alignMiddle(a, b);
  return [
    ...left.slice(0, start).map((each, index): Pair => [each, right[index]]),
    ...middle,
    ...left.slice(left.length - end).map((each, index): Pair => [each, right[right.length - end + index]]),
  ];
}

function alignMiddle(a: readonly LayerSummary[], b: readonly LayerSummary[]): readonly Pair[] {
  const width = b.length + 1;
  // best[i·width + j]: the greatest likeness of the layers from i and from j on.
  const best = new Float64Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      best[i * width + j] = Math.max(likeness(a[i]!, b[j]!) + best[(i + 1) * width + j + 1]!, best[(i + 1) * width + j]!, best[i * width + j + 1]!);
    }
  }
  const pairs: Pair[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const alike = i < a.length && j < b.length ? likeness(a[i]!, b[j]!) : 0;
    if (alike > 0 && best[i * width + j] === alike + best[(i + 1) * width + j + 1]!) pairs.push([a[i++], b[j++]]);
    else if (i < a.length && (j === b.length || best[(i + 1) * width + j]! >= best[i * width + j + 1]!)) pairs.push([a[i++], undefined]);
    else pairs.push([undefined, b[j++]]);
  }
  return pairs;
}

/** How well one layer stands for another: the same operation counts most; another one only in the same place, where it gives the same shape or is an activation, too. */
function likeness(a: LayerSummary, b: LayerSummary): number {
  const sameOutput = a.output.join() === b.output.join();
  const samePlace = a.within.join() === b.within.join();
  if (kindOfName(a.operation) !== kindOfName(b.operation)) return samePlace && a.params === 0 && b.params === 0 && (sameOutput || (isActivation(a) && isActivation(b))) ? 1 : 0;
  return 4 + (a.call === b.call ? 2 : 0) + (sameOutput ? 2 : 0) + (a.params === b.params ? 1 : 0) + (samePlace ? 1 : 0);
}

/** How many rows of each kind there are, in words. */
export function differenceText({ layers }: Comparison): string {
  const count = (kind: ChangeKind): number => layers.filter((each) => each.kind === kind).length;
  const parts = [
    [count('changed'), 'changed'],
    [count('removed'), 'only on the left'],
    [count('added'), 'only on the right'],
  ] as const;
  const differing = parts.filter(([number]) => number > 0);
  if (differing.length === 0) return layers.length === 1 ? 'The only layer is equal.' : `All ${grouped(layers.length)} layers are equal.`;
  const same = count('same');
  return [same === 0 ? 'No layer is equal' : `${counted(same, 'layer')} equal`, ...differing.map(([number, what]) => `${grouped(number)} ${what}`)].join(', ') + '.';
}

export const signs: Readonly<Record<ChangeKind, string>> = { same: ' ', changed: '~', removed: '−', added: '+' };

/** A row of totals: what it is, both values, and the difference where it is a number. */
export function totalsOf({ left, right }: Comparison): readonly (readonly [what: string, left: string, right: string, difference: string])[] {
  const row = (what: string, of: (model: ModelSummary) => string, difference = ''): readonly [string, string, string, string] => [what, of(left), of(right), difference];
  const between = (of: (model: ModelSummary) => Figure): string => differenceOf(of(left), of(right));
  return [
    row('Input', ({ inputs }) => inputs.map(({ shape }) => shapeText(shape)).join(', ')),
    row('Output', ({ output }) => (output === null ? '–' : shapeText(output))),
    row('Parameters', ({ params }) => grouped(params), between(({ params }) => params)),
    ...(left.buffers + right.buffers === 0 ? [] : [row('Buffers', ({ buffers }) => grouped(buffers), between(({ buffers }) => buffers))]),
    row('MACs', ({ macs }) => figureText(macs), between(({ macs }) => macs)),
    row('Receptive field', ({ receptiveField }) => fieldText(receptiveField)),
    row('Layers', ({ layers }) => grouped(layers.length), between(({ layers }) => layers.length)),
    ...(left.requirements.length + right.requirements.length === 0 ? [] : [row('Requires', ({ requirements }) => (requirements.length === 0 ? '–' : requirements.join(' and ')))]),
  ];
}

/** `+1,024 (×1.5)` */
function differenceOf(left: Figure, right: Figure): string {
  if (typeof left !== 'number' || typeof right !== 'number') return '';
  if (left === right) return '=';
  const times = left > 0 && right > 0 ? Number((right / left).toPrecision(3)) : 1;
  const ratio = times === 1 ? '' : ` (×${String(times)})`;
  return `${right > left ? '+' : '−'}${grouped(Math.abs(right - left))}${ratio}`;
}

/** The cells of a layer's row: name, output, parameters, MACs and field; what differs is given as `left → right`. */
export function cellsOf({ left, right }: ComparedLayer): readonly string[] {
  const cell = (of: (layer: LayerSummary) => string): string => {
    const [a, b] = [left && of(left), right && of(right)];
    return a === undefined || b === undefined || a === b ? (a ?? b ?? '') : `${a} → ${b}`;
  };
  return [
    cell(({ call }) => call),
    cell(({ output }) => shapeText(output)),
    cell(({ params }) => zeroless(params)),
    cell(({ macs }) => zeroless(macs)),
    cell(({ receptiveField }) => fieldText(receptiveField)),
  ];
}

export function shapeText(shape: readonly Figure[]): string {
  return `[${shape.map(String).join(', ')}]`;
}

function figureText(value: Figure): string {
  return typeof value === 'number' ? grouped(value) : value;
}

function zeroless(value: Figure): string {
  return value === 0 ? '–' : figureText(value);
}

function fieldText(field: FieldFigures): string {
  if (field === null) return '–';
  return field === 'global' ? 'global' : field.size.map(String).join('×');
}

/** Around what differs this many equal layers are shown; shorter runs than `leastFolded` are not worth folding. */
const context = 1;
const leastFolded = 3;

/** The rows to show: all that differ, with a little around them; a number stands for so many equal layers. */
export function folded(layers: readonly ComparedLayer[]): readonly (ComparedLayer | number)[] {
  const isNear = (index: number): boolean => layers.slice(Math.max(0, index - context), index + context + 1).some(({ kind }) => kind !== 'same');
  const rows: (ComparedLayer | number)[] = [];
  let run: ComparedLayer[] = [];
  const flush = (): void => {
    rows.push(...(run.length < leastFolded ? run : [run.length]));
    run = [];
  };
  for (const [index, layer] of layers.entries()) {
    if (!isNear(index)) run.push(layer);
    else {
      flush();
      rows.push(layer);
    }
  }
  flush();
  return rows;
}

/** The comparison as a page. */
export function comparisonPage(comparison: Comparison): string {
  const { left, right, layers } = comparison;
  const rows = folded(layers).map((row) => (typeof row === 'number' ? ['', `*${counted(row, 'equal layer')}*`, '', '', '', ''] : [signs[row.kind], ...cellsOf(row).map((cell, column) => (cell === '–' || cell === '' ? cell : column === 0 ? code(cell) : unbroken(cell)))]));
  const [one, other] = left.name === right.name ? ['Left', 'Right'] : [left.name, right.name];
  return paragraphs(
    `# ${escaped(left.name)} compared with ${escaped(right.name)}`,
    table(['', escaped(one), escaped(other), 'Difference'], totalsOf(comparison).map(([what, a, b, difference]) => [`**${what}**`, a === '–' ? a : unbroken(a), b === '–' ? b : unbroken(b), difference.replaceAll(' ', '\u00a0')])),
    '## Layers',
    differenceText(comparison),
    rows.length === 0 || layers.every(({ kind }) => kind === 'same') ? undefined : table(['', 'Layer', 'Output', 'Parameters', 'MACs', 'Receptive field'], rows),
    layers.every(({ kind }) => kind === 'same') ? undefined : `\`~\` changed, \`−\` only in ${escaped(one)}, \`+\` only in ${escaped(other)}.`,
  );
}

// `nn compare`: two models of a file side by side.

import { cellsOf, type Comparison, compareModels, differenceText, folded, signs, totalsOf } from '../features/compare';
import { counted } from '../features/numbers';
import { atSizes, chosenModels, openFile, placesIn } from './files';
import { columns, type ExitCode, styled, type Terminal } from './terminal';

export interface CompareOptions {
  readonly json?: boolean;
  readonly at?: ReadonlyMap<string, number>;
  /** The file of the right model, where it is another one. */
  readonly with?: string;
}

/** Exits with 1 where the models differ, as `diff` does. */
export function compare(file: string, left: string, right: string, options: CompareOptions, terminal: Terminal): ExitCode {
  const [one, other] = [openFile(file), openFile(options.with ?? file)];
  const sizes = options.at ?? new Map<string, number>();
  const chosen = [chosenModels(one, left)[0]!, chosenModels(other, right)[0]!] as const;
  const known = options.with === undefined ? atSizes(one, chosen, sizes) : [atSizes(one, [chosen[0]], sizes)[0]!, atSizes(other, [chosen[1]], sizes)[0]!];
  const comparison = compareModels(known[0]!, placesIn(one), known[1]!, placesIn(other));
  terminal.out(options.json === true ? `${JSON.stringify(toJson(comparison), undefined, 2)}\n` : page(comparison, terminal));
  return comparison.layers.every(({ kind }) => kind === 'same') ? 0 : 1;
}

function toJson({ left, right, layers }: Comparison): object {
  return { left: { ...left, layers: undefined }, right: { ...right, layers: undefined }, layers: layers.map((each) => ({ kind: each.kind, left: each.left ?? null, right: each.right ?? null })) };
}

const colours = { same: 'gray', changed: 'yellow', removed: 'red', added: 'green' } as const;

function page(comparison: Comparison, terminal: Terminal): string {
  const { left, right, layers } = comparison;
  const totals = columns([['', left.name, right.name, ''], ...totalsOf(comparison).map((row) => [...row])], [false, false, false, false]);
  const rows = folded(layers);
  const lines = columns(
    [
      ['', 'Layer', 'Output shape', 'Parameters', 'MACs', 'Receptive field'],
      ...rows.map((row) => (typeof row === 'number' ? ['', `… ${counted(row, 'equal layer')}`, '', '', '', ''] : [signs[row.kind], ...cellsOf(row)])),
    ],
    [false, false, false, true, true, false],
  );
  const painted = lines.map((line, index) => {
    const row = rows[index - 1];
    return index === 0 ? styled(terminal, 'bold', line) : typeof row === 'number' ? styled(terminal, 'gray', line) : styled(terminal, colours[row!.kind], line);
  });
  const differ = layers.some(({ kind }) => kind !== 'same');
  return [styled(terminal, 'bold', totals[0]!), ...totals.slice(1), '', ...(differ ? [...painted, ''] : []), differenceText(comparison), ''].join('\n');
}

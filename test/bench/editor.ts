// What a keystroke costs in a file of ten thousand lines: the edited model is followed, and the editor asks for what it shows.
// In processor time of this process, with what the collector of garbage takes; each row is a median over many edits.

import { codeActions } from '../../server/src/features/code-actions';
import { codeLenses } from '../../server/src/features/code-lens';
import { completions } from '../../server/src/features/completion';
import { diagnosticsOf } from '../../server/src/features/diagnostics';
import { filesOf } from '../../server/src/features/definition';
import { foldingRanges } from '../../server/src/features/folding';
import { hover } from '../../server/src/features/hover';
import { inlayHints } from '../../server/src/features/inlay-hints';
import { semanticTokens } from '../../server/src/features/semantic-tokens';
import { documentSymbols } from '../../server/src/features/symbols';
import { type Document, Workspace } from '../../server/src/features/workspace';
import { generate } from './generate';
import { answeringMilliseconds, cpuMilliseconds, median } from './measure';

const uri = 'file:///large.nn';
const edits = 60;
/** Edits before those that count: the engine compiles what runs often in the meantime, on threads whose time counts, too. */
const editsBefore = 120;
const visibleLines = 60;

/** A text in which a number of a model in the middle is another one. */
function edited(lines: readonly string[], round: number): { readonly text: string; readonly line: number } {
  const middle = (lines.length >> 1) + 43 * (round % 7);
  const line = lines.findIndex((each, index) => index >= middle && each.startsWith('  Block('));
  const changed = [...lines];
  changed[line] = `  Block(${String(16 + (round % 3))})`;
  return { text: changed.join('\n'), line };
}

export function keystrokes(lineCount: number): readonly { readonly name: string; readonly milliseconds: number; readonly worst: number }[] {
  const lines = generate(lineCount).split('\n');
  const workspace = new Workspace(() => undefined);
  const times = new Map<string, number[]>();
  const measured = <T>(name: string, work: () => T): T => {
    const { milliseconds, result } = cpuMilliseconds(work);
    times.set(name, [...(times.get(name) ?? []), milliseconds]);
    return result;
  };
  workspace.update(uri, 0, lines.join('\n'));
  const show = (document: Document): void => {
    diagnosticsOf(document);
    codeLenses(document);
    semanticTokens(document);
    documentSymbols(document);
  };
  show(workspace.document(uri)!);
  /** Of the first edits after opening, while the engine still compiles: on the thread that answers. */
  const early: number[] = [];
  for (let round = 1; round <= editsBefore + edits; round++) {
    if (round === editsBefore + 1) times.clear();
    const { text, line } = edited(lines, round);
    workspace.update(uri, round, text);
    let total = 0;
    const before = answeringMilliseconds();
    const part = <T>(name: string, work: () => T): T => {
      const result = measured(name, work);
      total += times.get(name)!.at(-1)!;
      return result;
    };
    const document = part('parse and analyse the edited model', () => workspace.document(uri)!);
    part('diagnostics of the file', () => diagnosticsOf(document));
    const start = document.lines.offset({ line: Math.max(0, line - visibleLines / 2), character: 0 });
    const end = document.lines.offset({ line: line + visibleLines / 2, character: 0 });
    part('hints of 60 visible lines', () => inlayHints(document, { start, end }));
    times.set('**diagnostics and visible hints**', [...(times.get('**diagnostics and visible hints**') ?? []), total]);
    const after = answeringMilliseconds();
    if (round <= edits && before !== undefined && after !== undefined) early.push(after - before);
    const at = document.lines.offset({ line, character: 4 });
    measured('hover', () => hover(document, at));
    measured('completion', () => completions(document, document.lines.offset({ line, character: 2 }), filesOf(document)));
    const input = lines.findLastIndex((each, index) => index < line && each.startsWith('  input'));
    const place = document.lines.offset({ line: input, character: 8 });
    measured('quick fixes, tried on the text', () => codeActions(document, diagnosticsOf(document), { start: place, end: place }));
    measured('code lenses of the file', () => codeLenses(document));
    measured('semantic tokens of the file', () => semanticTokens(document));
    measured('symbols of the file', () => documentSymbols(document));
    measured('folding of the file', () => foldingRanges(document));
  }
  if (early.length > 0) times.set(`diagnostics and visible hints in the first ${String(edits)} edits after opening, on the thread that answers`, early);
  return [...times].map(([name, all]) => ({ name, milliseconds: median(all), worst: Math.max(...all) }));
}

// Whatever is done to a file takes work in proportion to the file: blocks of code that run are counted, nothing is timed.

import { describe, expect, it } from 'vitest';
// Before what it counts.
import { counted, growth } from './support/counted';
import { parse } from '../grammar/parse';
import { codeLenses } from '../server/src/features/code-lens';
import { diagnosticsOf } from '../server/src/features/diagnostics';
import { documentLinks } from '../server/src/features/document-links';
import { fixesOf } from '../server/src/features/fixes/fixes';
import { foldingRanges } from '../server/src/features/folding';
import { formatting } from '../server/src/features/formatting';
import { hover } from '../server/src/features/hover';
import { inlayHints } from '../server/src/features/inlay-hints';
import { semanticTokens } from '../server/src/features/semantic-tokens';
import { documentSymbols } from '../server/src/features/symbols';
import { type Document, Workspace } from '../server/src/features/workspace';
import { analyseText } from './support/analyse';

/** Sorting takes a little more than proportion. */
const proportional = 2.4;

const repeated = (unit: string, length: number): string => unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
const models = (count: number): string => Array.from({ length: count }, (_, i) => `model M${String(i)} { input x: [3, H, W]; Conv2d(4, 3); residual { Conv2d(4, 3, padding = 1) } }`).join('\n');
const lines = (count: number): string => `stack Block(c) { Conv2d(c, 3, padding = 1); ReLU }\nmodel M {\n  input x: [8, H, W]\n${'  Block(8)\n  y = x + x\n  Conv2d(8, 3)\n'.repeat(count)}}\n`;

function opened(text: string): Document {
  const workspace = new Workspace(() => undefined);
  workspace.update('file:///main.nn', 1, text);
  return workspace.document('file:///main.nn')!;
}

describe('parsing grows with the text', () => {
  const sound = 'stack S(c) {\n  input x: [c, h, w]\n  y = x -> Conv2d(c, 3, padding = 1) -> ReLU  # note\n  concat { y; { Linear(2 * c + 1) } }\n}\n';
  it.each([sound, '(', ')', '}', '}\n', '(]', '{)', 'if a } ', 'concat(a) } ', 'a\n', 'a ', 'x = (\n', 'model M {\n', 'f({\n', '- ', 'a,', '# c\n', '## c\n', 'if a ', 'else ', '"', 'a\n-'])('%j', (unit) => {
    expect(growth((size) => () => parse(repeated(unit, size)), 8_000)).toBeLessThan(proportional);
  });
});

describe('analysing grows with the network', () => {
  it.each<[string, (n: number) => string, number]>([
    ['lines of layers', (n) => `model M {\n input x: [8, H, W]\n${' Conv2d(8, 3, padding = 1); ReLU\n'.repeat(n)}}`, 50],
    ['repeats', (n) => `model M {\n input x: [8, H, W]\n repeat ${String(n)} { Conv2d(8, 3, padding = 1); ReLU }\n}`, 100],
    ['repeats with sizes in numbers', (n) => `model M {\n input x: [8, 32, 32]\n repeat ${String(n)} { Conv2d(8, 3, padding = 1); Tanh; MaxPool2d(3, stride = 1, padding = 1) }\n}`, 100],
    ['sizes that shrink', (n) => `model M {\n input x: [1, H]\n${' Conv1d(1, 2)\n'.repeat(n)}}`, 50],
    ['models', models, 50],
    ['stacks that nothing applies', (n) => Array.from({ length: n }, (_, i) => `stack S${String(i)} { Linear(4); ReLU }`).join('\n'), 50],
    ['residual blocks', (n) => `model M {\n input x: [8]\n repeat ${String(n)} { residual { Linear(8); ReLU }; output y }\n}`, 100],
    ['layers that nothing learns from', (n) => `model M {\n input x: [8]\n target t: [8]\n repeat ${String(n)} { x -> Linear(8) }\n loss mse_loss(x, t)\n}`, 100],
    ['one reader behind all that hands on', (n) => `model M {\n input x: [8]\n target t: int[]\n repeat ${String(n)} { Identity; loss cross_entropy(x, t) }\n}`, 50],
    ['lets, each by the one before', (n) => Array.from({ length: n }, (_, i) => `let v${String(i)} = ${i === 0 ? '1' : `v${String(i - 1)} + 1`}`).join('\n'), 50],
  ])('%s', (_, text, size) => {
    expect(growth((n) => () => analyseText(text(n)), size)).toBeLessThan(proportional);
  });

  it('ten thousand repeats are within the limits', () => {
    const { diagnostics, models: [model] } = analyseText('model M {\n input x: [8]\n repeat 10_000 { Linear(8); ReLU }\n}');
    // So deep a chain cannot be trained as PyTorch initialises it, but it is no error.
    expect(diagnostics.map(({ code, severity }) => `${severity} ${code}`)).toEqual(['warning vanishing-gradient']);
    // The variance of the gradient is beyond all numbers there.
    expect(diagnostics[0]!.message).toContain('and by more than 10¹⁵⁴ in all');
    expect(model!.graph.nodes).toHaveLength(20_000);
  });
});

describe('what is shown grows with the file', () => {
  const whole = ({ text }: Document): { start: number; end: number } => ({ start: 0, end: text.length });
  it.each<[string, (document: Document) => unknown]>([
    ['diagnostics', (document) => diagnosticsOf(document)],
    ['hints', (document) => inlayHints(document, whole(document))],
    ['lenses', (document) => codeLenses(document)],
    ['symbols', (document) => documentSymbols(document)],
    ['colours', (document) => semanticTokens(document)],
    ['folding', (document) => foldingRanges(document)],
    ['links', (document) => documentLinks(document)],
    ['formatting', (document) => formatting(document)],
    ['hovers', (document) => Array.from({ length: 40 }, (_, index) => hover(document, Math.floor((index * document.text.length) / 40)))],
  ])('%s', (_, show) => {
    for (const text of [models, lines]) {
      const ready = (n: number): (() => unknown) => {
        const document = opened(text(n));
        return () => show(document);
      };
      expect(growth(ready, 40), text.name).toBeLessThan(proportional);
    }
  });
});

describe('what is wrong everywhere grows with the file', () => {
  const numbered = (count: number, unit: (index: number) => string, separator = '\n'): string => Array.from({ length: count }, (_, index) => unit(index)).join(separator);
  const inModel = (body: string): string => `model M {\n  input x: [8]\n${body}\n}`;
  it.each<[string, (n: number) => string]>([
    ['outputs', (n) => inModel(numbered(n, (i) => `  output y${String(i)}`))],
    ['arguments that nothing uses', (n) => `stack S(${numbered(n, (i) => `a${String(i)} = 1`, ', ')}) { ReLU }\n${inModel('  S(1, 2)')}`],
    ['stacks with an argument that nothing uses', (n) => numbered(n, (i) => `stack S${String(i)}(a) { ReLU }`)],
    ['arguments that no layer has', (n) => inModel(`  Linear(${numbered(n, (i) => `a${String(i)} = 1`, ', ')})`)],
    ['arguments that no stack has', (n) => `stack S(${numbered(n, (i) => `a${String(i)} = 1`, ', ')}) { ReLU }\n${inModel(`  S(${numbered(n, (i) => `b${String(i)} = 1`, ', ')})`)}`],
    ['names that nothing has', (n) => inModel(numbered(n, (i) => `  b${String(i)} -> ReLU`))],
    ['names that nothing has, each in a stack', (n) => numbered(n, (i) => `stack Stack${String(100_000 + i)} { Stack${String(200_000 + i)} }`)],
    ['activations that come twice', (n) => inModel(numbered(n, () => '  ReLU'))],
    ['activations that come twice, on one line', (n) => inModel(numbered(n, () => 'ReLU', '; '))],
    ['comments that silence', (n) => numbered(n, () => '# nn: ignore unknown-name')],
  ])('%s', (_, text) => {
    const shown = (n: number) => (): unknown => diagnosticsOf(opened(text(n)));
    expect(growth(shown, 1_000)).toBeLessThan(proportional);
  });
});

describe('an edit of one model', () => {
  /** The work of following an edit in one of so many models, and of analysing all of them. */
  function followed(count: number): { readonly edit: number; readonly all: number } {
    const workspace = new Workspace(() => undefined);
    const uri = 'file:///main.nn';
    const text = models(count);
    workspace.update(uri, 1, text);
    const all = counted(() => workspace.document(uri));
    workspace.update(uri, 2, text.replace('model M9 { input x: [3, H, W]; Conv2d(4, 3)', 'model M9 { input x: [3, H, W]; Conv2d(5, 3)'));
    const edit = counted(() => workspace.document(uri)!.analysis);
    expect(workspace.document(uri)!.analysis.evaluated).toEqual(['M9']);
    return { edit, all };
  }

  it('is all that a fix is tried on, once one was tried before', () => {
    const blocksOf = (count: number): number => {
      const workspace = new Workspace(() => undefined);
      const uri = 'file:///main.nn';
      const wrong = (groups: number): string => models(count).replace('model M9 { input x: [3, H, W]; ', `model M9 { input x: [3, H, W]; GroupNorm(${String(groups)}); `);
      const titles = (groups: number): readonly string[] => {
        workspace.update(uri, groups, wrong(groups));
        const document = workspace.document(uri)!;
        return diagnosticsOf(document).flatMap((each) => (each.code === 'groups-do-not-divide' ? fixesOf(document, each) : [])).map(({ title }) => title);
      };
      titles(2);
      return counted(() => { expect(titles(4)).toEqual(['Use num_groups = 3']); });
    };
    blocksOf(20);
    const [few, many] = [blocksOf(50), blocksOf(200)];
    const all = (count: number): number => counted(() => opened(models(count)).analysis);
    expect((many - few) / (all(200) - all(50))).toBeLessThan(1 / 2);
  });

  it('takes the work of that model, and little for each of the others', () => {
    followed(20);
    const [few, many] = [followed(50), followed(200)];
    expect((many.edit - few.edit) / (many.all - few.all)).toBeLessThan(1 / 5);
  });
});

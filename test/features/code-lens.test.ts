// The lenses above models: their figures, and the state of their gradient checks.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CheckReport } from '../../server/src/check/protocol';
import type { CheckState } from '../../server/src/features/checks';
import { codeLenses, usesLens } from '../../server/src/features/code-lens';
import { defaultSettings } from '../../server/src/features/settings';
import { documentOf } from '../support/fixture';

function titles(text: string, state?: { state: CheckState; stale: boolean }): string[] {
  return codeLenses(documentOf(text), { settings: { ...defaultSettings, 'codeLens.compare': false }, checks: { stateOf: () => state } }).map(({ title }) => title);
}

function factsOf(example: string, model: string): string {
  const text = readFileSync(path.join(import.meta.dirname, '../../examples', example), 'utf8');
  return codeLenses(documentOf(text)).find((lens) => lens.name === model)!.title;
}

const report: CheckReport = {
  model: 'A',
  ok: true,
  worst: { tensor: 'x', index: [1], analytic: 1, numeric: 1, relativeError: 2.96e-9 },
  tensors: [
    { name: 'x', shape: [3], entries: 3, checked: 3, directions: 0, together: 1, kinks: 0, ok: true },
    { name: 'w', shape: [3], entries: 3, checked: 3, directions: 0, together: 1, kinks: 0, ok: true },
  ],
  asserts: [],
  culprits: [],
  sizes: {},
  batch: 2,
  seconds: 0,
  notes: [],
};
const model = 'model A { input x: [3]; ReLU }';
const running = (fraction: number, secondsLeft?: number): CheckState => ({ kind: 'running', fraction, secondsLeft, progress: { stage: 'entries', done: 1, total: 2 } });
const done = (of: CheckReport): CheckState => ({ kind: 'done', report: of, choices: {}, findings: [] });
const lensesFor = (state: CheckState, stale = false): string[] => titles(model, { state, stale }).slice(1);

describe('the figures above a model', () => {
  it.each([
    ['exam.nn', 'ExamCNN', '27,620 params · 7.59 M MACs · receptive field 12×12'],
    ['exam.nn', 'Unpadded', '27,620 params · 4.77 M MACs · receptive field 12×12'],
    ['exam.nn', 'L1Regularized', '1 param'],
    ['resnet.nn', 'ResNet18', '11,689,512 params · MACs depend on H, W · receptive field 435×435 → global'],
    ['resnet.nn', 'ResNet50', '25,557,032 params · MACs depend on H, W · receptive field 427×427 → global'],
    ['resnet.nn', 'ResNet', 'template · needs block, depths'],
    ['vgg.nn', 'VGG16', '138,357,544 params · 15.5 G MACs · receptive field 212×212 → global'],
    ['alexnet.nn', 'AlexNet', '61,100,840 params · 714 M MACs · receptive field 195×195 → global'],
  ])('%s: %s', (example, name, facts) => {
    expect(factsOf(example, name)).toBe(facts);
  });

  it('are not given for a model with errors, whose neighbours keep theirs', () => {
    expect(titles('model A { input x: [3]; Linear(0) }\nmodel B { input x: [3]; Linear(1) }')).toEqual([
      'incomplete: the model has errors',
      'Check gradients',
      '4 params · 3 MACs',
      'Check gradients',
    ]);
  });
});

describe('the gradient check above a model', () => {
  it('goes from idle over its progress to its outcome', () => {
    expect(titles(model).slice(1)).toEqual(['Check gradients']);
    expect(lensesFor(running(0.426))).toEqual(['$(sync~spin) checking 42 % · cancel']);
    expect(lensesFor(running(0.5, 75))).toEqual(['$(sync~spin) checking 50 %, 75 s left · cancel']);
    expect(lensesFor({ kind: 'waiting' })).toEqual(['$(clock) waiting · cancel']);
    expect(lensesFor(done(report))).toEqual(['✓ gradients agree · worst relative error 3e-9 · 2 tensors', 'Check again']);
  });

  it('names the entry that does not agree, with both values', () => {
    const worst = { tensor: 'conv1.weight', index: [3, 0, 1, 1], analytic: 0.125, numeric: 0.25, relativeError: 0.5 };
    const wrong: CheckReport = { ...report, ok: false, worst, tensors: [{ ...report.tensors[0]!, name: 'conv1.weight', ok: false, worst }] };
    expect(lensesFor(done(wrong))[0]).toBe('✗ conv1.weight[3,0,1,1]: analytic 0.125, numeric 0.25');
  });

  it('names an assert that fails', () => {
    const wrong: CheckReport = { ...report, ok: false, asserts: [{ text: 'a == b', ok: false, place: { file: '', span: { start: 0, end: 0 } } }] };
    expect(lensesFor(done(wrong))[0]).toBe('✗ 1 assert fails: a == b');
  });

  it('says that it was not possible, and why', () => {
    expect(lensesFor(done({ ...report, ok: false, problem: 'A has errors' }))[0]).toBe('✗ not checked: A has errors');
    expect(lensesFor({ kind: 'failed', reason: 'out of memory' })).toEqual(['✗ the check failed: out of memory', 'Check again']);
  });

  it('marks an outcome that is older than the model', () => {
    expect(lensesFor(done(report), true)).toEqual(['$(history) before the last change: ✓ gradients agree · worst relative error 3e-9 · 2 tensors', 'Check gradients']);
  });
});

describe('the other lenses', () => {
  const text = 'stack S { ReLU }\nmodel A { input x: [3]; S }\nmodel T(n) { input x: [n] }\n';
  const commands = (settings = {}): (string | undefined)[] => codeLenses(documentOf(text), { settings: { ...defaultSettings, ...settings } }).map(({ command, name }) => `${name} ${command ?? ''}`);

  it('count the uses of stacks when they come into sight, and compare models', () => {
    expect(commands()).toEqual(['S nn.showUses', 'A ', 'A nn.checkGradients', 'A nn.compareModels', 'T ']);
    expect([0, 1, 5].map((count) => usesLens(count).title)).toEqual(['no uses', '1 use', '5 uses']);
  });

  it('can be switched off, each kind by itself', () => {
    expect(commands({ 'codeLens.figures': false })).toEqual(['S nn.showUses', 'A nn.checkGradients', 'A nn.compareModels']);
    expect(commands({ 'codeLens.check': false, 'codeLens.uses': false, 'codeLens.compare': false })).toEqual(['A ', 'T ']);
  });

  it('write large numbers as the settings want', () => {
    const titles = codeLenses(documentOf('model A { input x: [1000]; Linear(1000) }'), { settings: { ...defaultSettings, 'numbers.style': 'exact' } });
    expect(titles[0]!.title).toBe('1,001,000 params · 1,000,000 MACs');
  });
});

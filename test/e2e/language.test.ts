// What a person sees of a network in the editor: hovers, hints, errors, lenses and the gradient check.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workbench } from './workbench';

describe('exam.nn in the workbench', () => {
  let workbench: Workbench;
  let text: string;
  beforeAll(async () => {
    workbench = await Workbench.open();
    text = await workbench.onDisk('exam.nn');
    await workbench.openFile('exam.nn');
    await workbench.goToLine(text, 'MaxPool2d(2)');
  });
  afterAll(async () => { await workbench.close(); });

  it('shows the shape behind every layer of the convolutional network', async () => {
    await expect.poll(() => workbench.visibleLine('Conv2d(32')).toMatch(/\[32, 32, 32\]$/);
    await expect.poll(() => workbench.visibleLine('MaxPool2d(2)')).toMatch(/\[32, 16, 16\]$/);
    await expect.poll(() => workbench.visibleLine('Conv2d(64')).toMatch(/\[64, 16, 16\]$/);
    await expect.poll(() => workbench.visibleLine('Conv2d(100')).toMatch(/\[100, 8, 8\]$/);
    await workbench.screenshot('hints');
  });

  it('explains a layer on hover: output shape, receptive field and parameters', async () => {
    const hover = await workbench.hover({ line: 'Conv2d(32', word: 'Conv2d' });
    expect(hover).toContain('[32, 32, 32]');
    expect(hover).toMatch(/receptive field/i);
    expect(hover).toMatch(/5\s*×\s*5/);
    expect(hover).toContain('2,432');
    expect(hover).toContain('⌊(32 + 2·2 − 5)/1⌋ + 1 = 32');
    await workbench.screenshot('hover');
    await workbench.endHover();
  });

  it('has the totals and the gradient check above a model', async () => {
    await expect.poll(() => workbench.lensesAbove('model ExamCNN')).toContain('Check gradients');
    const [totals] = await workbench.lensesAbove('model ExamCNN');
    expect(totals).toMatch(/param.* · .*MACs · .*12\s*×\s*12/);
  });

  it('underlines a kernel that is too large, lists it, and forgets it after an undo', async () => {
    const line = text.split('\n').findIndex((candidate) => candidate.includes('kernel_size = 5'));
    const column = text.split('\n')[line]!.indexOf('kernel_size = 5') + 'kernel_size = 5'.length;
    await workbench.goTo(line + 1, column + 1);
    await workbench.page.keyboard.type('0');
    await expect.poll(() => workbench.hasErrorUnder({ line: 'Conv2d(32', word: 'kernel_size = 50' })).toBe(true);
    await expect.poll(async () => (await workbench.problems()).filter((row) => /kernel/i.test(row))).not.toEqual([]);
    await workbench.screenshot('error');

    await workbench.focusEditor();
    await workbench.page.keyboard.press('Control+Z');
    await expect.poll(() => workbench.hasErrorUnder({ line: 'Conv2d(32', word: 'kernel_size = 5' })).toBe(false);
    await expect.poll(async () => (await workbench.problems()).filter((row) => /kernel/i.test(row))).toEqual([]);
    await workbench.page.keyboard.press('Control+J');
  });

  it('checks the gradients of a model and keeps the editor alive meanwhile', async () => {
    await workbench.goToLine(text, 'model FlatClassifier');
    await workbench.clickLens('model FlatClassifier', 'Check gradients');
    const hover = await workbench.hover({ line: 'head = Linear(10)', word: 'Linear' });
    expect(hover).toContain('[10]');
    await workbench.endHover();
    await expect.poll(async () => (await workbench.lensesAbove('model FlatClassifier')).join(' '), { timeout: 100_000 })
      .toMatch(/✓ gradients agree · worst relative error \S+ · \d+ tensors/);
    await workbench.screenshot('gradients');
  });

  it('opens the report of a check from its lens', async () => {
    const lens = (await workbench.lensesAbove('model FlatClassifier')).find((candidate) => candidate.startsWith('✓ gradients agree'))!;
    await workbench.clickLens('model FlatClassifier', lens);
    await workbench.page.locator('.tab.active', { hasText: 'Gradients of FlatClassifier' }).waitFor();
    await expect.poll(async () => (await workbench.visibleLines()).join('\n')).toMatch(/head/);
  });
});

describe('the command palette', () => {
  let workbench: Workbench;
  beforeAll(async () => { workbench = await Workbench.open({ colorScheme: 'light' }); });
  afterAll(async () => { await workbench.close(); });

  it('checks the model at the cursor, in the light theme', async () => {
    await workbench.openFile('exam.nn');
    await workbench.goToLine(await workbench.onDisk('exam.nn'), 'z = dot(w, x) + b');
    await expect.poll(() => workbench.lensesAbove('model ReluUnit')).toContain('Check gradients');
    await workbench.command('nn: Check Gradients');
    await expect.poll(async () => (await workbench.lensesAbove('model ReluUnit')).join(' ')).toContain('✓ gradients agree');
    await workbench.screenshot('light');
  });
});

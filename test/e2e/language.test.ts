// What a person sees of a network in the editor: hovers, hints, errors, lenses and the gradient check.

import { describe, expect } from 'vitest';
import { workbenchTest } from './workbench';

const it = workbenchTest({ file: 'exam.nn' });

describe('exam.nn in the workbench', () => {
  it('shows the shape behind every layer of the convolutional network', async ({ workbench }) => {
    await workbench.goToLine('MaxPool2d(2)');
    await expect.poll(() => workbench.visibleLine('Conv2d(32')).toMatch(/\[32, 32, 32\]$/);
    await expect.poll(() => workbench.visibleLine('MaxPool2d(2)')).toMatch(/\[32, 16, 16\]$/);
    await expect.poll(() => workbench.visibleLine('Conv2d(64')).toMatch(/\[64, 16, 16\]$/);
    await expect.poll(() => workbench.visibleLine('Conv2d(100')).toMatch(/\[100, 8, 8\]$/);
    await workbench.screenshot('hints');
  });

  it('explains a layer on hover: output shape, receptive field and parameters', async ({ workbench }) => {
    await workbench.goToLine('MaxPool2d(2)');
    const hover = await workbench.hover({ line: 'Conv2d(32', word: 'Conv2d' });
    expect(hover).toContain('[32, 32, 32]');
    expect(hover).toMatch(/receptive field/i);
    expect(hover).toMatch(/5\s*×\s*5/);
    expect(hover).toContain('2,432');
    expect(hover).toContain('⌊(32 + 2·2 − 5)/1⌋ + 1 = 32');
    await workbench.screenshot('hover');
    await workbench.endHover();
  });

  it('has the totals and the gradient check above a model', async ({ workbench }) => {
    await workbench.goToLine('MaxPool2d(2)');
    await expect.poll(() => workbench.lensesAbove('model ExamCNN')).toContain('Check gradients');
    expect((await workbench.lensesAbove('model ExamCNN'))[0]).toMatch(/param.* · .*MACs · .*12\s*×\s*12/);
  });

  it('underlines a kernel that is too large, lists it, and forgets it after an undo', async ({ workbench }) => {
    const kernelProblems = async () => (await workbench.problems()).filter((row) => /kernel/i.test(row));
    await workbench.goToLine('Conv2d(32', 'kernel_size = 5');
    await workbench.page.keyboard.type('0');
    await expect.poll(() => workbench.hasErrorUnder({ line: 'Conv2d(32', word: 'kernel_size = 50' })).toBe(true);
    await expect.poll(kernelProblems).not.toEqual([]);
    await workbench.screenshot('error');

    await workbench.focusEditor();
    await workbench.page.keyboard.press('Control+Z');
    await expect.poll(() => workbench.hasErrorUnder({ line: 'Conv2d(32', word: 'kernel_size = 5' })).toBe(false);
    await expect.poll(kernelProblems).toEqual([]);
    await workbench.closePanel();
  });

  it('checks the gradients of a model, and answers hovers meanwhile', async ({ workbench }) => {
    await workbench.goToLine('model FlatClassifier');
    await workbench.clickLens('model FlatClassifier', 'Check gradients');
    expect(await workbench.hover({ line: 'head = Linear(10)', word: 'Linear' })).toContain('[10]');
    await workbench.endHover();
    await expect.poll(async () => (await workbench.lensesAbove('model FlatClassifier')).join(' '), { timeout: 100_000 })
      .toMatch(/✓ gradients agree · worst relative error \S+ · (only \d+ of )?\d+ tensors/);
    await workbench.screenshot('gradients');
  });

  it('shows the report of a check beside the text', async ({ workbench }) => {
    const result = (await workbench.lensesAbove('model FlatClassifier')).find((lens) => lens.startsWith('✓ gradients agree'))!;
    await workbench.clickLens('model FlatClassifier', result);
    await workbench.page.locator('.tab', { hasText: 'Gradients of FlatClassifier' }).waitFor();
    await expect.poll(() => workbench.renderedPage()).toContain(result);
    expect(await workbench.renderedPage()).toContain('head.weight');
    await workbench.screenshot('report');
    await workbench.closeBeside();
  });
});

describe('models of exam.nn', () => {
  it('are compared side by side', async ({ workbench }) => {
    await workbench.goToLine('model ExamCNN');
    await workbench.command('nn: Compare Model with …');
    await workbench.pick('Sigmoids');
    await expect.poll(() => workbench.renderedPage()).toContain('ExamCNN compared with Sigmoids');
    expect(await workbench.renderedPage()).toContain('5 layers equal, 2 changed, 2 only on the left.');
    await workbench.screenshot('comparison');
    await workbench.closeBeside();
  });

  it('are compared with another one from the lens above them', async ({ workbench }) => {
    await workbench.goToLine('model PooledClassifier');
    await workbench.clickLens('model PooledClassifier', 'Compare with …', workbench.quickInput());
    await workbench.pick('FlatClassifier');
    await expect.poll(() => workbench.renderedPage()).toContain('PooledClassifier compared with FlatClassifier');
    await workbench.closeBeside();
  });

  it('are in the status bar with their gradient checks', async ({ workbench }) => {
    await workbench.goToLine('head = Linear(10)');
    await expect.poll(() => workbench.page.locator('.statusbar-item', { hasText: 'FlatClassifier: 91,630 params' }).count()).toBe(1);
  });

  it('are tested in the Test Explorer, and fail at the line at fault', async ({ workbench }) => {
    await workbench.goToLine('param b: []');
    await workbench.command('Test: Run Test at Cursor');
    await expect.poll(async () => (await workbench.testSigns()).filter((state) => state === 'passed').length).toBeGreaterThanOrEqual(3);
    await workbench.goToLine('assert grad(loss, b)', 'assert grad(loss, b) == ');
    await workbench.page.keyboard.type('3 * ');
    await workbench.command('Test: Run Test at Cursor');
    await expect.poll(() => workbench.testSigns()).toContain('failed');
    await workbench.screenshot('tests');
    await workbench.focusEditor();
    await workbench.page.keyboard.press('Control+Z');
    await workbench.page.keyboard.press('Control+J');
  });
});

describe('resnet.nn in the workbench', () => {
  it('has the published figures above the models', async ({ workbench }) => {
    await workbench.openFile('resnet.nn');
    await workbench.goToLine('model ResNet50');
    await expect.poll(async () => (await workbench.lensesAbove('model ResNet18'))[0]).toMatch(/^11,689,512 params · .*receptive field 435×435/);
    await expect.poll(async () => (await workbench.lensesAbove('model ResNet50'))[0]).toMatch(/^25,557,032 params · .*receptive field 427×427/);
    await workbench.screenshot('resnet');
  });

  it('lists as many uses of a stack as the lens above it counts', async ({ workbench }) => {
    await workbench.goToLine('stack BasicBlock');
    await expect.poll(() => workbench.lensesAbove('stack BasicBlock')).toContain('2 uses');
    await workbench.clickLens('stack BasicBlock', '2 uses', workbench.page.locator('.peekview-title', { hasText: '(2)' }));
    await workbench.page.keyboard.press('Escape');
    await workbench.page.locator('.peekview-title').waitFor({ state: 'hidden' });
  });

  it('keeps free dimensions symbolic in hovers', async ({ workbench }) => {
    await workbench.goToLine('MaxPool2d(3');
    expect(await workbench.hover({ line: 'Conv2d(out_channels:', word: 'Conv2d' })).toMatch(/64, .*H/);
    await workbench.screenshot('resnet hover');
    await workbench.endHover();
  });
});

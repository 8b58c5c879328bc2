// The command palette, the light theme, and the settings of a folder.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { workbenchTest } from './workbench';

const it = workbenchTest({ colorScheme: 'light', file: 'exam.nn', settings: { 'nn.check.timeBudget': 3_600 } });

describe('the command palette', () => {
  it('checks the model at the cursor, in the light theme', async ({ workbench }) => {
    await workbench.goToLine('z = dot(w, x) + b');
    await expect.poll(() => workbench.lensesAbove('model ReluUnit')).toContain('Check gradients');
    await workbench.command('nn: Check Gradients');
    await expect.poll(async () => (await workbench.lensesAbove('model ReluUnit')).join(' ')).toContain('✓ gradients agree');
    await workbench.screenshot('light');
  });
});

describe('a check that may take an hour', () => {
  it('can be cancelled while it runs', async ({ workbench }) => {
    await writeFile(path.join(workbench.folder, 'endless.nn'), 'model Endless {\n  input x: [64, 32, 32]\n  repeat 8 { Conv2d(64, 3, padding = 1); ReLU }\n}\n');
    await workbench.openFile('endless.nn');
    const checking = /checking .+ · cancel/;
    await workbench.clickLens('model Endless', 'Check gradients', workbench.page.locator('.codelens-decoration a', { hasText: checking }).first());
    await workbench.clickLens('model Endless', checking);
    await expect.poll(() => workbench.lensesAbove('model Endless')).toContain('Check gradients');
  });
});

// How a person changes a network and finds the way around in it: menus, names and what is called by what.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { workbenchTest } from './workbench';

const it = workbenchTest({ file: 'resnet.nn' });

describe('the workbench', () => {
  it('shows which models use a stack, and what those use', async ({ workbench }) => {
    const row = (name: string) => workbench.page.locator('.pane-body .monaco-list-row', { hasText: name });
    await workbench.goToLine('stack Bottleneck', 'stack Bottle');
    await workbench.command('Calls: Show Call Hierarchy');
    await row('ResNet50').waitFor();
    await workbench.screenshot('call hierarchy');
    await workbench.command('Calls: Show Outgoing Calls');
    await row('Project').waitFor();
    await workbench.page.keyboard.press('Control+Shift+E');
  });

  it('extracts lines to a stack, and asks for its name', async ({ workbench }) => {
    const { keyboard } = workbench.page;
    await workbench.openFile('resnet.nn');
    await workbench.goToLine('Conv2d(64, 7');
    for (let line = 0; line < 3; line++) await keyboard.press('Shift+ArrowDown');
    await workbench.command('Refactor...');
    await workbench.choose('Extract 3 statements to a stack', 'refactorings');
    await workbench.page.locator('.rename-box input').fill('Stem');
    await keyboard.press('Enter');
    await expect.poll(() => workbench.visibleLine('stack Stem')).toBe('stack Stem {');
    await expect.poll(() => workbench.visibleLine('Stem')).toMatch(/\[64, \(H \+ 1\)\/\/2, \(W \+ 1\)\/\/2\]$/);
    await workbench.screenshot('extracted');
  });

  it('mends a line from its light bulb, or ignores what it says', async ({ workbench }) => {
    await writeFile(path.join(workbench.folder, 'lints.nn'), 'model A {\n  input x: [3, 33, 33]\n\n  Conv2d(8, 3)\n  BatchNorm2d\n  MaxPool2d(2)\n}\n');
    await workbench.openFile('lints.nn');
    await expect.poll(async () => (await workbench.problems()).filter((problem) => /bias-before-norm|unread-border/.test(problem)).length).toBe(2);
    await workbench.closePanel();
    await workbench.goToLine('Conv2d(8, 3)');
    await workbench.quickFix('Leave out the bias');
    await expect.poll(() => workbench.visibleLine('Conv2d(')).toMatch(/bias = false\)/);
    await workbench.goToLine('MaxPool2d(2)');
    await workbench.quickFix('Ignore unread-border on this line');
    await expect.poll(() => workbench.visibleLine('MaxPool2d(2)')).toMatch(/# nn: ignore unread-border/);
    await expect.poll(async () => (await workbench.problems()).filter((problem) => /lints\.nn/.test(problem))).toEqual([]);
    await workbench.screenshot('mended');
    await workbench.closePanel();
  });
});

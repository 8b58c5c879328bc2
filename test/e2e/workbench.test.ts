// The workbench itself: the folder, the editor and the disk.

import { rename, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { workbenchTest } from './workbench';

const it = workbenchTest();

describe('the workbench of npm start', () => {
  it('opens a file of the folder with its syntax in colours', async ({ workbench }) => {
    await workbench.openFile('exam.nn');
    await expect.poll(() => workbench.visibleLine('model L1Regularized')).toBe('model L1Regularized(lambda = 0.1) {');
    await expect.poll(async () => (await workbench.coloursOf('model L1Regularized')).length).toBeGreaterThan(2);
  });

  it('writes an edit to the disk when it is saved, and not before', async ({ workbench }) => {
    const before = await workbench.onDisk('exam.nn');
    await workbench.goTo(1);
    await workbench.page.keyboard.type('# first line');
    await workbench.page.keyboard.press('Enter');
    expect(await workbench.onDisk('exam.nn')).toBe(before);
    await workbench.save();
    expect(await workbench.onDisk('exam.nn')).toBe(`# first line\n${before}`);
  });

  it('shows an edit that another program makes', async ({ workbench }) => {
    await writeFile(path.join(workbench.folder, 'exam.nn'), '# written by another program\n');
    await expect.poll(() => workbench.visibleLine('#')).toBe('# written by another program');
  });

  it('shows files that come, go and get another name', async ({ workbench }) => {
    await writeFile(path.join(workbench.folder, 'new.nn'), 'model A { input x: [1] }\n');
    await workbench.explorerRow('new.nn').waitFor();
    await rename(path.join(workbench.folder, 'new.nn'), path.join(workbench.folder, 'renamed.nn'));
    await workbench.explorerRow('renamed.nn').waitFor();
    await workbench.explorerRow('new.nn').waitFor({ state: 'detached' });
  });

  it('does not show what a link outside leads to', async ({ workbench }) => {
    await symlink('/etc', path.join(workbench.folder, 'outside'));
    await writeFile(path.join(workbench.folder, 'zz.nn'), '');
    await workbench.explorerRow('zz.nn').waitFor();
    expect(await workbench.explorerRow('outside').count()).toBe(0);
  });

  it('finds text in the files of the folder', async ({ workbench }) => {
    await workbench.page.keyboard.press('Control+Shift+F');
    await workbench.page.locator('.search-view .search-widget textarea').first().fill('stack Bottleneck');
    await workbench.page.keyboard.press('Enter');
    await workbench.page.locator('.search-view .monaco-list-row', { hasText: 'resnet.nn' }).waitFor();
  });

  it('begins a new line with Enter where the word is complete, and accepts a suggestion where it is not', async ({ workbench }) => {
    const { keyboard } = workbench.page;
    await workbench.page.keyboard.press('Control+Shift+E');
    await workbench.openFile('alexnet.nn');
    await workbench.goToLine('input image');
    await keyboard.press('End');
    await keyboard.press('Enter');
    await keyboard.type('ReLU', { delay: 50 });
    await workbench.page.locator('.suggest-widget.visible .monaco-list-row.focused', { hasText: 'ReLU' }).waitFor();
    await keyboard.press('Enter');
    await keyboard.type('Conv2', { delay: 50 });
    await workbench.page.locator('.suggest-widget.visible .monaco-list-row.focused', { hasText: 'Conv2d' }).waitFor();
    await keyboard.press('Enter');
    await expect.poll(() => workbench.visibleLine('ReLU')).toMatch(/^ *ReLU\b(?!.*Conv2d)/);
    await expect.poll(async () => (await workbench.visibleLines()).join('\n')).toMatch(/^ *Conv2d\([^=\n]*64, [^=\n]*3\)/m);
  });
});

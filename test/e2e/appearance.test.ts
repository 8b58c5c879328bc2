// The command palette and the light theme.

import { describe, expect } from 'vitest';
import { workbenchTest } from './workbench';

const it = workbenchTest({ colorScheme: 'light', file: 'exam.nn' });

describe('the command palette', () => {
  it('checks the model at the cursor, in the light theme', async ({ workbench }) => {
    await workbench.goToLine('z = dot(w, x) + b');
    await expect.poll(() => workbench.lensesAbove('model ReluUnit')).toContain('Check gradients');
    await workbench.command('nn: Check Gradients');
    await expect.poll(async () => (await workbench.lensesAbove('model ReluUnit')).join(' ')).toContain('✓ gradients agree');
    await workbench.screenshot('light');
  });
});

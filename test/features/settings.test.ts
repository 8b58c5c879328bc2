// The settings: what is accepted, what is said of the rest, and that the manifest and the page of settings are those of the table.
// `vitest run test/features/settings.test.ts -u` renews both.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { defaultSettings, readSettings, settingsPage, settingsSchema } from '../../server/src/features/settings';

describe('reading settings', () => {
  it('gives the defaults where nothing is set', () => {
    for (const section of [undefined, null, {}, [], 'nonsense', { trace: { server: 'off' } }]) {
      expect(readSettings(section)).toEqual({ settings: defaultSettings, problems: [] });
    }
  });

  it('takes nested and dotted names', () => {
    const { settings, problems } = readSettings({ inlayHints: { shapes: false }, 'check.seed': 7, memory: { batchSize: 32 }, diagnostics: { severity: { 'unread-border': 'off' } } });
    expect(problems).toEqual([]);
    expect(settings).toEqual({ ...defaultSettings, 'inlayHints.shapes': false, 'check.seed': 7, 'memory.batchSize': 32, 'diagnostics.severity': { 'unread-border': 'off' } });
  });

  it.each([
    [{ inlayHints: { shapes: 'yes' } }, 'The setting nn.inlayHints.shapes must be true or false, but is "yes"; its default true is used.'],
    [{ memory: { batchSize: 0 } }, 'The setting nn.memory.batchSize must be a whole number from 1 to 1,000,000, but is 0; its default 1 is used.'],
    [{ numbers: { style: 'roman' } }, 'The setting nn.numbers.style must be one of "short", "exact", but is "roman"; its default "short" is used.'],
    [{ check: { timeBudget: -1 } }, 'The setting nn.check.timeBudget must be a number above 0, at most 3,600, but is -1; its default 5 is used.'],
    [{ check: { timeBudget: Infinity } }, 'The setting nn.check.timeBudget must be a number above 0, at most 3,600, but is Infinity; its default 5 is used.'],
    [
      { diagnostics: { severity: 'off' } },
      'The setting nn.diagnostics.severity must be an object from codes to "error", "warning", "information", "hint", "off", but is "off"; its default {} is used.',
    ],
    [{ inlayHints: { shape: true } }, 'There is no setting nn.inlayHints.shape; did you mean nn.inlayHints.shapes?'],
    [{ inlayHints: 5 }, 'There is no setting nn.inlayHints; did you mean nn.inlayHints.shapes?'],
    [{ colour: 'red' }, 'There is no setting nn.colour.'],
  ])('says what is wrong with %j, and takes the default', (section, problem) => {
    expect(readSettings(section)).toEqual({ settings: defaultSettings, problems: [problem] });
  });
});

it('takes the severities that are right, and names the one that is wrong', () => {
  const { settings, problems } = readSettings({ diagnostics: { severity: { 'unread-border': 'loud', gridding: 'off' } } });
  expect(settings['diagnostics.severity']).toEqual({ gridding: 'off' });
  expect(problems).toEqual(['The setting nn.diagnostics.severity: unread-border must be "error", "warning", "information", "hint", "off", but is "loud"; it is left as it is.']);
});

it('names the codes that no diagnostic has', () => {
  const { problems } = readSettings({ diagnostics: { severity: { 'unread-boder': 'off', 'invalid-stride': 'hint' } } });
  expect(problems).toEqual(['The setting nn.diagnostics.severity: There is no diagnostic unread-boder; did you mean unread-border?']);
});

describe('what is written from the table', () => {
  it('is the section of the manifest', async () => {
    const file = new URL('../../package.json', import.meta.url);
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as { contributes: { configuration: { properties: Record<string, unknown> } } };
    const { configuration } = manifest.contributes;
    configuration.properties = { ...settingsSchema(), 'nn.trace.server': configuration.properties['nn.trace.server'] };
    await expect(`${JSON.stringify(manifest, undefined, 2)}\n`).toMatchFileSnapshot(file.pathname);
  });

  it('is the page of settings', async () => {
    await expect(settingsPage()).toMatchFileSnapshot(new URL('../../docs/settings.md', import.meta.url).pathname);
  });
});

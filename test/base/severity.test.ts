// Settings can make a diagnostic graver, lighter or silent, by its code.

import { expect, it } from 'vitest';
import type { Code } from '../../server/src/base/codes';
import type { Diagnostic } from '../../server/src/base/diagnostic';
import { applySeverities } from '../../server/src/base/severity';

function diagnostic(code: Code): Diagnostic {
  return { code, severity: 'warning', message: '', span: { start: 0, end: 1 } };
}

it('a code takes the severity of the settings; others keep theirs, and `off` is silence', () => {
  const changed = applySeverities([diagnostic('unread-border'), diagnostic('no-effect'), diagnostic('zero-gradient')], { 'unread-border': 'error', 'zero-gradient': 'off' });
  expect(changed.map(({ code, severity }) => `${severity} ${code}`)).toEqual(['error unread-border', 'warning no-effect']);
});

it('invalid-argument stands for the values of all arguments, unless one is named', () => {
  const changed = applySeverities([diagnostic('invalid-stride'), diagnostic('invalid-padding')], { 'invalid-argument': 'hint', 'invalid-padding': 'information' });
  expect(changed.map(({ severity }) => severity)).toEqual(['hint', 'information']);
});

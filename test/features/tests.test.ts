// What becomes of the asserts of models in the Test Explorer.

import { expect, it } from 'vitest';
import { resultsOf, testsOf } from '../../server/src/features/tests';
import { documentOf } from '../support/fixture';

/** For each model, what its failing asserts say, and the line where they do. */
function failures(text: string): Readonly<Record<string, readonly string[]>> {
  const document = documentOf(text);
  const lineOf = (start: number): string => String(document.lines.position(start).line + 1);
  return Object.fromEntries(
    testsOf(document).map((group) => [
      group.model ?? '',
      resultsOf(document, group, new Set(group.tests.map(({ id }) => id)), undefined).flatMap(({ outcome, messages }) => (outcome === 'failed' ? messages.map(({ text: said, expected, actual, place }) => `${lineOf(place?.span.start ?? 0)}: ${said} (${actual!}, expected ${expected!})`) : [])),
    ]),
  );
}

it('each variant of a model tells its own numbers', () => {
  expect(failures('model A(n = 8) {\n  input x: [3]\n  Linear(n)\n  assert params() == 30\n  assert params() < 40\n}\nmodel B = A(16)\n')).toEqual({
    A: ['4: this assert fails: 32 is not 30 (2 more) (32, expected 30)'],
    B: ['4: this assert fails: 64 is not 30 (64, expected 30)', '5: this assert fails: 64 < 40 does not hold (64, expected < 40)'],
  });
});

it('what a stack asserts fails in the models that break it', () => {
  expect(failures('stack S(n) { Linear(n); output y; assert shape(y) == [8] }\nmodel A { input x: [3]; S(8) }\nmodel B { input x: [3]; S(9) }\n')).toEqual({ A: [], B: ['1: this assert fails: [9] is not [8] ([9], expected [8])'] });
});

// Edits of texts.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applied, composed, type TextEdit } from '../../server/src/features/text-edits';

/** Edits of a text that do not overlap. */
function edits(text: string): fc.Arbitrary<readonly TextEdit[]> {
  const cuts = fc.array(fc.nat({ max: text.length }), { maxLength: 8 }).map((all) => [...all].sort((a, b) => a - b));
  return fc.tuple(cuts, fc.array(fc.string({ maxLength: 3 }), { minLength: 4, maxLength: 4 })).map(([places, texts]) =>
    Array.from({ length: places.length >> 1 }, (_, index) => ({ span: { start: places[2 * index]!, end: places[2 * index + 1]! }, text: texts[index]! })),
  );
}

describe('edits of a text and edits of what they leave', () => {
  it('are edits of the text', () => {
    const cases = fc.string({ maxLength: 20 }).chain((text) => edits(text).chain((first) => edits(applied(text, first)).map((second) => ({ text, first, second }))));
    fc.assert(
      fc.property(cases, ({ text, first, second }) => {
        expect(applied(text, composed(first, second))).toBe(applied(applied(text, first), second));
      }),
    );
  });

  it('stay small', () => {
    const first = [{ span: { start: 4, end: 5 }, text: '16' }];
    const second = [{ span: { start: 10, end: 10 }, text: ', padding = 1' }];
    expect(composed(first, second)).toEqual([...first, { span: { start: 9, end: 9 }, text: ', padding = 1' }]);
    expect(composed(first, [{ span: { start: 4, end: 6 }, text: '8' }])).toEqual([{ span: { start: 4, end: 5 }, text: '8' }]);
  });
});

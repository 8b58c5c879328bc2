// Spans are alike where they cover the same characters, whether they move with a text or not.

import { expect } from 'vitest';
import { anchorOf, type Span } from '../../server/src/base/span';

function isMoving(value: unknown): value is Span {
  return typeof value === 'object' && value !== null && anchorOf(value as Span) !== undefined;
}

expect.addEqualityTesters([
  (a, b) => {
    if (!isMoving(a) && !isMoving(b)) return undefined;
    const [first, second] = [a as Partial<Span> | null, b as Partial<Span> | null];
    return first?.start === second?.start && first?.end === second?.end;
  },
]);

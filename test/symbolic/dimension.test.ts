// The algebra of sizes: what is printed, and that every rule keeps the value.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  add,
  type Dimension,
  floorDivide,
  freeSymbol,
  identical,
  maximum,
  minimum,
  modulo,
  multiply,
  print,
  substitute,
  subtract,
} from '../../server/src/symbolic/dimension';

const H = freeSymbol('H');
const W = freeSymbol('W');

function half(size: Dimension): Dimension {
  return floorDivide(size, 2)!;
}

describe('sizes print as people write them', () => {
  it.each([
    [half(H), 'H//2'],
    [half(add(H, 1)), '(H + 1)//2'],
    [half(half(H)), 'H//4'],
    [half(add(half(add(H, 1)), 1)), '(H + 3)//4'],
    [multiply(2, floorDivide(H, 16)!), '2*(H//16)'],
    [add(multiply(64, H, W), 3), '64*H*W + 3'],
    [subtract(H, 2), 'H - 2'],
    [subtract(0, H), '-H'],
    [floorDivide(add(multiply(4, H), 6), 4)!, 'H + 1'],
    [modulo(H, 4)!, 'H - 4*(H//4)'],
    [floorDivide(multiply(8, H), H)!, '8'],
    [minimum(H, 4), 'min(H, 4)'],
    [multiply(half(H), W), '(H//2)*W'],
    [multiply(H, H), 'H^2'],
    [multiply(864, subtract(H, 2), subtract(W, 2)), '864*(H - 2)*(W - 2)'],
    [multiply(subtract(half(add(H, 1)), 6), subtract(W, 2), 64), '64*((H + 1)//2 - 6)*(W - 2)'],
    [multiply(-1, subtract(H, 2), subtract(W, 2)), '-(H - 2)*(W - 2)'],
    [multiply(add(H, W), subtract(freeSymbol('C'), 3)), '(H + W)*(C - 3)'],
    [multiply(480, subtract(H, 4)), '480*(H - 4)'],
    [multiply(2, subtract(H, 4)), '2*H - 8'],
    [add(multiply(9, H, H), H), '9*H^2 + H'],
    [add(multiply(subtract(H, 2), subtract(W, 2)), 1), 'H*W - 2*H - 2*W + 5'],
  ])('%s', (size, text) => {
    expect(print(size)).toBe(text);
  });
});

it('a product prints what is worth as much as the sum', () => {
  const whole = fc.integer({ min: -6, max: 6 });
  const C = freeSymbol('C');
  fc.assert(
    fc.property(whole, whole, whole, whole, whole, whole, fc.boolean(), (scale, a, b, c, extra, many, isSquare) => {
      const size = add(multiply(scale, add(H, a), add(W, b), add(C, c), isSquare ? add(H, c) : 1), multiply(extra, H, add(W, b)), many);
      const [h, w, d] = [17, 5, 11];
      const expected = scale * (h + a) * (w + b) * (d + c) * (isSquare ? h + c : 1) + extra * h * (w + b) + many;
      const text = print(size).replaceAll('^', '**');
      expect(new Function('H', 'W', 'C', `return ${text.startsWith('-(') ? `0 ${text}` : text}`)(h, w, d)).toBeCloseTo(expected, 6);
    }),
  );
});

it('a floor has one form, however it was computed', () => {
  const direct = floorDivide(add(H, 7), 8)!;
  const stepwise = half(add(half(add(half(add(H, 1)), 1)), 1));
  expect(identical(direct, stepwise)).toBe(true);
});

/** A random computation on H and W, with the same computation on numbers. */
interface Computation {
  readonly symbolic: Dimension;
  numeric(h: number, w: number): number;
}

const leaf: fc.Arbitrary<Computation> = fc.oneof(
  fc.constant<Computation>({ symbolic: H, numeric: (h) => h }),
  fc.constant<Computation>({ symbolic: W, numeric: (_, w) => w }),
  fc.integer({ min: -9, max: 9 }).map((n): Computation => ({ symbolic: n, numeric: () => n })),
);

const computation = fc.letrec<{ any: Computation }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.tuple(tie('any'), tie('any')).map(([a, b]): Computation => ({ symbolic: add(a.symbolic, b.symbolic), numeric: (h, w) => a.numeric(h, w) + b.numeric(h, w) })),
    fc.tuple(tie('any'), tie('any')).map(([a, b]): Computation => ({ symbolic: multiply(a.symbolic, b.symbolic), numeric: (h, w) => a.numeric(h, w) * b.numeric(h, w) })),
    fc.tuple(tie('any'), fc.integer({ min: 1, max: 8 })).map(([a, k]): Computation => ({ symbolic: floorDivide(a.symbolic, k)!, numeric: (h, w) => Math.floor(a.numeric(h, w) / k) })),
    fc.tuple(tie('any'), fc.integer({ min: -8, max: -1 })).map(([a, k]): Computation => ({ symbolic: floorDivide(a.symbolic, k)!, numeric: (h, w) => Math.floor(a.numeric(h, w) / k) })),
    fc.tuple(tie('any'), tie('any')).map(([a, b]): Computation => ({ symbolic: maximum(a.symbolic, b.symbolic), numeric: (h, w) => Math.max(a.numeric(h, w), b.numeric(h, w)) })),
  ),
})).any;

it('every computation on symbols, at numbers, is the computation on numbers', () => {
  fc.assert(
    fc.property(computation, fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), (made, h, w) => {
      const value = substitute(made.symbolic, (symbol) => (symbol.name === 'H' ? h : w));
      const expected = made.numeric(h, w);
      fc.pre(Number.isSafeInteger(expected) && Math.abs(expected) < 2 ** 40);
      expect((value as number) + 0).toBe(expected + 0);
    }),
    { numRuns: 2000 },
  );
});

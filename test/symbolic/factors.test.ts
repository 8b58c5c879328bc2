// Equalities of products, taken apart: each part holds where the whole does, and all of them only there.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, type Dimension, floorDivide, freeSymbol, modulo, multiply, print, subtract } from '../../server/src/symbolic/dimension';
import { evaluateAt } from '../../server/src/symbolic/evaluate';
import { equalitiesOfZero } from '../../server/src/symbolic/factors';
import { type Knowledge, relationOfZero } from '../../server/src/symbolic/knowledge';

const names = ['C', 'H', 'W', 'M', 'heads'] as const;
const [C, H, W, M, heads] = names.map((name) => freeSymbol(name)) as [Dimension, Dimension, Dimension, Dimension, Dimension];
const by = (a: Dimension, b: Dimension): Dimension => floorDivide(a, b)!;
const nothing: Knowledge = { domain: new Map(), relations: [] };

function taken(a: Dimension, b: Dimension, known = nothing): readonly string[] | undefined {
  return equalitiesOfZero(subtract(a, b), known)?.map(([left, right]) => `${print(left)} == ${print(right)}`);
}

describe('an equality of products', () => {
  it('loses what both sides have', () => {
    expect(taken(multiply(C, H), multiply(C, W, M))).toEqual(['H == M*W']);
    expect(taken(multiply(C, H), multiply(2, W, M))).toBeUndefined();
  });

  it('of sizes and their quotients is one for each', () => {
    expect(taken(multiply(C, M, M, by(H, M), by(W, M)), multiply(C, H, W))?.toSorted()).toEqual(['H == (H//M)*M', 'W == M*(W//M)']);
    expect(taken(multiply(4, by(H, 2), by(W, 2)), multiply(H, W))?.toSorted()).toEqual(['H == 2*(H//2)', 'W == 2*(W//2)']);
    // A factor of another size says nothing of each.
    expect(taken(multiply(M, by(H, M), by(W, M)), multiply(H, W))).toBeUndefined();
    expect(taken(multiply(M, M, by(add(H, 1), M), by(W, M)), multiply(H, W))).toBeUndefined();
  });

  it('loses a quotient only where that is not 0', () => {
    const equality = [multiply(heads, by(C, heads), by(H, M)), multiply(C, by(H, M))] as const;
    expect(taken(...equality)).toBeUndefined();
    const known = { domain: new Map(), relations: [relationOfZero(modulo(H, M)!, nothing, () => 0)!] };
    expect(taken(...equality, known)).toEqual(['(C//heads)*heads == C']);
  });

  it('holds exactly where its parts do', () => {
    const factor = fc.constantFrom(C, H, W, M, by(H, M), by(W, M), by(H, 2), by(W, 2), 2, 4);
    const product = fc.array(factor, { minLength: 1, maxLength: 6 }).map((factors) => multiply(1, ...factors));
    fc.assert(fc.property(product, product, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 5, maxLength: 5 }), (a, b, sizes) => {
      const parts = equalitiesOfZero(subtract(a, b), nothing);
      if (parts === undefined) return;
      const at = (size: Dimension): number => evaluateAt(size, ({ name }) => sizes[names.indexOf(name as (typeof names)[number])]!);
      expect(parts.every(([left, right]) => at(left) === at(right))).toBe(at(a) === at(b));
    }));
  });
});

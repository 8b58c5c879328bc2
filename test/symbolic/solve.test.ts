// Equalities and inequalities of sizes, against counting through all small sizes.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, type Dimension, floorDivide, freeSymbol, maximum, minimum, multiply, substitute, subtract } from '../../server/src/symbolic/dimension';
import { conditions, type Domain, includes, intersect, rangeOf, restrict, type SymbolRange, union } from '../../server/src/symbolic/domain';
import { decideNonNegative, decideZero, type Verdict } from '../../server/src/symbolic/solve';

const H = freeSymbol('H');
const W = freeSymbol('W');
const anySize: Domain = new Map();

function required(verdict: Verdict, domain: Domain = anySize): readonly string[] {
  const left = restrict(domain, verdict.requirement!)!;
  return conditions('H', rangeOf(left, 'H'));
}

describe('what an equality requires', () => {
  it('a skip connection over one pooling needs an even size', () => {
    const verdict = decideZero(subtract(H, multiply(2, floorDivide(H, 2)!)), anySize);
    expect(required(verdict)).toEqual(['H % 2 == 0']);
  });

  it('the skips of a U-Net together need a multiple of 16', () => {
    let domain = anySize;
    for (const level of [8, 4, 2, 1]) {
      const above = level === 1 ? H : floorDivide(H, level)!;
      const verdict = decideZero(subtract(above, multiply(2, floorDivide(H, 2 * level)!)), domain);
      domain = restrict(domain, verdict.requirement!)!;
    }
    expect(conditions('H', rangeOf(domain, 'H'))).toEqual(['H % 16 == 0']);
  });

  it('a fixed size needs that size', () => {
    expect(required(decideZero(subtract(floorDivide(add(H, -7), 1)!, 224), anySize))).toEqual(['H == 231']);
  });

  it('of some sizes that fit, those are said', () => {
    expect(required(decideZero(subtract(add(floorDivide(add(H, 1), 3)!, 1), H), anySize))).toEqual(['H <= 2']);
    const verdict = decideZero(subtract(H, add(multiply(3, floorDivide(H, 4)!), 1)), anySize);
    expect(required(verdict)).toEqual(['(H == 1 or H == 4)']);
    // With another condition, those of them that fit it.
    const even = restrict(anySize, { symbol: { name: 'H', key: 'H' }, range: { minimum: 1, maximum: Infinity, modulus: 32, residues: [4] } })!;
    expect(required(verdict, even)).toEqual(['H == 4']);
  });

  it('sizes that never agree are refuted, with a size as witness', () => {
    const verdict = decideZero(subtract(add(H, 1), H), anySize);
    expect(verdict.holds).toBe('never');
    expect(decideZero(subtract(multiply(2, floorDivide(H, 2)!), add(multiply(2, floorDivide(H, 2)!), 3)), anySize).holds).toBe('never');
  });

  it('two free dimensions that must be equal leave a counterexample', () => {
    const verdict = decideZero(subtract(H, W), anySize);
    expect(verdict.holds).toBe('sometimes');
    expect(verdict.counterexample!.map(([symbol]) => symbol.name).sort()).toEqual(['H', 'W']);
  });

  it('an assumption decides what was open: heads·⌊D/heads⌋ is D where heads divides D', () => {
    const divisible: SymbolRange = { minimum: 1, maximum: Infinity, modulus: 12, residues: [0] };
    const domain = restrict(anySize, { symbol: { name: 'H', key: 'H' }, range: divisible })!;
    expect(decideZero(subtract(multiply(12, floorDivide(H, 12)!), H), domain).holds).toBe('always');
  });
});

const anyRange: fc.Arbitrary<SymbolRange> = fc
  .record({ minimum: fc.integer({ min: 1, max: 20 }), span: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constant(Infinity)), modulus: fc.integer({ min: 1, max: 12 }), residues: fc.array(fc.nat(11), { minLength: 1, maxLength: 4 }) })
  .map(({ minimum, span, modulus, residues }) => intersect({ minimum, maximum: minimum + span, modulus: 1, residues: [0] }, { minimum: 1, maximum: Infinity, modulus, residues: [...new Set(residues.map((residue) => residue % modulus))].sort((a, b) => a - b) }))
  .filter((range) => range !== undefined);

it('sizes of both ranges, and of either, are those that counting finds', () => {
  const upTo = 400;
  const members = (has: (size: number) => boolean): readonly number[] => Array.from({ length: upTo }, (_, index) => index + 1).filter(has);
  fc.assert(
    fc.property(anyRange, anyRange, (a, b) => {
      const both = intersect(a, b);
      expect(both === undefined ? [] : members((size) => includes(both, size))).toEqual(members((size) => includes(a, size) && includes(b, size)));
      const either = union(a, b);
      if (either !== undefined) expect(members((size) => includes(either, size))).toEqual(members((size) => includes(a, size) || includes(b, size)));
    }),
    { numRuns: 500 },
  );
});

describe('sizes that an assumption bounds', () => {
  const between = (symbol: string, minimum: number, maximum: number, domain: Domain = anySize): Domain => restrict(domain, { symbol: { name: symbol, key: symbol }, range: { minimum, maximum, modulus: 1, residues: [0] } })!;
  const half = floorDivide(add(H, 1), 2)!;
  const cost = add(multiply(216, half, half), 80);

  it('are all tried, where they are few: a budget is kept or broken', () => {
    const domain = between('H', 32, 255);
    expect(decideNonNegative(subtract(3_539_024, cost), domain).holds).toBe('always');
    expect(decideNonNegative(subtract(3_539_023, cost), domain)).toMatchObject({ holds: 'sometimes', counterexample: [[{ name: 'H' }, 255]] });
    expect(decideNonNegative(subtract(50_000, cost), domain).holds).toBe('never');
  });

  it('are tried at their largest, where they are many', () => {
    const domain = between('W', 1, 300, between('H', 1, 300));
    expect(decideNonNegative(subtract(89_999, multiply(H, W)), domain)).toMatchObject({ holds: 'sometimes', counterexample: [[{ name: 'H' }, 300], [{ name: 'W' }, 300]] });
    expect(decideNonNegative(subtract(90_000, multiply(H, W)), domain).holds).toBe('always');
  });

  it('are as counting has it, for any products of them', () => {
    const whole = fc.integer({ min: -9, max: 9 });
    const edge = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(whole, whole, whole, whole, edge, edge, edge, edge, (a, b, c, d, low, count, least, more) => {
        const domain = between('W', least, least + more, between('H', low, low + count));
        const value = add(multiply(a, floorDivide(H, 2)!, W), multiply(b, H), multiply(c, W), d);
        let [holds, fails] = [0, 0];
        for (let h = low; h <= low + count; h++) for (let w = least; w <= least + more; w++) {
          if (a * Math.floor(h / 2) * w + b * h + c * w + d >= 0) holds++;
          else fails++;
        }
        expect(decideNonNegative(value, domain).holds).toBe(fails === 0 ? 'always' : holds === 0 ? 'never' : 'sometimes');
      }),
    );
  });
});

describe('what an inequality requires', () => {
  it('a kernel without padding needs a size of at least its own', () => {
    expect(required(decideNonNegative(subtract(add(floorDivide(add(H, -11), 4)!, 1), 1), anySize))).toEqual(['H >= 11']);
  });

  it('an upper bound', () => {
    expect(required(decideNonNegative(subtract(1024, H), anySize))).toEqual(['H <= 1024']);
  });

  it('products of positive sizes are decided by their bounds', () => {
    expect(decideNonNegative(subtract(multiply(H, W), 1), anySize).holds).toBe('always');
    expect(decideNonNegative(subtract(0, multiply(H, W)), anySize).holds).toBe('never');
  });
});

/** Σ cᵢ·⌊(aᵢ·H + bᵢ)/kᵢ⌋ + a·H + b, and a nested floor. */
const floorLinear: fc.Arbitrary<Dimension> = fc
  .tuple(
    fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: -9, max: 9 }), fc.integer({ min: 1, max: 6 })), { maxLength: 3 }),
    fc.integer({ min: -3, max: 3 }),
    fc.integer({ min: -40, max: 40 }),
    fc.integer({ min: 1, max: 4 }),
  )
  .map(([floors, slope, constant, outer]) => {
    const sum = add(...floors.map(([c, a, b, k]) => multiply(c, floorDivide(add(multiply(a, H), b), k)!)), multiply(slope, H), constant);
    return outer === 1 ? sum : add(sum, floorDivide(add(sum, multiply(2, H)), outer)!);
  });

const range: fc.Arbitrary<SymbolRange> = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 60 }), fc.boolean(), fc.integer({ min: 1, max: 4 }))
  .chain(([minimum, width, bounded, modulus]) =>
    fc.uniqueArray(fc.integer({ min: 0, max: modulus - 1 }), { minLength: 1 }).map((residues) => ({
      minimum,
      maximum: bounded ? minimum + width : Infinity,
      modulus,
      residues: residues.sort((a, b) => a - b),
    })),
  );

/** Far enough that every sign change and every residue class of these expressions has shown itself. */
const horizon = 4000;

function admissible({ minimum, maximum, modulus, residues }: SymbolRange): readonly number[] {
  const sizes: number[] = [];
  for (let n = minimum; n <= Math.min(maximum, horizon); n++) if (residues.includes(n % modulus)) sizes.push(n);
  return sizes;
}

it.each([
  ['zero', decideZero, (value: number) => value === 0],
  ['non-negative', decideNonNegative, (value: number) => value >= 0],
] as const)('the verdict whether a floor-linear expression is %s agrees with counting', (_, decide, holds) => {
  fc.assert(
    fc.property(floorLinear, range, (expression, allowed) => {
      const sizes = admissible(allowed);
      fc.pre(sizes.length > 0);
      const domain: Domain = new Map([['H', allowed]]);
      const at = (n: number): boolean => holds(substitute(expression, () => n) as number);
      const verdict = decide(expression, domain);
      const good = sizes.filter(at);
      if (verdict.holds === 'always') expect(good.length).toBe(sizes.length);
      else if (verdict.holds === 'never') expect(good).toEqual([]);
      else {
        expect(good.length).toBeLessThan(sizes.length);
        expect(good.length).toBeGreaterThan(0);
      }
      const [witness] = verdict.counterexample ?? [];
      if (witness !== undefined) {
        expect(sizes.includes(witness[1]) || witness[1] > horizon).toBe(true);
        expect(at(witness[1])).toBe(false);
      }
      if (verdict.requirement !== undefined) {
        const left = restrict(domain, verdict.requirement);
        const kept = new Set(left === undefined ? [] : admissible(rangeOf(left, 'H')));
        expect(sizes.filter((n) => kept.has(n))).toEqual(good);
      }
    }),
    { numRuns: 1000 },
  );
});

/** ±min or ±max of two floor-linear expressions, perhaps in another one, and a third. */
const withExtremes: fc.Arbitrary<Dimension> = fc
  .tuple(floorLinear, floorLinear, floorLinear, fc.boolean(), fc.boolean(), fc.constantFrom(-2, -1, 1, 2))
  .map(([a, b, c, smaller, nested, factor]) => {
    const inner = (smaller ? minimum : maximum)(a, b);
    return nested ? multiply(factor, (smaller ? maximum : minimum)(inner, c)) : add(multiply(factor, inner), c);
  });

it.each([
  ['zero', decideZero, (value: number) => value === 0],
  ['non-negative', decideNonNegative, (value: number) => value >= 0],
] as const)('what is decided by the parts of a minimum or maximum agrees with counting: %s', (_, decide, holds) => {
  fc.assert(
    fc.property(withExtremes, range, fc.boolean(), (expression, allowed, isItsPart) => {
      const sizes = admissible(allowed);
      fc.pre(sizes.length > 0);
      const domain: Domain = new Map([['H', allowed]]);
      // The question that slices ask: whether a bound is the size itself.
      const asked = isItsPart ? subtract(minimum(expression, H), H) : expression;
      const good = sizes.filter((n) => holds(substitute(asked, () => n) as number));
      const verdict = decide(asked, domain);
      if (verdict.holds === 'always') expect(good.length).toBe(sizes.length);
      if (verdict.holds === 'never') expect(good).toEqual([]);
      if (verdict.holds === 'sometimes') expect(good.length).toBeLessThan(sizes.length);
      for (const [, n] of verdict.counterexample ?? []) expect(n > horizon || !good.includes(n)).toBe(true);
      if (verdict.requirement === undefined) return;
      const left = restrict(domain, verdict.requirement);
      const kept = new Set(left === undefined ? [] : admissible(rangeOf(left, 'H')));
      expect(sizes.filter((n) => kept.has(n))).toEqual(good);
    }),
    { numRuns: 1000 },
  );
});

describe('a slice', () => {
  it.each<[string, Dimension, readonly string[]]>([
    ['the first 8 are 8', subtract(minimum(H, 8), 8), ['H >= 8']],
    ['all within a table of 64 are all', subtract(minimum(H, 64), H), ['H <= 64']],
    ['the last 8 are 8', subtract(subtract(H, maximum(0, add(H, -8))), 8), ['H >= 8']],
  ])('%s', (_, difference, conditionsOfIt) => {
    expect(required(decideZero(difference, anySize))).toEqual(conditionsOfIt);
  });
});

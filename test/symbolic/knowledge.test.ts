// Relations between free dimensions, and sizes simplified under all that is known: the same value at every admissible size.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, type Dimension, floorDivide, freeSymbol, identical, minimum, modulo, multiply, print, subtract } from '../../server/src/symbolic/dimension';
import { evaluateAt } from '../../server/src/symbolic/evaluate';
import type { Domain, SymbolRange } from '../../server/src/symbolic/domain';
import { conditionOf, type Knowledge, knownNonNegative, knownZero, type Relation, relationOfZero, simplify } from '../../server/src/symbolic/knowledge';

const [D, H, W, heads, S] = ['D', 'H', 'W', 'heads', 'S'].map((name) => freeSymbol(name)) as [Dimension, Dimension, Dimension, Dimension, Dimension];

function range(modulus: number, ...residues: number[]): SymbolRange {
  return { minimum: 1, maximum: Infinity, modulus, residues };
}

function knowing(domain: Record<string, SymbolRange>, ...zeros: readonly Dimension[]): Knowledge {
  const known = { domain: new Map(Object.entries(domain)) as Domain, relations: [] as Relation[] };
  for (const zero of zeros) known.relations.push(relationOfZero(zero, known, ({ name }) => ['D', 'H', 'W', 'heads', 'S'].indexOf(name))!);
  return known;
}

const by = (a: Dimension, b: Dimension): Dimension => floorDivide(a, b)!;

describe('a size is written as simply as what is known allows', () => {
  it.each([
    ['D', multiply(8, by(D, 8)), knowing({ D: range(8, 0) })],
    ['D//2', multiply(4, by(D, 8)), knowing({ D: range(8, 0) })],
    ['H', multiply(2, by(H, 2)), knowing({ H: range(2, 0) })],
    ['H//4', by(add(H, 2), 4), knowing({ H: range(16, 0) })],
    ['H - 1', multiply(2, by(H, 2)), knowing({ H: range(2, 1) })],
    ['H//3', by(H, 3), knowing({ H: range(16, 0) })],
    ['H//32', by(add(H, 8), 32), knowing({ H: range(16, 0) })],
    ['16*H*W', multiply(64, by(H, 2), by(W, 2)), knowing({ H: range(16, 0), W: range(2, 0) })],
    ['H//2', by(H, 2), knowing({ H: range(4, 1, 2) })],
    ['D', multiply(heads, by(D, heads)), knowing({}, modulo(D, heads)!)],
    ['3*D', multiply(heads, by(multiply(3, D), heads)), knowing({}, modulo(D, heads)!)],
    ['D//heads', by(D, heads), knowing({}, modulo(D, heads)!)],
    ['2*D', add(D, S), knowing({}, subtract(S, D))],
    ['7', D, knowing({ D: { ...range(1, 0), minimum: 7, maximum: 7 } })],
    ['4608*(H//16)^2', multiply(4608, by(H, 16), by(H, 16), 1), knowing({ H: range(8, 0) })],
    ['36*(H//16)^2', multiply(36, by(H, 16), by(H, 16)), knowing({ H: range(16, 0) })],
    ['H^2', multiply(256, by(H, 16), by(H, 16)), knowing({ H: range(16, 0) })],
    ['D', minimum(D, 64), knowing({ D: { ...range(1, 0), maximum: 64 } })],
  ])('%s', (text, size, known) => {
    expect(print(simplify(size, known))).toBe(text);
  });
});

describe('conditions are decided under relations', () => {
  it('a divided size is at least 1', () => {
    expect(knownNonNegative(subtract(by(D, heads), 1), knowing({})).holds).not.toBe('always');
    expect(knownNonNegative(subtract(by(D, heads), 1), knowing({}, modulo(D, heads)!)).holds).toBe('always');
  });

  it('equal dimensions are one', () => {
    expect(knownZero(subtract(multiply(H, S), multiply(H, D)), knowing({}, subtract(S, D))).holds).toBe('always');
  });

  it('a bound by another dimension holds for what lies below it', () => {
    const known: Knowledge = { domain: new Map(), relations: [{ kind: 'bound', value: subtract(S, D) }] };
    expect(knownNonNegative(subtract(add(S, 1), D), known).holds).toBe('always');
    expect(knownNonNegative(subtract(subtract(S, 1), D), known).holds).not.toBe('always');
    expect(print(simplify(minimum(S, D), known))).toBe('D');
    expect(knownZero(subtract(minimum(add(D, 2), add(S, 2)), add(D, 2)), known).holds).toBe('always');
  });
});

it('simplifying changes no value at an admissible size', () => {
  const residues = fc.integer({ min: 1, max: 12 }).chain((modulus) => fc.record({ modulus: fc.constant(modulus), residue: fc.nat({ max: modulus - 1 }) }));
  const size = fc.letrec<{ size: Dimension }>((tie) => ({
    size: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<Dimension>(D, H, S, heads),
      fc.integer({ min: 1, max: 9 }),
      fc.tuple(tie('size'), tie('size')).map(([a, b]) => add(a, b)),
      fc.tuple(tie('size'), fc.integer({ min: -4, max: 6 })).map(([a, b]) => multiply(a, b)),
      fc.tuple(tie('size'), fc.integer({ min: 1, max: 12 })).map(([a, b]) => by(a, b)),
      fc.tuple(tie('size'), tie('size')).map(([a, b]) => minimum(a, b)),
      tie('size').map((a) => by(a, heads)),
      tie('size').map((a) => multiply(a, heads)),
    ),
  })).size;
  fc.assert(
    fc.property(size, residues, fc.boolean(), fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 5 })), (value, ofH, equal, [d, h, k]) => {
      const zeros = knowing({ H: range(ofH.modulus, ofH.residue) }, modulo(D, heads)!, ...(equal ? [subtract(S, H)] : []));
      const sizes: Record<string, number> = { D: (d + 1) * k, H: h * ofH.modulus + ofH.residue, heads: k, S: equal ? h * ofH.modulus + ofH.residue : d + 1 };
      if (sizes.H! < 1) return;
      const bound: Relation = { kind: 'bound', value: subtract(subtract(S, D), sizes.S! - sizes.D!) };
      const known = equal ? zeros : { ...zeros, relations: [...zeros.relations, bound] };
      const at = (each: Dimension): number => evaluateAt(each, ({ name }) => sizes[name]!);
      for (const relation of known.relations) expect(at(conditionOf(relation).value) + 0).toBe(0);
      expect(at(simplify(value, known))).toBe(at(value));
    }),
    { numRuns: 500 },
  );
});

it('what is known of nothing leaves a size as it is', () => {
  const size = add(by(add(H, 1), 2), 3);
  expect(identical(simplify(size, knowing({})), size)).toBe(true);
});

// How several checks of the same model divide its entries, and what they tell each other.

/** Number `index`, from 0, of `count` checks. */
export interface Share {
  readonly index: number;
  readonly count: number;
  /** Memory that all of them see, from zeros: who is free then takes the next entries. Without it, each has an equal part from the start. */
  readonly claims?: Int32Array;
}

export const whole: Share = { index: 0, count: 1 };

/** What `claims` says of a tensor: what an entry costs, how many are compared, and how many of them are taken. */
const NUMBERS = 3;
const [COST, EXTENT, TAKEN] = [0, 1, 2];

/** A number as the whole one that has the same bits. */
const bits = new Int32Array(1);
const numbers = new Float32Array(bits.buffer);

/** How many numbers `claims` should have, for most models; of further tensors, each check has its equal part. */
export const CLAIMS = NUMBERS * 1024;

/** Where the numbers of a tensor start, if the checks share memory for them. */
function placeOf(tensor: number, { claims, count }: Share): { readonly claims: Int32Array; readonly start: number } | undefined {
  return claims === undefined || count === 1 || NUMBERS * (tensor + 1) > claims.length ? undefined : { claims, start: NUMBERS * tensor };
}

/** What an entry of a tensor costs, if another check has found out. */
export function toldCost(tensor: number, share: Share): number | undefined {
  const place = placeOf(tensor, share);
  const told = place === undefined ? 0 : Atomics.load(place.claims, place.start + COST);
  if (told === 0) return undefined;
  bits[0] = told;
  return numbers[0]!;
}

/** Tells the other checks what an entry costs. */
export function tellCost(tensor: number, share: Share, cost: number): void {
  const place = placeOf(tensor, share);
  if (place === undefined || !Number.isFinite(cost)) return;
  numbers[0] = cost;
  Atomics.store(place.claims, place.start + COST, bits[0]!);
}

/** The numbers of all tensors, in the order in which a check finds out what they cost: each check starts elsewhere. */
export function ordered(tensors: number, { index, count }: Share): number[] {
  const start = Math.floor((tensors * index) / count);
  return Array.from({ length: tensors }, (_, i) => tensors - 1 - ((start + i) % tensors));
}

/** How many entries of a tensor are compared by all together: as many as the first check says that can pay for any, so that all divide the same list. */
export function agreedExtent(own: number, tensor: number, share: Share): number {
  const place = placeOf(tensor, share);
  if (place === undefined) return own;
  const at = place.start + EXTENT;
  const told = own === 0 ? Atomics.load(place.claims, at) : Atomics.compareExchange(place.claims, at, 0, own);
  return told === 0 ? own : told;
}

/**
 * The parts of a list of entries that are for this check, one after the other; the later, the smaller, so that all checks end together
 * (guided self-scheduling; Polychronopoulos, Kuck: A practical scheduling scheme for parallel supercomputers, 1987). Where checks share memory, all have the same list.
 * @param least So many entries are not worth dividing: asked before each part.
 */
export function* partsOf(length: number, tensor: number, share: Share, least: () => number = () => 1): Generator<{ readonly start: number; readonly stop: number }> {
  const { index, count } = share;
  const place = placeOf(tensor, share);
  if (place === undefined) {
    yield { start: Math.round((length * index) / count), stop: Math.round((length * (index + 1)) / count) };
    return;
  }
  const { claims } = place;
  const taken = place.start + TAKEN;
  for (;;) {
    const start = Atomics.load(claims, taken);
    if (start >= length) return;
    const stop = Math.min(length, start + Math.ceil(Math.max(least(), (length - start) / (2 * count))));
    if (Atomics.compareExchange(claims, taken, start, stop) === start) yield { start, stop };
  }
}

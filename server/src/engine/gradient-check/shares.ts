// How several checks of the same model divide its entries.

/** Number `index`, from 0, of `count` checks. */
export interface Share {
  readonly index: number;
  readonly count: number;
  /** Memory that all of them see, from zeros: who is free then takes the next piece. Without it, each has an equal part from the start. */
  readonly claims?: Int32Array;
}

export const whole: Share = { index: 0, count: 1 };

const NUMBERS = 2;
const ALL = 1;
const SAMPLE = 2;
/** Pieces of a tensor for each check: they end together but for the time that one takes. */
const PIECES = 16;

/** How many numbers `claims` should have, for most models; of further tensors, each check has its equal part. */
export const CLAIMS = NUMBERS * 1024;

/** Whether all entries of a tensor are compared: what the first check that asks has found that it can pay for. */
export function comparesAll(isAffordable: boolean, tensor: number, share: Share): boolean {
  const { claims } = share;
  if (claims === undefined || NUMBERS * tensor >= claims.length) return isAffordable;
  const own = isAffordable ? ALL : SAMPLE;
  const before = Atomics.compareExchange(claims, NUMBERS * tensor, 0, own);
  return (before === 0 ? own : before) === ALL;
}

/** The parts of a list of entries that are for this check, one after the other. @param isAll Whether all checks have the same list. */
export function* partsOf(length: number, isAll: boolean, tensor: number, share: Share): Generator<{ readonly start: number; readonly stop: number }> {
  const { index, count, claims } = share;
  if (!isAll || claims === undefined || NUMBERS * tensor >= claims.length) {
    yield { start: Math.round((length * index) / count), stop: Math.round((length * (index + 1)) / count) };
    return;
  }
  const size = Math.ceil(length / (PIECES * count));
  for (;;) {
    const start = Atomics.add(claims, NUMBERS * tensor + 1, 1) * size;
    if (start >= length) return;
    yield { start, stop: Math.min(length, start + size) };
  }
}

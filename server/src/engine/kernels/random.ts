// Random numbers by the million: as SIMD where an array lies in an arena, and as plain TypeScript elsewhere. Both draw the same numbers.

import type { RandomStream } from '../../base/random';
import { instanceOf, sharedInstance } from './wasm/arena';
import type { SimdCall, WasmFunction } from './wasm/call';

/** x = factor · u + shift for uniform numbers u in (0, 1). */
export function fillUniform(x: Float64Array, random: RandomStream, factor = 1, shift = 0): void {
  const whole = x.length & ~3;
  const simd = instanceOf(x.buffer);
  simd?.kernels.fillUniform(x.byteOffset, whole, random.key0, random.key1, factor, shift);
  random.fillUniform(x, factor, shift, simd ? whole : 0);
}

/** x = factor · b + shift for nearly normal numbers b. */
export function fillBell(x: Float64Array, random: RandomStream, factor = 1, shift = 0): void {
  const whole = x.length & ~3;
  const simd = instanceOf(x.buffer);
  simd?.kernels.fillBell(x.byteOffset, whole, random.key0, random.key1, factor, shift);
  random.fillBell(x, factor, shift, simd ? whole : 0);
}

/** A random sign for each entry of a tensor from `start` up to `stop`; 0 for the others. */
export interface Signs {
  readonly random: RandomStream;
  readonly start: number;
  readonly stop: number;
}

/** x += factor · signs */
export function moveAlong(x: Float64Array, { random, start, stop }: Signs, factor: number): void {
  const simd = instanceOf(x.buffer);
  if (simd) simd.kernels.moveAlong(x.byteOffset, random.key0, random.key1, factor, start, stop);
  else forEachSign({ random, start, stop }, (i, sign) => { x[i]! += sign * factor; });
}

/** How many numbers of an arena a shift takes. */
export const SHIFT_ENTRIES = 3;

/** How far an array is to be moved along random signs when it is next read: what a call finds in memory, since it changes from run to run. */
export class Shift {
  private signs: Signs | undefined;
  private factor = 0;
  private readonly numbers: Int32Array;

  /** @param room So many entries where the arrays lie. */
  constructor(private readonly room: Float64Array) {
    this.numbers = new Int32Array(room.buffer, room.byteOffset + 8, 4);
  }

  /** By nothing unless there are signs. */
  set(signs?: Signs, factor = 0): void {
    this.signs = signs;
    this.room[0] = this.factor = factor;
    this.numbers.set(signs ? [signs.random.key0, signs.random.key1, signs.start, signs.stop] : [0, 0, 0, 0]);
  }

  /** y = x, moved. */
  apply(y: Float64Array, x: Float64Array): void {
    const call = this.call(y, x);
    if (call) call.target(...call.numbers);
    else {
      y.set(x);
      if (this.signs) moveAlong(y, this.signs, this.factor);
    }
  }

  /** The same as a call; undefined where there is no SIMD for it. */
  call(y: Float64Array, x: Float64Array): SimdCall & { readonly numbers: readonly number[] } | undefined {
    const simd = sharedInstance(y, x, this.room);
    return simd && { simd, target: simd.kernels.shiftAlong as WasmFunction, numbers: [y.byteOffset, x.byteOffset, x.length, this.room.byteOffset], gives: 'nothing' };
  }
}

/** x += factor · signs · x */
export function shakeAlong(x: Float64Array, { random, start, stop }: Signs, factor: number): void {
  const simd = instanceOf(x.buffer);
  if (simd) simd.kernels.shakeAlong(x.byteOffset, random.key0, random.key1, factor, start, stop);
  else forEachSign({ random, start, stop }, (i, sign) => { x[i]! += x[i]! * (sign * factor); });
}

export interface SumAlong {
  /** Σ signs · g */
  readonly slope: number;
  /** Σ g² */
  readonly square: number;
  /** Of all |g| that are numbers. */
  readonly greatest: number;
}

export function sumAlong(g: Float64Array, { random, start, stop }: Signs): SumAlong {
  const simd = instanceOf(g.buffer);
  if (simd) {
    const { scratch: more } = simd;
    const slope = simd.kernels.sumAlong(g.byteOffset, random.key0, random.key1, start, stop, more.byteOffset);
    return { slope, square: more[0]!, greatest: more[1]! };
  }
  let [slope, square, greatest] = [0, 0, 0];
  forEachSign({ random, start, stop }, (i, sign) => {
    const value = g[i]!;
    slope += sign * value;
    square += value * value;
    if (Math.abs(value) > greatest) greatest = Math.abs(value);
  });
  return { slope, square, greatest };
}

function forEachSign({ random, start, stop }: Signs, use: (i: number, sign: number) => void): void {
  for (let i = start; i < stop; ) {
    let bits = random.signBits(i >>> 5) >>> (i & 31);
    for (const next = Math.min(stop, (i | 31) + 1); i < next; i++, bits >>>= 1) use(i, 2 * (bits & 1) - 1);
  }
}

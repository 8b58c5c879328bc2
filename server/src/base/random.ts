// Counter-based random numbers: each is a pure function of a seed, a name and an index, so that no evaluation order can change it.

const PARITY = 0x1bd11bda;
const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/**
 * Threefry-2x32 with 20 rounds: encrypts a two-word counter under a two-word key.
 * Salmon, Moraes, Dror, Shaw: Parallel random numbers, as easy as 1, 2, 3 (SC 2011).
 */
export function threefry(key0: number, key1: number, counter0: number, counter1: number): [number, number] {
  const keys = [key0 | 0, key1 | 0, PARITY ^ key0 ^ key1];
  let x = (counter0 + key0) | 0;
  let y = (counter1 + key1) | 0;
  for (let round = 0; round < 20; round++) {
    const rotation = ROTATIONS[round & 7]!;
    x = (x + y) | 0;
    y = ((y << rotation) | (y >>> (32 - rotation))) ^ x;
    if ((round & 3) === 3) {
      const injection = (round + 1) >> 2;
      x = (x + keys[injection % 3]!) | 0;
      y = (y + keys[(injection + 1) % 3]! + injection) | 0;
    }
  }
  return [x >>> 0, y >>> 0];
}

/** As a signed word. */
function mix(word: number): number {
  let x = word ^ (word >>> 16);
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  return x ^ (x >>> 16);
}

/** FNV-1a: a 32-bit hash that turns a name into a key. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash;
}

/** The random numbers that belong to one seed and one name; every method is a pure function of the index. */
export class RandomStream {
  readonly key0: number;
  readonly key1: number;

  constructor(seed: number, name: string) {
    this.key0 = seed | 0;
    this.key1 = hashName(name) ^ Math.imul(Math.floor(seed / 2 ** 32), 0x9e3779b1);
  }

  /** Uniform in [0, 1), with 53 random bits. */
  uniform(index: number): number {
    const [high, low] = threefry(this.key0, this.key1, index, Math.floor(index / 2 ** 32));
    return ((high >>> 5) * 0x4000000 + (low >>> 6)) / 2 ** 53;
  }

  /** Standard normal, by the Box–Muller transform of the uniform numbers 2·index and 2·index + 1. */
  normal(index: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform(2 * index)));
    return radius * Math.cos(2 * Math.PI * this.uniform(2 * index + 1));
  }

  /** −1 or 1 with equal probability. */
  sign(index: number): number {
    const word = Math.floor(index / 32);
    const [bits] = threefry(this.key0, this.key1, word, Math.floor(word / 2 ** 32));
    return (bits >>> (index & 31)) & 1 ? 1 : -1;
  }

  /** 32 signs, those of the indices from 32·block on: 1 where a bit is set, the lowest first, else −1. */
  signBits(block: number): number {
    return this.word(block);
  }

  /**
   * A cheaper word of 32 bits, for large numbers of them: the index under the key, hashed twice over.
   * Wellons: Hash prospector (2018), the function lowbias32.
   */
  word(index: number): number {
    return mix((mix(index ^ this.key0) + this.key1) | 0) >>> 0;
  }

  /** Fills, from a start on, with factor · u + shift for uniform numbers u in (0, 1), of 32 random bits each. */
  fillUniform(target: Float64Array, factor = 1, shift = 0, start = 0): void {
    for (let i = start; i < target.length; i++) target[i] = (factor * (this.word(i) + 0.5)) / 2 ** 32 + shift;
  }

  /** Fills, from a start on, with factor · b + shift for nearly normal numbers b, of mean 0 and variance 1 and none beyond 3: sums of three uniform ones. */
  fillBell(target: Float64Array, factor = 1, shift = 0, start = 0): void {
    for (let i = start, j = 3 * start; i < target.length; i++, j += 3) {
      target[i] = factor * ((this.word(j) + this.word(j + 1) + this.word(j + 2) + 1.5) / 2 ** 31 - 3) + shift;
    }
  }

  /** A whole number with 0 ≤ number < limit. */
  integer(index: number, limit: number): number {
    return Math.floor(this.uniform(index) * limit);
  }
}

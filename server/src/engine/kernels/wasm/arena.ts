// Memory that the SIMD kernels can work in, and the choice between their variants.

import { baseline, relaxed } from './binaries.mjs';

/** 'reference' is plain TypeScript; the others are WebAssembly with 128-bit SIMD, 'relaxed' with fused multiply-add. */
export type Implementation = 'reference' | 'baseline' | 'relaxed';

type Entrywise1 = (y: number, x: number, count: number) => void;
type Entrywise2 = (y: number, a: number, b: number, count: number) => void;

type FillKernel = (x: number, count: number, key0: number, key1: number, factor: number, shift: number) => void;
type MoveKernel = (x: number, key0: number, key1: number, factor: number, start: number, stop: number) => void;

type SoftmaxKernel = (output: number, x: number, outer: number, length: number, inner: number) => void;

type WindowKernel = (output: number, x: number, table: number, planes: number, height: number, width: number, volume: number) => void;

/** What the WebAssembly module exports; addresses in bytes. */
export interface SimdKernels {
  readonly freeMemory: { readonly value: number };
  readonly addMatrixProduct: (
    c: number, source: number, cRow: number, cColumn: number, a: number, aRow: number, aColumn: number, b: number, bRow: number, bColumn: number,
    rows: number, columns: number, depth: number,
  ) => void;
  readonly moveFactor: (
    c: number, base: number, cLine: number, cStep: number, first: number, lines: number, length: number, other: number, otherLine: number, otherStep: number,
    columns: number, turned: number, change: number,
  ) => void;
  readonly sumDifferences: (output: number, a: number, b: number, blocks: number, apart: number, runs: number, count: number) => void;
  readonly add: Entrywise2;
  readonly subtract: Entrywise2;
  readonly multiply: Entrywise2;
  readonly divide: Entrywise2;
  readonly negate: Entrywise1;
  readonly sqrt: Entrywise1;
  readonly relu: Entrywise1;
  readonly step: Entrywise1;
  readonly argmaxWindows: WindowKernel;
  readonly sumWindows: WindowKernel;
  readonly maxWindows: (
    output: number, x: number, places: number, table: number, blocks: number, apart: number, planes: number, height: number, width: number, volume: number,
  ) => number;
  readonly convolve: (
    y: number, source: number, yRow: number, x: number, xApart: number, examples: number, w: number, outputApart: number, channelApart: number, tapApart: number,
    geometry: number, outputs: number,
  ) => void;
  readonly convolveWeightGradient: (
    w: number, source: number, weightRow: number, x: number, xApart: number, examples: number, g: number, gRow: number, geometry: number, outputs: number,
  ) => void;
  readonly addInputGradient: (
    x: number, xApart: number, examples: number, g: number, gRow: number, w: number, weightRow: number, geometry: number, outputs: number,
  ) => void;
  readonly setTap: (
    y: number, base: number, yApart: number, x: number, xApart: number, batch: number, geometry: number, depths: number, kd: number, kh: number, kw: number, delta: number,
  ) => void;
  readonly moveTap: (
    y: number, base: number, yApart: number, volume: number, x: number, xApart: number, batch: number, geometry: number, depths: number, outputsPerGroup: number,
    change: number,
  ) => void;
  readonly addStrided: (to: number, from: number, table: number) => void;
  readonly copyStrided: (to: number, from: number, table: number) => void;
  readonly exp: Entrywise1;
  readonly erf: Entrywise1;
  readonly tanh: Entrywise1;
  readonly sigmoid: Entrywise1;
  readonly softmax: SoftmaxKernel;
  readonly logSumExp: SoftmaxKernel;
  readonly pick: (output: number, table: number, indices: number, batch: number, rows: number, count: number) => number;
  readonly fillUniform: FillKernel;
  readonly fillBell: FillKernel;
  readonly moveAlong: MoveKernel;
  readonly shakeAlong: MoveKernel;
  readonly shiftAlong: (y: number, x: number, count: number, shift: number) => void;
  readonly sumAlong: (g: number, key0: number, key1: number, start: number, stop: number, more: number) => number;
  readonly differ: (a: number, b: number, count: number) => number;
  readonly signsDiffer: (a: number, b: number, count: number) => number;
}

/** The kernels of one memory, and parts of that memory that they share. */
export interface SimdInstance {
  readonly kernels: SimdKernels;
  /** For what a kernel needs or gives beside its result, during one call or the next few: the outputs of all examples of a convolution side by side, sums. */
  readonly scratch: Float64Array;
  readonly memory: WebAssembly.Memory;
  /** For whole numbers that a kernel reads during one call. */
  readonly table: Int32Array;
  /** Room for the numbers of a chain of calls, and which chain's stand there. */
  readonly chains: { readonly room: Int32Array; block: Int32Array | undefined };
}

const PAGE_BYTES = 65536;
const SCRATCH_ENTRIES = 1 << 18;

const TABLE_ENTRIES = 1 << 13;
const CHAIN_ENTRIES = 1 << 13;

/** What the kernels ask of the host. */
const host = { log: Math.log };

const instances = new WeakMap<ArrayBufferLike, SimdInstance>();
const modules = new Map<Implementation, WebAssembly.Module | undefined>();

function moduleOf(implementation: Implementation): WebAssembly.Module | undefined {
  if (implementation === 'reference' || typeof WebAssembly === 'undefined') return undefined;
  if (!modules.has(implementation)) {
    const bytes = Uint8Array.from(atob(implementation === 'relaxed' ? relaxed : baseline), (character) => character.charCodeAt(0));
    modules.set(implementation, WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : undefined);
  }
  return modules.get(implementation);
}

/** The fastest that this host can run. */
export function bestImplementation(): Implementation {
  return (['relaxed', 'baseline'] as const).find((implementation) => moduleOf(implementation) !== undefined) ?? 'reference';
}

/** The kernels that can work in a buffer, if it lies in an arena. */
export function instanceOf(buffer: ArrayBufferLike): SimdInstance | undefined {
  return instances.get(buffer);
}

/** The kernels that can work on all of these arrays, if they lie in one arena. */
export function sharedInstance(...arrays: readonly Float64Array[]): SimdInstance | undefined {
  const { buffer } = arrays[0]!;
  return arrays.every((array) => array.buffer === buffer) ? instanceOf(buffer) : undefined;
}

/** Gives out arrays from one block of memory, which lives as long as any of them. */
export class Arena {
  /** What can work in it. */
  readonly implementation: Implementation;
  private readonly memory: WebAssembly.Memory | undefined;
  private next = 0;

  /** @param entries How many numbers will be asked for; beyond them, and without WebAssembly, arrays are ordinary ones. */
  constructor(entries: number, implementation: Implementation = bestImplementation()) {
    const module = moduleOf(implementation);
    this.implementation = module ? implementation : 'reference';
    if (!module) return;
    try {
      // The first pages are the module's own; its free memory is known only once there is an instance.
      const probe = new WebAssembly.Instance(module, { env: { memory: new WebAssembly.Memory({ initial: 32 }), ...host } });
      const free = (probe.exports as unknown as SimdKernels).freeMemory.value;
      const table = free + 8 * SCRATCH_ENTRIES;
      const chains = table + 4 * TABLE_ENTRIES;
      this.next = chains + 4 * CHAIN_ENTRIES;
      const bytes = this.next + 8 * entries;
      this.memory = new WebAssembly.Memory({ initial: Math.max(32, Math.ceil(bytes / PAGE_BYTES)) });
      const kernels = new WebAssembly.Instance(module, { env: { memory: this.memory, ...host } }).exports as unknown as SimdKernels;
      instances.set(this.memory.buffer, {
        kernels,
        memory: this.memory,
        scratch: new Float64Array(this.memory.buffer, free, SCRATCH_ENTRIES),
        table: new Int32Array(this.memory.buffer, table, TABLE_ENTRIES),
        chains: { room: new Int32Array(this.memory.buffer, chains, CHAIN_ENTRIES), block: undefined },
      });
    } catch (error) {
      // More memory than the host grants: ordinary arrays may still fit, since they need not lie together.
      if (!(error instanceof RangeError)) throw error;
      this.memory = undefined;
      this.implementation = 'reference';
    }
  }

  allocate(length: number): Float64Array {
    const start = this.next;
    if (!this.memory || start + 8 * length > this.memory.buffer.byteLength) return new Float64Array(length);
    this.next += 8 * length;
    return new Float64Array(this.memory.buffer, start, length);
  }

  /** A copy of the values within the arena. */
  copy(values: Float64Array): Float64Array {
    const copy = this.allocate(values.length);
    copy.set(values);
    return copy;
  }
}

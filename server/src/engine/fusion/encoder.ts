// Writes WebAssembly: just what a function over one imported memory needs. Opcodes: https://webassembly.github.io/spec/core/appendix/index-instructions.html

/** Vector instructions without operands of their own, by name. */
const VECTOR = {
  splat: 0x14, eq: 0x47, ne: 0x48, lt: 0x49, gt: 0x4a, le: 0x4b, and: 0x4e, andnot: 0x4f, or: 0x50, xor: 0x51, bitselect: 0x52, anyTrue: 0x53,
  abs: 0xec, neg: 0xed, sqrt: 0xef, add: 0xf0, sub: 0xf1, mul: 0xf2, div: 0xf3,
} as const;

export type VectorInstruction = keyof typeof VECTOR;

const I32 = 0x7f;
const V128 = 0x7b;
const NO_RESULT = 0x40;
/** Addresses are multiples of eight bytes. */
const ALIGNMENT = 3;

export type LocalKind = 'i32' | 'v128';

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  do {
    const rest = value >>> 7;
    bytes.push((value & 0x7f) | (rest === 0 ? 0 : 0x80));
    value = rest;
  } while (value !== 0);
  return bytes;
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function name(text: string): number[] {
  return [text.length, ...[...text].map((character) => character.charCodeAt(0))];
}

/** The type of a function of whole numbers. */
function functionType(parameters: number, gives: boolean): number[] {
  return [0x60, ...unsigned(parameters), ...new Array<number>(parameters).fill(I32), gives ? 1 : 0, ...(gives ? [I32] : [])];
}

/** The body of a function that takes one whole number and gives one. Local 0 is its argument. */
export class FunctionWriter {
  private readonly code: number[] = [];
  private readonly locals: LocalKind[] = [];
  private readonly imports: (readonly number[])[] = [];

  local(kind: LocalKind): number {
    return this.locals.push(kind);
  }

  get(local: number): this { return this.emit(0x20, ...unsigned(local)); }
  set(local: number): this { return this.emit(0x21, ...unsigned(local)); }
  /** @param value Below 64. */
  number(value: number): this { return this.emit(0x41, value); }
  addNumbers(): this { return this.emit(0x6a); }
  isLess(): this { return this.emit(0x49); }
  orNumbers(): this { return this.emit(0x72); }
  drop(): this { return this.emit(0x1a); }

  /** An imported function of whole numbers, to be called by the number given. */
  function(parameters: number, gives: boolean): number {
    return this.imports.push(functionType(parameters, gives)) - 1;
  }

  call(index: number): this { return this.emit(0x10, ...unsigned(index)); }

  loadNumber(offset: number): this { return this.emit(0x28, 2, ...unsigned(offset)); }

  vector(instruction: VectorInstruction): this { return this.emit(0xfd, ...unsigned(VECTOR[instruction])); }
  loadPair(offset: number): this { return this.emit(0xfd, 0x00, ALIGNMENT, offset); }
  loadSplat(): this { return this.emit(0xfd, 0x0a, ALIGNMENT, 0); }
  /** One entry; the other lane is 0. */
  loadSingle(): this { return this.emit(0xfd, 0x5d, ALIGNMENT, 0); }
  storePair(offset: number): this { return this.emit(0xfd, 0x0b, ALIGNMENT, offset); }
  storeSingle(): this { return this.emit(0xfd, 0x5b, ALIGNMENT, 0, 0); }
  lane(index: 0 | 1): this { return this.emit(0xfd, 0x21, index); }
  addLanes(): this { return this.emit(0xa0); }
  constant(low: number, high = low): this {
    const bytes = new Uint8Array(Float64Array.of(low, high).buffer);
    return this.emit(0xfd, 0x0c, ...bytes);
  }
  /** All bits of the first lane. */
  firstLane(): this {
    const bytes = new Array<number>(16).fill(0xff, 0, 8).fill(0, 8);
    return this.emit(0xfd, 0x0c, ...bytes);
  }

  /** Repeats the body, which leaves on the stack whether to go on. */
  loop(body: () => void): this {
    this.emit(0x03, NO_RESULT);
    body();
    return this.emit(0x0d, 0, 0x0b);
  }

  /** Runs the body if the number on the stack is not 0. */
  when(body: () => void): this {
    this.emit(0x04, NO_RESULT);
    body();
    return this.emit(0x0b);
  }

  /** A module that imports `env.memory` and its functions as `env.f0`, `env.f1` and so on, and exports the function as `run`. */
  module(): Uint8Array<ArrayBuffer> {
    const { imports } = this;
    const locals = this.locals.flatMap((kind) => [1, kind === 'i32' ? I32 : V128]);
    const body = [...unsigned(this.locals.length), ...locals, ...this.code, 0x0b];
    const functions = imports.flatMap((_, i) => [...name('env'), ...name(`f${i}`), 0x00, ...unsigned(i + 1)]);
    return Uint8Array.from([
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      ...section(1, [...unsigned(1 + imports.length), ...functionType(1, true), ...imports.flat()]),
      ...section(2, [...unsigned(1 + imports.length), ...name('env'), ...name('memory'), 0x02, 0x00, 0x00, ...functions]),
      ...section(3, [1, 0]),
      ...section(7, [1, ...name('run'), 0x00, ...unsigned(imports.length)]),
      ...section(10, [1, ...unsigned(body.length), ...body]),
    ]);
  }

  private emit(...bytes: readonly number[]): this {
    for (const byte of bytes) this.code.push(byte);
    return this;
  }
}

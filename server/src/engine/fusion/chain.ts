// Calls of WebAssembly functions one after the other, without coming back to JavaScript in between: for small tensors the way there and back is what costs.

import { FunctionWriter } from './encoder';
import type { SimdCall, WasmFunction } from '../kernels/wasm/call';

type ChainFunction = (block: number) => number;

const modules = new Map<string, WebAssembly.Module>();
const instances = new WeakMap<WebAssembly.Memory, Map<string, ChainFunction>>();
const identities = new WeakMap<WasmFunction, number>();
let nextIdentity = 0;

function identityOf(target: WasmFunction): number {
  let identity = identities.get(target);
  if (identity === undefined) identities.set(target, (identity = nextIdentity++));
  return identity;
}

/** Reads the numbers of all calls from a block in memory. */
function writeModule(calls: readonly SimdCall[]): Uint8Array<ArrayBuffer> {
  const writer = new FunctionWriter();
  const functions = calls.map(({ numbers, gives }) => writer.function(numbers.length, gives !== 'nothing'));
  const changed = writer.local('i32');
  let at = 0;
  calls.forEach(({ numbers, gives }, i) => {
    for (let j = 0; j < numbers.length; j++, at += 4) writer.get(0).loadNumber(at);
    writer.call(functions[i]!);
    if (gives === 'branch') writer.get(changed).orNumbers().set(changed);
    else if (gives === 'something') writer.drop();
  });
  return writer.get(changed).module();
}

function chainIn(memory: WebAssembly.Memory, calls: readonly SimdCall[]): ChainFunction {
  const signature = calls.map(({ numbers, gives }) => `${numbers.length} ${gives}`).join();
  const key = `${signature}: ${calls.map(({ target }) => identityOf(target)).join()}`;
  let known = instances.get(memory);
  if (!known) instances.set(memory, (known = new Map()));
  let chain = known.get(key);
  if (!chain) {
    let module = modules.get(signature);
    if (!module) modules.set(signature, (module = new WebAssembly.Module(writeModule(calls))));
    const imports = Object.fromEntries(calls.map(({ target }, i) => [`f${i}`, target]));
    chain = new WebAssembly.Instance(module, { env: { memory, ...imports } }).exports.run as ChainFunction;
    known.set(key, chain);
  }
  return chain;
}

/** The numbers of all calls, those that stand for themselves first, as they will lie from an address on. */
function blockOf(numbers: readonly (number | Int32Array)[], length: number, address: number): Int32Array {
  const block = new Int32Array(length);
  let next = numbers.length;
  numbers.forEach((each, i) => {
    if (typeof each === 'number') block[i] = each;
    else {
      block[i] = address + 4 * next;
      block.set(each, next);
      next += each.length;
    }
  });
  return block;
}

/** Whether calls differ in nothing but their numbers. */
function areAlike(calls: readonly SimdCall[], others: readonly SimdCall[]): boolean {
  const lengthOf = (each: number | Int32Array): number => (typeof each === 'number' ? 0 : each.length);
  return calls.length === others.length && calls.every(({ simd, target, numbers }, i) => {
    const other = others[i]!;
    return simd === other.simd && target === other.target && numbers.length === other.numbers.length
      && numbers.every((each, j) => lengthOf(each) === lengthOf(other.numbers[j]!));
  });
}

/** Calls that run one after the other. Here and wherever else something runs for every entry, it is a method of a class: the host forgets the code of closures with them. */
export class Chain {
  private block: Int32Array | undefined;

  private constructor(
    private readonly calls: readonly SimdCall[],
    /** How many numbers there are. */
    private readonly length: number,
    /** Made by the first run: plans are made for their cost alone, too. */
    private readonly code: { run?: ChainFunction },
  ) {}

  /** A chain of calls, all in the memory of one instance; undefined if their numbers need too much room. */
  static of(calls: readonly SimdCall[]): Chain | undefined {
    const length = calls.reduce((sum, { numbers }) => numbers.reduce<number>((all, each) => all + (typeof each === 'number' ? 1 : 1 + each.length), sum), 0);
    return length > calls[0]!.simd.chains.room.length ? undefined : new Chain(calls, length, {});
  }

  /** Makes the calls, and says whether one found that a branch changed. */
  run(): boolean {
    const { calls, length, code } = this;
    const { memory, chains } = calls[0]!.simd;
    const { room } = chains;
    code.run ??= chainIn(memory, calls);
    this.block ??= blockOf(calls.flatMap(({ numbers }) => numbers), length, room.byteOffset);
    if (chains.block !== this.block) {
      room.set(this.block);
      chains.block = this.block;
    }
    return code.run(room.byteOffset) !== 0;
  }

  /** The chain of the same functions called with other numbers; undefined if the calls are of other functions. */
  moved(calls: readonly SimdCall[]): Chain | undefined {
    return areAlike(this.calls, calls) ? new Chain(calls, this.length, this.code) : undefined;
  }
}

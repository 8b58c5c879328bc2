// Loop nests: several instructions on the same entries as one loop, compiled to WebAssembly when they are first needed.

import { FunctionWriter } from './encoder';
import type { VectorInstruction } from './encoder';

/**
 * How often a value changes: once per column, per row within it, or per entry of a row. A nest has four loops, blocks × columns × rows × entries; entries
 * are neighbours in memory. Sums run over all rows and entries of a column.
 */
export type Level = 0 | 1 | 2;

/** Primitives that a nest can compute, as vector instructions; `one` and `zero` stand for constants, numbers for inputs. */
const ENTRYWISE = {
  add: [0, 1, 'add'],
  subtract: [0, 1, 'sub'],
  multiply: [0, 1, 'mul'],
  divide: [0, 1, 'div'],
  negate: [0, 'neg'],
  abs: [0, 'abs'],
  sqrt: [0, 'sqrt'],
  reciprocal: ['one', 0, 'div'],
  relu: [0, 0, 'zero', 'le', 'andnot'],
  step: ['one', 0, 'zero', 'gt', 'and'],
  equal: ['one', 0, 1, 'eq', 'and'],
  less: ['one', 0, 1, 'lt', 'and'],
  lessEqual: ['one', 0, 1, 'le', 'and'],
  select: [1, 2, 0, 'zero', 'ne', 'bitselect'],
  // relu along the branch of its second input
  reluAlong: [0, 1, 'zero', 'le', 'andnot'],
} as const satisfies Record<string, readonly (number | 'one' | 'zero' | VectorInstruction)[]>;

/** Comparisons of a current with a base value: bits are set where they differ. */
const COMPARISONS = {
  differ: [0, 1, 'ne'],
  // As relu asks, so that the host computes it once.
  signsDiffer: [0, 'zero', 'le', 1, 'zero', 'le', 'xor'],
  choicesDiffer: [0, 'zero', 'ne', 1, 'zero', 'ne', 'xor'],
} as const satisfies Record<string, readonly (number | 'one' | 'zero' | VectorInstruction)[]>;

export type EntrywiseOperation = keyof typeof ENTRYWISE;
export type Comparison = keyof typeof COMPARISONS;

export function isEntrywise(name: string): name is EntrywiseOperation {
  return name in ENTRYWISE;
}

/** Values in order; inputs are earlier nodes. */
export type NestNode =
  | { readonly kind: 'load'; readonly operand: number; readonly level: Level }
  | { readonly kind: 'compute'; readonly operation: EntrywiseOperation; readonly inputs: readonly number[] }
  | { readonly kind: 'compare'; readonly comparison: Comparison; readonly inputs: readonly number[] }
  | { readonly kind: 'sum'; readonly inputs: readonly [number] }
  | { readonly kind: 'store'; readonly operand: number; readonly level: Level; readonly inputs: readonly [number] };

/** Where the call finds its sizes: blocks, columns, rows, bytes of the whole fours of a row, whether a pair is left, and an entry; then of each operand its address and its strides in bytes. */
export const HEADER_NUMBERS = 6;
export const OPERAND_NUMBERS = 4;

/** How many entries are computed at once: a value that all share, the second or the first pair of four, or one entry. */
type Width = 'whole' | 'second' | 'pair' | 'single';

interface Placed {
  readonly level: Level;
  /** Sums of one phase are known in the next. */
  readonly phase: number;
}

function place(nodes: readonly NestNode[]): Placed[] {
  const placed: Placed[] = [];
  for (const node of nodes) {
    const inputs = node.kind === 'load' ? [] : node.inputs.map((input) => placed[input]!);
    const phase = inputs.reduce((latest, input) => Math.max(latest, input.phase), 0);
    const level = node.kind === 'load' ? node.level : inputs.reduce<Level>((deepest, input) => (input.level > deepest ? input.level : deepest), 0);
    if (node.kind === 'sum') placed.push({ level: 0, phase: phase + 1 });
    else if (node.kind === 'store') placed.push({ level: level > node.level ? level : node.level, phase });
    else if (node.kind === 'compare') placed.push({ level: 2, phase });
    else placed.push({ level, phase });
  }
  return placed;
}

/** A value of each entry that later phases read where the nest will store its result in the end, so that they need not compute it again. */
interface Carried {
  readonly node: number;
  readonly operand: number;
}

/** The last such value of the first phase, if it takes more than one operation. */
function carriedIn(nodes: readonly NestNode[], placed: readonly Placed[]): Carried | undefined {
  const last = Math.max(0, ...placed.map(({ phase }) => phase));
  const result = nodes.find((node, i): node is NestNode & { kind: 'store' } => node.kind === 'store' && placed[i]!.level === 2 && placed[i]!.phase === last);
  if (last === 0 || !result) return undefined;
  const isOf = (i: number, phase: (phase: number) => boolean): boolean => placed[i]!.level === 2 && phase(placed[i]!.phase);
  const summed = ancestors(nodes, nodes.flatMap((node, i) => (node.kind === 'sum' && placed[i]!.phase === 1 ? [i] : [])));
  const later = nodes.flatMap((node, i) => (node.kind !== 'load' && (node.kind === 'sum' ? placed[i]!.phase > 1 : isOf(i, (phase) => phase > 0)) ? node.inputs : []));
  const node = Math.max(-1, ...later.filter((i) => nodes[i]!.kind === 'compute' && isOf(i, (phase) => phase === 0) && summed.has(i)));
  const operations = node < 0 ? 0 : [...ancestors(nodes, [node])].filter((i) => nodes[i]!.kind === 'compute' && placed[i]!.level === 2).length;
  return operations > 1 ? { node, operand: result.operand } : undefined;
}

/** Some nodes and all that they are made from. */
function ancestors(nodes: readonly NestNode[], from: readonly number[]): Set<number> {
  const found = new Set(from);
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!;
    if (found.has(i) && node.kind !== 'load') for (const input of node.inputs) found.add(input);
  }
  return found;
}

/** Writes the nest as a WebAssembly module. */
class NestWriter {
  private readonly code = new FunctionWriter();
  private readonly placed: readonly Placed[];
  private readonly locals: number[];
  private readonly secondSums: number[];
  private readonly blockAddresses: number[];
  private readonly columnAddresses: number[];
  private readonly rowAddresses: number[];
  private readonly changed = this.code.local('v128');
  private readonly carried: Carried | undefined;
  private phase = 0;
  private readonly at = this.code.local('i32');

  constructor(private readonly nodes: readonly NestNode[], operands: number) {
    this.placed = place(nodes);
    this.carried = carriedIn(nodes, this.placed);
    this.locals = nodes.map(() => this.code.local('v128'));
    this.secondSums = nodes.map((node, i) => (node.kind === 'sum' ? this.code.local('v128') : this.locals[i]!));
    [this.blockAddresses, this.columnAddresses, this.rowAddresses] = [0, 1, 2].map(() => Array.from({ length: operands }, () => this.code.local('i32'))) as [number[], number[], number[]];
  }

  module(): Uint8Array<ArrayBuffer> {
    const { code } = this;
    const [blocks, columns, rows, bytes, pair, rest] = Array.from({ length: HEADER_NUMBERS }, (_, i) => {
      const local = code.local('i32');
      code.get(0).loadNumber(4 * i).set(local);
      return local;
    }) as [number, number, number, number, number, number];
    const strides = this.blockAddresses.map((address, operand) => Array.from({ length: OPERAND_NUMBERS }, (_, part) => {
      const local = part === 0 ? address : code.local('i32');
      code.get(0).loadNumber(4 * (HEADER_NUMBERS + OPERAND_NUMBERS * operand + part)).set(local);
      return local;
    }));
    const advance = (addresses: readonly number[], part: number): void => {
      addresses.forEach((address, operand) => code.get(address).get(strides[operand]![part]!).addNumbers().set(address));
    };
    const start = (addresses: readonly number[], from: readonly number[]): void => {
      addresses.forEach((address, operand) => code.get(from[operand]!).set(address));
    };
    const phases = Math.max(0, ...this.placed.map(({ phase }) => phase));
    this.repeat(blocks, () => {
      start(this.columnAddresses, this.blockAddresses);
      this.repeat(columns, () => {
        for (let phase = 0; phase <= phases; phase++) {
          this.phase = phase;
          this.computeColumn(phase);
          const inner = this.neededIn(phase);
          if (inner.size === 0) continue;
          const sums = this.sumsAfter(phase);
          for (const sum of sums) code.constant(0).set(this.locals[sum]!).constant(0).set(this.secondSums[sum]!);
          start(this.rowAddresses, this.columnAddresses);
          this.repeat(rows, () => {
            this.computeInner(1, inner, 'whole');
            if ([...inner].some((node) => this.placed[node]!.level === 2 || this.nodes[node]!.kind === 'sum')) this.entries(inner, bytes, pair, rest);
            advance(this.rowAddresses, 3);
          });
          for (const sum of sums) {
            const local = this.locals[sum]!;
            code.get(local).get(this.secondSums[sum]!).vector('add').set(local);
            code.get(local).lane(0).get(local).lane(1).addLanes().vector('splat').set(local);
          }
        }
        advance(this.columnAddresses, 2);
      });
      advance(this.blockAddresses, 1);
    });
    code.get(this.changed).vector('anyTrue');
    return code.module();
  }

  /** Counts up to a number of at least 1. */
  private repeat(count: number, body: () => void): void {
    const { code } = this;
    const counter = code.local('i32');
    code.number(0).set(counter).loop(() => {
      body();
      code.get(counter).number(1).addNumbers().set(counter).get(counter).get(count).isLess();
    });
  }

  /** One row: four entries at a time, so that sums need not wait for each other, then what is left. */
  private entries(inner: ReadonlySet<number>, bytes: number, pair: number, rest: number): void {
    const { code, at } = this;
    code.number(0).set(at).get(bytes).when(() => {
      code.loop(() => {
        this.computeInner(2, inner, 'pair');
        this.computeInner(2, inner, 'second');
        code.get(at).number(32).addNumbers().set(at).get(at).get(bytes).isLess();
      });
    });
    code.get(pair).when(() => {
      this.computeInner(2, inner, 'pair');
      code.get(at).number(16).addNumbers().set(at);
    });
    code.get(rest).when(() => this.computeInner(2, inner, 'single'));
  }

  private sumsAfter(phase: number): number[] {
    return this.nodes.flatMap((node, i) => (node.kind === 'sum' && this.placed[i]!.phase === phase + 1 ? [i] : []));
  }

  /** The nodes of the inner loops that a phase computes: what it stores, compares and sums, and all that these are made from. */
  private neededIn(phase: number): Set<number> {
    const needed = new Set<number>();
    this.nodes.forEach((node, i) => {
      const { phase: own, level } = this.placed[i]!;
      const isSink = node.kind === 'sum' ? own === phase + 1 : (node.kind === 'store' || node.kind === 'compare') && own === phase && level > 0;
      if (isSink) needed.add(i);
    });
    for (let i = this.nodes.length - 1; i >= 0; i--) {
      const node = this.nodes[i]!;
      if (!needed.has(i) || node.kind === 'load' || (phase > 0 && i === this.carried?.node)) continue;
      for (const input of node.inputs) if (this.placed[input]!.level > 0) needed.add(input);
    }
    return needed;
  }

  /** What belongs to a column and is known from this phase on. */
  private computeColumn(phase: number): void {
    this.nodes.forEach((node, i) => {
      const placed = this.placed[i]!;
      if (placed.level === 0 && placed.phase === phase && node.kind !== 'sum') this.compute(i, 'whole');
    });
  }

  private computeInner(level: 1 | 2, inner: ReadonlySet<number>, width: Width): void {
    this.nodes.forEach((node, i) => {
      if (!inner.has(i)) return;
      if (node.kind === 'sum') {
        if (level === 2) this.addToSum(i, node.inputs[0], width);
      } else if (this.placed[i]!.level === level) this.compute(i, width);
    });
  }

  private addToSum(sum: number, input: number, width: Width): void {
    const { code } = this;
    const total = width === 'second' ? this.secondSums[sum]! : this.locals[sum]!;
    code.get(total).get(this.locals[input]!);
    if (width === 'single') code.firstLane().vector('and');
    code.vector('add').set(total);
  }

  private compute(i: number, width: Width): void {
    const { code, carried } = this;
    const node = this.nodes[i]!;
    const local = this.locals[i]!;
    if (i === carried?.node && this.phase > 0) {
      this.load(carried.operand, 2, width);
      code.set(local);
      return;
    }
    switch (node.kind) {
      case 'load':
        this.load(node.operand, node.level, width);
        code.set(local);
        break;
      case 'compute':
        this.formula(ENTRYWISE[node.operation], node.inputs);
        code.set(local);
        if (i === carried?.node) this.store(carried.operand, 2, local, width);
        break;
      case 'compare':
        code.get(this.changed);
        this.formula(COMPARISONS[node.comparison], node.inputs);
        if (width === 'single') code.firstLane().vector('and');
        code.vector('or').set(this.changed);
        break;
      case 'store':
        this.store(node.operand, this.placed[i]!.level, this.locals[node.inputs[0]]!, width);
        break;
      case 'sum':
    }
  }

  private load(operand: number, level: Level, width: Width): void {
    const { code } = this;
    this.address(operand, level);
    if (level < 2) code.loadSplat();
    else if (width === 'single') code.loadSingle();
    else code.loadPair(width === 'second' ? 16 : 0);
  }

  private store(operand: number, level: Level, local: number, width: Width): void {
    const { code } = this;
    this.address(operand, level);
    code.get(local);
    if (level < 2 || width === 'single') code.storeSingle();
    else code.storePair(width === 'second' ? 16 : 0);
  }

  private address(operand: number, level: Level): void {
    const { code } = this;
    if (level === 0) code.get(this.columnAddresses[operand]!);
    else code.get(this.rowAddresses[operand]!);
    if (level === 2) code.get(this.at).addNumbers();
  }

  private formula(steps: readonly (number | 'one' | 'zero' | VectorInstruction)[], inputs: readonly number[]): void {
    for (const step of steps) {
      if (typeof step === 'number') this.code.get(this.locals[inputs[step]!]!);
      else if (step === 'one') this.code.constant(1);
      else if (step === 'zero') this.code.constant(0);
      else this.code.vector(step);
    }
  }
}

/** Runs a nest whose numbers stand at an address; not 0 if a comparison found a difference. */
export type NestFunction = (numbers: number) => number;

const modules = new Map<string, WebAssembly.Module>();

/** The module of a nest; nests that differ only in sizes and addresses share it. */
export function nestModule(nodes: readonly NestNode[], operands: number): WebAssembly.Module {
  const key = JSON.stringify(nodes);
  let module = modules.get(key);
  if (!module) modules.set(key, (module = new WebAssembly.Module(new NestWriter(nodes, operands).module())));
  return module;
}

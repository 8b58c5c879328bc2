// Appends instructions to a program: one method per primitive, with broadcasting made explicit.

import { EngineError } from './errors';
import type { DerivativeTable } from './primitive';
import { defaultDerivatives, primitiveOf } from './primitives/table';
import type { AttributesOf, ConvolutionGeometry, Instruction, Origin, PrimitiveName, Program, Ref, Windows } from './program';
import { broadcastShapes, formatShape, normalizeAxes, normalizeAxis, sameShape, sizeOf } from './shape';
import type { Shape } from './shape';

export interface BuilderOptions {
  /** What the new program starts with; its refs stay valid. */
  readonly program?: Program;
  /** Seeds the dropout masks. */
  readonly seed?: number;
  /** Derivatives that take the place of the primitives' own. */
  readonly derivatives?: Partial<DerivativeTable>;
}

type UnaryName = {
  [Name in PrimitiveName]: AttributesOf[Name] extends Record<string, never> ? Name : never;
}[PrimitiveName];

/** JSON knows neither infinities nor −0. */
function exactNumbers(_: string, value: unknown): unknown {
  return typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)) ? `number ${1 / value} ${value}` : value;
}

export class PrimitiveBuilder {
  /** Labels the instructions that follow, so that a failure can name what they belong to. */
  origin: Origin | undefined;

  protected readonly derivatives: DerivativeTable;
  protected readonly instructions: Instruction[];
  /** Seeds the dropout masks. */
  readonly seed: number;
  private readonly scalars = new Map<number, Ref>();
  private readonly computed = new Map<string, Ref>();

  constructor(options: BuilderOptions = {}) {
    this.instructions = [...(options.program?.instructions ?? [])];
    this.seed = options.seed ?? 0;
    this.derivatives = { ...defaultDerivatives, ...options.derivatives };
  }

  /** The program so far. It grows with the builder. */
  get program(): Program {
    return { instructions: this.instructions };
  }

  shape(ref: Ref): Shape {
    return this.instruction(ref).shape;
  }

  instruction(ref: Ref): Instruction {
    const instruction = this.instructions[ref];
    if (!instruction) throw new EngineError(`there is no instruction ${ref}`, this.origin);
    return instruction;
  }

  /** Appends one instruction after checking its shapes, unless the program already has it. */
  append<Name extends PrimitiveName>(primitive: Name, inputs: readonly Ref[], attributes: AttributesOf[Name]): Ref {
    // The same computation twice is one instruction; leaves are the caller's, and constants too long to compare.
    const key = inputs.length === 0 ? undefined : `${primitive} ${inputs.join()} ${JSON.stringify(attributes, exactNumbers)}`;
    const known = key === undefined ? undefined : this.computed.get(key);
    if (known !== undefined) return known;
    const inputShapes = inputs.map((input) => this.shape(input));
    let shape: Shape;
    try {
      shape = primitiveOf(primitive).shape(inputShapes, attributes);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      throw new EngineError(`${primitive}: ${error.message}`, this.origin);
    }
    const instruction: Instruction<Name> = { primitive, inputs, attributes, shape, origin: this.origin };
    const ref = this.instructions.push(instruction as Instruction) - 1;
    if (key !== undefined) this.computed.set(key, ref);
    return ref;
  }

  // Sources

  /** A tensor that the caller feeds, such as a parameter or an input. */
  leaf(shape: Shape, name: string): Ref {
    return this.append('leaf', [], { name, shape });
  }

  /** Fixed values in row-major order; a single one fills the shape. */
  constant(values: number | ArrayLike<number>, shape: Shape): Ref {
    const array = typeof values === 'number' ? Float64Array.of(values) : Float64Array.from(values);
    if (array.length !== 1 && array.length !== sizeOf(shape)) {
      throw new EngineError(`constant: ${array.length} values do not fill ${formatShape(shape)}`, this.origin);
    }
    return this.append('constant', [], { values: array, shape });
  }

  /** A constant of shape [], one instruction for all its uses. */
  scalar(value: number): Ref {
    let ref = this.scalars.get(value);
    if (ref === undefined || Object.is(value, -0)) {
      ref = this.constant(value, []);
      this.scalars.set(value, ref);
    }
    return ref;
  }

  /** 0 with the probability, else 1, as a pure function of the builder's seed, the key and the entry. */
  dropoutMask(shape: Shape, probability: number, key: string): Ref {
    return this.append('dropoutMask', [], { shape, probability, seed: this.seed, key });
  }

  // Entry by entry

  negate(x: Ref): Ref { return this.unary('negate', x); }
  abs(x: Ref): Ref { return this.unary('abs', x); }
  exp(x: Ref): Ref { return this.unary('exp', x); }
  expm1(x: Ref): Ref { return this.unary('expm1', x); }
  log(x: Ref): Ref { return this.unary('log', x); }
  log1p(x: Ref): Ref { return this.unary('log1p', x); }
  sqrt(x: Ref): Ref { return this.unary('sqrt', x); }
  reciprocal(x: Ref): Ref { return this.unary('reciprocal', x); }
  sin(x: Ref): Ref { return this.unary('sin', x); }
  cos(x: Ref): Ref { return this.unary('cos', x); }
  tanh(x: Ref): Ref { return this.unary('tanh', x); }
  sigmoid(x: Ref): Ref { return this.unary('sigmoid', x); }
  softplus(x: Ref): Ref { return this.unary('softplus', x); }
  erf(x: Ref): Ref { return this.unary('erf', x); }
  relu(x: Ref): Ref { return this.unary('relu', x); }
  sign(x: Ref): Ref { return this.unary('sign', x); }
  /** 1 where x > 0, else 0. */
  step(x: Ref): Ref { return this.unary('step', x); }
  floor(x: Ref): Ref { return this.unary('floor', x); }
  ceil(x: Ref): Ref { return this.unary('ceil', x); }
  /** To the nearest whole number, halves to the even one. */
  round(x: Ref): Ref { return this.unary('round', x); }
  /** The same values, through which no derivative passes. */
  detach(x: Ref): Ref { return this.unary('detach', x); }

  // Entry by entry of several, broadcast against each other by NumPy's rule

  add(a: Ref, b: Ref): Ref { return this.binary('add', a, b); }
  subtract(a: Ref, b: Ref): Ref { return this.binary('subtract', a, b); }
  multiply(a: Ref, b: Ref): Ref { return this.binary('multiply', a, b); }
  divide(a: Ref, b: Ref): Ref { return this.binary('divide', a, b); }
  power(a: Ref, b: Ref): Ref { return this.binary('power', a, b); }
  maximum(a: Ref, b: Ref): Ref { return this.binary('maximum', a, b); }
  minimum(a: Ref, b: Ref): Ref { return this.binary('minimum', a, b); }
  equal(a: Ref, b: Ref): Ref { return this.binary('equal', a, b); }
  less(a: Ref, b: Ref): Ref { return this.binary('less', a, b); }
  lessEqual(a: Ref, b: Ref): Ref { return this.binary('lessEqual', a, b); }

  /** a where the mask is not 0, else b. */
  select(mask: Ref, a: Ref, b: Ref): Ref {
    return this.append('select', this.broadcastAll([mask, a, b]), {});
  }

  // Along axes; negative axes count from the end

  /** Without axes: over all. */
  sum(x: Ref, axes?: readonly number[], keepDimensions = false): Ref {
    const shape = this.shape(x);
    const normalized = axes ? normalizeAxes(axes, shape.length) : shape.map((_, axis) => axis);
    const reduced = normalized.length > 0 ? this.append('sum', [x], { axes: normalized }) : x;
    return keepDimensions ? this.reshape(reduced, shape.map((n, axis) => (normalized.includes(axis) ? 1 : n))) : reduced;
  }

  /** Along the last axis: the place of the greatest entry, the first of equals. */
  argmax(x: Ref): Ref {
    return this.append('argmax', [x], {});
  }

  softmax(x: Ref, axis: number): Ref {
    return this.append('softmax', [x], { axis: normalizeAxis(axis, this.shape(x).length) });
  }

  cumsum(x: Ref, axis: number, reverse = false): Ref {
    return this.append('cumsum', [x], { axis: normalizeAxis(axis, this.shape(x).length), reverse });
  }

  // Layout; each gives its input back where nothing would change

  reshape(x: Ref, shape: Shape): Ref {
    return sameShape(this.shape(x), shape) ? x : this.append('reshape', [x], { shape });
  }

  broadcastTo(x: Ref, shape: Shape): Ref {
    return sameShape(this.shape(x), shape) ? x : this.append('broadcastTo', [x], { shape });
  }

  /** Axis i of the result is axis permutation[i] of x; without a permutation, all axes are reversed. */
  transpose(x: Ref, permutation?: readonly number[]): Ref {
    const rank = this.shape(x).length;
    const axes = (permutation ?? this.shape(x).map((_, axis) => rank - 1 - axis)).map((axis) => normalizeAxis(axis, rank));
    if (new Set(axes).size !== rank || axes.length !== rank) {
      throw new EngineError(`transpose: ${formatShape(axes)} does not permute ${rank} axes`, this.origin);
    }
    return axes.every((from, axis) => from === axis) ? x : this.append('transpose', [x], { permutation: axes });
  }

  /** Per axis, the entries start, start + step, … before stop, which is −1 for a negative step that reaches 0. */
  slice(x: Ref, starts: readonly number[], stops: readonly number[], steps?: readonly number[]): Ref {
    const stepOf = (axis: number): number => steps?.[axis] ?? 1;
    const shape = starts.map((start, axis) => Math.max(0, Math.ceil((stops[axis]! - start) / stepOf(axis))));
    return this.sliceGrid(x, { starts, steps: starts.map((_, axis) => stepOf(axis)), shape });
  }

  sliceGrid(x: Ref, grid: AttributesOf['slice']): Ref {
    return this.coversAll(x, grid) ? x : this.append('slice', [x], grid);
  }

  /** Puts x on a grid of a larger tensor that is otherwise of one value. */
  embed(x: Ref, grid: AttributesOf['embed']): Ref {
    return this.coversAll(x, grid) ? x : this.append('embed', [x], grid);
  }

  concat(xs: readonly Ref[], axis: number): Ref {
    if (xs.length === 1) return xs[0]!;
    return this.append('concat', xs, { axis: normalizeAxis(axis, xs[0] === undefined ? 1 : this.shape(xs[0]).length) });
  }

  // Products

  /** Of the last two axes, for equal leading axes; either side may be read transposed. */
  matrixProduct(a: Ref, b: Ref, transposeLeft: boolean, transposeRight: boolean): Ref {
    return this.append('matmul', [a, b], { transposeLeft, transposeRight });
  }

  /** x [N, C, spatial…] with w [O, C / groups, kernel…], for 1 to 3 spatial axes. */
  convolution(x: Ref, w: Ref, geometry: ConvolutionGeometry): Ref {
    return this.append('convolution', [x, w], geometry);
  }

  convolutionInputGradient(g: Ref, w: Ref, geometry: ConvolutionGeometry, inputSizes: readonly number[]): Ref {
    return this.append('convolutionInputGradient', [g, w], { ...geometry, inputSizes });
  }

  convolutionWeightGradient(x: Ref, g: Ref, geometry: ConvolutionGeometry, kernelSizes: readonly number[]): Ref {
    return this.append('convolutionWeightGradient', [x, g], { ...geometry, kernelSizes });
  }

  // Windows over the trailing axes

  windowSum(x: Ref, windows: readonly Windows[]): Ref {
    return this.append('windowSum', [x], { windows });
  }

  windowSpread(g: Ref, windows: readonly Windows[], sizes: readonly number[]): Ref {
    return this.append('windowSpread', [g], { windows, sizes });
  }

  windowArgmax(x: Ref, windows: readonly Windows[]): Ref {
    return this.append('windowArgmax', [x], { windows });
  }

  // Rows by number

  /** result[b…, i…, …] = table[b…, indices[b…, i…], …], where the first `batchAxes` axes are common. */
  gather(table: Ref, indices: Ref, batchAxes = 0): Ref {
    return this.append('gather', [table, indices], { batchAxes });
  }

  /** result[b…, indices[b…, i…], …] += values[b…, i…, …], from zeros, with `size` rows. */
  scatterAdd(values: Ref, indices: Ref, size: number, batchAxes = 0): Ref {
    return this.append('scatterAdd', [values, indices], { batchAxes, size });
  }

  /** Repeats the tensors to their common shape. */
  protected broadcastAll(refs: readonly Ref[]): Ref[] {
    let shape: Shape = [];
    try {
      for (const ref of refs) shape = broadcastShapes(shape, this.shape(ref));
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      throw new EngineError(error.message, this.origin);
    }
    return refs.map((ref) => this.broadcastTo(ref, shape));
  }

  private coversAll(x: Ref, { starts, steps, shape }: AttributesOf['slice']): boolean {
    return sameShape(this.shape(x), shape) && starts.every((start) => start === 0) && steps.every((step) => step === 1);
  }

  private unary(primitive: UnaryName, x: Ref): Ref {
    return this.append(primitive, [x], {});
  }

  private binary(primitive: UnaryName, a: Ref, b: Ref): Ref {
    return this.append(primitive, this.broadcastAll([a, b]), {});
  }
}

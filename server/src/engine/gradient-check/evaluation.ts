// A loss evaluated over and over near one point: the values at the point are kept, and only what a change can reach is computed again.

import { CancelledError } from '../errors';
import { leafValues, liveRefs, prepare } from '../execute';
import type { KernelTable } from '../execute';
import { primitiveOf } from '../primitives/table';
import type { Operands, Primitive } from '../primitive';
import type { Program, Ref } from '../program';
import { sizeOf } from '../shape';

/** The loss at a changed point, and whether any piecewise primitive took another branch than at the base point. */
export interface Probe {
  readonly loss: number;
  readonly branched: boolean;
}

export interface EvaluationOptions {
  readonly kernels?: KernelTable;
  readonly cancelled?: () => boolean;
}

export class Evaluation {
  /** How often the loss has been computed. */
  count = 0;
  /** Every live tensor at the base point, by ref. */
  readonly values: Float64Array[] = [];

  private readonly live: readonly Ref[];
  private readonly scratch: Float64Array[] = [];

  constructor(
    readonly program: Program,
    readonly loss: Ref,
    private readonly leaves: ReadonlyMap<Ref, Float64Array>,
    private readonly options: EvaluationOptions = {},
  ) {
    this.live = liveRefs(program, [loss]);
    for (const ref of this.live) this.values[ref] = this.compute(ref, new Float64Array(sizeOf(program.instructions[ref]!.shape)));
    this.count++;
  }

  /** The loss at the base point. */
  get baseLoss(): number {
    return this.values[this.loss]![0]!;
  }

  /** Computes everything a second time; the first ref whose bits differ, if any. */
  findNondeterminism(): Ref | undefined {
    this.count++;
    const again = new Float64Array(Math.max(0, ...this.live.map((ref) => this.values[ref]!.length)));
    return this.live.find((ref) => {
      const value = this.values[ref]!;
      const output = this.compute(ref, again.subarray(0, value.length));
      return value.some((entry, i) => !Object.is(entry, output[i]));
    });
  }

  /** Makes ready what depends on the leaves. A detached value stays at its base, as its derivative says. */
  track(leaves: readonly Ref[]): Track {
    const depends = new Set(leaves);
    const steps: Step[] = [];
    for (const ref of leaves) this.scratch[ref] = leafValues(this.program, ref, this.leaves).slice();
    for (const ref of this.live) {
      const { primitive, inputs, shape } = this.program.instructions[ref]!;
      if (primitive === 'detach' || depends.has(ref) || !inputs.some((input) => depends.has(input))) continue;
      depends.add(ref);
      const output = (this.scratch[ref] ??= new Float64Array(sizeOf(shape)));
      const at = (input: Ref): Float64Array => (depends.has(input) ? this.scratch : this.values)[input]!;
      steps.push({
        current: { inputs: inputs.map(at), output },
        base: { inputs: inputs.map((input) => this.values[input]!), output: this.values[ref]! },
        compute: prepare(this.program, ref, this.options.kernels),
        primitive: primitiveOf(primitive),
      });
    }
    const loss = depends.has(this.loss) ? this.scratch[this.loss]! : this.values[this.loss]!;
    const changed = new Map(leaves.map((ref) => [ref, this.scratch[ref]!]));
    return new Track(changed, () => {
      if (this.options.cancelled?.()) throw new CancelledError();
      this.count++;
      let branched = false;
      for (const { current, base, compute, primitive } of steps) {
        compute(current.output, current.inputs);
        branched ||= primitive.branchesDiffer?.(current, base, 0, current.output.length) ?? false;
      }
      return { loss: loss[0]!, branched };
    });
  }

  private compute(ref: Ref, output: Float64Array): Float64Array {
    const { primitive, inputs } = this.program.instructions[ref]!;
    if (primitive === 'leaf') return leafValues(this.program, ref, this.leaves);
    prepare(this.program, ref, this.options.kernels)(output, inputs.map((input) => this.values[input]!));
    return output;
  }
}

interface Step {
  readonly current: Operands;
  readonly base: Operands;
  readonly compute: (output: Float64Array, inputs: readonly Float64Array[]) => void;
  readonly primitive: Primitive<unknown>;
}

/** The part of an evaluation that some leaves reach. */
export class Track {
  constructor(
    /** The leaves' values, to be changed before `probe` and put back after. */
    readonly leaves: ReadonlyMap<Ref, Float64Array>,
    /** Computes the loss for the changed values. */
    readonly probe: () => Probe,
  ) {}
}

// Wrappers that compute a weight of another layer from further parameters: weight norm and spectral norm.

import type { Builder, Ref } from '../engine/builder';
import { add } from '../symbolic/dimension';
import { type ArgumentDefinition, integer, type LayerArgument, number, optional, type RawValue } from './arguments';
import { type Arguments, type Call, type Inference, type Operation, operation, type Parameter, torchPage } from './definition';
import { elements } from './tensor';
import type { Work } from './work';

interface WrapperArguments {
  readonly module: LayerArgument;
  readonly name: string;
}

const wrapped: ArgumentDefinition<LayerArgument> = {
  documentation: 'The layer whose weight is computed: `Conv2d(64, 3)`. Its arguments are taken, its weights are made anew.',
  accepts: 'a layer',
  read: (raw: RawValue) => (raw !== null && typeof raw === 'object' && 'operation' in raw ? { value: raw } : { problem: 'must be a layer of the catalog, such as Conv2d(64, 3)' }),
};

const parameterName: ArgumentDefinition<string> = {
  documentation: 'The parameter that is computed.',
  accepts: 'the name of a parameter',
  default: 'weight',
  read: (raw: RawValue) => (typeof raw === 'string' ? { value: raw } : { problem: 'must be the name of a parameter, such as "weight"' }),
};

/** What a wrapper makes of the parameter's shape. */
interface Computed {
  readonly parameters: readonly Parameter[];
  readonly buffers: readonly Parameter[];
  compute(builder: Builder, parameters: Readonly<Record<string, Ref>>): Ref;
}

interface Wrapper<A> extends Pick<Operation<A>, 'name' | 'summary' | 'formula' | 'source' | 'arguments'> {
  /** Operations beside those of the layer, for a weight of this shape. */
  readonly work: string;
  operations(given: A, weight: readonly number[]): number;
  /** Undefined after a problem was reported. */
  computed(call: Call<A>, weight: Parameter): Computed | undefined;
}

/** The operation that a wrapper is once its layer is known. */
function around<A extends WrapperArguments>(wrapper: Wrapper<A>, given: A): Operation<A> {
  const { operation: inner, arguments: own } = given.module;
  const innerCall = (call: Call<A>): Call => ({ ...call, arguments: own });
  const infer = (call: Call<A>): Inference | undefined => {
    const effect = inner.infer(innerCall(call));
    if (effect === undefined) return undefined;
    const before = effect.parameters ?? [];
    const weight = before.find(({ name }) => name === given.name);
    if (weight === undefined) {
      const names = before.map(({ name }) => name);
      return call.problem({
        code: 'unknown-parameter',
        argument: names.length === 0 ? 'module' : 'name',
        message: `${wrapper.name} computes the ${given.name} of ${inner.name}, which has ${names.length === 0 ? 'no parameters' : `only ${names.join(', ')}`}`,
        data: { names },
      });
    }
    const computed = wrapper.computed(call, weight);
    if (computed === undefined) return undefined;
    const parameters = [...before.filter((each) => each !== weight), ...computed.parameters];
    const count = parameters.reduce((total, { shape }) => total + (elements(shape) as number), 0);
    return {
      output: effect.output,
      list: effect.list,
      further: effect.further,
      macs: effect.macs,
      dependence: effect.dependence,
      parameters,
      buffers: [...(effect.buffers ?? []), ...computed.buffers],
      get steps() {
        const step = { what: 'parameters', formula: `${parameters.map(({ shape }) => (shape.length === 0 ? '1' : shape.join('·'))).join(' + ')} = ${count.toLocaleString('en-US')}` };
        return [...(effect.steps ?? []).filter(({ what }) => what !== 'parameters'), step];
      },
      execute: (execution) => effect.execute({ ...execution, parameters: { ...execution.parameters, [given.name]: computed.compute(execution.builder, execution.parameters) } }),
    };
  };
  const work: Work<A> = {
    counted: wrapper.work,
    count(call) {
      const effect = inner.infer({ ...innerCall(call), problem: () => undefined, warn: () => undefined, requireEqual: () => true, requireAtLeast: () => true })!;
      const weight = effect.parameters!.find(({ name }) => name === given.name)!;
      return add(effect.elementwise(), wrapper.operations(call.arguments, weight.shape as readonly number[]));
    },
  };
  // The weight that is computed is kept, too, once for all examples.
  const keeps = [...new Set([...inner.keeps, 'statistics' as const])];
  return operation<A>({ ...wrapper, inputs: inner.inputs, forward: inner.forward, keeps, work, indexBound: inner.indexBound?.bind(inner), infer }) as unknown as Operation<A>;
}

/** The wrapper as an entry; it becomes what it wraps when its layer is known. */
function wrapper<A extends WrapperArguments>(definition: Wrapper<A>): Operation {
  return {
    ...operation<A>({
      ...definition,
      inputs: [{ name: 'input', documentation: 'The inputs of the layer.' }],
      keeps: ['input', 'weight', 'statistics'],
      work: { counted: `what the layer counts, and once for all examples ${definition.work}`, count: (call) => around(definition, call.arguments).work.count(call, {} as Inference) },
      infer: (call) => around(definition, call.arguments).infer(call),
    }),
    specialize: (given: Arguments) => around(definition, given as unknown as A) as unknown as Operation,
  };
}

/** Names as torch.nn.utils.parametrizations gives them. */
function original(name: string, which = ''): string {
  return `parametrizations.${name}.original${which}`;
}

/** The expected length of `count` first values. */
function expectedLength(initial: Parameter['initial'], count: number): number {
  const variance = 'uniform' in initial ? initial.uniform ** 2 / 3 : 'normal' in initial ? initial.normal ** 2 : initial.constant ** 2;
  return Math.sqrt(variance * count);
}

function axisOf(call: Pick<Call, 'problem'>, dim: number, rank: number): number | undefined {
  if (dim >= -rank && dim < rank) return dim < 0 ? dim + rank : dim;
  return call.problem({ code: 'axis-out-of-range', argument: 'dim', message: `dim = ${String(dim)} is outside a weight of rank ${String(rank)}: it counts from 0 to ${String(rank - 1)}` });
}

const weightNorm = wrapper<WrapperArguments & { dim: number | null }>({
  name: 'WeightNorm',
  summary: 'The layer with its weight in two parts: a length for every output, and a direction.',
  formula: 'weight = original0 · original1/‖original1‖, the norm over all axes but dim',
  source: `${torchPage('torch.nn.utils.parametrizations.weight_norm')} · Salimans and Kingma, 2016, https://arxiv.org/abs/1602.07868`,
  work: 'three for each entry of the weight (square, sum, scale)',
  operations: (_given, weight) => 3 * weight.reduce((a, b) => a * b, 1),
  arguments: {
    module: wrapped,
    name: parameterName,
    dim: optional(integer({ default: 0, documentation: 'The axis whose places have a length each; none: one length for the whole weight.' })),
  },
  computed(call, weight) {
    const { dim, name } = call.arguments;
    const shape = weight.shape as readonly number[];
    // PyTorch: −1 stands for none.
    const at = dim === null || dim === -1 ? undefined : axisOf(call, dim, shape.length);
    if (at === undefined && dim !== null && dim !== -1) return undefined;
    const lengths = at === undefined ? [] : shape.map((size, axis) => (axis === at ? size : 1));
    const others = shape.reduce((a, b) => a * b, 1) / (at === undefined ? 1 : shape[at]!);
    return {
      parameters: [
        { name: original(name, '0'), shape: lengths, initial: { constant: expectedLength(weight.initial, others) } },
        { name: original(name, '1'), shape, initial: weight.initial },
      ],
      buffers: [],
      compute: (builder, parameters) => {
        const direction = parameters[original(name, '1')]!;
        const over = shape.flatMap((_, axis) => (axis === at ? [] : [axis]));
        const length = builder.sqrt(builder.sum(builder.square(direction), over, at !== undefined));
        return builder.multiply(direction, builder.divide(parameters[original(name, '0')]!, length));
      },
    };
  },
});

/** PyTorch improves its first vectors by this many iterations. */
const firstIterations = 15;

const spectralNorm = wrapper<WrapperArguments & { n_power_iterations: number; eps: number; dim: number | null }>({
  name: 'SpectralNorm',
  summary: 'The layer with its weight divided by its largest singular value, which a power iteration estimates.',
  formula: 'weight = original/σ, with σ = uᵀ·W·v;  in each step u = W·v/‖W·v‖, v = Wᵀ·u/‖Wᵀ·u‖',
  source: `${torchPage('torch.nn.utils.parametrizations.spectral_norm')} · Miyato et al., 2018, https://arxiv.org/abs/1802.05957`,
  work: 'four for each entry of the weight in every iteration, and three for σ and the division',
  operations: ({ n_power_iterations }, weight) => (weight.length === 1 ? 3 : 4 * n_power_iterations + 3) * weight.reduce((a, b) => a * b, 1),
  arguments: {
    module: wrapped,
    name: parameterName,
    n_power_iterations: integer({ minimum: 1, default: 1, documentation: 'Steps of the power iteration in each forward pass.' }),
    eps: number({ minimum: 0, default: 1e-12, documentation: 'The smallest length that is divided by.' }),
    dim: optional(integer({ documentation: 'The axis of the outputs; none: 1 for transposed convolutions, else 0.' })),
  },
  computed(call, weight) {
    const { module, name, n_power_iterations, eps, dim } = call.arguments;
    const shape = weight.shape as readonly number[];
    const at = axisOf(call, dim ?? (module.operation.name.startsWith('ConvTranspose') ? 1 : 0), shape.length);
    if (at === undefined) return undefined;
    const parameters: Parameter[] = [{ name: original(name), shape, initial: weight.initial }];
    const clipped = (builder: Builder, x: Ref): Ref => builder.divide(x, builder.clamp(builder.sqrt(builder.sum(builder.square(x))), eps, Infinity));
    // A vector needs no estimate (torch.nn.functional.normalize).
    if (shape.length === 1) return { parameters, buffers: [], compute: (builder, refs) => clipped(builder, refs[original(name)]!) };
    const rows = shape[at]!;
    const columns = shape.reduce((a, b) => a * b, 1) / rows;
    const vector = (which: string, size: number): Parameter => ({ name: `parametrizations.${name}.0.${which}`, shape: [size], initial: { normal: 1 / Math.sqrt(size) } });
    return {
      parameters,
      buffers: [vector('_u', rows), vector('_v', columns)],
      compute: (builder, refs) => {
        const whole = refs[original(name)]!;
        const front = builder.transpose(whole, [at, ...shape.map((_, axis) => axis).filter((axis) => axis !== at)]);
        const matrix = builder.reshape(front, [rows, columns]);
        // The vectors are state: no derivative flows through them.
        const fixed = builder.detach(matrix);
        let v = clipped(builder, builder.constant(startOf(columns), [columns, 1]));
        let u = v;
        for (let k = 0; k < firstIterations + n_power_iterations; k++) {
          u = clipped(builder, builder.matmul(fixed, v));
          v = clipped(builder, builder.matmul(builder.transpose(fixed, [1, 0]), u));
        }
        const [left, right] = [builder.detach(u), builder.detach(v)];
        const sigma = builder.sum(builder.multiply(left, builder.matmul(matrix, right)));
        return builder.divide(whole, sigma);
      },
    };
  },
});

/** PyTorch starts at a random direction, here it is always the same. */
function startOf(size: number): Float64Array {
  return Float64Array.from({ length: size }, (_, index) => Math.cos(index));
}

export const parametrizations: readonly Operation[] = [weightNorm, spectralNorm];

// How large values and gradients are, layer by layer, before anything is learned: mean-field rules for PyTorch's initialisation.
//
// Of each tensor: the mean over its entries, the mean square, and the mean product of the same entry in two different examples
// (Poole et al., "Exponential expressivity in deep neural networks through transient chaos", 2016). A layer of n inputs with
// weights of variance v maps squares by n·v and adds the bias's variance; its transpose maps squared norms of gradients by the
// same n·v (Glorot and Bengio, 2010, equations 5 and 6; He et al., 2015, section 2.2). PyTorch's U(−1/√fan_in, 1/√fan_in) has
// v = 1/(3·fan_in), so that n·v is 1/3 for Linear and Conv. An activation maps squares of gradients by E[φ′(z)²].

import { Builder, type Ref } from '../../engine/builder';
import { run } from '../../engine/execute';
import type { Effect, Operation } from '../../layers/definition';
import type { Dimension } from '../../symbolic/dimension';
import type { GraphNode, Tensor } from '../graph';
import { elementwiseLayers } from './activations';
import { kindOf, kindOfOperation, layerOf, named, perOperation } from './network';

export interface Moments {
  readonly mean: number;
  readonly square: number;
  readonly shared: number;
}

/** What an operation makes of its inputs' moments, and by what it multiplies the squared norm of a gradient on its way to each input. */
export interface Step {
  readonly output: Moments;
  readonly gradient: readonly (number | undefined)[];
}

/** Normalized inputs and embeddings: mean 0, variance 1, different in every example. */
export const standard: Moments = { mean: 0, square: 1, shared: 0 };

/** Whether a layer multiplies by weights. */
export function hasWeights({ operation }: GraphNode): boolean {
  return isWeighted(operation);
}

const isWeighted = named(/^(?:Linear|Conv(?:Transpose)?[123]d)$/);

const passing = new Set(['identity', 'flatten', 'unflatten', 'reshape', 'permute', 'transpose', 'unsqueeze', 'squeeze', 'splitheads', 'mergeheads', 'channelshuffle', 'pixelshuffle', 'pixelunshuffle']);

/** The step of an operation; undefined where no rule knows it. */
export function stepOf(node: GraphNode, inputs: readonly (Moments | undefined)[]): Step | undefined {
  return ruleOf(node.operation)(node, inputs);
}

type Rule = (node: GraphNode, inputs: readonly (Moments | undefined)[]) => Step | undefined;

const ruleOf = perOperation((operation): Rule => {
  const kind = kindOfOperation(operation);
  if (kind === 'embedding') return () => ({ output: standard, gradient: [undefined] });
  if (kind === 'concat') return concatenated;
  if (kind === 'multiply') return product;
  if (kind === 'add') return (node, [x, y]) => x && y && sum(node, x, y);
  const rule = ruleOfOne(operation);
  return (node, [x]) => x && rule?.(node, x);
});

/** The rule of an operation on one tensor. */
function ruleOfOne(operation: Operation): ((node: GraphNode, x: Moments) => Step | undefined) | undefined {
  const kind = kindOfOperation(operation);
  const scaled = (output: Moments, gradient: number): Step => ({ output, gradient: [gradient] });
  if (isWeighted(operation)) return weighted;
  if (passing.has(kind)) return (_, x) => scaled(x, 1);
  if (/^(?:batch|instance)norm/.test(kind)) return (_, x) => normalized(x, x.square - x.shared, { mean: 0, square: 1, shared: 0 });
  if (kind === 'layernorm' || kind === 'groupnorm') {
    return (_, x) => {
      const variance = x.square - x.mean ** 2;
      return normalized(x, variance, { mean: 0, square: 1, shared: (x.shared - x.mean ** 2) / variance });
    };
  }
  if (kind === 'rmsnorm') return (_, x) => normalized(x, x.square, { mean: x.mean / Math.sqrt(x.square), square: 1, shared: x.shared / x.square });
  if (/^dropout\d?d?$|^droppath$/.test(kind)) {
    return (node, x) => {
      const kept = 1 - Number(layerOf(node)?.arguments.p ?? NaN);
      return kept > 0 ? scaled({ ...x, square: x.square / kept }, 1 / kept) : undefined;
    };
  }
  if (/^maxpool|^adaptivemaxpool/.test(kind)) return (node, x) => maximum(x, placesPooled(node));
  if (/^avgpool|^adaptiveavgpool|^mean$/.test(kind)) return (node, x) => average(x, placesPooled(node));
  return elementwiseLayers.has(kind) ? activation : undefined;
}

function weighted(node: GraphNode, x: Moments): Step | undefined {
  // Layers that make the same of the same share their effect.
  let known = gains.get(node.effect);
  if (known === undefined) gains.set(node.effect, (known = gainOf(node) ?? 'unknown'));
  if (known === 'unknown') return undefined;
  const { gain, shift } = known;
  return { output: { mean: 0, square: gain * x.square + shift, shared: gain * x.shared + shift }, gradient: [gain] };
}

interface Gain {
  readonly gain: number;
  readonly shift: number;
}

const gains = new WeakMap<Effect, Gain | 'unknown'>();

/** What a layer with weights multiplies squares by, and what its bias adds. */
function gainOf(node: GraphNode): Gain | undefined {
  const [weight, bias] = ['weight', 'bias'].map((name) => node.effect.parameters?.find((parameter) => parameter.name === name));
  if (weight === undefined || !('uniform' in weight.initial)) return undefined;
  const shape = weight.shape as readonly number[];
  const given = layerOf(node)?.arguments as { stride?: readonly number[]; groups?: number } | undefined;
  // A transposed convolution adds up in/groups channels and, of the taps, those that one place in `stride` meets.
  const count = node.operation.name.startsWith('ConvTranspose')
    ? (shape[0]! / (given?.groups ?? 1)) * shape.slice(2).reduce((taps, size, axis) => (taps * size) / (given?.stride?.[axis] ?? 1), 1)
    : shape.slice(1).reduce((a, b) => a * b, 1);
  const gain = (count * weight.initial.uniform ** 2) / 3;
  const shift = bias !== undefined && 'uniform' in bias.initial ? bias.initial.uniform ** 2 / 3 : 0;
  return { gain, shift };
}

/** Divides by the root of a variance; the gradient of the mean and of the variance takes away little of many values. */
function normalized(x: Moments, variance: number, output: Moments): Step | undefined {
  const eps = 1e-5;
  if (!(variance > 1e-4 * x.square)) return undefined;
  return { output, gradient: [1 / (variance + eps)] };
}

/** How many places one output of a pool or a mean takes together; undefined where that is not known. */
function placesPooled(node: GraphNode): number | undefined {
  const kernel = layerOf(node)?.arguments.kernel_size;
  if (Array.isArray(kernel)) return (kernel as readonly number[]).reduce((a, b) => a * b, 1);
  const [from, to] = [node.inputs[0]!, node.outputs[0]!].map(countOf);
  return from === undefined || to === undefined ? undefined : from / to;
}

function countOf({ type }: Tensor): number | undefined {
  return type.shape.reduce<number | undefined>((total, size: Dimension) => (total === undefined || typeof size !== 'number' ? undefined : total * size), 1);
}

function average(x: Moments, places: number | undefined): Step | undefined {
  if (places === undefined) return undefined;
  return { output: { ...x, square: (x.square + (places - 1) * x.shared) / places }, gradient: [1 / places] };
}

/** Expectations of the largest of n independent standard normal numbers, by ln n. */
const largest = [[0, 0], [0.693, 0.564], [1.386, 1.03], [2.197, 1.485], [2.773, 1.766], [3.219, 1.965], [3.892, 2.25], [5.05, 2.73]] as const;

/** Each window's gradient goes to one place. */
function maximum(x: Moments, places: number | undefined): Step | undefined {
  if (places === undefined) return undefined;
  const log = Math.min(Math.log(places), 5.05);
  const after = Math.max(1, largest.findIndex(([at]) => at >= log - 1e-9));
  const [[a, low], [b, high]] = [largest[after - 1]!, largest[after]!];
  const expected = low + ((high - low) * (log - a)) / (b - a);
  const spread = Math.max(0, x.square - x.shared);
  const mean = x.mean + Math.sqrt(spread) * expected;
  const shared = mean ** 2 + Math.max(0, x.shared - x.mean ** 2);
  return { output: { mean, shared, square: shared + spread / (1 + 0.75 * log) }, gradient: [1] };
}

function sameShape(a: Tensor, b: Tensor): boolean {
  return a.type.shape.length === b.type.shape.length && a.type.shape.every((size, axis) => size === b.type.shape[axis]);
}

/** Branches end with weights of their own, so that only their means go together. */
function sum(node: GraphNode, x: Moments, y: Moments): Step | undefined {
  const [a, b] = node.inputs;
  if (!sameShape(a!, b!)) return undefined;
  if (a === b) return { output: { mean: 2 * x.mean, square: 4 * x.square, shared: 4 * x.shared }, gradient: [4] };
  const together = 2 * x.mean * y.mean;
  return { output: { mean: x.mean + y.mean, square: x.square + y.square + together, shared: x.shared + y.shared + together }, gradient: [1, 1] };
}

function product(node: GraphNode, inputs: readonly (Moments | undefined)[]): Step | undefined {
  const [a, b] = node.inputs;
  const constant = [a, b].findIndex((each) => each?.source.kind === 'constant');
  if (constant >= 0) {
    const other = inputs[1 - constant];
    const { source } = node.inputs[constant]!;
    if (other === undefined || source.kind !== 'constant') return undefined;
    const factor = source.value ** 2;
    const gradient = constant === 0 ? [undefined, factor] : [factor, undefined];
    return { output: { mean: source.value * other.mean, square: factor * other.square, shared: factor * other.shared }, gradient };
  }
  const [x, y] = inputs;
  if (x === undefined || y === undefined || a === b || !sameShape(a!, b!)) return undefined;
  return { output: { mean: x.mean * y.mean, square: x.square * y.square, shared: x.shared * y.shared }, gradient: [y.square, x.square] };
}

function concatenated(node: GraphNode, inputs: readonly (Moments | undefined)[]): Step | undefined {
  // The sizes differ along the joined axis only, and there they are numbers.
  const axis = node.inputs[0]!.type.shape.findIndex((size, at) => size !== node.outputs[0]!.type.shape[at]);
  const sizes = node.inputs.map(({ type }) => type.shape[Math.max(0, axis)]);
  if (!inputs.every((each) => each !== undefined) || !sizes.every((size) => typeof size === 'number')) return undefined;
  const total = sizes.reduce((a, b) => a + b, 0);
  const mixed = (part: keyof Moments): number => inputs.reduce((mean, each, index) => mean + (each[part] * sizes[index]!) / total, 0);
  return { output: { mean: mixed('mean'), square: mixed('square'), shared: mixed('shared') }, gradient: sizes.map((size) => size / total) };
}

// ── Activations: integrated over normal inputs, by running what the catalog executes ─────────────────────────────────────────

const places = 25;
const nodes = Array.from({ length: places }, (_, index) => -5 + (10 * index) / (places - 1));
const weights = nodes.map((z) => Math.exp((-z * z) / 2));
const totalWeight = weights.reduce((a, b) => a + b, 0);

interface Curve {
  /** Values and derivatives at these inputs. */
  at(inputs: Float64Array): readonly [values: Float64Array, slopes: Float64Array];
  readonly known: Map<string, Step>;
  /** The newest answer: many layers in a row are alike. */
  last?: { readonly x: Moments; readonly step: Step };
}

const curves = new Map<string, Curve>();
/** Activations with all kinds of arguments are only so many in one session. */
const mostCurves = 256;

/** φ(c·z) = c·φ(z) for c > 0, so that all moments follow from those at a mean square of 1. */
const homogeneous: ReadonlySet<string> = new Set(['relu', 'leakyrelu']);

function activation(node: GraphNode, x: Moments): Step | undefined {
  const scale = Math.sqrt(x.square);
  if (!homogeneous.has(kindOf(node)) || !(scale > 0 && Number.isFinite(x.square))) return activationAt(node, x);
  const step = activationAt(node, { mean: x.mean / scale, square: 1, shared: x.shared / x.square });
  if (step === undefined) return undefined;
  const { mean, square, shared } = step.output;
  return { output: { mean: mean * scale, square: square * x.square, shared: shared * x.square }, gradient: step.gradient };
}

function activationAt(node: GraphNode, x: Moments): Step | undefined {
  const curve = curveFor(node);
  if (curve === undefined) return undefined;
  const { last } = curve;
  if (last?.x.mean === x.mean && last.x.square === x.square && last.x.shared === x.shared) return last.step;
  const key = [x.mean, x.square, x.shared].map((each) => each.toPrecision(4)).join(' ');
  let step = curve.known.get(key);
  if (step === undefined) {
    if (curve.known.size > 10_000) curve.known.clear();
    curve.known.set(key, (step = integrated(curve, x)));
  }
  curve.last = { x, step };
  return step;
}

const curvesByEffect = new WeakMap<Effect, Curve>();

function curveFor(node: GraphNode): Curve | undefined {
  const known = curvesByEffect.get(node.effect);
  if (known !== undefined) return known;
  const layer = layerOf(node);
  if ((node.effect.parameters?.length ?? 0) > 0 || (layer === undefined && Object.keys(node.operation.arguments).length > 0)) return undefined;
  const name = `${kindOf(node)} ${JSON.stringify(layer?.arguments ?? {})}`;
  let curve = curves.get(name);
  if (curve === undefined) {
    if (curves.size >= mostCurves) curves.clear();
    curves.set(name, (curve = curveOf(node)));
  }
  curvesByEffect.set(node.effect, curve);
  return curve;
}

function curveOf(node: GraphNode): Curve {
  const builder = new Builder();
  const x = builder.leaf([places * places], 'x');
  const y = node.effect.execute({ builder, inputs: [x], parameters: {}, batch: 1, key: '' }) as Ref;
  const [slope] = builder.gradient(builder.sum(y), [x]);
  return {
    at: (inputs) => {
      const [values, slopes] = run(builder.program, new Map([[x, inputs]]), [y, slope!]);
      return [values!, slopes!];
    },
    known: new Map(),
  };
}

/** Over what two examples share and what each has for itself, both normal. */
function integrated(curve: Curve, { mean, square, shared }: Moments): Step {
  const common = Math.sqrt(Math.max(0, shared - mean ** 2));
  const own = Math.sqrt(Math.max(0, square - Math.max(shared, mean ** 2)));
  const inputs = new Float64Array(places * places);
  for (const [i, w] of nodes.entries()) for (const [j, e] of nodes.entries()) inputs[i * places + j] = mean + common * w + own * e;
  const [values, slopes] = curve.at(inputs);
  const output = { mean: 0, square: 0, shared: 0 };
  let gradient = 0;
  for (const [i, outer] of weights.entries()) {
    let inner = 0;
    for (const [j, weight] of weights.entries()) {
      const value = values[i * places + j]!;
      const share = (outer * weight) / totalWeight ** 2;
      inner += (weight * value) / totalWeight;
      output.mean += share * value;
      output.square += share * value ** 2;
      gradient += share * slopes[i * places + j]! ** 2;
    }
    output.shared += (outer * inner ** 2) / totalWeight;
  }
  return { output, gradient: [gradient] };
}

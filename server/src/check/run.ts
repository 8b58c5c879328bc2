// Runs one gradient check: from texts to a report, in whatever thread it is called.

import { parse } from '../../../grammar/parse';
import { CancelledError, EngineError } from '../engine/errors';
import { checkGradients, memoryOfCheck } from '../engine/gradient-check/check';
import type { GradientReport, TensorReport } from '../engine/gradient-check/report';
import type { DerivativeTable } from '../engine/primitive';
import { Builder, type Ref } from '../engine/builder';
import type { Program } from '../engine/program';
import { sizeOf, type Shape } from '../engine/shape';
import { RandomStream } from '../base/random';
import { analyse } from '../semantics/analyse';
import { fixedPlace, type Graph, type Place, type Tensor } from '../semantics/graph';
import type { EvaluatedModel } from '../semantics/model';
import { checkAsserts } from './asserts';
import type { BasePoint } from '../engine/gradient-check/check';
import type { BudgetLimits } from '../engine/gradient-check/plan';
import type { Share } from '../engine/gradient-check/shares';
import { drawLeaves } from './draw';
import { describeSizes, describeUnmet, fitSizes, type LoweredResults, type SizedModel, type Sizes } from './fit-sizes';
import { leastBeyond, withLeast } from './least';
import { Lowering, nameLeaves } from './lower';
import { mergeReports } from './merge';
import type { CheckedPart, CheckedTensor, CheckProgress, CheckReport, CheckRequest } from './protocol';
import { chooseSizes } from './sizes';
import { axisNames, spellCulprit } from './wording';

/** Examples in the batch, so that what mixes examples is seen; one where memory forbids more. */
const usualBatch = 2;
/** Statistics of fewer values are so steep that differences cannot follow them. */
const leastStatistics = 8;

const defaultMemoryBytes = 4e9;

/** Projections of more entries are drawn in a cheaper way. */
const manyEntries = 100_000;

export interface CheckOptions {
  readonly onProgress?: (progress: CheckProgress) => void;
  readonly cancelled?: () => boolean;
  /** Derivatives in place of the engine's own: how tests put in wrong ones. */
  readonly derivatives?: Partial<DerivativeTable>;
}

/** Checks the derivatives of one model, and its asserts on tensors and gradients. Throws CancelledError when asked to stop. */
export function checkModel(request: CheckRequest, options: CheckOptions = {}): CheckReport {
  return mergeReports([checkShare(request, { index: 0, count: 1 }, options)]);
}

/** The part of a check that one of several workers does; the first one does what is not divided. `mergeReports` puts the parts together. */
export function checkShare(request: CheckRequest, share: Share, options: CheckOptions = {}): CheckReport {
  const started = performance.now();
  const notes: string[] = [];
  let sizes: Record<string, number> = {};
  const failed = (problem: string): CheckReport => ({
    model: request.model,
    ok: false,
    problem,
    tensors: [],
    asserts: [],
    culprits: [],
    sizes,
    batch: request.batch ?? usualBatch,
    seconds: (performance.now() - started) / 1000,
    notes,
  });

  const texts = new Map(request.files.map(({ uri, text }) => [uri, text]));
  const analysis = analyse(request.file, (uri) => {
    const text = texts.get(uri);
    return text === undefined ? undefined : { uri, text, tree: parse(text).file };
  });
  const symbolic = analysis?.modelAt(request.model, new Map());
  if (analysis === undefined || symbolic === undefined) return failed(`there is no model ${request.model} that can be built without arguments`);
  if (!symbolic.graph.finished || !symbolic.complete) return failed(`${request.model} has errors; they must be mended before its gradients can be checked`);
  const modelAt = (at: Sizes): EvaluatedModel | undefined => (Object.keys(at).length === 0 ? symbolic : analysis.modelAt(request.model, new Map(Object.entries(at))));
  const given = request.at ?? {};
  const chosen = chooseSizes(symbolic.graph, given);
  if (chosen === undefined) return failed(`no sizes satisfy what ${request.model} requires of its free dimensions`);
  sizes = fittedSizes(symbolic.graph, chosen, modelAt, request);
  const remark = describeSizes(sizes, chosen);
  if (remark !== undefined) notes.push(remark);
  const model = modelAt(sizes);
  if (model === undefined || !model.graph.finished) {
    return failed(`${request.model} cannot be built at ${Object.entries(sizes).map(([name, size]) => `${name} = ${String(size)}`).join(', ')}`);
  }

  try {
    const { graph } = model;
    const names = nameLeaves(graph);
    const seed = request.seed ?? 0;
    const lowered = lowerLoss(graph, names, seed, request, options, notes);
    if (lowered?.memory !== undefined) return failed(describeMemory(request, lowered.memory));
    const unmet = lowered && describeUnmet(sizes, lowered.lowering.builder.program, [lowered.loss]);
    if (unmet !== undefined) notes.push(unmet);
    // Every worker has a memory of its own: as many take part as fit.
    const fitting = lowered === undefined ? 1 : Math.min(share.count, Math.max(1, Math.floor((request.memoryBytes ?? defaultMemoryBytes) / lowered.bytes)));
    if (share.index >= fitting) return { ...failed(''), ok: true, problem: undefined };
    const own = { ...share, count: fitting };
    const found = lowered && checkLosses(graph, lowered, names, seed, request, own, options, notes, started);
    const asserts = share.index > 0 ? [] : checkAsserts(model, names, seed, options.derivatives);
    const place = placeOfOrigin(graph);
    const byName = new Map([...names].map(([tensor, name]) => [name, tensor]));
    const partOf = (report: GradientReport | undefined): CheckedPart => {
      const tensors = (report?.tensors ?? []).map((tensor) => toTensor(tensor, byName.get(tensor.name)));
      return {
        ok: report?.ok ?? true,
        worst: tensors.find(({ name }) => name === report?.worst?.name)?.worst,
        tensors,
        suspects: report?.suspects,
        unsearched: report?.unsearched,
        culprits: (report?.culprits ?? []).map((culprit) => ({ message: spellCulprit(culprit, graph), place: place(culprit.origin) })),
      };
    };
    const first = partOf(found?.first);
    const second = found?.second && partOf(found.second);
    return {
      model: request.model,
      ...first,
      ok: found?.problem === undefined && first.ok && (second?.ok ?? true) && asserts.every((each) => each.ok),
      problem: found?.problem,
      second,
      asserts,
      sizes,
      batch: lowered?.lowering.batch ?? request.batch ?? usualBatch,
      seconds: (performance.now() - started) / 1000,
      notes,
    };
  } catch (error) {
    if (error instanceof CancelledError || !(error instanceof EngineError)) throw error;
    return failed(describeError(error, model.graph));
  }
}

/** The sizes at which a check compares most; those that were chosen where all of them are given. */
function fittedSizes(graph: Graph, chosen: Sizes, modelAt: (sizes: Sizes) => EvaluatedModel | undefined, request: CheckRequest): Sizes {
  const free = Object.keys(chosen).filter((name) => !(name in (request.at ?? {})));
  const sizedAt = (sizes: Sizes | undefined): SizedModel | undefined => {
    const sized = sizes && modelAt(sizes)?.graph;
    return sized?.finished !== true ? undefined : { sizes: sizes!, graph: sized, lower: () => lowerResults(sized, request) };
  };
  const first = free.length === 0 ? undefined : sizedAt(chosen);
  return first === undefined ? chosen : fitSizes(first, free, budgetOf(request), (given, from) => sizedAt(chooseSizes(graph, given, from))).sizes;
}

function lowerResults(graph: Graph, request: CheckRequest): LoweredResults | undefined {
  const lowering = new Lowering(batchSizes(graph, request.batch ?? usualBatch)[0]!, nameLeaves(graph));
  try {
    return { results: resultsOf(graph).map((tensor) => lowering.ref(tensor)), program: lowering.builder.program };
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

interface LoweredLoss {
  readonly lowering: Lowering;
  readonly loss: Ref;
  readonly check: readonly Ref[];
  /** Where second derivatives are asked for. */
  readonly slope: Slope | undefined;
  /** The bytes that a check needs. */
  readonly bytes: number;
  /** The same, if they are more than it may have. */
  readonly memory?: number;
}

interface Slope {
  readonly program: Program;
  readonly loss: Ref;
  /** Leaves for the direction, one for each that is checked. */
  readonly direction: readonly Ref[];
}

/**
 * v·∇L for a fixed direction v, as a loss of its own: its gradient is the Hessian times v, by reverse mode over reverse
 * mode, and its differences are those of the gradient along v (Pearlmutter: Fast exact multiplication by the Hessian, 1994).
 */
function slopeOf(lowering: Lowering, loss: Ref, check: readonly Ref[], { derivatives }: CheckOptions): Slope {
  const builder = new Builder({ program: lowering.builder.program, derivatives });
  const gradients = builder.gradient(loss, check);
  const direction = gradients.map((gradient, index) => builder.leaf(builder.shape(gradient), `direction ${String(index)}`));
  const parts = gradients.map((gradient, index) => builder.sum(builder.multiply(gradient, direction[index]!)));
  return { program: builder.program, loss: parts.reduce((sum, part) => builder.add(sum, part)), direction };
}

/** The loss, or a random projection of the outputs, for as many examples as memory allows; undefined where there is neither. */
function lowerLoss(
  graph: Graph,
  names: ReadonlyMap<Tensor, string>,
  seed: number,
  request: CheckRequest,
  options: CheckOptions,
  notes: string[],
): LoweredLoss | undefined {
  const { derivatives } = options;
  const limit = request.memoryBytes ?? defaultMemoryBytes;
  let last: LoweredLoss | undefined;
  for (const batch of batchSizes(graph, request.batch ?? usualBatch)) {
    const lowering = new Lowering(batch, names);
    const loss = graph.losses.length > 0 ? lossOf(graph, lowering) : projectionOf(graph, lowering, seed);
    if (loss === undefined) {
      notes.push('the model has neither a loss nor an output of floats, so there is no derivative to check');
      return undefined;
    }
    const check = [...lowering.leaves].filter(([tensor]) => tensor.type.element === 'float' && tensor.source.kind !== 'target').map(([, ref]) => ref);
    const slope = request.second === true ? slopeOf(lowering, loss, check, options) : undefined;
    const programs = [{ program: lowering.builder.program, loss }, ...(slope === undefined ? [] : [slope])];
    const memory = Math.max(...programs.map((each) => memoryOfCheck({ ...each, check, derivatives, budget: budgetOf(request) })));
    last = { lowering, loss, check, slope, bytes: memory, memory: memory > limit ? memory : undefined };
    if (memory > limit) continue;
    if (batch < (request.batch ?? usualBatch)) notes.push('memory allows for a batch of one example only, so that nothing was seen of how examples mix');
    break;
  }
  if (last?.memory === undefined && graph.losses.length === 0) notes.push('without a loss, a fixed random projection of the outputs is derived');
  return last;
}

/** The numbers of examples to try: as many as batch statistics need, where there are any, else few. */
function batchSizes(graph: Graph, wanted: number): readonly number[] {
  const positions = graph.nodes.flatMap((node) =>
    node.kind === 'operation' && node.operation.name.startsWith('BatchNorm')
      ? [node.outputs[0]!.type.shape.slice(1).reduce<number>((count, length) => count * Number(length), 1)]
      : []);
  return positions.length === 0 ? [...new Set([wanted, 1])] : [Math.max(wanted, Math.ceil(leastStatistics / Math.min(...positions)))];
}

function describeMemory({ model, memoryBytes = defaultMemoryBytes }: CheckRequest, memory: number): string {
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toPrecision(2)} GB`;
  return `a check of ${model} needs ${gigabytes(memory)} of memory, more than the ${gigabytes(memoryBytes)} that it may take; give smaller sizes, or allow for more by the setting nn.check.memoryBudget or the option --memory`;
}

function budgetOf({ budgetMilliseconds, budgetEvaluations }: CheckRequest): BudgetLimits {
  return { milliseconds: budgetMilliseconds, evaluations: budgetEvaluations };
}

/** Compares the derivatives of the loss with differences, and second ones where they are asked for. */
function checkLosses(
  graph: Graph,
  { lowering, loss, check, slope, bytes }: LoweredLoss,
  names: ReadonlyMap<Tensor, string>,
  seed: number,
  request: CheckRequest,
  share: Share,
  { derivatives, onProgress, cancelled }: CheckOptions,
  notes: string[],
  started: number,
): { readonly first?: GradientReport; readonly second?: GradientReport; readonly problem?: string } {
  const { program } = lowering.builder;
  const budget = budgetOf(request);
  const least = leastBeyond(budget, request.model, program, loss);
  if (least !== undefined) notes.push(least.remark);
  const told = withLeast(least, performance.now(), onProgress);
  told?.({ stage: 'directions', done: 0, total: 1 });
  const parts = slope === undefined ? 1 : 2;
  const follow = (part: number) => told && ((progress: CheckProgress): void => { told({ ...progress, done: progress.done + part * progress.total, total: parts * progress.total }); });
  const common = { check, seed, share, budget, started, derivatives, onProgress: follow(0), cancelled };
  const { leaves, base, flat } = drawLeaves(graph, lowering, bytes, names, seed, { ...common, program, loss });
  if (!Number.isFinite(base.evaluation.baseLoss)) return { problem: describeNonFinite(base, program, graph) };
  if (flat.length > 0) {
    const flatNames = [...lowering.leaves].filter(([, ref]) => flat.includes(ref)).map(([tensor]) => names.get(tensor)!);
    notes.push(`all derivatives of ${flatNames.join(', ')} are zero at every point that was drawn`);
  }
  const first = checkGradients({ ...common, program, loss, leaves, base });
  const hidden = first.tensors.filter((tensor) => tensor.hidden !== undefined);
  if (hidden.length > 0) notes.push(describeHidden(hidden));
  const singular = first.tensors.some(({ worst }) => Number.isNaN(worst?.analytic)) ? base.evaluation.findSingular() : undefined;
  if (singular !== undefined) notes.push(`derivatives that are no numbers come from ${nameOf(singular, program, graph)}, whose slope is infinite or none at some of its values: times 0 that is no number, even where a ReLU or a where cuts it off`);
  if (first.nondeterministic !== undefined) notes.push(`${first.nondeterministic.primitive} gave other numbers when it was computed again`);
  if (slope === undefined) return { first };
  const direction = slope.direction.map((ref, index): [Ref, Float64Array] => [ref, unitBell(slope.program.instructions[ref]!.shape, new RandomStream(seed, `second derivatives along ${String(index)}`))]);
  return { first, second: checkGradients({ ...common, share: { index: share.index, count: share.count }, started: performance.now(), onProgress: follow(1), program: slope.program, loss: slope.loss, leaves: new Map([...leaves, ...direction]) }) };
}

/** An instruction that cannot run, by what people call it. */
function describeError({ message, origin, reason }: EngineError, graph: Graph): string {
  const node = typeof origin === 'number' ? graph.nodes[origin] : undefined;
  if (node?.kind !== 'operation' || reason === message) return message;
  const bounded = reason.startsWith('index ') ? '; an assert on the inputs, such as 0 <= i < 10, keeps it there' : '';
  return `${node.operation.name === 'index' ? 'indexing' : node.operation.name} cannot be computed: ${reason}${bounded}`;
}

/** What people call an instruction. */
function nameOf(ref: Ref, program: Program, graph: Graph): string {
  const { primitive, origin } = program.instructions[ref]!;
  const node = typeof origin === 'number' ? graph.nodes[origin] : undefined;
  return node?.kind === 'operation' ? node.operation.name : primitive;
}

/** Why there are no derivatives where the loss is no finite number. */
function describeNonFinite({ evaluation }: BasePoint, program: Program, graph: Graph): string {
  const source = nameOf(evaluation.findNonFinite()!, program, graph);
  const what = graph.losses.length > 0 ? 'the loss' : 'a random projection of the outputs';
  const value = Number.isNaN(evaluation.baseLoss) ? 'not a number' : 'infinite';
  return `${what} is ${value} at the values that were drawn: ${source} gives ${value === 'infinite' ? 'an infinite one' : 'no number'} first; an assert on the inputs, such as x > 0, keeps them where there are derivatives`;
}

const mostNames = 4;

/** Vanishing derivatives, which look like zeros. */
function describeHidden(tensors: readonly TensorReport[]): string {
  const names = tensors.slice(0, mostNames).map(({ name }) => name).join(', ');
  const more = tensors.length > mostNames ? ` and ${String(tensors.length - mostNames)} more tensors` : '';
  return `all derivatives of ${names}${more} are below ${Math.max(...tensors.map(({ hidden }) => hidden!)).toExponential(0)}, which differences of this loss cannot tell from 0`;
}

/** Random numbers whose squares add up to about 1. */
function unitBell(shape: Shape, random: RandomStream): Float64Array {
  const values = new Float64Array(sizeOf(shape));
  random.fillBell(values, 1 / Math.sqrt(values.length));
  return values;
}

/** The sum of all losses, each averaged over the batch. */
function lossOf(graph: Graph, lowering: Lowering): Ref {
  const { builder } = lowering;
  const scalars = graph.losses.map((loss) => {
    const ref = lowering.ref(loss);
    return loss.batched ? builder.mean(ref, [0]) : ref;
  });
  return scalars.reduce((sum, next) => builder.add(sum, next));
}

/** Σ output · r with fixed random r, over all outputs of floats. */
function projectionOf(graph: Graph, lowering: Lowering, seed: number): Ref | undefined {
  const { builder } = lowering;
  const parts = floatOutputs(graph).map((output) => {
    const ref = lowering.ref(output);
    const shape = builder.shape(ref);
    const count = sizeOf(shape);
    return builder.sum(builder.multiply(ref, builder.constant(projection(count, output, seed), shape)));
  });
  return parts.length === 0 ? undefined : parts.reduce((sum, next) => builder.add(sum, next));
}

function floatOutputs(graph: Graph): Tensor[] {
  return [...new Set(graph.outputs.flatMap(({ tensors }) => tensors).filter(({ type }) => type.element === 'float'))];
}

/** What the loss that is derived is made of. */
function resultsOf(graph: Graph): readonly Tensor[] {
  return graph.losses.length > 0 ? graph.losses : floatOutputs(graph);
}

/** Random numbers for the entries of an output, whose squares add up to about 1. */
function projection(count: number, output: Tensor, seed: number): Float64Array {
  const random = new RandomStream(seed, `values of projection of output ${String(output.id)}`);
  if (count > manyEntries) return unitBell([count], random);
  return Float64Array.from({ length: count }, (_, i) => random.normal(i) / Math.sqrt(count));
}

/** One tensor's result, with the names that people know it by. */
function toTensor(report: TensorReport, tensor: Tensor | undefined): CheckedTensor {
  const { name, shape, entries, checked, directions, together, kinks, kink, unresolved, zero, ok, worst, region, evidence } = report;
  const axes = tensor && axisNames(tensor);
  return {
    name,
    shape,
    entries,
    checked,
    directions,
    together,
    kinks,
    kink: kink && { ...kink, axes },
    zero: zero || undefined,
    unresolved: unresolved === 0 ? undefined : unresolved,
    ok,
    worst: worst && {
      tensor: name,
      index: worst.index,
      axes,
      analytic: worst.analytic,
      numeric: worst.numeric,
      relativeError: worst.relativeError,
      errorBound: worst.errorBound,
      rank: worst.rank,
      wrong: worst.verdict === 'wrong',
    },
    region,
    evidence,
    axes,
    place: placeOf(tensor),
  };
}

/** Instructions carry the id of the node that they came from. */
function placeOfOrigin(graph: Graph): (origin: string | number | undefined) => Place | undefined {
  return (origin) => (typeof origin === 'number' ? placeOf(graph.nodes[origin]) : undefined);
}

function placeOf(made: { readonly place: Place } | undefined): Place | undefined {
  return made && fixedPlace(made.place);
}

// Runs one gradient check: from texts to a report, in whatever thread it is called.

import { parse } from '../../../grammar/parse';
import { CancelledError, EngineError } from '../engine/errors';
import { checkGradients } from '../engine/gradient-check/check';
import type { EntryReport, GradientReport } from '../engine/gradient-check/report';
import type { DerivativeTable } from '../engine/primitive';
import type { Ref } from '../engine/builder';
import { analyse } from '../semantics/analyse';
import type { Graph, Tensor } from '../semantics/graph';
import type { EvaluatedModel } from '../semantics/model';
import { checkAsserts } from './asserts';
import { Lowering, nameLeaves } from './lower';
import type { CheckedEntry, CheckProgress, CheckReport, CheckRequest } from './protocol';
import { chooseSizes, drawValues } from './values';

/** Examples in the batch: two, so that what mixes examples is seen. */
const batchSize = 2;

export interface CheckOptions {
  readonly onProgress?: (progress: CheckProgress) => void;
  readonly cancelled?: () => boolean;
  /** Derivatives in place of the engine's own: how tests put in wrong ones. */
  readonly derivatives?: Partial<DerivativeTable>;
}

/** Checks the derivatives of one model, and its asserts on tensors and gradients. Throws CancelledError when asked to stop. */
export function checkModel(request: CheckRequest, options: CheckOptions = {}): CheckReport {
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
    batch: batchSize,
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
  if (symbolic.run.errors > 0 || !symbolic.complete) return failed(`${request.model} has errors; they must be mended before its gradients can be checked`);
  const chosen = chooseSizes(symbolic.graph, request.at ?? {});
  if (chosen === undefined) return failed(`no sizes satisfy what ${request.model} requires of its free dimensions`);
  sizes = chosen;
  const model = Object.keys(sizes).length === 0 ? symbolic : analysis.modelAt(request.model, new Map(Object.entries(sizes)));
  if (model === undefined || model.run.errors > 0) {
    return failed(`${request.model} cannot be built at ${Object.entries(sizes).map(([name, size]) => `${name} = ${String(size)}`).join(', ')}`);
  }

  try {
    const { graph } = model;
    const names = nameLeaves(graph);
    const seed = request.seed ?? 0;
    const gradients = checkLoss(model, names, seed, request, options, notes);
    const asserts = checkAsserts(graph, names, seed, options.derivatives);
    const place = placeOfOrigin(graph);
    const byName = new Map([...names].map(([tensor, name]) => [name, tensor]));
    return {
      model: request.model,
      ok: (gradients?.ok ?? true) && asserts.every((each) => each.ok),
      worst: gradients?.worst?.worst && toEntry(gradients.worst.name, gradients.worst.worst),
      tensors: (gradients?.tensors ?? []).map((tensor) => ({
        name: tensor.name,
        shape: tensor.shape,
        entries: tensor.entries,
        checked: tensor.checked,
        directions: tensor.directions,
        kinks: tensor.kinks,
        ok: tensor.ok,
        worst: tensor.worst && toEntry(tensor.name, tensor.worst),
        place: byName.get(tensor.name)?.place,
      })),
      asserts,
      culprits: (gradients?.culprits ?? []).map((culprit) => ({
        message: `the derivative of ${culprit.primitive} is wrong: ${String(culprit.analytic)} by differentiation, ${String(culprit.numeric)} by differences`,
        place: place(culprit.origin),
      })),
      sizes,
      batch: batchSize,
      seconds: (performance.now() - started) / 1000,
      notes,
    };
  } catch (error) {
    if (error instanceof CancelledError || !(error instanceof EngineError)) throw error;
    return failed(error.message);
  }
}

/** Compares the derivatives of the loss, or of a random projection of the outputs; undefined where there is neither. */
function checkLoss(
  model: EvaluatedModel,
  names: ReadonlyMap<Tensor, string>,
  seed: number,
  request: CheckRequest,
  options: CheckOptions,
  notes: string[],
): GradientReport | undefined {
  const { graph } = model;
  const lowering = new Lowering(batchSize, names);
  const loss = graph.losses.length > 0 ? lossOf(graph, lowering) : projectionOf(graph, lowering, seed);
  if (loss === undefined) {
    notes.push('the model has neither a loss nor an output of floats, so there is no derivative to check');
    return undefined;
  }
  if (graph.losses.length === 0) notes.push('without a loss, a fixed random projection of the outputs is derived');
  const leaves = new Map<Ref, Float64Array>();
  const check: Ref[] = [];
  for (const [tensor, ref] of lowering.leaves) {
    const shape = lowering.shapeOf(tensor);
    leaves.set(ref, drawValues(graph, tensor, names.get(tensor)!, shape.reduce((a, b) => a * b, 1), seed));
    if (tensor.type.element === 'float' && tensor.source.kind !== 'target') check.push(ref);
  }
  const report = checkGradients({
    program: lowering.builder.program,
    loss,
    leaves,
    check,
    seed,
    budget: request.budgetMilliseconds === undefined ? undefined : { milliseconds: request.budgetMilliseconds },
    derivatives: options.derivatives,
    onProgress: options.onProgress,
    cancelled: options.cancelled,
  });
  const sampled = report.tensors.filter((tensor) => tensor.checked < tensor.entries);
  if (sampled.length > 0) {
    const checked = report.tensors.reduce((total, tensor) => total + tensor.checked, 0);
    const entries = report.tensors.reduce((total, tensor) => total + tensor.entries, 0);
    notes.push(
      `${checked.toLocaleString('en-US')} of ${entries.toLocaleString('en-US')} entries were compared one by one, ` +
        'the others by random directions of their whole tensors; a larger budget compares more',
    );
  }
  const kinks = report.tensors.reduce((total, tensor) => total + tensor.kinks, 0);
  if (kinks > 0) notes.push(`${String(kinks)} entries lie at a kink, where there is no derivative to compare with`);
  if (report.nondeterministic !== undefined) notes.push(`${report.nondeterministic.primitive} gave other numbers when it was computed again`);
  return report;
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
  const outputs = graph.outputs.flatMap((output) => output.tensors).filter((tensor) => tensor.type.element === 'float');
  const parts = [...new Set(outputs)].map((output) => {
    const ref = lowering.ref(output);
    const shape = builder.shape(ref);
    const count = shape.reduce((a, b) => a * b, 1);
    const weights = drawValues(graph, output, `projection of output ${String(output.id)}`, count, seed);
    return builder.sum(builder.multiply(ref, builder.constant(weights.map((weight) => weight / Math.sqrt(count)), shape)));
  });
  return parts.length === 0 ? undefined : parts.reduce((sum, next) => builder.add(sum, next));
}

function toEntry(tensor: string, { index, analytic, numeric, relativeError }: EntryReport): CheckedEntry {
  return { tensor, index, analytic, numeric, relativeError };
}

/** Instructions carry the id of the node that they came from. */
function placeOfOrigin(graph: Graph): (origin: string | number | undefined) => Tensor['place'] | undefined {
  return (origin) => (typeof origin === 'number' ? graph.nodes[origin]?.place : undefined);
}

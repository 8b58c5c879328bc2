// Failures of a gradient check in words: entries by the names of their axes, patterns, operations at fault.

import type { Pattern } from '../engine/gradient-check/patterns';
import type { Culprit } from '../engine/gradient-check/report';
import type { CheckedKink } from './protocol';
import { Derivatives } from '../semantics/derivative/derive';
import { namingOf } from '../semantics/derivative/naming';
import type { Graph, Tensor } from '../semantics/graph';
import type { EvaluatedModel } from '../semantics/model';

const kernelAxes: readonly (readonly string[])[] = [[], ['k'], ['kh', 'kw'], ['kd', 'kh', 'kw']];

/** What the axes of a tensor are called; undefined where numbers have to do. */
export function axisNames({ source, type, batched }: Tensor): readonly string[] | undefined {
  const rank = type.shape.length;
  if (source.kind === 'parameter' && source.layer !== undefined) {
    const { name } = source.layer.operation;
    if (name.startsWith('ConvTranspose') && source.name === 'weight') return ['in', 'out', ...(kernelAxes[rank - 2] ?? [])];
    if (name.startsWith('Conv') && source.name === 'weight') return ['out', 'in', ...(kernelAxes[rank - 2] ?? [])];
    if (name === 'Linear') return source.name === 'weight' ? ['out', 'in'] : ['out'];
    if (name.startsWith('Embedding')) return ['row', 'column'];
    if (rank === 1 && (name.startsWith('Conv') || name.includes('Norm'))) return ['channel'];
    return undefined;
  }
  if (!batched) return undefined;
  if (rank === 3) return ['example', 'channel', 'row', 'column'];
  return rank === 1 ? ['example', 'feature'] : undefined;
}

/** `[out=3, in=1, kh=0, kw=2]` */
export function spellIndex(index: readonly number[], axes: readonly string[] | undefined): string {
  if (index.length === 0) return '';
  return axes?.length === index.length ? `[${index.map((at, axis) => `${axes[axis]!}=${String(at)}`).join(', ')}]` : `[${index.join(',')}]`;
}

/** What all wrong entries have in common. @param counts Numbers that a mean would divide by, with their meaning. */
export function spellPattern(pattern: Pattern, shape: readonly number[], axes: readonly string[] | undefined, counts: ReadonlyMap<number, string>): string {
  const nameOf = (axis: number): string => (axes?.length === shape.length ? axes[axis]! : `axis ${String(axis)}`);
  const named = pattern.axes.map(nameOf);
  const where = pattern.where.map(({ axis, indices }) => {
    const isBorder = indices.length === 2 && shape[axis]! > 2;
    return isBorder ? `at the border of ${nameOf(axis)} (${indices.join(' and ')})` : `at ${nameOf(axis)} = ${indices.join(' and ')}`;
  });
  const only = where.length === 0 ? 'all wrong entries' : `only entries ${where.join(' and ')} are wrong; they`;
  switch (pattern.kind) {
    case 'zero':
      return `${only} are 0 by differentiation: nothing flows back`;
    case 'factor':
      return `${only} are ${spellFactor(pattern.factor!, counts)}`;
    case 'transposed':
      return `all wrong entries have ${named.join(' ≠ ')}: the two are exchanged (transposed)`;
    case 'reversed':
      return `the entries are those of the reversed ${named.join(' and ')}: the kernel is flipped`.replace('the kernel is flipped', named.length > 1 ? 'the kernel is flipped' : 'it is flipped');
    case 'shifted':
      return `the entries are off by one along ${named[0]!}`;
    case 'unknown':
      return `only entries ${where.join(' and ')} are wrong`;
  }
}

function spellFactor(factor: number, counts: ReadonlyMap<number, string>): string {
  if (Math.abs(factor + 1) < 1e-3) return 'of the opposite sign';
  const [whole, inverse] = [Math.round(factor), Math.round(1 / factor)];
  if (whole > 1 && Math.abs(factor - whole) < 1e-3 * whole) {
    const meaning = counts.get(whole);
    return `too large by a factor of ${String(whole)}${meaning === undefined ? '' : `: is 1/N missing, N = ${String(whole)} ${meaning}?`}`;
  }
  if (inverse > 1 && Math.abs(1 / factor - inverse) < 1e-3 * inverse) {
    const meaning = counts.get(inverse);
    return `too small by a factor of ${String(inverse)}${meaning === undefined ? '' : `: is a sum over the ${String(inverse)} ${meaning} a mean?`}`;
  }
  return `off by a factor of ${String(Number(factor.toPrecision(4)))}`;
}

/** The derivatives on both sides of a kink, and the one that differentiation takes. */
export function spellKink(tensor: string, { index, axes, below, above, analytic, between }: CheckedKink): string {
  const sides = `the derivative by ${tensor}${spellIndex(index, axes)} is ${rounded(below)} from below and ${rounded(above)} from above`;
  const jumps = Number.isFinite(below) && Number.isFinite(above) ? '' : ' (the loss jumps)';
  return `${sides}${jumps}; differentiation gives ${rounded(analytic)}${between ? '' : ', which does not lie between them: rules for kinks that meet do not add up'}`;
}

/** As far as one-sided differences are exact. */
function rounded(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : `${value < 0 ? '-' : ''}infinite`;
}

/** The layer or function whose vector-Jacobian product is wrong, and how that shows. */
export function spellCulprit({ primitive, origin, input, analytic, numeric }: Culprit, graph: Graph): string {
  const node = typeof origin === 'number' ? graph.nodes[origin] : undefined;
  const owner = node === undefined ? primitive : node.kind === 'gradient' ? 'grad' : node.operation.name;
  const part = owner === primitive ? '' : ` (its ${primitive})`;
  const values = Number.isNaN(analytic) && Number.isNaN(numeric)
    ? 'it has the wrong shape'
    : `along a random direction of input ${String(input)} it gives ${short(analytic)}, differences give ${short(numeric)}`;
  return `the derivative of ${owner}${part} is wrong: as a vector-Jacobian product by itself, ${values}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(7)));
}

/** What the text calls each tensor. */
export function derivativesOf(model: EvaluatedModel): Derivatives {
  const { program, findings } = model.run;
  return new Derivatives(model.graph, namingOf(model, { observations: (node) => findings.observationsOf(node), textAt: (place) => program.textAt(place) }));
}

// Branches that meet and look at an input from different middles, since a layer pads or a slice cuts one end more than the other,
// or at different paces, since one is cut to the size that strides gave the other.

import { printPerAxis } from '../../layers/conv';
import type { AxisWindow } from '../../layers/dependence';
import { axisName } from '../../layers/window';
import { placesOf, strideOf } from '../axis-field';
import type { Graph, GraphNode, Tensor } from '../graph';
import { type Branch, type Misalignment, ReceptiveFields } from '../receptive-field';
import type { Lint } from './lint';
import { argumentFix } from './edits';
import { TensorSet, bodyOf, everywhere, layerOf, makerOf } from './network';

const rounding = 1e-9;

/** A node that shifts what is seen, and how along the axis in question. */
interface Shift {
  readonly node: GraphNode;
  readonly window: AxisWindow;
}

/** Whether a window has more in front than behind, or less. What a stride leaves over is no fault, nor is a crop of an odd number of places. */
function isLopsided({ before, after, stride }: AxisWindow): boolean {
  const difference = Math.abs(before - after);
  return difference >= stride - rounding && (Math.min(before, after) >= 0 || difference > stride + rounding);
}

/** Whether a window leaves places out at the ends, as a slice does. */
function crops({ before, after }: AxisWindow): boolean {
  return Math.min(before, after) < -rounding;
}

export const misalignedBranches: Lint = ({ graph }, report) => {
  // Most networks have no lopsided window on the way to a join, and need no receptive fields.
  const shifted = new TensorSet(graph);
  let isAny = false;
  for (const node of bodyOf(graph)) {
    if (node.kind !== 'operation') continue;
    if (!(isAny && node.inputs.some((input) => shifted.has(input))) && !node.effect.dependence.windows.some((window) => isLopsided(window) || crops(window))) continue;
    isAny = true;
    for (const output of node.outputs) shifted.add(output);
  }
  if (!isAny) return;
  const fields = new ReceptiveFields();
  const found = everywhere(
    graph,
    (node) => {
      if (!node.inputs.some((input) => shifted.has(input))) return undefined;
      const misalignment = fields.misalignmentsAt(node).find(isFault);
      return misalignment && { node, misalignment };
    },
    () => true,
    'applied',
    (node) => node.inputs.length > 1,
  );
  const said = new Set<string>();
  for (const { node, misalignment } of found) {
    const shifts = shiftsBetween(graph, node, misalignment.branches, misalignment.offset === undefined ? (window) => crops(window) || window.stride !== 1 : isLopsided);
    const places = shifts.map(({ node: { place } }) => `${String(place.span.start)}:${place.file}`);
    // What one layer shifts is said where its branch first meets another.
    if (places.every((place) => said.has(place))) continue;
    for (const place of places) said.add(place);
    report({
      code: 'misaligned-branches',
      severity: 'warning',
      place: node.place,
      message: describe(misalignment, shifts),
      related: shifts.slice(0, 8).map(({ node: { place }, window }) => ({ message: window.stride === 1 ? amounts(window) : `goes on by ${spell(window.stride)}`, place })),
      fixes: shifts.length === 1 ? oddKernel(shifts[0]!.node) : undefined,
    });
  }
};

/**
 * At least half a step apart, as the steps are where the branches meet; less is what strides leave.
 * Branches that end at the same place are causal, and one that sees as much as the other is shifted on purpose.
 */
function isFault({ offset, branches: [a, b] }: Misalignment): boolean {
  if (a === undefined || b === undefined) return false;
  // A map that was resized to another's size keeps nearly its pace.
  if (offset === undefined) return !a.field.merged && !b.field.merged && strideOf(b.field) >= 1.5 * strideOf(a.field);
  const [one, other] = [placesOf(a.field), placesOf(b.field)];
  const step = strideOf(a.field);
  const widths = Math.abs(one.last - one.first - other.last + other.first);
  return offset >= step / 2 - rounding && Math.abs(one.last - other.last) > step - rounding && widths > rounding;
}

/** The lopsided windows between two branches and where they part, along the axis that is followed back from where they meet. */
function shiftsBetween(graph: Graph, join: GraphNode, branches: readonly Branch[], isCause: (window: AxisWindow) => boolean): readonly Shift[] {
  /** By node: which branches lead there, and along which axes. */
  const reached = new Map<GraphNode, { ways: number; readonly axes: Set<number> }>();
  const reach = (tensor: Tensor, axis: number, way: number): void => {
    const maker = makerOf(tensor);
    if (maker === undefined) return;
    const before = reached.get(maker);
    if (before === undefined) reached.set(maker, { ways: way, axes: new Set([axis]) });
    else {
      before.ways |= way;
      before.axes.add(axis);
    }
  };
  const follow = (node: GraphNode, axis: number, way: number, only?: Tensor): readonly AxisWindow[] => {
    const windows = node.effect.dependence.windows.filter(({ to, input }) => to === axis && (only === undefined || node.inputs[input] === only));
    for (const { input, from } of windows) reach(node.inputs[input]!, from, way);
    return windows;
  };
  for (const [index, { operand, along }] of branches.entries()) follow(join, along, 1 << index, operand);
  const both = (1 << branches.length) - 1;
  const shifts: Shift[] = [];
  const nodes = bodyOf(graph);
  for (let at = nodes.indexOf(join) - 1; at >= 0 && [...reached.values()].some(({ ways }) => ways !== both); at--) {
    const node = nodes[at]!;
    const here = node.kind === 'operation' ? reached.get(node) : undefined;
    if (node.kind !== 'operation' || here === undefined) continue;
    reached.delete(node);
    for (const axis of here.axes) {
      const window = follow(node, axis, here.ways).find(isCause);
      if (window !== undefined && here.ways !== both) shifts.push({ node, window });
    }
  }
  return shifts.reverse();
}

function describe({ input, axis, offset, branches }: Misalignment, shifts: readonly Shift[]): string {
  const middles = branches.map(({ operand, field }) => `${spell(placesOf(field).middle)} through ${nameOf(operand)}`);
  const { rank, name } = { rank: input.type.shape.length, name: nameOf(input) };
  const where = axis > 0 && rank > 1 && rank < 5 ? axisName(rank - 1, axis - 1) : `dimension ${String(axis)}`;
  if (offset === undefined) {
    const paces = branches.map(({ operand, field }) => `${spell(strideOf(field))} through ${nameOf(operand)}`);
    return `the branches that meet here go over ${name} at different paces in ${where}: from unit to unit by ${paces.join(', and by ')}, so that only the first ones look at the same place; the same strides, or a resized map instead of a slice, align them`;
  }
  const [{ node, window }] = shifts as [Shift];
  const wayOut = isEvenKernel(node) ? 'an odd kernel is padded alike at both ends' : 'as much at both ends, or a branch that is cut alike, aligns them';
  return (
    `the branches that meet here are ${spell(offset)} position${offset === 1 ? '' : 's'} of ${name} apart in ${where}: the first unit looks around ${middles.join(', and around ')}; ` +
    `${node.operation.name === 'index' ? 'a slice' : node.operation.name} ${amounts(window)}; ${wayOut}`
  );
}

/** `pads by 1 in front and 2 behind`, or what is cut. */
function amounts({ before, after }: AxisWindow): string {
  const cuts = Math.min(before, after) < 0 && Math.max(before, after) <= 0;
  return `${cuts ? 'cuts off' : 'pads by'} ${spell(cuts ? -before : before)} in front and ${spell(cuts ? -after : after)} behind`;
}

function spell(amount: number): string {
  // Cutting nothing is not −0.
  return String(Number(amount.toFixed(3)) + 0);
}

function nameOf(tensor: Tensor): string {
  const { source } = tensor;
  return source.kind === 'input' ? source.name : (makerOf(tensor)?.operation.name ?? 'the other');
}

function isEvenKernel(node: GraphNode): boolean {
  const given = layerOf(node)?.arguments as { readonly padding?: unknown; readonly kernel_size?: readonly number[] } | undefined;
  return given?.padding === 'same' && given.kernel_size?.some((size) => size % 2 === 0) === true;
}

/** The next kernel that "same" pads alike. */
function oddKernel(node: GraphNode): ReturnType<typeof argumentFix> {
  if (!isEvenKernel(node)) return undefined;
  const { kernel_size } = layerOf(node)!.arguments as unknown as { readonly kernel_size: readonly number[] };
  const odd = kernel_size.map((size) => size + 1 - (size % 2));
  return argumentFix(`Use kernel_size = ${printPerAxis(odd)}`, node, { kernel_size: printPerAxis(odd) });
}

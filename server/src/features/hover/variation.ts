// What another number in place of an argument would change: shape, receptive field, parameters and cost, side by side.

import { elements, printShape } from '../../layers/tensor';
import type { Effect } from '../../layers/definition';
import type { GraphNode, Tensor } from '../../semantics/graph';
import { ReceptiveFields } from '../../semantics/receptive-field';
import { add, type Dimension } from '../../symbolic/dimension';
import { type Knowledge, simplify } from '../../symbolic/knowledge';
import { fieldSize } from '../figures';
import { code, escaped, paragraphs, table, unbroken } from '../markdown';
import { grouped } from '../numbers';
import { definitionsOf, spellArgument } from '../spelling';

/** A table with a smaller and a larger value of an argument that is one whole number, or both of one that is true or false; undefined for others. */
export function variationOf(node: GraphNode, name: string, known: Knowledge): string | undefined {
  const definition = definitionsOf(node.operation)[name];
  const spelled = definition && spellArgument(definition, node.arguments[name]);
  if (definition === undefined || spelled === undefined || !/^(\d+|true|false)$/.test(spelled)) return undefined;
  const current = JSON.parse(spelled) as number | boolean;
  const at = (value: number | boolean): Outcome | string | undefined => (value === current ? ofEffect(node, node.effect, value, known) : vary(node, name, value, known));
  const outcomes = typeof current === 'boolean' ? [false, true].map(at) : neighboursOf(name, current).map((value) => (value === current ? at(value) : nextThatFits(value, current, at)));
  const right = outcomes.filter((outcome) => typeof outcome === 'object');
  const wrong = outcomes.filter((outcome) => typeof outcome === 'string');
  if (right.length + wrong.length < 2) return undefined;
  // A choice that changes none of the figures is told by its documentation.
  if (typeof current === 'boolean' && new Set(right.map((outcome) => headings.map(({ of }) => of(outcome)).join())).size < 2) return undefined;
  const columns = headings.filter(({ of }) => right.some((outcome) => of(outcome) !== ''));
  const rows = right.map((outcome) => [outcome.value === current ? `**${String(current)}**` : String(outcome.value), ...columns.map(({ of }) => (of(outcome) === '' ? '' : unbroken(of(outcome))))]);
  return paragraphs(table([code(name), ...columns.map(({ title }) => title)], rows), wrong.length === 0 ? undefined : wrong.map(escaped).join('  \n'));
}

/** Kernels stay odd or even; larger numbers are halved and doubled. */
function neighboursOf(name: string, current: number): readonly number[] {
  if (/kernel/.test(name)) return [current - 2, current, current + 2].filter((value) => value > 0);
  if (current >= 8) return [current % 2 === 0 ? current / 2 : current - 1, current, 2 * current];
  return [current - 1, current, current + 1].filter((value) => value >= 0);
}

/** The outcome of a value or, where that is none, of the next one that divides what it must; a sentence where there is no such. */
function nextThatFits(value: number, current: number, at: (value: number) => Outcome | string | undefined): Outcome | string | undefined {
  const first = at(value);
  if (typeof first === 'object') return first;
  const step = Math.sign(value - current);
  for (let next = value + step; next > 0 && Math.abs(next - current) <= furthest; next += step) {
    const outcome = at(next);
    if (typeof outcome === 'object') return outcome;
  }
  return first;
}

/** How far values are looked for that fit. */
const furthest = 64;

interface Outcome {
  readonly value: number | boolean;
  readonly output: string;
  readonly field: string;
  readonly parameters: Dimension;
  readonly macs: Dimension;
}

const headings: readonly { readonly title: string; of(outcome: Outcome): string }[] = [
  { title: 'Output', of: ({ output }) => output },
  { title: 'Receptive field', of: ({ field }) => field },
  { title: 'Parameters', of: ({ parameters }) => (parameters === 0 ? '' : grouped(parameters)) },
  { title: 'MACs', of: ({ macs }) => (macs === 0 ? '' : grouped(macs)) },
];

/** The layer's own rules with the other value; a sentence where they do not allow for it. */
function vary(node: GraphNode, name: string, value: number | boolean, known: Knowledge): Outcome | string | undefined {
  const { operation, inputs } = node;
  const reading = definitionsOf(operation)[name]!.read(value);
  if ('problem' in reading) return undefined;
  let problem: string | undefined;
  const effect = operation.infer({
    inputs: inputs.map(({ type }) => type),
    arguments: { ...node.arguments, [name]: reading.value },
    freeParameters: true,
    problem: ({ message }) => {
      problem ??= message;
      return undefined;
    },
    warn: () => undefined,
    requireEqual: (a, b) => a === b || typeof a !== 'number' || typeof b !== 'number',
    requireAtLeast: (size, bound) => typeof size !== 'number' || size >= bound,
  });
  if (effect === undefined) return problem === undefined ? undefined : `${name} = ${String(value)}: ${problem}`;
  return ofEffect(node, effect, value, known);
}

function ofEffect(node: GraphNode, effect: Effect, value: number | boolean, known: Knowledge): Outcome {
  const [parameters, macs] = [add(0, ...(effect.parameters ?? []).map(({ shape }) => elements(shape))), simplify(effect.macs ?? 0, known)];
  return { value, output: printShape(effect.output.shape.map((size) => simplify(size, known))), field: fieldWith(node, effect), parameters, macs };
}

/** The receptive field of the output if the node had this effect. */
function fieldWith(node: GraphNode, effect: Effect): string {
  const outputs: Tensor[] = [];
  const varied: GraphNode = { ...node, effect, outputs };
  outputs.push({ ...node.outputs[0]!, type: effect.output, source: { kind: 'node', node: varied } });
  const [field, other] = new ReceptiveFields().of(outputs[0]!);
  return field === undefined || other !== undefined ? '' : (fieldSize(field) ?? '');
}

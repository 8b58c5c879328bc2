// The table of facts that hovers share: sizes, receptive field, parameters, cost, what is kept, each with its formula.

import { operators } from '../../layers/operators';
import { printShape } from '../../layers/tensor';
import type { Kept, Parameter, Step } from '../../layers/definition';
import { torchForm } from '../../layers/torch-form';
import type { AnyNode, Graph, GraphNode, Tensor } from '../../semantics/graph';
import { keptBy, keptEntries, type NeedsGradient, neededIn } from '../../semantics/kept';
import { keptBytes } from '../../semantics/memory';
import { add, type Dimension, print } from '../../symbolic/dimension';
import { type Application, costOf, fieldBefore, fieldDetails, fieldSize, globalSince, misalignmentsAt, isAlone, onlyOperation, receptiveFieldsOf, tensorsIn, unknownReason } from '../figures';
import { code, escaped, table } from '../markdown';
import { bytes, grouped, groupedAndShortened } from '../numbers';
import { defaultSettings, type Settings } from '../settings';
import { capitalized, catalogLayer } from '../spelling';
import type { Document } from '../workspace';

/** What it is, and what is known of it. */
export type Fact = readonly [what: string, text: string];

export function factTable(facts: readonly Fact[]): string | undefined {
  return facts.length === 0 ? undefined : table(['', ''], facts);
}

/** `**2,432** = 32·3·5·5 + 32`: a number, and the formula that gives it. */
export function withFormula(value: Dimension, formula: string | undefined): string {
  const number = typeof value === 'number' ? `**${groupedAndShortened(value)}**` : code(print(value));
  if (formula === undefined) return number;
  const result = formula.lastIndexOf(' = ');
  const left = result < 0 ? formula : formula.slice(0, result);
  return left === grouped(value) ? number : `${number} = ${code(left)}`;
}

/** `line 43`, with the file's name where it is another one. */
export function lineOf(place: { readonly file: string; readonly span: { readonly start: number } }, document: Document): string {
  const source = place.file === document.uri ? document : document.dependencies.get(place.file);
  if (source === undefined) return 'another file';
  const line = `line ${String(source.lines.position(place.span.start).line + 1)}`;
  return source === document || source.uri === document.uri ? line : `${line} of ${source.uri.slice(source.uri.lastIndexOf('/') + 1)}`;
}

/** All facts of one application. */
export function factsOfApplication(application: Application, document: Document, settings: Settings = defaultSettings): readonly Fact[] {
  const { graph, nodes, output } = application;
  const operation = onlyOperation(nodes);
  const steps = operation?.effect.steps ?? [];
  const { parameters, buffers, macs } = costOf(nodes);
  const facts: Fact[] = [];
  facts.push(...sizeSteps(steps));
  if (operation !== undefined) facts.push(...broadcastFacts(operation));
  const [tensor] = tensorsIn(output);
  if (tensor !== undefined) facts.push(...fieldFacts(graph, tensor, document));
  facts.push(...nodes.slice(-1).flatMap((node) => alignmentFacts(graph, node)));
  if (parameters !== 0 || operation?.layer !== undefined) {
    facts.push(['Parameters', [withFormula(parameters, parameters === 0 ? undefined : formulaOf(steps, 'parameters')), shapesOf(operation?.effect.parameters)].join('')]);
  }
  if (buffers !== 0) facts.push(['Buffers', [withFormula(buffers, undefined), shapesOf(operation?.effect.buffers)].join('')]);
  if (macs !== 0) facts.push(['MACs', withFormula(macs, formulaOf(steps, 'MACs'))]);
  const elementwise = operation?.effect.elementwise() ?? 0;
  if (operation !== undefined && elementwise !== 0) {
    facts.push(['Flops', withFormula(add(macs, macs, elementwise), macs === 0 ? undefined : typeof elementwise === 'number' ? `2·MACs + ${grouped(elementwise)}` : '2·MACs + elementwise work')]);
  }
  if (operation !== undefined) facts.push(...keptFacts(operation, neededIn(graph, isAlone(application)), settings));
  facts.push(...torchFacts(operation));
  return facts;
}

/** Equal formulas of several axes share a row. */
function sizeSteps(steps: readonly Step[]): readonly Fact[] {
  const byFormula = new Map<string, string[]>();
  for (const { what, formula } of steps) {
    if (what === 'parameters' || what === 'MACs') continue;
    const known = byFormula.get(formula);
    if (known === undefined) byFormula.set(formula, [what]);
    else known.push(what);
  }
  return [...byFormula].map(([formula, names]): Fact => [capitalized(names.join(', ')), code(formula)]);
}

/** Which operand of an entrywise operation is repeated along which axes of the result. */
function broadcastFacts({ operation, inputs, outputs }: GraphNode): readonly Fact[] {
  if (!broadcasting.has(operation.name)) return [];
  const { shape } = outputs[0]!.type;
  return inputs.flatMap(({ type: { shape: own } }): readonly Fact[] => {
    const missing = shape.length - own.length;
    const axes = shape.flatMap((size, axis) => ((own[axis - missing] ?? 1) === 1 && size !== 1 ? [axis] : []));
    // A single number is not worth a word.
    if (own.length === 0 || axes.length === 0) return [];
    return [['Broadcast', `${code(printShape(own))} is repeated along ${axes.length === 1 ? 'axis' : 'axes'} ${axes.map(String).join(', ')}`]];
  });
}

const broadcasting: ReadonlySet<string> = new Set([...operators.map(({ name }) => name), 'maximum', 'minimum', 'where']);

function formulaOf(steps: readonly Step[], what: string): string | undefined {
  return steps.find((each) => each.what === what)?.formula;
}

/** A layer of several layers has parameters of the same shapes again and again. */
const mostShapes = 4;

/** `, weight [32, 3, 5, 5], bias [32]` */
function shapesOf(parameters: readonly Parameter[] | undefined): string {
  const all = parameters ?? [];
  const shown = all.slice(0, all.length > mostShapes + 1 ? mostShapes : all.length);
  return [...shown.map(({ name, shape }) => `, ${escaped(name)} ${code(printShape(shape))}`), ...(shown.length < all.length ? [` and ${String(all.length - shown.length)} more`] : [])].join('');
}

const keptWords: Readonly<Record<Kept, (amount: string) => string>> = {
  input: (amount) => `the input (${amount})`,
  output: (amount) => `the output (${amount})`,
  weight: (amount) => `the weight (${amount})`,
  mask: (amount) => `a mask (${amount})`,
  indices: (amount) => `the places that were picked (${amount})`,
  statistics: (amount) => `intermediate values (${amount})`,
};

/** What the backward pass needs, with the number of entries and, where all of it is known in numbers, the memory of a batch. */
function keptFacts(node: GraphNode, needsGradient: NeedsGradient, settings: Settings): readonly Fact[] {
  const { others } = keptBy(node, needsGradient);
  const parts = node.operation.keeps.flatMap((kept) => {
    if (kept === 'weight' ? node.parameters.length === 0 : kept !== 'input' && kept !== 'output' && !others.includes(kept)) return [];
    const entries = keptEntries(node, kept, needsGradient);
    // Operands that are parameters are there anyway.
    return entries === 0 ? [] : [keptWords[kept](entries === undefined ? 'not known in numbers' : typeof entries === 'number' ? grouped(entries) : code(grouped(entries)))];
  });
  if (parts.length === 0) return [];
  const batch = settings['memory.batchSize'];
  const memory = keptBytes([node], { elementBytes: settings['memory.elementBytes'], batch }, needsGradient);
  const examples = batch === 1 ? '' : ` for ${grouped(batch)} examples`;
  const amount = typeof memory !== 'number' || memory === 0 ? '' : `: **${bytes(memory)}**${examples}`;
  return [['Kept', `${parts.join(', ')} for the backward pass${amount}`]];
}

/** The receptive field in each input; the input is named where there are several. */
export function fieldFacts(graph: Graph, tensor: Tensor, document: Document): readonly Fact[] {
  const fields = receptiveFieldsOf(graph, tensor);
  return fields.map((field): Fact => {
    const { source } = field.input;
    const what = fields.length > 1 && source.kind === 'input' ? `Receptive field in ${source.name}` : 'Receptive field';
    const size = fieldSize(field);
    if (size === undefined) return [what, `not known: ${escaped(unknownReason(field) ?? '')}`];
    const since = globalSince(field);
    const details = field.global ? '' : fieldDetails(field);
    const before = since === undefined || !field.global ? undefined : fieldBefore(graph, since, field);
    const origin = since === undefined ? '' : `global since ${nameOf(since)} at ${lineOf(since.place, document)}${before === undefined ? '' : `; ${fieldSize(before)!} before it`}`;
    return [what, [`**${size}**`, details, origin].filter((part) => part !== '').join(', ')];
  });
}

/** What one writes in PyTorch, where that is known: `nn.Conv2d(3, 64, kernel_size=7)`, `torch.cat([a, b], dim=1)`. */
function torchFacts(node: GraphNode | undefined): readonly Fact[] {
  const layer = catalogLayer(node?.layer);
  if (node === undefined || (node.layer !== undefined && layer === undefined)) return [];
  const form = torchForm({
    operation: node.operation,
    arguments: layer?.arguments ?? node.arguments,
    inputs: node.inputs.map((input) => input.type),
    batched: node.inputs.map(hasBatch),
    names: node.inputs.map(torchName),
  });
  return form === undefined ? [] : [['PyTorch', code(form.module ?? form.call)]];
}

/** Whether a tensor differs from example to example: it comes from an input or a target. */
function hasBatch(tensor: Tensor): boolean {
  const seen = new Set<Tensor>();
  const pending = [tensor];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { source } = next;
    if (source.kind === 'input' || source.kind === 'target') return true;
    if (source.kind !== 'node' || seen.has(next)) continue;
    seen.add(next);
    for (const input of source.node.inputs) pending.push(input);
  }
  return false;
}

/** The name of an input or a parameter, and the number that a constant is. */
function torchName({ source }: Tensor): string | undefined {
  if (source.kind === 'input' || source.kind === 'target' || (source.kind === 'parameter' && source.layer === undefined)) return source.name;
  if (source.kind !== 'constant') return undefined;
  const text = source.text ?? String(source.value);
  return /^[\w.]+$/.test(text) ? text : `(${text})`;
}

/** Branches that meet and look at an input from different middles: after a crop on one side, an even kernel, or other strides. */
function alignmentFacts(graph: Graph, node: AnyNode): readonly Fact[] {
  return misalignmentsAt(graph, node).map(({ axis, offset }): Fact => {
    const where = `dimension ${grouped(axis)} of the input`;
    return ['Branches', offset === undefined ? `not aligned: their strides differ in ${where}` : `not aligned: their middles are up to ${grouped(offset)} apart in ${where}`];
  });
}

function nameOf(node: AnyNode): string {
  return node.kind === 'operation' ? node.operation.name : 'grad';
}

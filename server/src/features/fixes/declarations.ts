// Fixes at what is declared: shapes of inputs, names, files, lets that should be stacks, sizes that models ask for.

import type * as ast from '../../../../grammar/ast';
import { nodePathAt } from '../../../../grammar/walk';
import { nearestName } from '../../base/nearest';
import type { Fix } from '../../base/diagnostic';
import { wordsOf } from '../names';
import { separatorAt } from '../refactor/site';
import { introductionOf } from '../scopes';
import { callOf } from './calls';
import { markedNode } from './numbers';
import { print } from '../../symbolic/dimension';
import { resultOf } from './shapes';
import { around, type Fixer, insert, marked, replace, type Site, tensorOf, textOf } from './site';

/** An input, target or param that is given as an argument, declared with the shape that is asked for there. */
export function* declaredShape(site: Site): Iterable<Fix> {
  const { diagnostic, document } = site;
  for (const { value } of [...(callOf(site)?.arguments ?? [])].reverse()) {
    const by = value.kind === 'name' ? introductionOf(value, [...site.path.filter((node) => node.span.start <= value.span.start && node.span.end >= value.span.end)])?.by : undefined;
    if ((by?.kind !== 'input' && by?.kind !== 'target' && by?.kind !== 'param') || by.type?.shape === undefined) continue;
    const { type } = by;
    const shape = document.text.slice(type.span.start, type.span.end).indexOf('[');
    for (const wanted of diagnostic.data?.shapes ?? []) {
      yield replace(`Declare ${by.name.text} as ${wanted}`, { start: type.span.start + shape, end: type.span.end }, wanted);
    }
  }
}

/** A param that is added to something, declared with the shape of that. */
export function* declaredParam(site: Site): Iterable<Fix> {
  const sum = marked(site, 'binary');
  for (const [own, other] of sum === undefined ? [] : ([[sum.left, sum.right], [sum.right, sum.left]] as const)) {
    const by = own.kind === 'name' ? introductionOf(own, site.path.slice(0, site.path.indexOf(sum!) + 1))?.by : undefined;
    const shape = tensorOf(site, other)?.type.shape;
    if (by?.kind !== 'param' || by.type?.shape === undefined || shape === undefined || !shape.every((size) => typeof size === 'number')) continue;
    yield replace(`Declare ${by.name.text} as [${shape.join(', ')}]`, by.type.span, `[${shape.join(', ')}]`);
  }
}

/** A target of one class for each place of the prediction. */
export function* declaredTarget(site: Site): Iterable<Fix> {
  const call = marked(site, 'call');
  const [prediction, target] = call?.arguments ?? [];
  const shape = prediction && resultOf(site, prediction.value)?.type.shape;
  const by = target?.value.kind === 'name' ? introductionOf(target.value, site.path)?.by : undefined;
  if (shape?.length !== 2 || by?.kind !== 'target' || by.type?.element !== 'int') return;
  const text = `int[${print(shape[0]!)}]`;
  yield replace(`Declare ${by.name.text} as ${text}`, by.type.span, text);
}

/** What stands for a size in the type of an input becomes a name, or the size that came in. */
export function* fittingType(site: Site): Iterable<Fix> {
  const type = around(site, 'type');
  if (type === undefined) return;
  const words = wordsOf(site.document);
  const axis = type.shape?.findIndex(({ span }) => span.start === site.diagnostic.span.start) ?? -1;
  const name = [['c', 'h', 'w'][axis], 'n', 'm', 'k'].find((each): each is string => each !== undefined && !words.has(each));
  if (name !== undefined) yield replace(`Let ${name} stand for any size`, site.diagnostic.span, name);
}

/** The size that comes in. */
export function* incomingSize(site: Site): Iterable<Fix> {
  const size = site.diagnostic.data?.values?.[0];
  if (size !== undefined) yield replace(`Use ${size}`, site.diagnostic.span, size);
}

/** Free dimensions instead of an ellipsis. */
export function* freeDimensions(site: Site): Iterable<Fix> {
  const words = wordsOf(site.document);
  for (const names of [['H', 'W'], ['L'], ['D', 'H', 'W'], ['N']]) {
    if (names.every((name) => !words.has(name))) yield replace(`Write ${names.join(', ')}`, site.diagnostic.span, names.join(', '));
  }
}

/** What a model asks of its free dimensions, said as an assumption. */
export function* statedRequirement(site: Site): Iterable<Fix> {
  const condition = site.diagnostic.data?.condition;
  const input = around(site, 'input');
  if (condition === undefined || input === undefined) return;
  yield { title: `State it: assert ${condition}`, edits: [insert(input.span.end, `${separatorAt(site.document, input)}assert ${condition}`)] };
}

/** What a product asks of a size that nobody meant to settle: its second factor was to be transposed. */
export function* transposedFactor(site: Site): Iterable<Fix> {
  for (const { span, file } of site.diagnostic.related ?? []) {
    if (file !== undefined && file !== site.document.uri) continue;
    const product = nodePathAt(site.document.tree, span.start).find((node) => node.kind === 'binary' && node.operator === '@' && node.span.start === span.start && node.span.end === span.end);
    if (product?.kind !== 'binary') continue;
    const text = `transpose(${textOf(site, product.right)})`;
    yield replace(`Write ${textOf(site, product.left)} @ ${text}`, product.right.span, text);
  }
}

/** `let head = Linear(10)` as a stack. */
export function* stackForLet(site: Site): Iterable<Fix> {
  const declaration = around(site, 'let');
  if (declaration === undefined) return;
  const name = declaration.name.text;
  yield replace(`Declare a stack ${name}`, declaration.span, `stack ${name} {\n  ${textOf(site, declaration.value)}\n}`);
}

/** A free dimension of the model for one that it does not have. */
export function* otherDimension(site: Site): Iterable<Fix> {
  const argument = around(site, 'argument');
  if (argument?.name === undefined) return;
  const names = site.diagnostic.data?.names ?? [];
  const sorted = [...new Set([nearestName(argument.name.text, names), ...names])];
  for (const name of sorted) if (name !== undefined) yield replace(`Change to ${name}`, argument.name.span, name);
}

/** `loss_` for `loss`. */
export const nameForKeyword: Fixer = (site) => {
  const written = textOf(site, site.diagnostic);
  const name = `${written}_`;
  if (!/^[a-z]+$/.test(written) || new RegExp(`\\b${name}\\b`).test(site.document.text)) return [];
  return [replace(`Rename to ${name}`, site.diagnostic.span, name)];
};

/** A layer of its own where a shared one does not fit. */
export function* ownLayer(site: Site): Iterable<Fix> {
  const name = marked(site, 'name');
  const by = name && introductionOf(name, site.path.slice(0, site.path.indexOf(name)))?.by;
  if (by?.kind !== 'binding' || by.names.length !== 1) return;
  const text = textOf(site, by.value);
  yield replace(`Make a layer of its own: ${text}`, name!.span, by.value.kind === 'pipe' ? `{ ${text} }` : text);
}

/** A binding behind the statement that makes what it reads known. */
export function* moveDown(site: Site): Iterable<Fix> {
  const at = site.path.findLastIndex(({ kind }) => kind === 'binding');
  const binding = site.path[at];
  const block = site.path[at - 1];
  if (binding?.kind !== 'binding' || block?.kind !== 'block') return;
  const lines = site.document.lines;
  const line = (offset: number): number => lines.position(offset).line;
  const start = lines.offset({ line: line(binding.span.start), character: 0 });
  const end = lines.offset({ line: line(binding.span.end) + 1, character: 0 });
  const isAlone = (statement: ast.Statement): boolean => block.statements.every((other) => other === statement || line(other.span.end) < line(statement.span.start) || line(other.span.start) > line(statement.span.end));
  if (!isAlone(binding)) return;
  for (const later of block.statements.slice(block.statements.indexOf(binding) + 1)) {
    if (!isAlone(later) || later.span.end === site.document.text.length) continue;
    const behind = lines.offset({ line: line(later.span.end) + 1, character: 0 });
    yield { title: `Move it behind ${textOf(site, later).split('\n')[0]!}`, edits: [{ span: { start, end }, text: '' }, insert(behind, site.document.text.slice(start, end))] };
  }
}

/** The number that an assert compares with, as it is. */
export function* actualValue(site: Site): Iterable<Fix> {
  const { values } = site.diagnostic.data ?? {};
  const node = markedNode(site);
  if (values === undefined || node.kind !== 'comparison' || node.operators.length !== 1 || node.operators[0] !== '==') return;
  const operand = [...node.operands].reverse().find(({ kind }) => kind === 'integer' || kind === 'list');
  const actual = operand && values[operand === node.operands[0] ? 1 : 0];
  if (actual !== undefined) yield replace(`Use ${actual}`, operand!.span, actual);
}

/** Names for the values that are left over, or none for values that are missing. */
export function* otherNames(site: Site): Iterable<Fix> {
  const binding = around(site, 'binding');
  const [count] = site.diagnostic.data?.sizes ?? [];
  if (binding === undefined || count === undefined) return;
  const names = binding.names.map(({ text }) => text);
  const span = { start: binding.names[0]!.span.start, end: binding.names.at(-1)!.span.end };
  const text = Array.from({ length: count }, (_, index) => names[index] ?? `_${String(index)}`).join(', ');
  yield replace(`Unpack into ${text}`, span, text);
}

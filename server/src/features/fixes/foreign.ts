// What others write: modules in front of names, methods of tensors, axes that count the batch, functions and imports of Python.

import type * as ast from '../../../../grammar/ast';
import { functions } from '../../layers/catalog';
import { foreignNames } from '../../semantics/foreign';
import { applied, type TextEdit } from '../text-edits';
import { wholeNumber } from './numbers';
import { type Fixer, holderOf, indentationAt, replace, type Site, textOf } from './site';

/** `Sequential(Conv2d(8, 3), ReLU())` becomes `{ Conv2d(8, 3); ReLU() }`. */
export const blockOfSequence: Fixer = (site) => {
  const call = site.path.findLast((node) => node.kind === 'call' && node.callee.span.start <= site.diagnostic.span.start && site.diagnostic.span.end <= node.callee.span.end);
  if (call?.kind !== 'call' || !/\bSequential$/.test(textOf(site, call.callee)) || call.arguments.length === 0 || call.arguments.some(({ name }) => name !== undefined)) return [];
  const layers = call.arguments.map((argument) => textOf(site, argument));
  const isLong = layers.some((layer) => layer.includes('\n')) || textOf(site, call).includes('\n');
  const indent = indentationAt(site, call.span.start);
  const text = isLong ? `{\n${layers.map((layer) => `${indent}  ${layer}`).join('\n')}\n${indent}}` : `{ ${layers.join('; ')} }`;
  return [replace('Write a block of these layers', call.span, text)];
};

/** `nn.Conv2d` becomes `Conv2d`, and `torch.cat(x, dim=1)` becomes `concat(x, dim=0)`. */
export const ownName: Fixer = (site) => {
  const module = site.path.findLast((node) => node.kind === 'member' && node.object.span.start === site.diagnostic.span.start && node.object.span.end === site.diagnostic.span.end);
  if (module?.kind !== 'member') return [];
  const name = foreignNames.get(module.name.text) ?? module.name.text;
  const holder = holderOf(site, module);
  const call = holder?.kind === 'call' && holder.callee === module ? holder : undefined;
  const axes = call === undefined ? [] : call.arguments.flatMap((argument, index) => axisEdits(argument, index, name, 1));
  const title = name !== module.name.text || axes.length > 0 ? `Write ${name}` : `Remove ${textOf(site, module.object)}.`;
  return [{ title: axes.length > 0 ? `${title}, whose axes do not count the batch` : title, edits: [{ span: module.span, text: name }, ...axes] }];
};

/** `x.flatten(1)` becomes `flatten(x)`: PyTorch's axes count the batch. */
export const methodIntoFunction: Fixer = (site) => {
  const member = site.path.findLast((node) => node.kind === 'member');
  const name = site.diagnostic.data?.function;
  if (member?.kind !== 'member' || name === undefined) return [];
  const holder = holderOf(site, member);
  const call = holder?.kind === 'call' && holder.callee === member ? holder : undefined;
  const text = `${name}(${[textOf(site, member.object), ...argumentsOf(site, call?.arguments ?? [], name)].join(', ')})`;
  return [replace(`Write ${text}`, (call ?? member).span, text)];
};

/** The arguments of a method, as the function takes them. */
function argumentsOf(site: Site, given: readonly ast.Argument[], name: string): readonly string[] {
  const texts = given.map((argument, index) => applied(site.document.text.slice(0, argument.span.end), axisEdits(argument, index, name, 0)).slice(argument.span.start));
  const [first] = given;
  // The batch itself, as what is left over, as a size, or as the first axis.
  const isBatch = given.length > 1 && first?.name === undefined && (name === 'reshape' ? wholeNumber(first?.value) === -1 || /\b(?:size|shape)\b/.test(texts[0]!) : name === 'permute' && wholeNumber(first?.value) === 0);
  if (isBatch) return texts.slice(1);
  return name === 'flatten' && texts.length === 1 && texts[0] === '0' ? [] : texts;
}

/** `def f(x): return 2 * x` becomes `function f(x) = 2 * x`: a function whose body is one `return`, but no method. */
export const functionOfDefinition: Fixer = (site) => {
  const { start } = site.diagnostic.span;
  const definition = /^def[ \t]+(\w+)[ \t]*\(([^()\n]*)\)[ \t]*(?:->[^:\n]*)?:[ \t]*(?:\n[ \t]+)?return\b[ \t]*([^\n;#]*[^\s;#])/.exec(site.document.text.slice(start));
  const parameters = definition?.[2]!.split(',').map((each) => each.replace(/:[^=]*/, '').replace(/\s*=\s*/, ' = ').trim()).filter((each) => each !== '');
  if (definition === null || parameters === undefined || parameters[0] === 'self' || !parameters.every((each) => /^[A-Za-z_]\w*(?: = .*)?$/.test(each))) return [];
  const [whole, name, , value] = definition;
  return [replace(`Write function ${name!}`, { start, end: start + whole.length }, `function ${name!}(${parameters.join(', ')}) = ${value!.replaceAll('**', '^')}`)];
};

/** `(a, b) = chunk(x, 2)` becomes `a, b = chunk(x, 2)`. */
export const namesWithoutBrackets: Fixer = (site) => {
  const before = site.document.text.slice(0, site.diagnostic.span.start);
  const [written, names] = /(?:\(|\[)[ \t]*((?:\w+[ \t]*,[ \t]*)*\w+)[ \t]*,?[ \t]*[)\]][ \t]*$/.exec(before.slice(before.lastIndexOf('\n') + 1)) ?? [];
  return written === undefined ? [] : [replace('Remove the brackets', { start: before.length - written.length, end: before.length }, `${names!} `)];
};

/** `import torch` and `from torch import nn` go with their line. */
export const withoutImport: Fixer = (site) => {
  const { lines } = site.document;
  const { line } = lines.position(site.diagnostic.span.start);
  if (!/^(?:import\b|from\s+[\w.]+\s+import\b)/.test(lines.line(line))) return [];
  return [replace('Remove the line', { start: lines.offset({ line, character: 0 }), end: lines.offset({ line: line + 1, character: 0 }) }, '')];
};

/** An argument that names an axis, counted without the batch; behind the function's tensors, positional arguments are in its order. */
function axisEdits(argument: ast.Argument, index: number, name: string, tensors: number): readonly TextEdit[] {
  const names = Object.keys(functions.get(name)?.arguments ?? {});
  const taker = argument.name?.text ?? (name === 'permute' ? 'dims' : names[index - tensors]);
  if (taker === undefined || !/^(?:dims?|dim\d|start_dim|end_dim)$/.test(taker)) return [];
  const numbers = argument.value.kind === 'list' ? argument.value.items : [argument.value];
  const values = numbers.map(wholeNumber);
  if (!values.every((value) => value !== undefined && (value > 0 || value < 0))) return [];
  return numbers.flatMap((node, at) => (values[at]! > 0 ? [{ span: node.span, text: String(values[at]! - 1) }] : []));
}

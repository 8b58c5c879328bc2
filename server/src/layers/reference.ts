// The reference pages of the catalog, in Markdown, written from its entries.

import { writtenNumber } from '../base/words';
import { type ArgumentDefinition, describeRaw, type RawValue } from './arguments';
import { families, type Family } from './catalog';
import type { Arguments, Kept, Operation } from './definition';

/** All pages by file name: one for each family, and an index; `forms` has what one writes in PyTorch for each entry. */
export function referencePages(forms: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const pages = new Map(families.map((family) => [`${family.name}.md`, page(family, forms)]));
  return pages.set('README.md', index());
}

function index(): string {
  const rows = families.map(({ name, title, layers = [], functions = [] }) => {
    const entries = [...layers, ...functions].map((entry) => `\`${entry.name}\``).join(' ');
    return `- [${title}](${name}.md): ${entries}`;
  });
  return ['# Layers and functions', '', 'Upper case makes a layer, lower case is a function on tensors. These pages are written from the catalog.', '', ...rows, ''].join('\n');
}

function page({ title, layers = [], functions = [] }: Family, forms: ReadonlyMap<string, string>): string {
  const parts = [`# ${title}`, ...[...layers, ...functions].map((entry) => section(entry, forms.get(entry.name)))];
  return `${parts.join('\n\n')}\n`;
}

const keptNames: Readonly<Record<Kept, string>> = {
  input: 'its input',
  output: 'its output',
  weight: 'its weights',
  mask: 'a mask',
  indices: 'indices',
  statistics: 'intermediate values',
};

/** One entry: what it does, its formula, inputs, arguments, and what the backward pass keeps. */
function section(entry: Operation, form: string | undefined): string {
  const lines = [`## ${entry.name}`, '', entry.summary, '', '```text', signature(entry), entry.formula, '```'];
  const documented = entry.inputs.filter((input) => input.documentation !== undefined);
  if (documented.length > 0) lines.push('', ...documented.map((input) => `- \`${input.name}\`${input.optional === true ? ' (optional)' : ''}: ${input.documentation!}`));
  const given = Object.entries<ArgumentDefinition<unknown>>(entry.arguments as Readonly<Record<string, ArgumentDefinition<unknown>>>);
  const forward = Object.entries<ArgumentDefinition<unknown>>((entry.forward ?? {}) as Readonly<Record<string, ArgumentDefinition<unknown>>>);
  if (given.length > 0) lines.push('', ...table(given));
  if (forward.length > 0) lines.push('', 'Where it is applied, by name:', '', ...table(forward));
  if (form !== undefined) lines.push('', `In PyTorch, for example: \`${form}\``);
  const kept = entry.keeps.map((what) => keptNames[what]).join(', ');
  lines.push('', `Elementwise work: ${entry.work.counted}.`, '', `For the backward pass it keeps ${kept === '' ? 'nothing' : kept}.`, '', `Source: ${linked(entry.source)}`);
  return lines.join('\n');
}

/** `Conv2d(out_channels, kernel_size, stride = 1, …)` */
function signature({ name, inputs, arguments: given }: Operation): string {
  const isLayer = /^[A-Z]/.test(name);
  const operands = isLayer ? [] : inputs.map((input) => (input.variadic === true ? `${input.name}, …` : input.optional === true ? `${input.name}?` : input.name));
  const named = Object.entries<ArgumentDefinition<unknown>>(given as Readonly<Arguments> as Readonly<Record<string, ArgumentDefinition<unknown>>>);
  const written = named.map(([argument, { default: standard }]) => (standard === undefined ? argument : `${argument} = ${printDefault(standard)}`));
  return `${name}(${[...operands, ...written].join(', ')})`;
}

function table(given: readonly (readonly [string, ArgumentDefinition<unknown>])[]): readonly string[] {
  const rows = given.map(([name, { documentation, accepts, default: standard }]) => `| \`${name}\` | ${standard === undefined ? 'required' : `\`${printDefault(standard)}\``} | ${accepts.replaceAll('|', '\\|')} | ${documentation} |`);
  return ['| Argument | Default | Accepts | |', '| --- | --- | --- | --- |', ...rows];
}

/** As people write it; a uniform list as its number. */
export function printDefault(value: unknown): string {
  if (Array.isArray(value) && value.length > 0 && value.every((each) => each === value[0])) return printDefault(value[0]);
  return typeof value === 'number' ? writtenNumber(value) : describeRaw(value as RawValue);
}

function linked(source: string): string {
  return source.replaceAll(/https:\/\/[^\s,;]+/g, (address) => `<${address}>`);
}

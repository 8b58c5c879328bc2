// The hover on a name or an expression: its type, its value, and what is known of it.

import type { Observation } from '../../semantics/findings';
import { printType } from '../../layers/tensor';
import type { DerivedRequirement, Graph, Tensor } from '../../semantics/graph';
import { requirementsOf } from '../../semantics/requirements';
import { describe, type Value } from '../../semantics/values';
import { ancestorsOf, countMacs, countParameters, parametersOf, parametersOfLayer } from '../../semantics/cost';
import { symbolsOf } from '../../symbolic/dimension';
import { conditions, rangeOf } from '../../symbolic/domain';
import { derivativeLine } from '../derivatives';
import { runOf, tensorsIn, typeOf } from '../figures';
import { code, codeBlock, escaped, paragraphs } from '../markdown';
import { counted, grouped } from '../numbers';
import { printSignature, signatureOfOperation, spellLayer, spellValue } from '../spelling';
import type { Document } from '../workspace';
import { type Fact, factTable, fieldFacts, lineOf, withFormula } from './facts';
import { pointwisePlot, usualArguments } from './function';

/** How many distinct values are shown. */
const shown = 6;

/** The page of a name with what it was worth each time that it was evaluated. */
export function valuePage(name: string, observations: readonly Observation[], document: Document): string | undefined {
  const known = observations.filter((observation) => observation.value.kind !== 'unknown');
  const [first] = known;
  if (first === undefined) return undefined;
  const { value } = first;
  const run = runOf(first);
  const title = codeBlock(distinctTitles(name, known));
  const [tensor] = tensorsIn(value);
  switch (value.kind) {
    case 'tensor':
    case 'list':
      return tensor === undefined ? title : paragraphs(title, sourceOf(tensor, document, run.freeParameters ? 'stack' : 'network'), derivativeLine(tensor, run, document), factTable(tensorFacts(run.graph, tensor, document)), resultsOf(value));
    case 'layer': {
      const parameters = parametersOfLayer(value.layer);
      const summary = value.layer.kind === 'catalog' ? value.layer.operation.summary : undefined;
      return paragraphs(title, summary, parameters === undefined ? 'Not applied yet.' : `${counted(countParameters(parameters), 'parameter')}; every application shares them.`);
    }
    case 'constructor':
      if (value.target.kind !== 'catalog') return paragraphs(title, value.target.declaration.documentation);
      return paragraphs(title, value.target.operation.summary, pointwisePlot(value.target.operation, usualArguments(value.target.operation)));
    case 'size':
      return paragraphs(title, symbolsOf(value.value).length === 0 ? undefined : requirementText(run.graph, value, document));
    default:
      return title;
  }
}

function distinctTitles(name: string, observations: readonly Observation[]): string {
  const titles = [...new Set(observations.map(({ value }) => titleOf(name, value)))];
  const rest = titles.length - shown;
  return [...titles.slice(0, shown), ...(rest > 0 ? [`# and ${grouped(rest)} more`] : [])].join('\n');
}

function titleOf(name: string, value: Value): string {
  switch (value.kind) {
    case 'tensor':
      return `${name}: ${printType(value.tensor.type)}`;
    case 'list':
      return typeOf(value) === undefined ? `${name} = ${spellValue(value)}` : `${name}: ${typeOf(value)!}`;
    case 'layer':
      return `${name} = ${spellLayer(value.layer)}`;
    case 'constructor': {
      const { target } = value;
      return target.kind === 'catalog'
        ? printSignature(signatureOfOperation(target.operation))
        : `${target.declaration.kind} ${value.name}`;
    }
    case 'function': {
      const { target } = value;
      if (target.kind === 'builtin') return target.builtin.signature;
      return target.kind === 'catalog' ? printSignature(signatureOfOperation(target.operation, true), true) : `function ${value.name}`;
    }
    case 'size':
      return titleOfPlain(name, grouped(value.value));
    default:
      return titleOfPlain(name, spellValue(value));
  }
}

/** `stride = 2`; a free dimension is its own value. */
function titleOfPlain(name: string, value: string): string {
  return name === value ? name : `${name} = ${value}`;
}

/** Where a tensor comes from, in a sentence. */
function sourceOf(tensor: Tensor, document: Document, owner: string): string {
  const { source, place } = tensor;
  switch (source.kind) {
    case 'input':
    case 'target':
      return `The ${source.kind} ${code(source.name)} of the ${owner}.`;
    case 'parameter':
      return source.layer === undefined
        ? `A parameter of its own, declared at ${lineOf(place, document)}.`
        : `The ${escaped(source.name)} of ${source.layer.operation.name}, made at ${lineOf(place, document)}.`;
    case 'constant':
      return source.text === undefined ? `The constant ${grouped(source.value)}.` : `The constant ${code(source.text)}.`;
    case 'node':
      return source.node.kind === 'gradient'
        ? `A gradient, derived at ${lineOf(place, document)}.`
        : `Made by ${source.node.operation.name} at ${lineOf(place, document)}.`;
  }
}

function tensorFacts(graph: Graph, tensor: Tensor, document: Document): readonly Fact[] {
  if (tensor.source.kind !== 'node') return [];
  const nodes = ancestorsOf(graph, tensor);
  const parameters = countParameters(parametersOf(nodes));
  const macs = countMacs(nodes);
  return [
    ...fieldFacts(graph, tensor, document),
    ...(parameters === 0 ? [] : [['Parameters up to here', withFormula(parameters, undefined)] as const]),
    ...(macs === 0 ? [] : [['MACs up to here', withFormula(macs, undefined)] as const]),
  ];
}

/** The other results that can be read by name. */
function resultsOf(value: Value): string | undefined {
  if (value.kind !== 'tensor' || value.results === undefined || value.results.size === 0) return undefined;
  return `Results: ${[...value.results].map(([name, result]) => `${code(name)} ${code(typeOf(result) ?? describe(result))}`).join(', ')}`;
}

/** What the model requires of the free dimensions in a size, and what is assumed of them. */
function requirementText(graph: Graph, value: Value & { kind: 'size' }, document: Document): string {
  const symbols = symbolsOf(value.value);
  const speaksOf = ({ symbols: keys, text }: DerivedRequirement): boolean =>
    symbols.some(({ key, name }) => keys.includes(key) || (keys.length === 0 && new RegExp(`\\b${name}\\b`).test(text)));
  const about = requirementsOf({ graph }).filter((requirement) => requirement.needed.some(speaksOf));
  const assumed = graph.judgements.filter(({ outcome, text }) => outcome === 'assumed' && symbols.some(({ name }) => new RegExp(`\\b${name}\\b`).test(text)));
  if (about.length === 0 && assumed.length === 0) return 'A free dimension: any positive size.';
  const bounds = symbols.flatMap(({ key, name }) => conditions(name, rangeOf(graph.domain, key)));
  return paragraphs(
    about.length === 0 ? undefined : requirementList(about, document),
    assumed.length === 0 ? undefined : `Assumed${about.length > 0 || bounds.length === 0 ? '' : `, so that ${bounds.map(code).join(' and ')}`}:`,
    assumed.map(({ text, place }) => `- ${code(text)} at ${lineOf(place, document)}`).join('\n'),
  );
}

/** `requires H % 16 == 0`, with the places that need it. */
export function requirementList(requirements: ReturnType<typeof requirementsOf>, document: Document): string {
  return requirements
    .map(({ conditions, needed }) => {
      const places = needed.slice(-shown).map(({ reason, text, place }) => `- ${escaped(reason)} at ${lineOf(place, document)} needs ${code(text)}`);
      return paragraphs(`Requires ${conditions.map(code).join(' and ')}`, places.join('\n'));
    })
    .join('\n\n');
}

// What may stand in the parentheses of a call: arguments that are not given yet, and the words that one accepts.

import type { CallSite } from '../call-site';
import { signatureOfSite } from '../signature-help';
import { definitionsOf } from '../spelling';
import type { Document } from '../workspace';
import type { Completion } from './item';

/** `stride = ` for each argument that is not given. */
export function argumentsOf(site: CallSite, document: Document): Completion[] {
  const { arguments: all } = signatureOfSite(site, document);
  const rest = all.findIndex(({ takesRest }) => takesRest === true);
  const byPlace = rest < 0 ? site.index - site.named.length : Math.min(site.index - site.named.length, rest + 1);
  const given = new Set([...site.named, ...all.slice(0, byPlace).map(({ name }) => name)]);
  const operation = site.callee.kind === 'operation' ? site.callee : undefined;
  const inputs = operation?.isFunction === true ? (operation.operation.inputs ?? []).map(({ name }) => name) : [];
  const definitions = operation && definitionsOf(operation.operation);
  return all
    .filter(({ name }) => !given.has(name) && !inputs.includes(name))
    .map(({ name, label, documentation }) => ({
      label: name,
      kind: 'argument',
      insert: `${name} = `,
      effect: label.slice(name.length).trim(),
      origin: definitions?.[name]?.accepts,
      detail: label,
      documentation,
    }));
}

/** The words that an argument accepts. */
export function valuesOf({ callee }: CallSite, argument: string): Completion[] {
  if (callee.kind !== 'operation') return [];
  const definition = definitionsOf(callee.operation)[argument];
  if (definition === undefined) return [];
  const choices = definition.accepts.match(/"[^"]*"|`\w+`/g) ?? [];
  return choices.map((choice) => ({ label: choice.replaceAll('`', ''), kind: 'value', documentation: definition.documentation }));
}

// Edits of layers that rules propose: arguments that are set, operations that are taken away.

import type * as ast from '../../../../grammar/ast';
import { nodePathAt } from '../../../../grammar/walk';
import type { Fix } from '../../base/diagnostic';
import type { Span } from '../../base/span';
import type { ArgumentDefinition } from '../../layers/arguments';
import type { Operation } from '../../layers/definition';
import type { GraphNode, Place } from '../graph';
import type { EvaluatedModel } from '../model';
import { statementSpan } from '../text-spans';
import { layerOf, madeAt } from './network';

/** Where an argument of a node's layer was written, or the whole layer. */
export function argumentPlace(node: GraphNode, name: string): Place {
  return layerOf(node)?.argumentPlaces.get(name) ?? madeAt(node);
}

/** The edit that gives an argument of a node's layer a value, where the layer is made; undefined where it cannot be written there. A default is not written. */
export function argumentEdit(node: GraphNode, name: string, value: string): { readonly span: Span; readonly text: string } | undefined {
  const layer = layerOf(node);
  if (layer === undefined) return undefined;
  const { file } = layer.origin.place;
  const written = layer.argumentPlaces.get(name);
  if (written !== undefined && written.file !== file) return undefined;
  if (written !== undefined) return (isDefault(node.operation, name, value) ? unwritten(layer.origin.node, written.span) : undefined) ?? { span: written.span, text: value };
  const { insertion } = layer;
  return insertion && { span: insertion.place.span, text: `${insertion.before}${name} = ${value}${insertion.after}` };
}

/** Whether a number is what an argument has where nothing is written. */
function isDefault({ arguments: definitions }: Operation, name: string, value: string): boolean {
  const definition: ArgumentDefinition<unknown> | undefined = (definitions as Readonly<Record<string, ArgumentDefinition<unknown>>>)[name];
  const reading = /^\d+$/.test(value) ? definition?.read(Number(value)) : undefined;
  return reading !== undefined && 'value' in reading && JSON.stringify(reading.value) === JSON.stringify(definition!.default);
}

/** The edit that takes a named argument away, and the comma before it. */
function unwritten(call: ast.Expression, { start }: Span): { readonly span: Span; readonly text: string } | undefined {
  const given = call.kind === 'call' ? call.arguments : [];
  const index = given.findIndex(({ value }) => value.span.start === start);
  return index < 1 || given[index]!.name === undefined ? undefined : { span: { start: given[index - 1]!.span.end, end: given[index]!.span.end }, text: '' };
}

/** The fix that sets arguments of one layer; undefined where one of them cannot be written. */
export function argumentFix(title: string, node: GraphNode, values: Readonly<Record<string, string>>): readonly Fix[] | undefined {
  const edits = Object.entries(values).map(([name, value]) => argumentEdit(node, name, value));
  if (!edits.every((edit) => edit !== undefined)) return undefined;
  // Several arguments that are added go into one pair of parentheses.
  const merged = new Map<string, { span: Span; text: string }>();
  for (const edit of edits) {
    const key = `${String(edit.span.start)}:${String(edit.span.end)}`;
    const before = merged.get(key);
    if (before === undefined) merged.set(key, edit);
    else merged.set(key, { span: edit.span, text: before.text.endsWith(')') ? `${before.text.slice(0, -1)}, ${edit.text.slice(1)}` : `${before.text}${edit.text.startsWith(', ') ? edit.text : `, ${edit.text}`}` });
  }
  return [{ title, edits: [...merged.values()] }];
}

/** The fix that takes an operation away, so that its input goes on; undefined where the text does not allow it. */
export function removal(model: EvaluatedModel, place: Place, title: string): readonly Fix[] | undefined {
  const source = model.run.program.file(place.file)?.source;
  const edit = source && removalIn(source.text, source.tree, place.span);
  return edit && [{ title, edits: [edit] }];
}

function removalIn(text: string, tree: ast.File, span: Span): { span: Span; text: string } | undefined {
  const before = text.slice(0, span.start).trimEnd();
  const after = text.slice(span.end);
  if (before.endsWith('->')) return { span: { start: before.slice(0, -2).trimEnd().length, end: span.end }, text: '' };
  const inner = argumentOfCall(text, tree, span);
  if (inner !== undefined) return { span, text: inner };
  const path = nodePathAt(tree, span.start);
  const statement = path.find((node) => node.kind === 'expression-statement');
  if (statement === undefined || statement.span.start !== span.start) return undefined;
  const arrowAfter = /^\s*->\s*/.exec(after);
  if (arrowAfter !== null) return { span: { start: span.start, end: span.end + arrowAfter[0].length }, text: '' };
  if (statement.span.end !== span.end) return undefined;
  return { span: statementSpan(text, span), text: '' };
}

/** Of `softmax(x, dim = 0)`: the text of x, in parentheses where it is more than a name or a call. */
function argumentOfCall(text: string, tree: ast.File, span: Span): string | undefined {
  const call = nodePathAt(tree, span.start).find((node) => node.kind === 'call' && node.span.start === span.start && node.span.end === span.end);
  if (call?.kind !== 'call' || call.callee.kind !== 'name' || /^[A-Z]/.test(call.callee.text)) return undefined;
  const [argument] = call.arguments;
  if (argument === undefined || (argument.name !== undefined && argument.name.text !== 'input')) return undefined;
  const { value } = argument;
  const inner = text.slice(value.span.start, value.span.end);
  return ['name', 'call', 'index', 'member', 'integer', 'list'].includes(value.kind) ? inner : `(${inner})`;
}

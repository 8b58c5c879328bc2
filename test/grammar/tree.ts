// How tests see trees: as compact s-expressions, and with or without places.

import type { ParseResult } from '../../grammar/parse';
import type { Node } from '../../grammar/walk';
import { children, walk } from '../../grammar/walk';

/** A tree as one line: `(pipe x (call Linear 10))`. */
export function compact(node: Node): string {
  const inner = (nodes: readonly (Node | undefined)[]): string =>
    nodes.map((child) => (child === undefined ? '_' : compact(child))).join(' ');
  switch (node.kind) {
    case 'name':
      return node.text === '' ? '<no name>' : node.text;
    case 'integer':
    case 'float':
      return node.text;
    case 'string':
      return JSON.stringify(node.value);
    case 'boolean':
      return `${node.value}`;
    case 'none':
      return 'none';
    case 'missing':
      return '<missing>';
    case 'ellipsis':
      return '...';
    case 'binary':
    case 'logical':
      return `(${node.operator} ${inner([node.left, node.right])})`;
    case 'comparison':
      return `(${node.operators.join(' ')} ${inner(node.operands)})`;
    case 'expression-statement':
      return compact(node.value);
    case 'argument':
      return node.name === undefined ? compact(node.value) : `${node.name.text}=${compact(node.value)}`;
    case 'parameter':
      return node.default === undefined ? node.name.text : `${node.name.text}=${compact(node.default)}`;
    case 'slice':
      return `(slice ${inner([node.start, node.stop, node.step])})`;
    case 'type':
      return `(type ${node.element ?? '_'}${node.shape === undefined ? '' : ` [${inner(node.shape)}]`})`;
    case 'parallel':
      return `(${[node.operation, ...node.arguments.map(compact), compact(node.body)].join(' ')})`;
    case 'list':
      return `[${inner(node.items)}]`;
    case 'block':
      return `{${node.statements.map(compact).join('; ')}}`;
    case 'if-branch':
      return inner(children(node));
    default:
      return `(${[node.kind, ...children(node).map(compact)].join(' ')})`;
  }
}

/** What is wrong with the places in a tree and its diagnostics; nothing, whatever the text. */
export function misplacements({ file, diagnostics }: ParseResult, text: string): string[] {
  const wrong: string[] = [];
  walk(file, {
    enter(node) {
      let last = node.span.start;
      for (const child of children(node)) {
        if (child.span.start < last || child.span.end > node.span.end || child.span.end < child.span.start)
          wrong.push(`${child.kind} ${child.span.start}-${child.span.end} in ${node.kind} ${node.span.start}-${node.span.end}`);
        last = child.span.end;
      }
      return undefined;
    },
  });
  for (const { code, span, fixes } of diagnostics) {
    if (!(span.start >= 0 && span.start < span.end && span.end <= text.length) || text.slice(span.start, span.end).trim() === '')
      wrong.push(`${code} marks nothing at ${span.start}-${span.end}`);
    for (const edit of fixes?.flatMap(({ edits }) => edits) ?? [])
      if (!(edit.span.start >= 0 && edit.span.start <= edit.span.end && edit.span.end <= text.length))
        wrong.push(`${code} has an edit at ${edit.span.start}-${edit.span.end}`);
  }
  return wrong;
}

/** A tree as data, without the places of its nodes. */
export function withoutPlaces(node: unknown): unknown {
  return JSON.parse(JSON.stringify(node, (key, value: unknown) => (key === 'span' || key === 'operatorSpan' ? undefined : value)));
}

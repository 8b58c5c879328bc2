// The body of a stack in the place of its application, once or everywhere.

import type * as ast from '../../../../grammar/ast';
import { needsNoParentheses } from './parentheses';
import { type Node, nodePathAt, walk } from '../../../../grammar/walk';
import { filesOf } from '../definition';
import { entityOf, type Occurrence } from '../entity';
import { referencesTo } from '../references';
import { introductionOf, pathTo } from '../scopes';
import { applied, type TextEdit } from '../text-edits';
import type { Document } from '../workspace';
import { hasComment, indentAt, type Offer, reindented, written } from './site';

export const inlineHere: Offer = (document, selection) => {
  const found = applicationAt(document, selection.start);
  const edit = found && inlined(document, found);
  return edit && { title: `Inline ${found.stack.name.text}`, kind: 'inline', edits: [edit] };
};

export const inlineEverywhere: Offer = (document, selection, files) => {
  const path = nodePathAt(document.tree, selection.start);
  const name = path.at(-1);
  const stack = path[1];
  if (stack?.kind !== 'stack' || name !== stack.name) return undefined;
  const uses = referencesTo(files, { source: document, name: stack.name, by: stack }).filter((use) => use.name !== stack.name);
  if (uses.length === 0 || commentAbove(document, stack) || hasComment(document, { start: stack.span.start, end: stack.body.span.start }) || isApplied(document, stack, stack)) return undefined;
  const edits: TextEdit[] = [];
  for (const use of uses) {
    const application = applicationOf(document, use);
    const edit = application && inlined(document, application);
    if (edit === undefined) return undefined;
    edits.push(edit);
  }
  return { title: `Inline ${stack.name.text} everywhere in this file and remove it`, kind: 'inline', edits: [...edits, { span: wholeOf(document, stack), text: '' }] };
};

interface Application {
  readonly stack: ast.Stack;
  /** The call or the bare name. */
  readonly node: ast.Call | ast.Name;
  readonly path: readonly Node[];
}

function applicationAt(document: Document, offset: number): Application | undefined {
  const path = nodePathAt(document.tree, offset);
  const name = path.at(-1);
  return name?.kind === 'name' ? applicationOf(document, { source: document, name, path: path.slice(0, -1) }) : undefined;
}

/** The place where a name makes a layer: a statement, or a step of a chain. */
function applicationOf(document: Document, { name, path, source }: Occurrence): Application | undefined {
  const stack = entityOf(filesOf(document), { source: document, name, path })?.by;
  if (source.uri !== document.uri || stack?.kind !== 'stack' || !document.tree.declarations.includes(stack)) return undefined;
  const call = path.at(-1);
  const isCall = call?.kind === 'call' && call.callee === name;
  const around = isCall ? path.slice(0, -1) : path;
  const node = isCall ? call : name;
  const parent = around.at(-1);
  const isStep = (parent?.kind === 'pipe' && parent.right === node) || parent?.kind === 'expression-statement';
  return isStep && !isWithin(node, stack) ? { stack, node, path: around } : undefined;
}

function isApplied(document: Document, stack: ast.Stack, within: Node): boolean {
  let found = false;
  walk(within, {
    enter(node, ancestors) {
      if (node.kind === 'name' && node !== stack.name && introductionOf(node, [document.tree, ...ancestors])?.name === stack.name) found = true;
      return undefined;
    },
  });
  return found;
}

function isWithin(inner: Node, outer: Node): boolean {
  return outer.span.start <= inner.span.start && inner.span.end <= outer.span.end;
}

/** The edit that writes the body of the stack as a block; undefined where that would mean something else. */
function inlined(document: Document, { stack, node, path }: Application): TextEdit | undefined {
  const { statements } = stack.body;
  if (isApplied(document, stack, stack) || !isPlain(document, stack) || (node.kind === 'call' && hasComment(document, node.span))) return undefined;
  const given = argumentsOf(stack, node);
  if (given === undefined) return undefined;
  const edits = substitution(document, stack, given, path);
  if (edits === undefined) return undefined;
  const { start, end } = stack.body.span;
  const before = applied(document.text.slice(0, end), edits.filter(({ span }) => span.start >= start));
  const body = before.slice(start);
  const indent = indentAt(document, node.span.start);
  const [only] = statements;
  const text = statements.length === 1 && only?.kind === 'expression-statement' && needsNoParentheses(only.value) && edits.length === 0 && !hasComment(document, stack.body.span) ? written(document, only) : reindented(body, indentAt(document, stack.span.start), indent);
  return { span: node.span, text };
}

/** Whether a body means the same as a block: it publishes nothing, and what flows in is what its first lines take. */
function isPlain(document: Document, { body }: ast.Stack): boolean {
  let isPlainSoFar = true;
  walk(body, {
    enter(node) {
      if (node.kind === 'output' || node.kind === 'loss' || node.kind === 'assert' || node.kind === 'target' || node.kind === 'optimizer' || node.kind === 'param') isPlainSoFar = false;
      return undefined;
    },
  });
  const inputs = body.statements.filter(({ kind }) => kind === 'input');
  const first = body.statements.find(({ kind }) => kind === 'expression-statement');
  if (!isPlainSoFar || inputs.length > 1 || first?.kind !== 'expression-statement') return false;
  if (inputs.length === 1) return true;
  const seen = document.analysis.observations(first.value)?.first ?? [];
  return seen.length > 0 && seen.every(({ value, application }) => application !== undefined || value.kind === 'layer' || value.kind === 'constructor' || value.kind === 'function') && first.value.kind !== 'pipe';
}

/** What each argument stands for; undefined where one is missing, or must not be written more than once. */
function argumentsOf(stack: ast.Stack, node: ast.Call | ast.Name): ReadonlyMap<string, ast.Expression> | undefined {
  const given = new Map<string, ast.Expression>();
  for (const [index, { name, value }] of (node.kind === 'call' ? node.arguments : []).entries()) {
    const key = name?.text ?? stack.parameters[index]?.name.text;
    if (key === undefined || given.has(key)) return undefined;
    given.set(key, value);
  }
  for (const { name, default: standard } of stack.parameters) {
    const value = given.get(name.text) ?? standard;
    if (value === undefined || !isSimple(value)) return undefined;
    given.set(name.text, value);
  }
  return given.size === stack.parameters.length ? given : undefined;
}

/** Whether writing an expression several times means what one value does. */
function isSimple(node: ast.Expression): boolean {
  switch (node.kind) {
    case 'integer':
    case 'float':
    case 'string':
    case 'boolean':
    case 'none':
    case 'name':
      return true;
    case 'negate':
      return isSimple(node.operand);
    case 'binary':
      return node.operator !== '@' && isSimple(node.left) && isSimple(node.right);
    default:
      return false;
  }
}

/** The replacements of the arguments in a body; undefined where a name would come to mean another thing. */
function substitution(document: Document, stack: ast.Stack, given: ReadonlyMap<string, ast.Expression>, target: readonly Node[]): readonly TextEdit[] | undefined {
  const edits: TextEdit[] = [];
  const bound = new Set<string>();
  let isClear = true;
  walk(stack.body, {
    enter(node, ancestors) {
      if (node.kind !== 'name' || node.text === '') return undefined;
      const introduction = introductionOf(node, [document.tree, stack, ...ancestors]);
      const value = introduction?.by.kind === 'parameter' ? given.get(node.text) : undefined;
      if (value !== undefined) {
        const text = written(document, value);
        edits.push({ span: node.span, text: value.kind === 'binary' || value.kind === 'negate' ? `(${text})` : text });
      } else if (introduction !== undefined && isWithin(introduction.name, stack.body)) {
        bound.add(node.text);
        // In a type, a size that is known around the place would no longer be fresh.
        if (introductionOf({ ...node, span: target.at(-1)!.span }, target) !== undefined && introduction.by.kind === 'name') isClear = false;
      } else if (!sameOutside(node, introduction?.name, target, ancestors)) isClear = false;
      return undefined;
    },
  });
  // What the arguments name must not be bound in the body, and must mean there what it means here.
  for (const [name, value] of given) {
    const isDefault = stack.parameters.some((parameter) => parameter.default === value);
    walk(value, {
      enter(node) {
        if (node.kind !== 'name') return undefined;
        if (bound.has(node.text)) isClear = false;
        const here = introductionOf(node, pathTo(document.tree, node));
        if (isDefault && (here?.by.kind === 'parameter' || introductionOf({ ...node, span: target.at(-1)!.span }, target)?.name !== here?.name)) isClear = false;
        return undefined;
      },
    });
    if (stack.parameters.every((parameter) => parameter.name.text !== name)) isClear = false;
  }
  return isClear ? edits : undefined;
}

/** Whether a name of the file or the language means the same at the target; names of arguments and members stay. */
function sameOutside(node: ast.Name, meaning: ast.Name | undefined, target: readonly Node[], ancestors: readonly Node[]): boolean {
  const parent = ancestors.at(-1);
  if ((parent?.kind === 'argument' && parent.name === node) || (parent?.kind === 'member' && parent.name === node)) return true;
  return introductionOf({ ...node, span: target.at(-1)!.span }, target)?.name === meaning;
}

function commentAbove({ lines }: Document, { span }: Node): boolean {
  const { line } = lines.position(span.start);
  return line > 0 && lines.line(line - 1).trimStart().startsWith('#');
}

/** A declaration with the blank lines behind it. */
function wholeOf({ text }: Document, { span }: Node): { readonly start: number; readonly end: number } {
  return { start: span.start, end: span.end + /^[ \t]*(\r?\n)*/.exec(text.slice(span.end))![0].length };
}

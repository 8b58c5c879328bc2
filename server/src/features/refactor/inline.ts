// The body of a stack in the place of its application, once or everywhere.

import type * as ast from '../../../../grammar/ast';
import { type Node, nodePathAt, walk } from '../../../../grammar/walk';
import { functions, layers } from '../../layers/catalog';
import { statementSpan } from '../../semantics/text-spans';
import { importEdit, relativePath } from '../completion/imports';
import { filesOf } from '../definition';
import { entityOf, type Files, type Occurrence } from '../entity';
import { referencesTo } from '../references';
import { introductionOf, pathTo } from '../scopes';
import { applied, type TextEdit } from '../text-edits';
import type { Document, Source } from '../workspace';
import { inPlaceOf, needsNoParentheses } from './parentheses';
import { isSimple } from './simple';
import { hasComment, indentAt, type Offer, type Refused, reindented, written } from './site';

export const inlineHere: Offer = (document, selection, files) => {
  const found = applicationAt(document, selection.start);
  if (found === undefined) return undefined;
  const title = `Inline ${found.stack.name.text}`;
  const made = inlined(document, found, files);
  return typeof made === 'string' ? { title, kind: 'inline', reason: made } : { title, kind: 'inline', edits: made };
};

export const inlineEverywhere: Offer = (document, selection, files) => {
  const path = nodePathAt(document.tree, selection.start);
  const name = path.at(-1);
  const stack = path[1];
  if (stack?.kind !== 'stack' || name !== stack.name) return undefined;
  const uses = referencesTo(files, { source: document, name: stack.name, by: stack }).filter((use) => use.name !== stack.name);
  if (uses.length === 0) return undefined;
  const title = `Inline ${stack.name.text} everywhere in this file and remove it`;
  const refused = (reason: string): Refused => ({ title, kind: 'inline', reason });
  if (commentAbove(document, stack) || hasComment(document, { start: stack.span.start, end: stack.body.span.start })) return refused(`the comment that describes ${stack.name.text} would be lost`);
  const edits: TextEdit[] = [];
  for (const use of uses) {
    if (use.source.uri !== document.uri) return refused('another file uses it');
    const application = applicationOf(document, use);
    if (application === undefined) return refused(isApplied(document, stack, stack) ? 'it applies itself' : `it is passed on or bound in line ${String(document.lines.position(use.name.span.start).line + 1)}`);
    const made = inlined(document, application, files);
    if (typeof made === 'string') return refused(`in line ${String(document.lines.position(use.name.span.start).line + 1)}, ${made}`);
    edits.push(...made);
  }
  return { title, kind: 'inline', edits: [...edits, { span: wholeOf(document, stack), text: '' }] };
};

interface Application {
  readonly stack: ast.Stack;
  /** The file that declares the stack. */
  readonly source: Source;
  /** The call or the bare name. */
  readonly node: ast.Call | ast.Name;
  readonly path: readonly Node[];
}

function applicationAt(document: Document, offset: number): Application | undefined {
  const path = nodePathAt(document.tree, offset);
  const name = path.at(-1);
  return name?.kind === 'name' ? applicationOf(document, { source: document, name, path: path.slice(0, -1) }) : undefined;
}

/** The place where a name makes a layer: a statement, a step of a chain, or what is called on tensors. */
function applicationOf(document: Document, { name, path, source }: Occurrence): Application | undefined {
  const entity = entityOf(filesOf(document), { source: document, name, path });
  const stack = entity?.by;
  if (source.uri !== document.uri || entity === undefined || stack?.kind !== 'stack') return undefined;
  const call = path.at(-1);
  const isCall = call?.kind === 'call' && call.callee === name;
  const around = isCall ? path.slice(0, -1) : path;
  const node = isCall ? call : name;
  const parent = around.at(-1);
  const isStep = (parent?.kind === 'pipe' && parent.right === node) || parent?.kind === 'expression-statement' || (isCall && parent?.kind === 'call' && parent.callee === node);
  return isStep && (entity.source.uri !== document.uri || !isWithin(node, stack)) ? { stack, source: entity.source, node, path: around } : undefined;
}

function isApplied({ tree }: Source, stack: ast.Stack, within: Node): boolean {
  let found = false;
  walk(within, {
    enter(node, ancestors) {
      if (node.kind === 'name' && node !== stack.name && introductionOf(node, [tree, ...ancestors])?.name === stack.name) found = true;
      return undefined;
    },
  });
  return found;
}

function isWithin(inner: Node, outer: Node): boolean {
  return outer.span.start <= inner.span.start && inner.span.end <= outer.span.end;
}

/** The edits that write the body of the stack as a block, or why that would mean something else. */
function inlined(document: Document, application: Application, files: Files): readonly TextEdit[] | string {
  const { stack, source, node, path } = application;
  const { statements } = stack.body;
  if (isApplied(source, stack, stack)) return 'it applies itself';
  const published = unpublished(application);
  if (published === undefined) return 'what it publishes may be read';
  if (!isPlain(document, application)) return 'its body is no block: it has a loss or several inputs, or does not begin with what flows in';
  if (node.kind === 'call' && hasComment(document, node.span)) return 'a comment stands among the arguments';
  const given = argumentsOf(stack, node);
  if (given === undefined) return 'an argument is missing, or makes something that must be made once';
  const substituted = substitution(document, application, given, files);
  if (substituted === undefined) return 'a name in its body would mean something else here';
  const { start, end } = stack.body.span;
  const edits = [...published, ...substituted.edits.filter(({ span }) => !published.some((edit) => edit.span.start <= span.start && span.end <= edit.span.end))];
  const body = applied(source.text.slice(0, end), edits).slice(start);
  const [only] = statements;
  const isOne = statements.length === 1 && only?.kind === 'expression-statement' && needsNoParentheses(only.value) && edits.length === 0 && path.at(-1)?.kind !== 'call' && !hasComment(source, stack.body.span);
  const text = isOne ? written(source, only) : reindented(body, indentAt(source, stack.span.start), indentAt(document, node.span.start));
  return [{ span: node.span, text }, ...substituted.imports];
}

/**
 * The edits without which a body would publish something: the stack's value is its last flow, or what it published last since
 * the flow has moved. Undefined where somebody may read what is published, or where a choice publishes it.
 */
function unpublished({ stack, source, path }: Application): readonly TextEdit[] | undefined {
  const { statements } = stack.body;
  const outputs = statements.filter((statement) => statement.kind === 'output');
  const edits: TextEdit[] = [];
  for (const output of outputs) {
    const at = statements.indexOf(output);
    const isBound = statements.slice(0, at).some((statement) => (statement.kind === 'binding' && statement.names.some(({ text }) => text === output.name.text)) || (statement.kind === 'input' && statement.name.text === output.name.text));
    const isRead = isNamed(statements.slice(at + 1), output.name.text);
    const isLast = !statements.slice(at + 1).some(({ kind }) => kind === 'expression-statement' || kind === 'output');
    if (isRead && !isBound) return undefined;
    if (isLast && isBound) edits.push({ span: output.span, text: output.name.text });
    else {
      const span = statementSpan(source.text, output.span);
      if (hasComment(source, span)) return undefined;
      edits.push({ span, text: '' });
    }
  }
  let publishes = outputs.length > 0;
  for (const statement of statements) {
    if (statement.kind === 'output') continue;
    walk(statement, {
      enter(node) {
        if (node.kind === 'output') publishes = true;
        // What a loop collects stays in the body.
        return node.kind === 'repeat' || node.kind === 'for' ? false : undefined;
      },
    });
  }
  // In a choice, it depends on the side what is published.
  if (publishes && outputs.length === 0) return undefined;
  const isRead = path.some(({ kind }) => kind === 'binding' || kind === 'member' || kind === 'argument' || kind === 'call');
  return publishes && isRead ? undefined : edits;
}

function isNamed(statements: readonly ast.Statement[], text: string): boolean {
  let found = false;
  for (const statement of statements) {
    walk(statement, {
      enter(node) {
        if (node.kind === 'name' && node.text === text) found = true;
        return found ? false : undefined;
      },
    });
  }
  return found;
}

/** Whether a body means the same as a block: what flows in is what its first lines take. */
function isPlain(document: Document, { stack: { body }, path }: Application): boolean {
  let isPlainSoFar = true;
  walk(body, {
    enter(node) {
      if (node.kind === 'loss' || node.kind === 'target' || node.kind === 'optimizer') isPlainSoFar = false;
      return undefined;
    },
  });
  const inputs = body.statements.filter(({ kind }) => kind === 'input');
  if (!isPlainSoFar || (inputs.length > 1 && path.at(-1)?.kind !== 'call')) return false;
  if (inputs.length > 0) return true;
  const first = body.statements.find(({ kind }) => kind === 'expression-statement');
  if (first?.kind !== 'expression-statement') return false;
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

interface Substitution {
  /** Of the stack's text. */
  readonly edits: readonly TextEdit[];
  /** Of the text around. */
  readonly imports: readonly TextEdit[];
}

/** The replacements of the arguments in a body; undefined where a name would come to mean another thing. */
function substitution(document: Document, { stack, source, path: target }: Application, given: ReadonlyMap<string, ast.Expression>, files: Files): Substitution | undefined {
  const edits: TextEdit[] = [];
  const imports = new Map<string, TextEdit>();
  const bound = new Set<string>();
  let isClear = true;
  const meaningAt = (node: ast.Name): ast.Name | undefined => introductionOf({ ...node, span: target.at(-1)!.span }, target)?.name;
  /** Whether a name of the stack's file means the same here, or can be brought here. */
  const isSame = (node: ast.Name, meaning: ast.Name | undefined): boolean => {
    const here = meaningAt(node);
    if (source.uri === document.uri || meaning === undefined) return here === meaning;
    const there = entityOf(files, { source, name: meaning, path: pathTo(source.tree, meaning) });
    if (there === undefined || there.name.text !== node.text) return false;
    if (here !== undefined) return entityOf(files, { source: document, name: here, path: pathTo(document.tree, here) })?.name === there.name;
    const path = relativePath(document.uri, there.source.uri);
    if (path === undefined || layers.has(node.text) || functions.has(node.text)) return false;
    imports.set(node.text, importEdit(document, path, node.text));
    return true;
  };
  const isOfCall = (node: Node, parent: Node | undefined): boolean => (parent?.kind === 'argument' || parent?.kind === 'member') && parent.name === node;
  walk(stack.body, {
    enter(node, ancestors) {
      if (node.kind !== 'name' || node.text === '' || isOfCall(node, ancestors.at(-1))) return undefined;
      const introduction = introductionOf(node, [source.tree, stack, ...ancestors]);
      const value = introduction?.by.kind === 'parameter' ? given.get(node.text) : undefined;
      if (value !== undefined) {
        const text = written(stack.parameters.some((parameter) => parameter.default === value) ? source : document, value);
        edits.push({ span: node.span, text: inPlaceOf(ancestors.at(-1), value, text) });
      } else if (introduction !== undefined && isWithin(introduction.name, stack.body)) {
        bound.add(node.text);
        // In a type, a size that is known around the place would no longer be fresh.
        if (meaningAt(node) !== undefined && introduction.by.kind === 'name') isClear = false;
      } else if (!isSame(node, introduction?.name)) isClear = false;
      return undefined;
    },
  });
  // What the arguments name must not be bound in the body, and must mean there what it means here.
  for (const value of given.values()) {
    const isDefault = stack.parameters.some((parameter) => parameter.default === value);
    walk(value, {
      enter(node) {
        if (node.kind !== 'name') return undefined;
        if (bound.has(node.text)) isClear = false;
        const here = introductionOf(node, pathTo((isDefault ? source : document).tree, node));
        if (isDefault && (here?.by.kind === 'parameter' || !isSame(node, here?.name))) isClear = false;
        return undefined;
      },
    });
  }
  return isClear ? { edits, imports: merged([...imports.values()]) } : undefined;
}

/** Several names that are imported at one place of the text, in one edit. */
function merged(edits: readonly TextEdit[]): readonly TextEdit[] {
  const [first] = edits;
  if (first === undefined || edits.length === 1) return edits;
  // Where no import of the file is there yet, each name has a line of its own.
  return [{ span: first.span, text: edits.map(({ text }) => text.trimEnd()).join(first.text.startsWith(',') || first.text.startsWith('\n') ? '' : '\n') + /\s*$/.exec(first.text)![0] }];
}

function commentAbove({ lines }: Document, { span }: Node): boolean {
  const { line } = lines.position(span.start);
  return line > 0 && lines.line(line - 1).trimStart().startsWith('#');
}

/** A declaration with the blank lines behind it. */
function wholeOf({ text }: Document, { span }: Node): { readonly start: number; readonly end: number } {
  return { start: span.start, end: span.end + /^[ \t]*(\r?\n)*/.exec(text.slice(span.end))![0].length };
}

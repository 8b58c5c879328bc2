// What nobody uses, from the tree alone: bindings, parameters, imports, stacks, functions and lets; and what stands behind the loss.

import type * as ast from '../../../grammar/ast';
import { children, type Node, walk } from '../../../grammar/walk';
import type { Diagnostic, Fix } from '../base/diagnostic';
import type { Span } from '../base/span';
import { firstWhere } from '../base/sorted';
import { itemSpan, statementSpan } from '../semantics/text-spans';
import type { Document, Source } from './workspace';

/** A name that may turn out to be unused. */
interface Entry {
  readonly name: ast.Name;
  readonly by: Node;
  used: boolean;
}

/** The names of a body, and those around it; a name that both sides of an `if` bind has two entries. */
class Names {
  readonly entries = new Map<string, Entry[]>();

  constructor(readonly outer?: Names) {}

  add(name: ast.Name, by: Node): void {
    if (name.text === '') return;
    const entry = { name, by, used: false };
    const before = this.entries.get(name.text);
    if (before === undefined) this.entries.set(name.text, [entry]);
    else before.push(entry);
  }

  find(name: string): readonly Entry[] | undefined {
    return this.entries.get(name) ?? this.outer?.find(name);
  }
}

/** What one declaration leaves unused in itself, and the names that it does not introduce: those of the file or the language. */
class Uses {
  readonly found: Entry[] = [];
  readonly free = new Set<string>();

  constructor(declaration: ast.Declaration) {
    switch (declaration.kind) {
      case 'import':
        return;
      case 'assert':
        this.expression(declaration.condition, new Names());
        return;
      case 'let':
        this.expression(declaration.value, new Names());
        return;
      case 'function':
      case 'stack':
      case 'model': {
        const names = new Names();
        for (const parameter of declaration.parameters) {
          if (parameter.default !== undefined) this.expression(parameter.default, names);
          names.add(parameter.name, parameter);
        }
        if (declaration.kind === 'model' && declaration.variant !== undefined) this.expression(declaration.variant, new Names());
        const { body } = declaration;
        if (body?.kind === 'block') this.block(body, names);
        else if (body !== undefined) this.expression(body, names);
        this.close(names);
      }
    }
  }

  private block(block: ast.Block, outer: Names): void {
    const names = new Names(outer);
    const asserts: ast.Assert[] = [];
    this.statements(block.statements, names, asserts);
    // Asserts see the finished body.
    for (const { condition } of asserts) this.expression(condition, names);
    this.close(names);
  }

  private statements(statements: readonly ast.Statement[], names: Names, asserts: ast.Assert[]): void {
    for (const statement of statements) {
      switch (statement.kind) {
        case 'input':
        case 'target':
        case 'param':
          for (const dimension of statement.type?.shape ?? []) if (dimension.kind !== 'ellipsis') this.expression(dimension, names);
          if (statement.kind === 'param' && statement.value !== undefined) this.expression(statement.value, names);
          names.add(statement.name, statement);
          break;
        case 'output':
          if (!names.entries.has(statement.name.text)) names.add(statement.name, statement);
          this.use(statement.name.text, names);
          break;
        case 'loss':
        case 'optimizer':
          this.expression(statement.value, names);
          break;
        case 'assert':
          asserts.push(statement);
          break;
        case 'binding':
          this.expression(statement.value, names);
          for (const name of statement.names) names.add(name, statement);
          break;
        case 'expression-statement':
          this.expressionStatement(statement.value, names, asserts);
      }
    }
  }

  /** The sides of an `if` run in the body around it. */
  private expressionStatement(node: ast.Expression, names: Names, asserts: ast.Assert[]): void {
    if (node.kind !== 'if') {
      this.expression(node, names);
      return;
    }
    for (const { condition, body } of node.branches) {
      this.expression(condition, names);
      this.statements(body.statements, names, asserts);
    }
    if (node.otherwise !== undefined) this.statements(node.otherwise.statements, names, asserts);
  }

  private expression(root: Node, names: Names): void {
    const pending: Node[] = [root];
    while (pending.length > 0) {
      const node = pending.pop()!;
      switch (node.kind) {
        case 'name':
          this.use(node.text, names);
          break;
        case 'member':
          pending.push(node.object);
          break;
        case 'argument':
          pending.push(node.value);
          break;
        case 'block':
          this.block(node, names);
          break;
        case 'for': {
          pending.push(node.iterable);
          const round = new Names(names);
          for (const name of node.names) round.add(name, node);
          this.block(node.body, round);
          this.collected(node.body, names);
          break;
        }
        case 'repeat':
          pending.push(node.count);
          this.block(node.body, names);
          this.collected(node.body, names);
          break;
        default:
          for (const child of children(node)) pending.push(child);
      }
    }
  }

  /** What a loop publishes is known behind it. */
  private collected(body: ast.Block, names: Names): void {
    for (const statement of body.statements) if (statement.kind === 'output' && !names.entries.has(statement.name.text)) names.add(statement.name, statement);
  }

  private use(name: string, names: Names): void {
    const entries = names.find(name);
    if (entries === undefined) this.free.add(name);
    else for (const entry of entries) entry.used = true;
  }

  private close(names: Names): void {
    for (const entries of names.entries.values()) for (const entry of entries) if (!entry.used) this.found.push(entry);
  }
}

const usesByDeclaration = new WeakMap<ast.Declaration, Uses>();

function usesOf(declaration: ast.Declaration): Uses {
  let uses = usesByDeclaration.get(declaration);
  if (uses === undefined) usesByDeclaration.set(declaration, (uses = new Uses(declaration)));
  return uses;
}

/** The hints at unused code in a document; none where an error may hide its use. */
export function unusedIn(document: Document): readonly Diagnostic[] {
  const { tree } = document;
  const errors = [...document.problems, ...document.analysis.diagnostics].filter(({ severity }) => severity === 'error').map(({ span }) => span.start).sort((a, b) => a - b);
  const broken = ({ start, end }: Span): boolean => {
    const first = firstWhere(errors.length, (index) => errors[index]! >= start);
    return first < errors.length && errors[first]! <= end;
  };
  const sites = new Sites(tree);
  const whole = tree.declarations.filter(({ span }) => !broken(span));
  const hasModel = tree.declarations.some((declaration) => declaration.kind === 'model');
  return [
    // A leading underscore says of a binding that it is not needed, of a declaration that no other file needs it.
    ...whole.flatMap((declaration) => usesOf(declaration).found.flatMap((entry) => (entry.name.text.startsWith('_') ? [] : (bindingOrParameter(document, sites, declaration, entry) ?? [])))),
    ...(errors.length > 0 ? [] : unusedOfFile(tree, sites)).flatMap((entry) => {
      const counts = entry.by.kind === 'imported-name' ? !entry.name.text.startsWith('_') : hasModel;
      return counts ? (ofFile(document, entry) ?? []) : [];
    }),
    ...whole.flatMap((declaration) => (declaration.kind === 'model' ? deadIn(document, declaration) : [])),
  ];
}

type Owner = ast.Stack | ast.Model | ast.FunctionDeclaration;

/** Where the declarations of a file are used in it. */
class Sites {
  private users: ReadonlyMap<string, readonly ast.Declaration[]> | undefined;
  private readonly calls = new Map<Owner, readonly CallSite[] | undefined>();

  constructor(private readonly tree: ast.File) {}

  /** The declarations that use a name which they do not introduce. */
  usersOf(name: string): readonly ast.Declaration[] {
    this.users ??= this.allUsers();
    return this.users.get(name) ?? [];
  }

  private allUsers(): ReadonlyMap<string, readonly ast.Declaration[]> {
    const users = new Map<string, ast.Declaration[]>();
    for (const declaration of this.tree.declarations) {
      for (const name of usesOf(declaration).free) {
        const others = users.get(name);
        if (others === undefined) users.set(name, [declaration]);
        else others.push(declaration);
      }
    }
    return users;
  }

  /** The calls of a declaration; undefined where it is passed on as a value. */
  callsOf(owner: Owner): readonly CallSite[] | undefined {
    if (!this.calls.has(owner)) this.calls.set(owner, this.findCalls(owner));
    return this.calls.get(owner);
  }

  private findCalls(owner: Owner): readonly CallSite[] | undefined {
    const calls: CallSite[] = [];
    let escapes = false;
    const users = [...new Set([owner, ...this.usersOf(owner.name.text)])].sort((a, b) => a.span.start - b.span.start);
    for (const user of users) {
      walk(user, {
        enter(node, ancestors) {
          if (node.kind !== 'name' || node.text !== owner.name.text || node === owner.name) return undefined;
          const parent = ancestors.at(-1);
          if (parent?.kind === 'call' && parent.callee === node) calls.push(new CallSite(parent));
          else escapes ||= parent?.kind === 'argument' || parent?.kind === 'list' || parent?.kind === 'binding' || parent?.kind === 'let' || parent?.kind === 'model';
          return undefined;
        },
      });
    }
    return escapes ? undefined : calls;
  }
}

class CallSite {
  private named: ReadonlyMap<string, number> | undefined;

  constructor(readonly call: ast.Call) {}

  /** Where the argument of a parameter stands; undefined where none is given. */
  indexOf(parameter: ast.Parameter, position: number): number | undefined {
    this.named ??= new Map(this.call.arguments.flatMap(({ name }, at) => (name === undefined ? [] : [[name.text, at] as const])).reverse());
    const inPlace = this.call.arguments[position];
    return inPlace !== undefined && inPlace.name === undefined ? position : this.named.get(parameter.name.text);
  }
}

interface FileEntry extends Omit<Entry, 'used'> {
  /** Of an imported name. */
  readonly statement?: ast.Import;
}

/** The imports and declarations that no other declaration names. */
function unusedOfFile(tree: ast.File, sites: Sites): readonly FileEntry[] {
  // A declaration that only uses itself is used by nobody.
  const isUnused = ({ name, by }: FileEntry): boolean => name.text !== '' && !sites.usersOf(name.text).some((user) => user !== by);
  return tree.declarations
    .flatMap((each): FileEntry[] => {
      if (each.kind === 'assert') return [];
      return each.kind === 'import' ? each.names.map((by) => ({ name: by.alias ?? by.name, by, statement: each })) : [{ name: each.name, by: each }];
    })
    .filter(isUnused);
}

const unnecessary = { severity: 'warning', tags: ['unnecessary'] } as const;

function bindingOrParameter(source: Source, sites: Sites, declaration: ast.Declaration, { name, by }: Entry): Diagnostic | undefined {
  if (by.kind === 'binding') {
    const underscore: Fix = { title: `Rename to _${name.text}`, edits: [{ span: name.span, text: `_${name.text}` }] };
    const remove: Fix = { title: `Remove ${name.text}`, edits: [{ span: statementSpan(source.text, by.span), text: '' }] };
    return { ...unnecessary, code: 'unused-binding', span: name.span, message: `nothing uses ${name.text}`, fixes: by.names.length === 1 ? [remove, underscore] : [underscore] };
  }
  if (by.kind !== 'parameter') return undefined;
  const fixes = removalOfParameter(source, sites, declaration as Owner, by);
  return { ...unnecessary, code: 'unused-parameter', span: name.span, message: `nothing in the body uses the argument ${name.text}`, fixes };
}

/** Takes a parameter away, and with it what all calls give it; undefined where its declaration is passed on as a value. */
function removalOfParameter(source: Source, sites: Sites, owner: Owner, parameter: ast.Parameter): readonly Fix[] | undefined {
  const calls = sites.callsOf(owner);
  if (calls === undefined) return undefined;
  const index = owner.parameters.indexOf(parameter);
  // Of a stack or model without any other, the parentheses go, too.
  const closing = owner.kind === 'function' || owner.parameters.length > 1 ? undefined : /^\s*,?\s*\)/.exec(source.text.slice(parameter.span.end));
  const span = closing == null ? itemSpan(source.text, owner.parameters, index) : { start: owner.name.span.end, end: parameter.span.end + closing[0].length };
  const edits = [{ span, text: '' }];
  for (const site of calls) {
    const at = site.indexOf(parameter, index);
    if (at !== undefined) edits.push({ span: itemSpan(source.text, site.call.arguments, at), text: '' });
  }
  return [{ title: `Remove ${parameter.name.text}`, edits }];
}

function ofFile(source: Source, { name, by, statement }: FileEntry): Diagnostic | undefined {
  if (by.kind === 'imported-name' && statement !== undefined) {
    const span = statement.names.length === 1 ? statementSpan(source.text, statement.span) : itemSpan(source.text, statement.names, statement.names.indexOf(by));
    return { ...unnecessary, code: 'unused-import', span: by.span, message: `nothing in this file uses ${name.text}`, fixes: [{ title: `Remove the import of ${name.text}`, edits: [{ span, text: '' }] }] };
  }
  if (by.kind !== 'stack' && by.kind !== 'function' && by.kind !== 'let') return undefined;
  const span = statementSpan(source.text, by.span);
  // Other files may import it, unless its name says that it is private.
  const isPrivate = name.text.startsWith('_');
  return {
    code: 'unused-declaration',
    severity: isPrivate ? 'warning' : 'hint',
    tags: ['unnecessary'],
    span: name.span,
    message: `nothing in this file uses the ${by.kind} ${name.text}${isPrivate ? '' : ', and unless another file imports it, nothing does'}`,
    fixes: [{ title: `Remove ${name.text}`, edits: [{ span: withDocumentation(source.text, span), text: '' }] }],
  };
}

const documentationLine = /^[ \t]*##/;

/** A declaration with the `##` lines right above it. */
function withDocumentation(text: string, span: Span): Span {
  let { start } = span;
  while (start > 0 && text[start - 1] === '\n') {
    const line = text.lastIndexOf('\n', start - 2) + 1;
    if (start < 2 || !documentationLine.test(text.slice(line, start))) break;
    start = line;
  }
  return start === span.start ? span : { start, end: span.end };
}

/** Layers and tensors behind the last loss that move the flow for nobody. */
function deadIn(source: Source, { body }: ast.Model): readonly Diagnostic[] {
  const statements = body?.statements ?? [];
  const loss = statements.findLastIndex(({ kind }) => kind === 'loss');
  if (loss < 0) return [];
  const dead = statements.slice(loss + 1).filter(({ kind }) => kind === 'expression-statement');
  // What is published behind the loss is asked for.
  if (dead.length === 0 || statements.slice(loss + 1).some(({ kind }) => kind === 'output')) return [];
  const [first, last] = [dead[0]!, dead.at(-1)!];
  return [
    {
      ...unnecessary,
      code: 'dead-code',
      span: { start: first.span.start, end: last.span.end },
      message: 'this stands behind the loss, which does not depend on it, and nothing publishes it: an `output` behind it would',
      related: [{ message: 'the loss', span: statements[loss]!.span }],
      fixes: [{ title: 'Remove it', edits: dead.map(({ span }) => ({ span: statementSpan(source.text, span), text: '' })) }],
    },
  ];
}

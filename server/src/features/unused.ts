// What nobody uses, from the tree alone: bindings, parameters, imports, stacks, functions and lets; and what stands behind the loss.

import type * as ast from '../../../grammar/ast';
import { children, type Node, walk } from '../../../grammar/walk';
import type { Diagnostic, Fix } from '../base/diagnostic';
import type { Span } from '../base/span';
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
  const errors = [...document.problems, ...document.analysis.diagnostics].filter(({ severity }) => severity === 'error').map(({ span }) => span.start);
  const { tree } = document;
  const broken = (span: Span): boolean => errors.some((start) => span.start <= start && start <= span.end);
  const whole = tree.declarations.filter(({ span }) => !broken(span));
  const hasModel = tree.declarations.some((declaration) => declaration.kind === 'model');
  return [
    // A leading underscore says of a binding that it is not needed, of a declaration that no other file needs it.
    ...whole.flatMap((declaration) => usesOf(declaration).found.flatMap((entry) => (entry.name.text.startsWith('_') ? [] : (bindingOrParameter(document, entry) ?? [])))),
    ...(errors.length > 0 ? [] : unusedOfFile(tree)).flatMap((entry) => {
      const counts = entry.by.kind === 'imported-name' ? !entry.name.text.startsWith('_') : hasModel;
      return counts ? (ofFile(document, entry) ?? []) : [];
    }),
    ...whole.flatMap((declaration) => (declaration.kind === 'model' ? deadIn(document, declaration) : [])),
  ];
}

/** The imports and declarations that no other declaration names. */
function unusedOfFile(tree: ast.File): readonly Omit<Entry, 'used'>[] {
  const users = new Map<string, ast.Declaration[]>();
  for (const declaration of tree.declarations) {
    for (const name of usesOf(declaration).free) {
      const others = users.get(name);
      if (others === undefined) users.set(name, [declaration]);
      else others.push(declaration);
    }
  }
  // A declaration that only uses itself is used by nobody.
  const isUnused = ({ name, by }: Omit<Entry, 'used'>): boolean => name.text !== '' && users.get(name.text)?.some((user) => user !== by) !== true;
  return tree.declarations
    .flatMap((each): Omit<Entry, 'used'>[] => {
      if (each.kind === 'assert') return [];
      return each.kind === 'import' ? each.names.map((by) => ({ name: by.alias ?? by.name, by })) : [{ name: each.name, by: each }];
    })
    .filter(isUnused);
}

const unnecessary = { severity: 'warning', tags: ['unnecessary'] } as const;

function bindingOrParameter(source: Source, { name, by }: Omit<Entry, 'used'>): Diagnostic | undefined {
  if (by.kind === 'binding') {
    const underscore: Fix = { title: `Rename to _${name.text}`, edits: [{ span: name.span, text: `_${name.text}` }] };
    const remove: Fix = { title: `Remove ${name.text}`, edits: [{ span: statementSpan(source.text, by.span), text: '' }] };
    return { ...unnecessary, code: 'unused-binding', span: name.span, message: `nothing uses ${name.text}`, fixes: by.names.length === 1 ? [remove, underscore] : [underscore] };
  }
  if (by.kind !== 'parameter') return undefined;
  const fixes = removalOfParameter(source, by);
  return { ...unnecessary, code: 'unused-parameter', span: name.span, message: `nothing in the body uses the argument ${name.text}`, fixes };
}

/** Takes a parameter away, and with it what all calls give it; undefined where its declaration is passed on as a value. */
function removalOfParameter(source: Source, parameter: ast.Parameter): readonly Fix[] | undefined {
  const owner = source.tree.declarations.find(
    (declaration): declaration is ast.Stack | ast.Model | ast.FunctionDeclaration => 'parameters' in declaration && declaration.parameters.includes(parameter),
  );
  if (owner === undefined) return undefined;
  const index = owner.parameters.indexOf(parameter);
  const edits = [{ span: itemSpan(source.text, owner.parameters, index), text: '' }];
  let escapes = false;
  walk(source.tree, {
    enter(node, ancestors) {
      if (ancestors.length === 1 && node !== owner && !usesOf(node as ast.Declaration).free.has(owner.name.text)) return false;
      if (node.kind !== 'name' || node.text !== owner.name.text || node === owner.name) return undefined;
      const parent = ancestors.at(-1);
      if (parent?.kind !== 'call' || parent.callee !== node) escapes ||= parent?.kind === 'argument' || parent?.kind === 'list' || parent?.kind === 'binding' || parent?.kind === 'let' || parent?.kind === 'model';
      else {
        const at = parent.arguments.findIndex((argument, position) => (argument.name === undefined ? position === index : argument.name.text === parameter.name.text));
        if (at >= 0) edits.push({ span: itemSpan(source.text, parent.arguments, at), text: '' });
      }
      return undefined;
    },
  });
  return escapes ? undefined : [{ title: `Remove ${parameter.name.text}`, edits }];
}

function ofFile(source: Source, { name, by }: Omit<Entry, 'used'>): Diagnostic | undefined {
  if (by.kind === 'imported-name') {
    const statement = source.tree.declarations.find((each): each is ast.Import => each.kind === 'import' && each.names.includes(by))!;
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

/** A declaration with the `##` lines right above it. */
function withDocumentation(text: string, span: Span): Span {
  const above = /(?:^|\n)((?:[ \t]*##[^\n]*\n)+)$/.exec(text.slice(0, span.start));
  return above === null ? span : { start: span.start - above[1]!.length, end: span.end };
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

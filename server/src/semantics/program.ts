// The files of a program and what they declare; declarations are evaluated when they are first asked for.

import type * as ast from '../../../grammar/ast';
import { evaluate } from './evaluate';
import type { Findings } from './findings';
import type { Place } from './graph';
import type { Limits } from './limits';
import type { EvaluatedModel } from './model';
import { Activation, at, Body, type Context, LimitReached, Run } from './run';
import { Scope } from './scope';
import { suggestion } from './construct';
import { type BoundArgument, type ConstructorValue, describe, unknown, type Value } from './values';

/** A text and its tree. */
export interface SourceFile {
  readonly uri: string;
  readonly text: string;
  readonly tree: ast.File;
}

/** Reads files by their address; undefined for one that is not there. */
export type FileReader = (uri: string) => SourceFile | undefined;

type Named = Exclude<ast.Declaration, ast.Import | ast.Assert>;

interface FileDeclarations {
  readonly source: SourceFile;
  /** Its own declarations, the first of each name. */
  readonly own: ReadonlyMap<string, Named>;
  readonly imported: ReadonlyMap<string, { readonly statement: ast.Import; readonly name: ast.ImportedName }>;
}

export class Program {
  private readonly files = new Map<string, FileDeclarations | undefined>();
  private readonly values = new Map<Named, Value | 'evaluating'>();
  private readonly models = new Map<object, Map<string, EvaluatedModel>>();

  constructor(
    private readonly read: FileReader,
    private readonly findings: Findings,
    private readonly limits: Limits,
  ) {}

  file(uri: string): FileDeclarations | undefined {
    if (this.files.has(uri)) return this.files.get(uri);
    const source = this.read(uri);
    const declarations = source && declarationsOf(source);
    this.files.set(uri, declarations);
    return declarations;
  }

  textAt(place: Place): string {
    return this.file(place.file)?.source.text.slice(place.span.start, place.span.end) ?? '';
  }

  isLet(file: string, name: string): boolean {
    return this.file(file)?.own.get(name)?.kind === 'let';
  }

  *namesOf(file: string): Iterable<string> {
    const declarations = this.file(file);
    if (declarations === undefined) return;
    yield* declarations.own.keys();
    yield* declarations.imported.keys();
  }

  /** What a name of a file stands for; undefined where the file declares no such name. */
  declared(file: string, name: string, user: Context, use: Place): Value | undefined {
    const declarations = this.file(file);
    if (declarations === undefined) return undefined;
    const own = declarations.own.get(name);
    if (own !== undefined) return this.valueOf(own, file, user, use);
    const imported = declarations.imported.get(name);
    return imported === undefined ? undefined : this.importedValue(imported.statement, imported.name, file, user, use);
  }

  /** The file that an import names. */
  resolve(statement: ast.Import, file: string): string | undefined {
    if (statement.path === undefined) return undefined;
    try {
      return new URL(statement.path.value, file).href;
    } catch {
      return undefined;
    }
  }

  private importedValue(statement: ast.Import, name: ast.ImportedName, file: string, user: Context, use: Place): Value {
    const uri = this.resolve(statement, file);
    const declarations = uri === undefined ? undefined : this.file(uri);
    // A missing file or name is reported at the import.
    if (uri === undefined || declarations === undefined || this.importDepth(file) > this.limits.importDepth) return unknown;
    return this.declared(uri, name.name.text, user, use) ?? unknown;
  }

  private importDepth(file: string, seen: readonly string[] = []): number {
    if (seen.includes(file) || seen.length > this.limits.importDepth) return seen.length;
    const imports = this.file(file)?.source.tree.declarations.filter((each) => each.kind === 'import') ?? [];
    return Math.max(
      seen.length,
      ...imports.map((statement) => {
        const uri = this.resolve(statement, file);
        return uri === undefined ? 0 : this.importDepth(uri, [...seen, file]);
      }),
    );
  }

  private valueOf(declaration: Named, file: string, user: Context, use: Place): Value {
    const known = this.values.get(declaration);
    if (known === 'evaluating') {
      user.run.report(user, {
        code: 'cyclic-declaration',
        place: use,
        message: `${declaration.name.text} is declared by itself`,
        related: [{ message: 'declared here', place: { file, span: declaration.name.span } }],
      });
      return unknown;
    }
    if (known !== undefined) return known;
    this.values.set(declaration, 'evaluating');
    const value = this.evaluateDeclaration(declaration, file);
    this.values.set(declaration, value);
    return value;
  }

  private evaluateDeclaration(declaration: Named, file: string): Value {
    const name = declaration.name.text;
    switch (declaration.kind) {
      case 'stack':
        return { kind: 'constructor', name, target: { kind: 'declaration', declaration, file, defaults: [] } };
      case 'model':
        if (declaration.variant !== undefined) return this.variant(declaration, declaration.variant, file);
        return { kind: 'constructor', name, target: { kind: 'declaration', declaration, file, defaults: [] } };
      case 'function':
        return { kind: 'function', name, target: { kind: 'declaration', declaration, file } };
      case 'let': {
        const context = this.fileContext(file);
        const value = this.orUnknown(() => evaluate(context, declaration.value));
        if (value.kind === 'layer' || value.kind === 'tensor') {
          context.run.report(context, {
            code: 'let-holds-layer',
            place: at(context, declaration.value),
            message: `let binds numbers, strings, lists and constructors, but this is ${describe(value)}; a stack declares what models share`,
          });
          return unknown;
        }
        this.findings.observe(declaration.name, { value, run: context.run });
        return value;
      }
    }
  }

  /** `model B = A(args)`: the constructor of A, whose defaults are the args. */
  private variant(declaration: ast.Model, node: ast.Expression, file: string): Value {
    const context = this.fileContext(file);
    const callee = this.orUnknown(() => evaluate(context, node.kind === 'call' ? node.callee : node));
    if (callee.kind === 'unknown') return unknown;
    if (callee.kind !== 'constructor' || callee.target.kind !== 'declaration' || callee.target.declaration.kind !== 'model') {
      context.run.report(context, {
        code: 'not-a-model',
        place: at(context, node),
        message: `a variant is made of a model, but this is ${describe(callee)}`,
      });
      return unknown;
    }
    const { target } = callee;
    const given = node.kind !== 'call' ? [] : this.variantArguments(context, callee, node);
    const defaults = [...target.defaults.filter((known) => !given.some((argument) => argument.name === known.name)), ...given];
    return { kind: 'constructor', name: declaration.name.text, target: { ...target, defaults } };
  }

  /** The arguments of a variant, by name. */
  private variantArguments(context: Context, callee: ConstructorValue, node: ast.Call): readonly BoundArgument[] {
    if (callee.target.kind !== 'declaration') return [];
    const names = callee.target.declaration.parameters.map((parameter) => parameter.name.text);
    const given: BoundArgument[] = [];
    for (const [index, argument] of node.arguments.entries()) {
      const name = argument.name?.text ?? names[index];
      const value = this.orUnknown(() => evaluate(context, argument.value));
      if (name === undefined || !names.includes(name)) {
        context.run.report(context, {
          code: name === undefined ? 'too-many-arguments' : 'unknown-argument',
          place: at(context, argument),
          message:
            name === undefined
              ? `${callee.name} takes ${String(names.length)} arguments (${names.join(', ')}), but this is one more`
              : `${callee.name} has no argument ${name}${suggestion(name, names)}`,
        });
        continue;
      }
      if (given.some((before) => before.name === name)) {
        context.run.report(context, { code: 'repeated-argument', place: at(context, argument), message: `${name} is given twice` });
        continue;
      }
      given.push({ name, value, place: at(context, argument.value) });
    }
    return given;
  }

  /** A context for what stands outside of all models. */
  fileContext(file: string): Context {
    return {
      run: new Run(this, this.findings, this.limits, file, true),
      scope: new Scope(undefined, file),
      body: new Body([], false),
      activation: new Activation(new Map()),
      depth: 0,
    };
  }

  /** The value, or unknown where a limit ended the evaluation. */
  orUnknown(compute: () => Value): Value {
    try {
      return compute();
    } catch (error) {
      if (error instanceof LimitReached) return unknown;
      throw error;
    }
  }

  /** An evaluated model, once for each choice of sizes. */
  remember(constructor: ConstructorValue, given: ReadonlyMap<string, number>, make: () => EvaluatedModel): EvaluatedModel {
    let known = this.models.get(constructor);
    if (known === undefined) this.models.set(constructor, (known = new Map()));
    const key = [...given].map(([name, value]) => `${name}=${String(value)}`).join(',');
    let model = known.get(key);
    if (model === undefined) known.set(key, (model = make()));
    return model;
  }
}

function declarationsOf(source: SourceFile): FileDeclarations {
  const own = new Map<string, Named>();
  const imported = new Map<string, { statement: ast.Import; name: ast.ImportedName }>();
  for (const declaration of source.tree.declarations) {
    if (declaration.kind === 'assert') continue;
    if (declaration.kind === 'import') {
      for (const name of declaration.names) imported.set((name.alias ?? name.name).text, { statement: declaration, name });
    } else if (declaration.name.text !== '' && !own.has(declaration.name.text)) own.set(declaration.name.text, declaration);
  }
  return { source, own, imported };
}

// The files of a program and what they declare; declarations are evaluated when they are first asked for.

import type * as ast from '../../../grammar/ast';
import { Activation, Body } from './body-state';
import { evaluate } from './evaluate';
import { movingWith, type Span } from '../base/span';
import { firstWhere } from '../base/sorted';
import { Findings } from './findings';
import type { Place } from './graph';
import type { Limits } from './limits';
import { type EvaluatedModel, evaluateModel } from './model';
import { at, type Context, LimitReached, Run } from './run';
import { Scope } from './scope';
import { type Meaning, type NamedDeclaration, type Question, sameMeaning, type Trouble, Unit } from './unit';
import { type ConstructorValue, describe, holdsLayer, unknown, type Value } from './values';
import { variantOf } from './variant';

/** A text and its tree. */
export interface SourceFile {
  readonly uri: string;
  readonly text: string;
  readonly tree: ast.File;
}

/** Reads files by their address; undefined for one that is not there. */
export type FileReader = (uri: string) => SourceFile | undefined;

interface FileDeclarations {
  readonly source: SourceFile;
  /** Its own declarations, the first of each name. */
  readonly own: ReadonlyMap<string, NamedDeclaration>;
  readonly imported: ReadonlyMap<string, { readonly statement: ast.Import; readonly name: ast.ImportedName }>;
  readonly names: readonly string[];
  /** The addresses of the files that it imports, each once. */
  readonly imports: readonly string[];
}

/**
 * The files of one state after another, and what was evaluated of them. A unit of an earlier state counts on, as long as
 * each question that it asked has the same answer; answers are compared, and brought up to date, in the order of asking.
 */
export class Program {
  private read: FileReader = () => undefined;
  /** How many states it has seen. */
  revision = 0;
  /** The last two states that were looked at to their end. */
  private finished: readonly [before: number, last: number] = [0, 0];
  private readonly files = new Map<string, FileDeclarations | undefined>();
  private readonly declarations = new WeakMap<ast.File, FileDeclarations>();
  private readonly constructors = new WeakMap<NamedDeclaration, Value>();
  /** By declaration; of a model by its constructor. */
  private readonly units = new Map<object, Unit>();
  /** The units that are being evaluated or looked through. */
  private readonly running = new Map<object, Unit>();
  private evaluatedUnits: string[] = [];

  constructor(readonly limits: Limits) {}

  /** Goes on to another state of the files. What two states that were finished had no use for is forgotten. */
  begin(read: FileReader): void {
    for (const [key, unit] of this.units) if (unit.revision < this.finished[0]) this.units.delete(key);
    this.read = read;
    this.revision++;
    this.files.clear();
    this.evaluatedUnits = [];
  }

  /** All of this state was looked at. */
  finish(): void {
    this.finished = [this.finished[1], this.revision];
  }

  /** How many evaluations are kept. */
  get kept(): number {
    return this.units.size;
  }

  /** What was evaluated of this state; the rest was known from before. */
  get evaluated(): readonly string[] {
    return this.evaluatedUnits;
  }

  file(uri: string): FileDeclarations | undefined {
    if (this.files.has(uri)) return this.files.get(uri);
    const source = this.read(uri);
    const declarations = source && this.declarationsOf(source);
    this.files.set(uri, declarations);
    return declarations;
  }

  private declarationsOf(source: SourceFile): FileDeclarations {
    let known = this.declarations.get(source.tree);
    if (known === undefined) this.declarations.set(source.tree, (known = declarationsOf(source)));
    return known;
  }

  textAt(place: Place): string {
    return this.file(place.file)?.source.text.slice(place.span.start, place.span.end) ?? '';
  }

  /** A new evaluation's own findings. */
  newUnit(name: string): Unit {
    return new Unit(name, new Findings(this.limits.observations, (file, span) => this.moving(file, span)));
  }

  /** A span as one that moves with the declaration that it stands in. */
  private moving(file: string, span: Span): Span {
    const declarations = this.file(file)?.source.tree.declarations ?? [];
    const around = declarations[firstWhere(declarations.length, (index) => declarations[index]!.span.start > span.start) - 1];
    return around === undefined ? span : movingWith(around.span, span.start, span.end);
  }

  // ── Questions ──────────────────────────────────────────────────────────────

  isLet(file: string, name: string, { unit }: Run): boolean {
    const asked = unit.asked('let', file, name) ?? unit.note({ kind: 'let', file, about: name, answer: this.letNamed(file, name) });
    return asked.answer;
  }

  namesOf(file: string, { unit }: Run): readonly string[] {
    const asked = unit.asked('names', file, undefined) ?? unit.note({ kind: 'names', file, about: undefined, answer: this.allNames(file) });
    return asked.answer;
  }

  /** What a name of a file stands for; undefined where the file declares no such name. */
  declared(file: string, name: string, user: Context, use: Place): Value | undefined {
    const { unit } = user.run;
    const asked = unit.asked('name', file, name) ?? unit.note({ kind: 'name', file, about: name, answer: this.meaningOf(file, name, unit) });
    const { value, trouble, declaration } = asked.answer;
    if (trouble !== undefined) {
      user.run.report(user, {
        code: trouble === 'cyclic' ? 'cyclic-declaration' : 'too-deep',
        place: use,
        message: trouble === 'cyclic' ? `${name} is declared by itself` : `${name} depends on more than ${String(this.limits.depth)} declarations, one by the other`,
        related: declaration && [{ message: 'declared here', place: { file: this.fileOf(file, name), span: declaration.name.span } }],
      });
    }
    return value;
  }

  /** A model evaluated by itself. Undefined where it needs arguments; undefined, too, and reported where it is not finished. */
  model(of: ConstructorValue, user: Context, use: Place): EvaluatedModel | undefined {
    const { unit } = user.run;
    const { answer } = unit.asked('model', undefined, of) ?? unit.note({ kind: 'model', file: undefined, about: of, answer: this.modelOf(of, unit) });
    if (typeof answer !== 'string') return answer;
    user.run.report(user, {
      code: answer === 'cyclic' ? 'cyclic-declaration' : 'too-deep',
      place: use,
      message: answer === 'cyclic' ? `this asks about ${of.name} before its body is finished` : `${of.name} asks about more than ${String(this.limits.depth)} models, one by the other`,
    });
    return undefined;
  }

  private letNamed(file: string, name: string): boolean {
    return this.file(file)?.own.get(name)?.kind === 'let';
  }

  private allNames(file: string): readonly string[] {
    return this.file(file)?.names ?? [];
  }

  /** Whether a question has the answer that it had. */
  private isUnchanged({ kind, file, about, answer }: Question, asker: Unit): boolean {
    switch (kind) {
      case 'name':
        return sameMeaning(this.meaningOf(file, about, asker), answer);
      case 'let':
        return this.letNamed(file, about) === answer;
      case 'names': {
        const names = this.allNames(file);
        return names.length === answer.length && names.every((name, index) => name === answer[index]);
      }
      case 'model':
        return this.modelOf(about, asker) === answer;
    }
  }

  // ── Units ──────────────────────────────────────────────────────────────────

  /** The unit of a key, up to date: as it was where nothing that it asked has changed, or else evaluated. */
  unit(key: object, name: string, evaluateIt: (unit: Unit) => unknown, asker?: Unit): Unit {
    let unit = this.units.get(key);
    if (unit?.revision !== this.revision) {
      if (unit === undefined || !this.isCurrent(key, unit)) unit = this.evaluate(key, name, evaluateIt);
      unit.revision = this.revision;
    }
    asker?.use(unit);
    return unit;
  }

  private evaluate(key: object, name: string, evaluateIt: (unit: Unit) => unknown): Unit {
    const unit = this.newUnit(name);
    this.evaluatedUnits.push(name);
    this.running.set(key, unit);
    try {
      unit.result = evaluateIt(unit);
    } finally {
      this.running.delete(key);
    }
    this.units.set(key, unit);
    return unit;
  }

  private isCurrent(key: object, unit: Unit): boolean {
    unit.forgetUses();
    unit.confirmed = 0;
    this.running.set(key, unit);
    try {
      while (unit.confirmed < unit.questions.length) {
        if (!this.isUnchanged(unit.questions[unit.confirmed]!, unit)) return false;
        unit.confirmed++;
      }
      return true;
    } finally {
      this.running.delete(key);
    }
  }

  /** What a name of a file stands for, for one who stands outside of all evaluations. */
  valueNamed(file: string, name: string, asker: Unit): Value | undefined {
    return this.meaningOf(file, name, asker).value;
  }

  /** A model evaluated by itself, for one who stands outside of all evaluations. */
  modelBy(of: ConstructorValue, asker: Unit): EvaluatedModel | undefined {
    const answer = this.modelOf(of, asker);
    return typeof answer === 'string' ? undefined : answer;
  }

  private meaningOf(file: string, name: string, asker: Unit, imports = 0): Meaning {
    const declarations = this.file(file);
    const own = declarations?.own.get(name);
    if (own !== undefined) return this.valueOf(own, file, asker);
    const imported = declarations?.imported.get(name);
    if (imported === undefined) return nothing;
    const uri = this.resolve(imported.statement, file);
    // A missing file or name is reported at the import, and so are too many of them.
    if (uri === undefined || imports >= this.limits.importDepth) return { value: unknown };
    const meaning = this.meaningOf(uri, imported.name.name.text, asker, imports + 1);
    return meaning === nothing ? { value: unknown } : meaning;
  }

  /** The file whose own declaration a name stands for. */
  private fileOf(file: string, name: string): string {
    let [at, its] = [file, name];
    for (let imports = 0; imports < this.limits.importDepth; imports++) {
      const declarations = this.file(at);
      const imported = declarations?.own.has(its) === true ? undefined : declarations?.imported.get(its);
      const uri = imported && this.resolve(imported.statement, at);
      if (imported === undefined || uri === undefined) break;
      [at, its] = [uri, imported.name.name.text];
    }
    return at;
  }

  /** The file that an import names. */
  resolve(statement: ast.Import, file: string): string | undefined {
    return addressOf(statement, file);
  }

  /** The files that a file imports. */
  importsOf(file: string): readonly string[] {
    return this.file(file)?.imports ?? [];
  }

  private valueOf(declaration: NamedDeclaration, file: string, asker: Unit): Meaning {
    if (declaration.kind === 'let' || (declaration.kind === 'model' && declaration.variant !== undefined)) {
      if (this.running.has(declaration)) return { declaration, value: unknown, trouble: 'cyclic' };
      if (this.running.size > this.limits.depth) return { declaration, value: unknown, trouble: 'too-deep' };
      const unit = this.unit(declaration, declaration.name.text, (made) => this.evaluateDeclaration(declaration, file, made), asker);
      return { declaration, value: unit.result as Value };
    }
    let value = this.constructors.get(declaration);
    if (value === undefined) this.constructors.set(declaration, (value = constructorOf(declaration, file)));
    return { declaration, value };
  }

  private modelOf(of: ConstructorValue, asker: Unit): EvaluatedModel | Trouble | undefined {
    const running = this.running.get(of);
    if (running !== undefined) {
      // Claims of two models may ask about each other: their bodies are finished before.
      const isUsable = running.usableAfter <= (running.revision === 0 ? running.questions.length : running.confirmed);
      return isUsable ? (running.result as EvaluatedModel) : 'cyclic';
    }
    if (this.running.size > this.limits.depth) return 'too-deep';
    return this.unit(of, of.name, (unit) => evaluateModel(this, of, new Map(), unit), asker).result as EvaluatedModel | undefined;
  }

  private evaluateDeclaration(declaration: ast.Let | ast.Model, file: string, unit: Unit): Value {
    const context = this.fileContext(file, unit);
    if (declaration.kind === 'model') return variantOf(context, declaration);
    const value = this.orUnknown(() => evaluate(context, declaration.value));
    if (value.kind === 'tensor' || holdsLayer(value)) {
      context.run.report(context, {
        code: 'let-holds-layer',
        place: at(context, declaration.value),
        message: `let binds numbers, strings, lists and constructors, but this is ${describe(value)}; a stack declares what models share`,
      });
      return unknown;
    }
    unit.findings.observe(declaration.name, value, context);
    return value;
  }

  /** A context for what stands outside of all models. */
  fileContext(file: string, unit: Unit): Context {
    return {
      run: new Run(this, unit, file, true),
      scope: new Scope(undefined, file),
      body: new Body([], false),
      activation: new Activation(),
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
}

const nothing: Meaning = {};

/** What a declaration that is not evaluated by itself stands for. */
function constructorOf(declaration: NamedDeclaration, file: string): Value {
  const name = declaration.name.text;
  if (declaration.kind === 'function') return { kind: 'function', name, target: { kind: 'declaration', declaration, file } };
  if (declaration.kind === 'let') return unknown;
  return { kind: 'constructor', name, target: { kind: 'declaration', declaration, file, defaults: [] } };
}

function addressOf(statement: ast.Import, file: string): string | undefined {
  if (statement.path === undefined) return undefined;
  try {
    return new URL(statement.path.value, file).href;
  } catch {
    return undefined;
  }
}

function declarationsOf(source: SourceFile): FileDeclarations {
  const own = new Map<string, NamedDeclaration>();
  const imported = new Map<string, { statement: ast.Import; name: ast.ImportedName }>();
  const imports = new Set<string>();
  for (const declaration of source.tree.declarations) {
    if (declaration.kind === 'assert') continue;
    if (declaration.kind === 'import') {
      const uri = addressOf(declaration, source.uri);
      if (uri !== undefined) imports.add(uri);
      for (const name of declaration.names) imported.set((name.alias ?? name.name).text, { statement: declaration, name });
    } else if (declaration.name.text !== '' && !own.has(declaration.name.text)) own.set(declaration.name.text, declaration);
  }
  return { source, own, imported, names: [...new Set([...own.keys(), ...imported.keys()])], imports: [...imports] };
}

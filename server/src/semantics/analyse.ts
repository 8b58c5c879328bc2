// The facade: everything that is known of a file, as plain data.

import type * as ast from '../../../grammar/ast';
import type { Diagnostic } from '../base/diagnostic';
import { type UnderstoodStack, understoodStacks } from './alone';
import { judgeClaim } from './asserts';
import { Findings, type Observations } from './findings';
import type { Judgement } from './graph';
import { defaultLimits, type Limits } from './limits';
import { type EvaluatedModel, evaluateModel, missingArguments } from './model';
import { type FileReader, Program } from './program';
import { at, LimitReached } from './run';
import { lints } from './lint/lint';
import { requirementsAtInputs } from './requirements';
import type { ConstructorValue } from './values';

export interface Analysis {
  readonly file: string;
  readonly tree: ast.File;
  /** Of this file alone; those of the syntax are not among them. */
  readonly diagnostics: readonly Diagnostic[];
  /** The models that can be evaluated by themselves, in the order of the text. */
  readonly models: readonly EvaluatedModel[];
  /** The models that need arguments, and which. */
  readonly templates: readonly { readonly declaration: ast.Model; readonly missing: readonly string[] }[];
  /** What became of the file's own asserts. */
  readonly judgements: readonly Judgement[];
  /**
   * What an expression or name of the tree is worth: in a stack that is understood by itself as an expression in its
   * dimensions and arguments, elsewhere each time that it was evaluated.
   */
  observations(node: object): Observations | undefined;
  /** What it was worth each time that a model evaluated it. */
  applied(node: object): Observations | undefined;
  /** The stack by itself, where it can be understood so. */
  understood(declaration: ast.Declaration): UnderstoodStack | undefined;
  /** Evaluates a model of the file with sizes for its free dimensions; undefined for a name that is no such model. */
  modelAt(name: string, given: ReadonlyMap<string, number>): EvaluatedModel | undefined;
}

/** Analyses a file; `read` gives its tree and those of the files that it imports. Undefined where it cannot be read. */
export function analyse(file: string, read: FileReader, limits: Limits = defaultLimits): Analysis | undefined {
  const findings = new Findings(limits.observations);
  const program = new Program(read, findings, limits);
  const declarations = program.file(file);
  if (declarations === undefined) return undefined;
  const { tree } = declarations.source;
  const context = program.fileContext(file);

  reportRepeatedNames(tree, findings, file);
  reportImports(tree, program, findings, file);

  const models: EvaluatedModel[] = [];
  const templates: { declaration: ast.Model; missing: readonly string[] }[] = [];
  const constructors = new Map<string, ConstructorValue>();
  for (const declaration of tree.declarations) {
    if (declaration.kind === 'import' || declaration.kind === 'assert' || declaration.name.text === '') continue;
    const value = program.declared(file, declaration.name.text, context, at(context, declaration.name));
    if (declaration.kind !== 'model' || value?.kind !== 'constructor') continue;
    const missing = missingArguments(value);
    if (missing.length > 0) {
      templates.push({ declaration, missing });
      continue;
    }
    if (constructors.has(declaration.name.text)) continue;
    constructors.set(declaration.name.text, value);
    const model = evaluateModel(program, findings, limits, value, new Map());
    if (model !== undefined) {
      models.push(model.declaration === declaration ? model : { ...model, declaration });
      requirementsAtInputs(model, findings);
      for (const lint of lints) {
        lint(model, (finding) => {
          findings.report(finding, undefined);
        });
      }
    }
  }

  for (const declaration of tree.declarations) {
    if (declaration.kind !== 'assert') continue;
    try {
      judgeClaim(context, declaration);
    } catch (error) {
      if (!(error instanceof LimitReached)) throw error;
    }
  }

  // Nobody asks for it in a check.
  let stacks: ReadonlyMap<ast.Declaration, UnderstoodStack> | undefined;
  const understood = (): ReadonlyMap<ast.Declaration, UnderstoodStack> => (stacks ??= understoodStacks(tree, file, program, findings, limits));

  return {
    file,
    tree,
    diagnostics: findings.diagnosticsOf(file),
    models,
    templates,
    judgements: context.run.graph.judgements,
    observations(node) {
      for (const { observations } of understood().values()) {
        const known = observations.get(node);
        if (known !== undefined) return known;
      }
      return findings.observationsOf(node);
    },
    applied: (node) => findings.observationsOf(node),
    understood: (declaration) => understood().get(declaration),
    modelAt(name, given) {
      const constructor = constructors.get(name);
      if (constructor === undefined) return undefined;
      // Sizes are tried on a program of its own, so that the file's findings stay as they are.
      const trial = new Findings(0);
      const other = new Program(read, trial, limits);
      const outside = other.fileContext(file);
      const value = other.declared(file, name, outside, { file, span: constructor.target.kind === 'declaration' ? constructor.target.declaration.name.span : tree.span });
      return value?.kind === 'constructor' ? evaluateModel(other, trial, limits, value, given) : undefined;
    },
  };
}

function reportRepeatedNames(tree: ast.File, findings: Findings, file: string): void {
  const first = new Map<string, ast.Name>();
  for (const declaration of tree.declarations) {
    if (declaration.kind === 'assert') continue;
    const names = declaration.kind === 'import' ? declaration.names.map((name) => name.alias ?? name.name) : [declaration.name];
    for (const name of names) {
      if (name.text === '') continue;
      const before = first.get(name.text);
      if (before === undefined) {
        first.set(name.text, name);
        continue;
      }
      findings.report(
        {
          code: 'declared-twice',
          place: { file, span: name.span },
          message: `${name.text} is declared already in this file; take another name`,
          related: [{ message: 'first declared here', place: { file, span: before.span } }],
        },
        undefined,
      );
    }
  }
}

/** Missing files and names, and imports in a circle. */
function reportImports(tree: ast.File, program: Program, findings: Findings, file: string): void {
  for (const statement of tree.declarations) {
    if (statement.kind !== 'import' || statement.path === undefined) continue;
    const uri = program.resolve(statement, file);
    const imported = uri === undefined ? undefined : program.file(uri);
    const place = { file, span: statement.path.span };
    if (uri === undefined || imported === undefined) {
      findings.report({ code: 'missing-file', place, message: `there is no file ${statement.path.value}` }, undefined);
      continue;
    }
    if (reaches(program, uri, file)) {
      findings.report({ code: 'cyclic-import', place, message: `${statement.path.value} imports this file in turn; move what both need to a third file` }, undefined);
    }
    for (const { name } of statement.names) {
      if (name.text === '' || imported.own.has(name.text) || imported.imported.has(name.text)) continue;
      findings.report({ code: 'unknown-name', place: { file, span: name.span }, message: `${statement.path.value} declares no ${name.text}` }, undefined);
    }
  }
}

function reaches(program: Program, from: string, to: string): boolean {
  const seen = new Set<string>();
  const pending = [from];
  while (pending.length > 0) {
    const next = pending.pop()!;
    if (next === to) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    for (const statement of program.file(next)?.source.tree.declarations ?? []) {
      if (statement.kind !== 'import') continue;
      const uri = program.resolve(statement, next);
      if (uri !== undefined) pending.push(uri);
    }
  }
  return false;
}


// The facade: everything that is known of a file, as plain data.

import type * as ast from '../../../grammar/ast';
import type { Diagnostic } from '../base/diagnostic';
import { type UnderstoodStack, Understanding } from './alone';
import { judgeClaim } from './asserts';
import { type Creation, type Finding, type Findings, JoinedFindings, type Observations } from './findings';
import type { TensorType } from '../layers/tensor';
import { type FunctionGraph, functionGraph } from './function-graph';
import type { Judgement } from './graph';
import { defaultLimits, type Limits } from './limits';
import { type EvaluatedModel, evaluateModel, missingArguments } from './model';
import { type FileReader, Program } from './program';
import { type Context, LimitReached } from './run';
import { reportNames } from './file-names';
import { lints } from './lint/lint';
import { requirementsAtInputs } from './requirements';
import { type StackEffect, stackEffect } from './stack-effect';
import { Unapplied } from './unapplied';
import type { Unit } from './unit';
import type { ConstructorValue, FunctionValue } from './values';

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
  /** What was evaluated anew, by name; the rest was known from the state before. */
  readonly evaluated: readonly string[];
  /**
   * What an expression or name of the tree is worth: in a stack that is understood by itself as an expression in its
   * dimensions and arguments, elsewhere each time that it was evaluated.
   */
  observations(node: object): Observations | undefined;
  /** What it was worth each time that a model evaluated it. */
  applied(node: object): Observations | undefined;
  /** The parameters that a statement, or what flows into a step of a pipeline, brought into being, each time that it did, in the evaluations that `observations` speaks of. */
  created(node: object): readonly Creation[];
  /** The stack by itself, where it can be understood so. */
  understood(declaration: ast.Declaration): UnderstoodStack | undefined;
  /** A function that a file declares, applied to single numbers; undefined where it takes anything else. */
  functionGraph(declared: FunctionValue): FunctionGraph | undefined;
  /** What a stack, by its name in the file, would do to tensors; undefined where that is not known. */
  stackEffect(name: string, inputs: readonly TensorType[]): StackEffect | undefined;
  /** Evaluates a model of the file with sizes for its free dimensions; undefined for a name that is no such model. */
  modelAt(name: string, given: ReadonlyMap<string, number>): EvaluatedModel | undefined;
}

/** Analyses a file; `read` gives its tree and those of the files that it imports. Undefined where it cannot be read. */
export function analyse(file: string, read: FileReader, limits: Limits = defaultLimits): Analysis | undefined {
  return new Analyser(file, limits).analyse(read);
}

/**
 * Analyses one state of a file after another. Whatever was evaluated for the state before counts on, as long as all that it
 * has asked for is the same; the result is that of analysing the new state alone.
 */
export class Analyser {
  private readonly program: Program;
  private readonly reviews = new WeakMap<EvaluatedModel, Findings>();
  private readonly unapplied = new Unapplied();

  constructor(
    private readonly file: string,
    private readonly limits: Limits = defaultLimits,
  ) {
    this.program = new Program(limits);
  }

  /** How many evaluations are kept for the next state. */
  get kept(): number {
    return this.program.kept;
  }

  /**
   * Evaluates ahead, declaration by declaration, what an analysis of the state that `read` gives will find up to date. At
   * every yield it may be left, or the program go on to another state: what was evaluated until then counts.
   */
  *ahead(read: FileReader): Generator<undefined, void> {
    const { program, file } = this;
    program.begin(read);
    const { revision } = program;
    const root = program.newUnit(file);
    for (const declaration of program.file(file)?.source.tree.declarations ?? []) {
      if (declaration.kind === 'import' || declaration.kind === 'assert' || declaration.name.text === '') continue;
      const value = program.valueNamed(file, declaration.name.text, root);
      const model = declaration.kind === 'model' && value?.kind === 'constructor' && missingArguments(value).length === 0 ? program.modelBy(value, root) : undefined;
      if (model !== undefined) this.review(model);
      yield;
      if (program.revision !== revision) return;
    }
  }

  /** Analyses the state that `read` gives. Undefined where the file cannot be read. */
  analyse(read: FileReader): Analysis | undefined {
    const { program, file, limits } = this;
    program.begin(read);
    const declarations = program.file(file);
    if (declarations === undefined) return undefined;
    const { tree } = declarations.source;
    const root = program.newUnit(file);
    reportNames(tree, program, root.findings, file);

    const models: EvaluatedModel[] = [];
    const templates: { declaration: ast.Model; missing: readonly string[] }[] = [];
    const constructors = new Map<string, ConstructorValue>();
    /** In their order: of a unit those of what it has used come before its own. */
    const findings = [root.findings];
    const gathered = new Set<Unit>();
    const gather = (unit: Unit): void => {
      if (gathered.has(unit)) return;
      gathered.add(unit);
      unit.uses.forEach(gather);
      findings.push(unit.findings);
    };
    const gatherNew = (): void => {
      root.uses.forEach(gather);
      root.forgetUses();
    };
    for (const declaration of tree.declarations) {
      if (declaration.kind === 'import' || declaration.kind === 'assert' || declaration.name.text === '') continue;
      const value = program.valueNamed(file, declaration.name.text, root);
      gatherNew();
      if (declaration.kind !== 'model' || value?.kind !== 'constructor') continue;
      const missing = missingArguments(value);
      if (missing.length > 0) {
        templates.push({ declaration, missing });
        continue;
      }
      if (constructors.has(declaration.name.text)) continue;
      constructors.set(declaration.name.text, value);
      const model = program.modelBy(value, root);
      gatherNew();
      if (model === undefined) continue;
      models.push(model);
      findings.push(this.review(model));
    }

    const judgements: Judgement[] = [];
    for (const declaration of tree.declarations) {
      if (declaration.kind !== 'assert') continue;
      const unit = program.unit(declaration, 'assert', (made) => judgeInFile(program.fileContext(file, made), declaration));
      gather(unit);
      judgements.push(...(unit.result as readonly Judgement[]));
    }

    const { revision } = program;
    const joined = new JoinedFindings(findings, limits.observations);
    const stacks = new Understanding(tree, file, program, joined);
    const errors = this.unapplied.errorsOf(tree, file, program, joined);
    program.finish();
    return {
      file,
      tree,
      diagnostics: new JoinedFindings([...findings, ...errors], limits.observations).diagnosticsOf(file),
      models,
      templates,
      judgements,
      evaluated: [...program.evaluated],
      observations: (node) => stacks.observationsOf(node) ?? joined.observationsOf(node),
      applied: (node) => joined.observationsOf(node),
      created: (node) => stacks.around(node)?.run.findings.creationsAt(node) ?? joined.creationsAt(node),
      understood: (declaration) => stacks.of(declaration),
      functionGraph: (declared) => functionGraph(program, declared),
      // The program may have gone on to another state, which is not to be mixed with this one.
      stackEffect: (name, inputs) => (program.revision === revision ? stackEffect(program, file, name, inputs) : undefined),
      modelAt: (name, given) => (constructors.has(name) ? modelAt(file, name, given, read, limits) : undefined),
    };
  }

  /** What the graph of a model says of it: requirements and lints. */
  private review(model: EvaluatedModel): Findings {
    let found = this.reviews.get(model);
    if (found === undefined) {
      const { findings } = this.program.newUnit(model.name);
      const report = (finding: Finding): void => { model.run.noteIn(findings, finding); };
      requirementsAtInputs(model, report);
      for (const lint of lints) lint(model, report);
      this.reviews.set(model, (found = findings));
    }
    return found;
  }
}

function judgeInFile(context: Context, statement: ast.Assert): readonly Judgement[] {
  try {
    judgeClaim(context, statement);
  } catch (error) {
    if (!(error instanceof LimitReached)) throw error;
  }
  return context.run.graph.judgements;
}

/** Sizes are tried on a program of its own, so that the file's findings stay as they are. */
function modelAt(file: string, name: string, given: ReadonlyMap<string, number>, read: FileReader, limits: Limits): EvaluatedModel | undefined {
  const program = new Program({ ...limits, observations: 1 });
  program.begin(read);
  const unit = program.newUnit(name);
  const value = program.valueNamed(file, name, unit);
  return value?.kind === 'constructor' ? evaluateModel(program, value, given, unit) : undefined;
}

// Declarations that nothing evaluates: a stack that nobody applies, a model that lacks arguments, a function that is never
// called. Their bodies are run with arguments and inputs that are unknown; what errs then errs for every argument.

import type * as ast from '../../../grammar/ast';
import { children, type Node } from '../../../grammar/walk';
import { anchorOf } from '../base/span';
import { runStatements } from './body';
import { Activation, Body } from './body-state';
import { evaluate } from './evaluate';
import { Findings, type JoinedFindings } from './findings';
import type { Program } from './program';
import { type Context, LimitReached, Run } from './run';
import { Scope } from './scope';
import type { Unit } from './unit';
import { unknown } from './values';

/** What is wrong in all that no model of the file has evaluated: `evaluated` says what was. */
export class Unapplied {
  private readonly keys = new WeakMap<object, object>();
  /** Whose findings said that a declaration was evaluated: while they count, it is. */
  private readonly witnesses = new WeakMap<ast.Declaration, Findings>();

  errorsOf(tree: ast.File, file: string, program: Program, evaluated: JoinedFindings): readonly Findings[] {
    return tree.declarations.flatMap((declaration) => {
      if (declaration.kind !== 'stack' && declaration.kind !== 'model' && declaration.kind !== 'function') return [];
      if (declaration.body === undefined || this.wasEvaluated(declaration, declaration.body, evaluated)) return [];
      let key = this.keys.get(declaration);
      if (key === undefined) this.keys.set(declaration, (key = {}));
      return [program.unit(key, declaration.name.text, (unit) => runQuietly(declaration, file, program, unit)).findings];
    });
  }

  private wasEvaluated(declaration: ast.Declaration, body: Node, evaluated: JoinedFindings): boolean {
    const known = this.witnesses.get(declaration);
    if (known !== undefined && evaluated.includes(known)) return true;
    const witness = witnessOf(body, evaluated.in(anchorOf(declaration.span)));
    if (witness !== undefined) this.witnesses.set(declaration, witness);
    return witness !== undefined;
  }
}

/** The first of some findings that have observed anything in a body. */
function witnessOf(body: Node, candidates: readonly Findings[]): Findings | undefined {
  const pending = candidates.length === 0 ? [] : [body];
  while (pending.length > 0) {
    const node = pending.pop()!;
    const found = candidates.find((findings) => findings.observationsOf(node) !== undefined);
    if (found !== undefined) return found;
    for (const child of children(node)) pending.push(child);
  }
  return undefined;
}

/** Its errors become those of the unit; what expressions are worth is nothing to show. */
function runQuietly(declaration: ast.Stack | ast.Model | ast.FunctionDeclaration, file: string, program: Program, unit: Unit): void {
  const findings = new Findings(0);
  runBlindly(declaration, file, new Run(program, unit, declaration.name.text, false, { incoming: 'unknown', findings }));
  unit.findings.adopt(file, findings.diagnosticsOf(file).filter(({ severity }) => severity === 'error'));
}

function runBlindly(declaration: ast.Stack | ast.Model | ast.FunctionDeclaration, file: string, run: Run): void {
  const parameters = new Scope(undefined, file);
  const outside: Context = { run, scope: parameters, body: new Body([], false), activation: new Activation(new Map()), depth: 0 };
  try {
    for (const { name, default: node } of declaration.parameters) {
      if (node !== undefined) evaluate(outside, node);
      parameters.bind(name.text, { value: unknown, place: { file, span: name.span } });
    }
    const context: Context = { ...outside, scope: new Scope(parameters, file) };
    if (declaration.kind === 'function') {
      evaluate(context, declaration.body);
      return;
    }
    const { statements } = declaration.body!;
    const incoming = statements.map(() => unknown);
    runStatements({ ...context, body: new Body(incoming.length === 0 ? [unknown] : incoming, false) }, statements);
  } catch (error) {
    if (!(error instanceof LimitReached)) throw error;
  }
}

// From tree to canonical text: one statement a line, two blanks of indentation, lines of at most 120 columns.

import type { Block, Declaration, ExpressionStatement, File, Input, Param, Statement, Target } from './ast';
import type { Source } from './margin';
import { Margin } from './margin';
import { Page } from './page';
import { parse } from './parse';
import { ExpressionPrinter } from './print-expression';
import { anywhere, beginsWithLoss, Speller } from './spell';
import type { Node } from './walk';

export type { Source } from './margin';
export { spell } from './spell';

const indentation = 2;

/**
 * The canonical text of a tree without gaps. With its source it keeps comments, single blank lines, and what was
 * written on one line; without, it writes the documentation that the nodes carry.
 */
export function print(file: File, source?: Source): string {
  const page = new Page();
  const margin = new Margin(page, file, source);
  new Printer(page, margin).file(file);
  const text = page.toString(margin.endOfLine);
  return text === '' ? '' : text + margin.endOfLine;
}

/** The canonical text of a text; undefined where its syntax has errors. */
export function format(text: string): string | undefined {
  const { file, comments, diagnostics } = parse(text);
  return diagnostics.some(({ severity }) => severity === 'error') ? undefined : print(file, { text, comments });
}

class Printer {
  private readonly speller = new Speller();
  private readonly expressions: ExpressionPrinter;

  constructor(
    private readonly page: Page,
    private readonly margin: Margin,
  ) {
    this.expressions = new ExpressionPrinter(page, this.speller, margin, (block, indent) => this.block(block, indent));
  }

  file(file: File): void {
    if (!this.margin.hasSource && file.documentation !== undefined) {
      this.documentation(file.documentation);
      if (file.declarations.length > 0) {
        this.page.newLine(0);
        this.page.newLine(0);
      }
    }
    this.lines(file, file.declarations, 0, false);
  }

  // ── Lines ──────────────────────────────────────────────────────────────────

  /** Writes declarations or statements with the comments around them, from the current line on or from the next one. */
  private lines(around: File | Block, units: readonly (Declaration | Statement)[], indent: number, onNextLine: boolean): void {
    let previous: Node | undefined;
    let previousLine: number | undefined;
    const begin = (line: number): void => {
      if (previousLine !== undefined || onNextLine) this.page.newLine(indent);
      if (previousLine !== undefined && line > previousLine + 1) {
        this.page.newLine(indent);
      }
    };
    for (const unit of units) {
      const leading = this.margin.leading(unit);
      if (previous !== undefined && leading.length === 0 && this.joins(previous, unit)) {
        this.page.write(`; ${this.speller.node(unit as Statement)}`);
      } else {
        for (const comment of leading) {
          begin(this.margin.firstLine(comment.span));
          this.page.write(comment.text);
          previousLine = this.margin.lastLine(comment.span);
        }
        begin(this.firstLineOf(unit, previous));
        this.unit(unit, indent, previous === undefined);
      }
      this.margin.writeTrailing(unit);
      previous = unit;
      previousLine = this.margin.lastLine(unit.span);
    }
    for (const comment of this.margin.closing(around)) {
      begin(this.margin.firstLine(comment.span));
      this.page.write(comment.text);
      previousLine = this.margin.lastLine(comment.span);
    }
  }

  /** The line of a unit; without a source, bodies get blank lines around them. */
  private firstLineOf(unit: Node, previous: Node | undefined): number {
    if (this.margin.hasSource) return this.margin.firstLine(unit.span);
    return hasBody(unit) || (previous !== undefined && hasBody(previous)) ? 2 : 0;
  }

  /** Whether two statements were written on one line, and still fit on it. */
  private joins(previous: Node, unit: Declaration | Statement): boolean {
    if (!this.margin.hasSource || !isStatement(unit) || this.margin.hasTrailing(previous)) return false;
    const isSameLine = this.margin.lastLine(previous.span) === this.margin.firstLine(unit.span);
    const isFlat = !this.margin.isTall(previous) && !this.margin.isTall(unit);
    return isSameLine && isFlat && this.page.fits(`; ${this.speller.node(unit)}`, 0);
  }

  private unit(unit: Declaration | Statement, indent: number, isFirst: boolean): void {
    if (isStatement(unit)) this.statement(unit, indent, isFirst);
    else this.declaration(unit);
  }

  private block(block: Block, indent: number): void {
    const isEmpty = block.statements.length === 0 && this.margin.closing(block).length === 0;
    if (isEmpty && !this.margin.isTall(block)) return this.page.write('{}');
    this.page.write('{');
    this.margin.writeOpening(block);
    this.lines(block, block.statements, indent + indentation, true);
    this.page.newLine(indent);
    this.page.write('}');
  }

  private documentation(text: string): void {
    for (const [i, line] of text.split('\n').entries()) {
      if (i > 0) this.page.newLine(0);
      this.page.write(line === '' ? '##' : `## ${line}`);
    }
  }

  // ── Declarations and statements ────────────────────────────────────────────

  private declaration(node: Exclude<Declaration, Statement>): void {
    if (!this.margin.hasSource && 'documentation' in node && node.documentation !== undefined) {
      this.documentation(node.documentation);
      this.page.newLine(0);
    }
    switch (node.kind) {
      case 'import': {
        const names = node.names.map(({ name, alias }) => (alias === undefined ? name.text : `${name.text} as ${alias.text}`));
        return this.page.write(`from ${this.speller.node(node.path!)} import ${names.join(', ')}`);
      }
      case 'let':
        this.page.write(`let ${node.name.text} = `);
        return this.expressions.write(node.value, anywhere, 0, 0);
      case 'function':
        this.page.write(`function ${node.name.text}`);
        this.expressions.writeBracket(node, node.parameters, '()', 0, 3);
        this.page.write(' = ');
        return this.expressions.write(node.body, anywhere, 0, 0);
      case 'stack':
      case 'model': {
        this.page.write(`${node.kind} ${node.name.text}`);
        if (node.parameters.length > 0) this.expressions.writeBracket(node, node.parameters, '()', 0, 2);
        if (node.body !== undefined) {
          this.page.write(' ');
          return this.body(node.body);
        }
        if (node.kind === 'stack' || node.variant === undefined) return;
        this.page.write(' = ');
        return this.expressions.write(node.variant, anywhere, 0, 0);
      }
    }
  }

  /** The body of a stack or model, on one line only if it was written so. */
  private body(block: Block): void {
    const isFlat = this.margin.hasSource && !this.margin.isTall(block);
    if (isFlat) this.expressions.writeBare(block, false, 0, 0);
    else this.block(block, 0);
  }

  private statement(node: Statement, indent: number, isFirst: boolean): void {
    if (node.kind === 'input' || node.kind === 'target' || node.kind === 'param') return this.typedName(node, indent);
    const { head, value, place } = this.speller.statementParts(node);
    this.page.write(head);
    if (value === undefined) return;
    const isWrapped = node.kind === 'expression-statement' && this.isWrapped(node, isFirst);
    if (isWrapped) this.page.write('(');
    this.expressions.write(value, place, indent, isWrapped ? 1 : 0);
    if (isWrapped) this.page.write(')');
  }

  private typedName(node: Input | Target | Param, indent: number): void {
    const { kind, name, type } = node;
    const value = kind === 'param' ? node.value : undefined;
    this.page.write(`${kind} ${name.text}`);
    if (type !== undefined) this.page.write(`: ${type.element ?? ''}`);
    if (type?.shape !== undefined) this.expressions.writeBracket(type, type.shape, '[]', indent, value === undefined ? 0 : 2);
    if (value === undefined) return;
    this.page.write(' = ');
    this.expressions.write(value, anywhere, indent, 0);
  }

  /**
   * A statement cannot begin with the value of the loss. A line that begins with `-` looks as if it went on with
   * the one above: parentheses that say otherwise are kept, and written where there is no source to tell.
   */
  private isWrapped(node: ExpressionStatement, isFirst: boolean): boolean {
    const text = this.speller.expression(node.value);
    if (beginsWithLoss(text)) return true;
    const isWritten = !this.margin.hasSource || this.margin.beginsWith(node.span, '(');
    return !isFirst && text.startsWith('-') && isWritten;
  }
}

function isStatement(node: Declaration | Statement): node is Statement {
  return !['import', 'let', 'function', 'stack', 'model'].includes(node.kind);
}

function hasBody(node: Node): boolean {
  return node.kind === 'stack' || (node.kind === 'model' && node.body !== undefined);
}

// Printing of expressions that do not fit on their line, or hold blocks and comments.

import type { Argument, Block, Expression, If, IndexItem, Parameter, Slice } from './ast';
import type { Margin } from './margin';
import type { Page } from './page';
import { pageWidth } from './page';
import type { Place, Speller } from './spell';
import { anywhere, inHeader, needsParentheses, objectPlace, operandPlaces, prefixedPlace } from './spell';
import type { Node } from './walk';

/** The farthest column at which the arrows of a chain stand below its first one. */
const farthestArrow = 40;
const continuation = 4;

type Pipe = Extract<Expression, { kind: 'pipe' }>;
/** What may stand between commas in a bracket. */
type Item = Argument | Parameter | IndexItem;
type Infix = Extract<Expression, { kind: 'logical' | 'binary' }>;

/** Writes expressions to a page: on the current line if they fit there, else broken where their kind allows it. */
export class ExpressionPrinter {
  constructor(
    private readonly page: Page,
    private readonly speller: Speller,
    private readonly margin: Margin,
    private readonly writeBlock: (block: Block, indent: number) => void,
  ) {}

  /** Writes an expression; `tail` is how many characters must fit after it on its last line. */
  write(node: Expression, place: Place, indent: number, tail: number): void {
    if (!needsParentheses(node, place)) return this.writeBare(node, place.inHeader, indent, tail);
    this.page.write('(');
    this.writeBare(node, false, indent, tail + 1);
    this.page.write(')');
  }

  /** Writes a node without parentheses around it. */
  writeBare(node: Expression, isInHeader: boolean, indent: number, tail: number): void {
    if (!this.margin.isTall(node)) {
      const text = this.speller.node(node, isInHeader);
      if (this.page.fits(text, tail)) return this.page.write(text);
    }
    this.writeBroken(node, isInHeader, indent, tail);
  }

  private writeBroken(node: Expression, isInHeader: boolean, indent: number, tail: number): void {
    switch (node.kind) {
      case 'pipe':
        return this.writeChain(node, isInHeader, indent, tail);
      case 'logical':
      case 'binary':
        return this.writeInfix(node, isInHeader, indent, tail);
      case 'comparison': {
        const { left } = operandPlaces('==', isInHeader);
        for (const [i, operand] of node.operands.entries()) {
          if (i > 0) this.page.write(` ${node.operators[i - 1]}`);
          this.writeOperand(operand, left, i === 0, indent, i < node.operators.length ? 3 : tail);
        }
        return;
      }
      case 'not':
      case 'negate':
        this.page.write(node.kind === 'not' ? 'not ' : '-');
        return this.write(node.operand, prefixedPlace(node.kind, isInHeader), indent, tail);
      case 'call':
        this.write(node.callee, objectPlace(isInHeader), indent, 1);
        return this.writeBracket(node, node.arguments, '()', indent, tail);
      case 'index':
        this.write(node.object, objectPlace(isInHeader), indent, 1);
        return this.writeBracket(node, node.items, '[]', indent, tail);
      case 'member':
        this.write(node.object, objectPlace(isInHeader), indent, tail + node.name.text.length + 1);
        return this.page.write(`.${node.name.text}`);
      case 'list':
        return this.writeBracket(node, node.items, '[]', indent, tail);
      case 'block':
        return this.writeBlock(node, indent);
      case 'if':
        return this.writeIf(node, indent, tail);
      case 'repeat':
        this.writeHeader('repeat ', node.count, indent);
        return this.writeBare(node.body, false, indent, tail);
      case 'for':
        this.writeHeader(`for ${this.speller.list(node.names)} in `, node.iterable, indent);
        return this.writeBare(node.body, false, indent, tail);
      case 'residual':
        this.page.write('residual ');
        return this.writeBare(node.body, false, indent, tail);
      case 'parallel':
        this.page.write(node.operation);
        if (node.arguments.length > 0) this.writeBracket(node, node.arguments, '()', indent, 2);
        this.page.write(' ');
        return this.writeBare(node.body, false, indent, tail);
      default:
        this.page.write(this.speller.node(node));
    }
  }

  /** Steps go on their line while they fit; further lines begin with arrows below the first one. */
  private writeChain(chain: Pipe, isInHeader: boolean, indent: number, tail: number): void {
    const steps: Expression[] = [];
    let first: Expression = chain;
    for (; first.kind === 'pipe'; first = first.left) steps.unshift(first.right);
    const { left, right } = operandPlaces('->', isInHeader);
    const line = this.page.lineCount;
    this.write(first, left, indent, 0);
    const below = this.page.column + 1;
    const arrow = this.page.lineCount === line && below <= farthestArrow ? below : indent + continuation;
    let isFirstLine = true;
    let previous: Expression = first;
    for (const step of steps) {
      const leading = this.margin.leading(step);
      const isLast = step === steps.at(-1);
      this.margin.writeTrailing(previous);
      for (const comment of leading) {
        this.page.newLine(arrow);
        this.page.write(comment.text);
      }
      const fits = this.fitsOnLine(step, right, arrow, isLast ? tail : 0);
      if (leading.length > 0 || this.margin.hasTrailing(previous) || !fits) {
        this.page.newLine(arrow);
        isFirstLine = false;
      } else this.page.write(' ');
      this.page.write('-> ');
      this.write(step, right, isFirstLine ? indent : arrow, isLast ? tail : 0);
      previous = step;
    }
  }

  /** Whether a step goes on the current line: it fits there, or it will go over several lines on the next one, too. */
  private fitsOnLine(step: Expression, place: Place, arrow: number, tail: number): boolean {
    const text = this.speller.expression(step, place);
    const isFlat = !this.margin.isTall(step);
    if (isFlat && this.page.fits(` -> ${text}`, tail)) return true;
    const fitsBelow = isFlat && arrow + '-> '.length + text.length + tail <= pageWidth;
    return !fitsBelow && this.page.fits(` -> ${this.headOf(step)}`, 0);
  }

  /** What a node that goes over several lines has on its first one, about. */
  private headOf(node: Expression): string {
    switch (node.kind) {
      case 'repeat':
      case 'for':
        return `${this.speller.header(node)} {`;
      case 'if':
        return `${this.speller.header({ kind: 'if', condition: node.branches[0]!.condition })} {`;
      case 'call':
        return `${this.speller.node(node.callee)}(`;
      default:
        return '{';
    }
  }

  private writeInfix(node: Infix, isInHeader: boolean, indent: number, tail: number): void {
    const { left, right } = operandPlaces(node.operator, isInHeader);
    this.write(node.left, left, indent, node.operator.length + 1);
    this.page.write(` ${node.operator}`);
    this.writeOperand(node.right, right, false, indent, tail);
  }

  /** Writes an operand behind its operator, or on the next line if only there it fits on one. */
  private writeOperand(node: Expression, place: Place, isFirst: boolean, indent: number, tail: number): void {
    if (isFirst) return this.write(node, place, indent, tail);
    const text = this.speller.expression(node, place);
    const fitsBelow = indent + continuation + text.length + tail <= pageWidth;
    if (this.margin.isTall(node) || this.page.fits(` ${text}`, tail) || !fitsBelow) this.page.write(' ');
    else this.page.newLine(indent + continuation);
    this.write(node, place, indent, tail);
  }

  private writeIf({ branches, otherwise }: If, indent: number, tail: number): void {
    for (const [i, { condition, body }] of branches.entries()) {
      this.writeHeader(i === 0 ? 'if ' : ' else if ', condition, indent);
      this.writeBare(body, false, indent, tail);
    }
    if (otherwise === undefined) return;
    this.page.write(' else ');
    this.writeBare(otherwise, false, indent, tail);
  }

  private writeHeader(words: string, value: Expression, indent: number): void {
    this.page.write(words);
    this.write(value, inHeader, indent, 2);
    this.page.write(' ');
  }

  /** Writes items in brackets: all on this line, a single one around which the brackets close, or one a line. */
  writeBracket(node: Node, items: readonly Item[], brackets: '()' | '[]', indent: number, tail: number): void {
    const [open, close] = brackets === '()' ? ['(', ')'] : ['[', ']'];
    const [only] = items;
    const hasComments = this.margin.hasCommentsIn(node, items);
    this.page.write(open);
    const text = this.speller.list(items) + close;
    if (!hasComments && !items.some((item) => this.margin.isTall(item)) && this.page.fits(text, tail)) return this.page.write(text);
    if (!hasComments && only !== undefined && items.length === 1) {
      this.writeItem(only, indent, tail + 1);
      return this.page.write(close);
    }
    this.margin.writeOpening(node);
    const inner = indent + 2;
    const isFilled = !hasComments && items.every(isShort);
    for (const [i, item] of items.entries()) {
      for (const comment of this.margin.leading(item)) {
        this.page.newLine(inner);
        this.page.write(comment.text);
      }
      if (isFilled && i > 0 && this.page.fits(` ${this.speller.node(item)}`, 1)) this.page.write(' ');
      else this.page.newLine(inner);
      this.writeItem(item, inner, 1);
      if (i < items.length - 1) this.page.write(',');
      this.margin.writeTrailing(item);
    }
    for (const comment of this.margin.closing(node)) {
      this.page.newLine(inner);
      this.page.write(comment.text);
    }
    this.page.newLine(indent);
    this.page.write(close);
  }

  private writeItem(item: Item, indent: number, tail: number): void {
    if (item.kind === 'argument' || item.kind === 'parameter') {
      const value = item.kind === 'argument' ? item.value : item.default;
      if (item.name !== undefined) this.page.write(value === undefined ? item.name.text : `${item.name.text} = `);
      if (value !== undefined) this.write(value, anywhere, indent, tail);
    } else if (item.kind === 'slice') this.writeSlice(item, indent, tail);
    else if (item.kind === 'ellipsis') this.page.write('...');
    else this.write(item, anywhere, indent, tail);
  }

  private writeSlice({ start, stop, step }: Slice, indent: number, tail: number): void {
    if (start !== undefined) this.write(start, anywhere, indent, 1);
    this.page.write(':');
    if (stop !== undefined) this.write(stop, anywhere, indent, tail);
    if (step === undefined) return;
    this.page.write(':');
    this.write(step, anywhere, indent, tail);
  }
}

function isShort(item: Item): boolean {
  const value = item.kind === 'argument' && item.name === undefined ? item.value : item;
  return ['integer', 'float', 'string', 'name', 'boolean', 'none'].includes(value.kind);
}

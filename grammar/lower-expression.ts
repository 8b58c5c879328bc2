// Lowering of expressions: from the parser's terms and suffixes to the abstract syntax.

import type { CstNode, IToken } from 'chevrotain';
import type { Diagnostic } from '../server/src/base/diagnostic';
import type { Span } from '../server/src/base/span';
import type * as ast from './ast';
import { nodeIn, nodesIn, tokenIn, tokensIn } from './cst';
import type { Group } from './layout';
import { limits } from './limits';
import { ItemLowering } from './lower-items';
import { floatValue, integerValue, unescape } from './literals';
import * as say from './messages';
import { spanOf } from './messages';
import type { Operand, Term } from './operators';
import { bind } from './operators';
import * as tokens from './tokens';
import { endOf, is, isKeyword, keyword } from './tokens';

/** What lowering of expressions asks of the lowering of statements. */
export interface Host {
  /** Reports a fault of the current statement; only the first one is heard. */
  report(diagnostic: Diagnostic): void;
  /** The statements in a `{ … }`. */
  statements(group: Group): ast.Statement[];
  /** The written text of a place. */
  text(span: Span): string;
}

const afterNot = new Set(['->', 'or', 'and']);
const deepestOfGroup = 4;

export class ExpressionLowering {
  /** How many nodes may at most stand around the one that is lowered. */
  private depth = 0;
  /** The first token that the current statement or item leaves over. */
  rest: IToken | undefined;
  /** What stands between the commas of brackets. */
  readonly items: ItemLowering;

  constructor(private readonly host: Host) {
    this.items = new ItemLowering(this, host);
  }

  // ── Operators ──────────────────────────────────────────────────────────────

  /** Lowers an expression; where there is none, `what` is reported as missing after a token. */
  expression(tree: CstNode, after: IToken, what = 'a value', example?: string): ast.Expression {
    return this.operand(tree, after, what, example).node;
  }

  private operand(tree: CstNode, after: IToken, what: string, example?: string): Operand {
    const trees = nodesIn(tree, 'term');
    if (trees.length === 1 && tokenIn(trees[0]!, 'Prefix') === undefined)
      return this.term(trees[0]!, after, what, undefined, example);
    const operators = tokensIn(tree, 'BinaryOperator');
    const outer = this.depth;
    const terms: Term[] = [];
    let previous = after;
    for (const [i, term] of trees.entries()) {
      const operator = operators[i - 1];
      const prefixes = tokensIn(term, 'Prefix');
      const steps = prefixes.length + (operator === undefined ? 0 : 1);
      if (this.depth + steps >= limits.treeDepth) {
        const reached = [operator, ...prefixes].filter((token) => token !== undefined);
        // In parentheses at the very end of a chain, nothing leads on but the bracket.
        this.host.report(say.tooLong(reached[limits.treeDepth - this.depth - 1] ?? reached[0] ?? after));
        break;
      }
      this.depth += steps;
      this.checkNot(prefixes, operator);
      const last = prefixes.at(-1) ?? operator;
      const isAlone = last === undefined;
      const missing = isAlone ? (operators[0] === undefined ? what : undefined) : 'a value';
      previous = last ?? previous;
      const value = this.term(term, previous, missing, operators[0], isAlone ? example : undefined);
      terms.push({ operator, prefixes, operand: value });
    }
    this.depth = outer;
    return terms.length === 0 ? this.nothing(endOf(after)) : bind(terms);
  }

  private checkNot(prefixes: readonly IToken[], operator: IToken | undefined): void {
    for (const [i, prefix] of prefixes.entries()) {
      if (prefix.image !== 'not') continue;
      const before = prefixes[i - 1] ?? operator;
      if (before !== undefined && before.image !== 'not' && !afterNot.has(before.image))
        this.host.report(say.misplaced(prefix, `after \`${before.image}\`, a \`not\` stands in parentheses: \`(not …)\``));
    }
  }

  // ── Terms ──────────────────────────────────────────────────────────────────

  private term(
    tree: CstNode,
    after: IToken,
    missing: string | undefined,
    operator: IToken | undefined,
    example: string | undefined,
  ): Operand {
    let value = this.primary(tree);
    if (value === undefined) {
      this.host.report(
        missing === undefined
          ? say.missingBefore('a value', operator!)
          : say.missing(missing, after, this.rest, example),
      );
      return this.nothing(endOf(after));
    }
    const suffixes = tokensIn(tree, 'Suffix');
    const outer = this.depth;
    for (let i = 0; i < suffixes.length; i++) {
      const suffix = suffixes[i]!;
      if (++this.depth >= limits.treeDepth) {
        this.host.report(say.tooLong(suffix));
        break;
      }
      if (suffix.tokenType === tokens.Dot) {
        const word = suffixes[i + 1];
        const hasWord = word !== undefined && is(word, tokens.Name);
        if (hasWord) i++;
        value = this.member(value, suffix, hasWord ? word : undefined);
      } else value = this.applied(value, suffix as Group);
    }
    this.depth = outer;
    return value;
  }

  private member({ node, start }: Operand, dot: IToken, word: IToken | undefined): Operand {
    if (word === undefined) this.host.report(say.missing('a name', dot, this.rest, 'layer.weight'));
    const name = word === undefined ? this.noName(endOf(dot)) : this.word(word);
    const { end } = name.span;
    return { node: { kind: 'member', object: node, name, span: { start, end } }, start, end };
  }

  private applied({ node, start }: Operand, group: Group): Operand {
    const end = endOf(group);
    const span = { start, end };
    if (group.tokenType === tokens.Parens)
      return { node: { kind: 'call', callee: node, arguments: this.items.arguments(group), span }, start, end };
    const items = this.items.subscripts(group);
    if (items.length === 0) this.reportEmpty(group, 'an index');
    return { node: { kind: 'index', object: node, items, span }, start, end };
  }

  private primary(tree: CstNode): Operand | undefined {
    const atom = tokenIn(tree, 'Atom');
    if (atom !== undefined) return this.atom(atom);
    for (const kind of ['if', 'repeat', 'for', 'residual', 'parallel'] as const) {
      const inner = nodeIn(tree, kind);
      if (inner === undefined) continue;
      const node = this[kind](inner);
      return { node, ...node.span };
    }
    return undefined;
  }

  private atom(token: IToken): Operand {
    const span = spanOf(token);
    const node = this.atomNode(token, span);
    return { node, ...span };
  }

  private atomNode(token: IToken, span: Span): ast.Expression {
    switch (token.tokenType) {
      case tokens.Name:
        return { kind: 'name', text: token.image, span };
      case tokens.Integer:
        return { kind: 'integer', value: integerValue(token.image), text: token.image, span };
      case tokens.Float:
        return this.float(token, span);
      case tokens.String:
        return this.string(token);
      case tokens.MalformedString:
        return this.malformedString(token, span);
      case tokens.MalformedNumber:
        this.host.report(say.malformedNumber(token));
        return this.nothing(span.start).node;
      case tokens.Parens:
        return this.parenthesised(token as Group);
      case tokens.Brackets:
        return { kind: 'list', items: this.items.elements(token as Group), span };
      case tokens.Block:
        return this.block(token as Group);
      case keyword.none:
        return { kind: 'none', span };
      default:
        return { kind: 'boolean', value: token.image === 'true', span };
    }
  }

  private float(token: IToken, span: Span): ast.Expression {
    const value = floatValue(token.image);
    if (!Number.isFinite(value)) this.host.report(say.numberTooLarge(token));
    return { kind: 'float', value, text: token.image, span };
  }

  private malformedString(token: IToken, span: Span): ast.Expression {
    const isUnclosed = say.isUnclosedString(token);
    if (!isUnclosed) this.host.report(say.wrongQuotes(token));
    return { kind: 'string', value: unescape(token.image.slice(1, isUnclosed ? undefined : -1)), span };
  }

  private parenthesised(group: Group): ast.Expression {
    if (group.skipped) return this.nothing(group.startOffset).node;
    const items = this.items.elements(group);
    if (items.length === 1) return items[0]!;
    if (items.length === 0) {
      this.reportEmpty(group, 'a value');
      return this.nothing(group.startOffset + 1).node;
    }
    this.host.report(say.tupleForList(group, (span) => this.host.text(span)));
    return { kind: 'list', items, span: spanOf(group) };
  }

  private reportEmpty(group: Group, what: string): void {
    if (!group.skipped) this.host.report(say.misplaced(group, `${what} is missing in these brackets`));
  }

  // ── Blocks ─────────────────────────────────────────────────────────────────

  /** The block in a `{ … }`; where there is none, an empty one at an offset. */
  block(group: Group | undefined, at = 0): ast.Block {
    if (group === undefined) return { kind: 'block', statements: [], span: { start: at, end: at } };
    const statements = this.inside(() => this.host.statements(group));
    return { kind: 'block', statements, span: spanOf(group) };
  }

  /** Lowers what is in a bracket: deeper than around it, and with tokens of its own left over. */
  inside<T>(lower: () => T): T {
    const { rest } = this;
    this.depth += deepestOfGroup;
    const result = lower();
    this.depth -= deepestOfGroup;
    this.rest = rest;
    return result;
  }

  /** The body that a header needs. */
  private body(tree: CstNode, header: IToken, at: number): ast.Block {
    const group = tokenIn(tree, 'Body') as Group | undefined;
    if (group === undefined) {
      const word = blockWordAtEnd(nodeIn(tree, 'expression'));
      this.host.report(word === undefined ? say.missingBody(header) : say.blockInHeader(word, header));
    }
    return this.block(group, at);
  }

  private if(tree: CstNode): ast.If {
    const branches = [this.branch(nodeIn(tree, 'branch')!)];
    let otherwise: ast.Block | undefined;
    const alternatives = nodesIn(tree, 'alternative');
    for (const alternative of alternatives) {
      const word = tokenIn(alternative, 'Else')!;
      const branch = nodeIn(alternative, 'branch');
      const isEmpty = branch === undefined && tokenIn(alternative, 'Body') === undefined;
      if (isEmpty && alternative !== alternatives.at(-1)) this.host.report(say.superfluous(word));
      else if (otherwise !== undefined)
        this.host.report(say.misplaced(word, 'this `else` comes after the last one: an `if` has one `else` without a condition'));
      else if (branch !== undefined) branches.push(this.branch(branch));
      else otherwise = this.body(alternative, word, endOf(word));
    }
    const start = branches[0]!.span.start;
    const { end } = (otherwise ?? branches.at(-1)!).span;
    return { kind: 'if', branches, ...(otherwise && { otherwise }), span: { start, end } };
  }

  private branch(tree: CstNode): ast.IfBranch {
    const word = tokenIn(tree, 'If')!;
    const { node: condition, end } = this.operand(nodeIn(tree, 'expression')!, word, 'a condition', 'if stride != 1 { … }');
    const body = this.body(tree, word, end);
    return { kind: 'if-branch', condition, body, span: { start: word.startOffset, end: body.span.end } };
  }

  private repeat(tree: CstNode): ast.Repeat {
    const word = tokenIn(tree, 'Repeat')!;
    const { node: count, end } = this.operand(nodeIn(tree, 'expression')!, word, 'a number', 'repeat 3 { … }');
    const body = this.body(tree, word, end);
    return { kind: 'repeat', count, body, span: { start: word.startOffset, end: body.span.end } };
  }

  private for(tree: CstNode): ast.For {
    const word = tokenIn(tree, 'For')!;
    const example = 'for c in widths { … }';
    const inWord = tokenIn(tree, 'In');
    const names = this.names(tokensIn(tree, 'Name'), tokensIn(tree, 'Comma'), word, inWord ?? this.rest, example);
    const last = tokensIn(tree, 'Name').at(-1) ?? word;
    if (inWord === undefined) this.host.report(say.missing('`in`', last, this.rest, example));
    const { node: iterable, end } = this.operand(nodeIn(tree, 'expression')!, inWord ?? last, 'a list', example);
    const body = this.body(tree, word, end);
    return { kind: 'for', names, iterable, body, span: { start: word.startOffset, end: body.span.end } };
  }

  private residual(tree: CstNode): ast.Residual {
    const word = tokenIn(tree, 'Residual')!;
    const group = tokenIn(tree, 'Block') as Group | undefined;
    if (group === undefined) this.host.report(say.missingBody(word));
    const body = this.block(group, endOf(word));
    return { kind: 'residual', body, span: { start: word.startOffset, end: body.span.end } };
  }

  private parallel(tree: CstNode): ast.Parallel | ast.Call | ast.Name {
    const word = tokenIn(tree, 'BranchesWord')!;
    const parens = tokenIn(tree, 'Parens') as Group | undefined;
    const group = tokenIn(tree, 'Block') as Group | undefined;
    const args = parens === undefined ? [] : this.items.arguments(parens);
    if (group !== undefined) {
      const body = this.block(group);
      const operation = word.image as ast.Parallel['operation'];
      return { kind: 'parallel', operation, arguments: args, body, span: { start: word.startOffset, end: body.span.end } };
    }
    const callee = this.word(word);
    if (parens === undefined) {
      this.host.report(say.missingBody(word));
      return callee;
    }
    return { kind: 'call', callee, arguments: args, span: { start: word.startOffset, end: endOf(parens) } };
  }

  // ── Names ──────────────────────────────────────────────────────────────────

  /** The names of a list with commas between them. */
  names(
    words: readonly IToken[],
    commas: readonly IToken[],
    after: IToken,
    found: IToken | undefined,
    example: string,
  ): ast.Name[] {
    if (words.length <= commas.length) this.host.report(say.missing('a name', commas.at(-1) ?? after, found, example));
    return words.map((word) => this.name(word));
  }

  /** A name that is declared or bound here; no keyword can be. */
  name(token: IToken): ast.Name {
    if (tokens.isKeywordText(token.image)) this.host.report(say.keywordAsName(token));
    return this.word(token);
  }

  word(token: IToken): ast.Name {
    return { kind: 'name', text: token.image, span: spanOf(token) };
  }

  /** The name that an expression left of a `=` is; undefined where it is anything else. */
  boundName(tree: CstNode): ast.Name | undefined {
    const term = nodeIn(tree, 'term')!;
    const word = tokenIn(term, 'Atom') ?? tokenIn(nodeIn(term, 'parallel') ?? term, 'BranchesWord');
    const isAlone = nodesIn(tree, 'term').length === 1 && Object.keys(term.children).length === 1;
    return isAlone && word !== undefined && isWord(word) ? this.name(word) : undefined;
  }

  /** A string in quotes. */
  string(token: IToken): ast.StringLiteral {
    return { kind: 'string', value: unescape(token.image.slice(1, -1)), span: spanOf(token) };
  }

  /** The name that is not there. */
  noName(at: number): ast.Name {
    return { kind: 'name', text: '', span: { start: at, end: at } };
  }

  /** The value that is not there. */
  nothing(at: number): Operand {
    return { node: { kind: 'missing', span: { start: at, end: at } }, start: at, end: at };
  }
}

/** The word that begins a block at the end of an expression. */
function blockWordAtEnd(expression: CstNode | undefined): IToken | undefined {
  const term = expression && nodesIn(expression, 'term').at(-1)!;
  const branch = term && nodeIn(term, 'if');
  if (branch) return tokenIn(nodeIn(branch, 'branch')!, 'If');
  return term && (tokenIn(nodeIn(term, 'repeat') ?? term, 'Repeat') ?? tokenIn(nodeIn(term, 'for') ?? term, 'For'));
}

function isWord(token: IToken): boolean {
  return is(token, tokens.Name) || isKeyword(token);
}

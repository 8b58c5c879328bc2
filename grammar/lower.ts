// Lowering: from the parser's trees to the abstract syntax, with a report of whatever they lack.

import type { CstNode, IToken } from 'chevrotain';
import type { Diagnostic } from '../server/src/base/diagnostic';
import type { Span } from '../server/src/base/span';
import type * as ast from './ast';
import { isEmpty, nodeIn, nodesIn, tokenIn, tokensIn } from './cst';
import type { Group, Segment } from './layout';
import { limits } from './limits';
import type { Host } from './lower-expression';
import { ExpressionLowering } from './lower-expression';
import * as say from './messages';
import type { Rule } from './parser';
import { beginsValue, parseRule } from './parser';
import type { Keyword } from './tokens';
import { Block, Body, elementTypes, endOf, Equals, is, isKeyword, keyword, keywordGroups, Name, Parens, retype, typesOf } from './tokens';

/** Finds the `##` lines right above a declaration, by its start. */
export type FindDocumentation = (start: number) => string | undefined;

const declarationStarts = typesOf(['from', ...keywordGroups.declaration, 'assert']);
const statementWords = typesOf(keywordGroups.statement);
const misplacedInBody = typesOf(['from', ...keywordGroups.declaration]);

/** Lowers a file's declarations. */
export function lower(
  segments: readonly Segment[],
  text: string,
  documentation: FindDocumentation,
): { declarations: ast.Declaration[]; diagnostics: Diagnostic[] } {
  const lowering = new Lowering(text, documentation);
  return { declarations: lowering.declarations(segments), diagnostics: lowering.diagnostics };
}

class Lowering implements Host {
  readonly diagnostics: Diagnostic[] = [];
  /** The current statement has its diagnostic: what else seems wrong with it may follow from that. */
  private reported = false;
  /** The statement before the current one had its diagnostic. */
  private previousReported = false;
  /** What the brackets of the current statement suggest. */
  private suspicion: Diagnostic | undefined;
  private readonly expressions = new ExpressionLowering(this);

  constructor(
    private readonly source: string,
    private readonly documentation: FindDocumentation,
  ) {}

  report(diagnostic: Diagnostic): void {
    if (!this.reported && this.diagnostics.length < limits.diagnostics) this.diagnostics.push(diagnostic);
    this.reported = true;
  }

  text(span: Span): string {
    return this.source.slice(span.start, span.end);
  }

  // ── Declarations ───────────────────────────────────────────────────────────

  declarations(segments: readonly Segment[]): ast.Declaration[] {
    const declarations: ast.Declaration[] = [];
    // Of several stray lines in a row the first one tells what is wrong.
    let isStray = false;
    for (const segment of segments)
      this.inSegment(segment, () => {
        const first = segment.tokens[0];
        if (first === undefined) return;
        this.checkKeyword(segment.tokens);
        const begins = declarationStarts.has(first.tokenType);
        const found = begins ? undefined : strayDeclaration(segment.tokens);
        if (!begins && !isStray) this.report(found?.diagnostic ?? say.strayInFile(first));
        if (begins || found) declarations.push(this.declaration(found?.tokens ?? segment.tokens, segment));
        // An assert may be a line of a body as well as of a file.
        isStray = !begins || (isStray && first.image === 'assert');
      });
    return declarations;
  }

  /** Lowers a segment, and reports what its brackets suggest unless something in it is the reason. */
  private inSegment(segment: Segment, lowerIt: () => void): void {
    const outer = this.reported;
    this.reported = segment.sharesLine === true && this.previousReported;
    const suspicion = this.suspicion;
    this.suspicion = segment.suspicion;
    if (segment.damage) this.report(segment.damage);
    if (segment.isCut) this.reported = true;
    lowerIt();
    if (segment.suspicion) this.report(segment.suspicion);
    this.suspicion = suspicion;
    this.previousReported = this.reported;
    this.reported = outer;
  }

  private declaration(tokens: IToken[], { start, end }: Span): ast.Declaration {
    const { tree, first, left } = this.parse('declaration', tokens);
    const span = { start, end };
    const documentation = this.documentation(span.start);
    const documented = { ...(documentation !== undefined && { documentation }), span };
    const [kind, [inner]] = Object.entries(tree.children)[0] as [string, CstNode[]];
    const declaration = this.declarationOf(kind, inner!, first, left, documented);
    this.reportRest(first, left);
    return declaration;
  }

  private declarationOf(
    kind: string,
    tree: CstNode,
    first: IToken,
    left: readonly IToken[],
    documented: { documentation?: string; span: Span },
  ): ast.Declaration {
    switch (kind) {
      case 'import':
        return this.import(tree, first, documented.span);
      case 'let': {
        const name = this.nameIn(tree, first, 'let width = 64');
        return { kind: 'let', ...documented, name, value: this.value(tree, first, 'let width = 64') };
      }
      case 'function': {
        const example = 'function double(x) = 2 * x';
        const name = this.nameIn(tree, first, example);
        const parameters = this.parametersIn(tree, first, example);
        return { kind: 'function', ...documented, name, parameters, body: this.value(tree, first, example) };
      }
      case 'assert':
        return this.assert(tree, documented.span);
      default: {
        // A body that a damaged header leaves over is still the declaration's.
        const body = tokenIn(tree, 'Body') ?? left.find(({ tokenType }) => tokenType === Body || tokenType === Block);
        const group = body as Group | undefined;
        return first.image === 'stack' ? this.stack(tree, first, group, documented) : this.model(tree, first, group, documented);
      }
    }
  }

  private import(tree: CstNode, first: IToken, span: Span): ast.Import {
    const example = 'from "./blocks.nn" import Bottleneck';
    const path = tokenIn(tree, 'String');
    const word = tokenIn(tree, 'Import');
    if (path === undefined) this.report(say.missing('the file’s path in quotes', first, word ?? this.expressions.rest, example));
    else if (word === undefined) this.report(say.missing('`import`', path, this.expressions.rest, example));
    const names = nodesIn(tree, 'importedName').flatMap((imported, i): ast.ImportedName[] => {
      const token = tokenIn(imported, 'Name');
      const as = tokenIn(imported, 'As');
      const alias = tokenIn(imported, 'alias');
      const before = tokensIn(tree, 'Comma')[i - 1] ?? word ?? path ?? first;
      if (token === undefined) {
        this.report(say.missing('a name', before, as ?? this.expressions.rest, example));
        return [];
      }
      if (as !== undefined && alias === undefined) this.report(say.missing('a name', as, this.expressions.rest));
      const end = endOf(alias ?? as ?? token);
      return [
        {
          kind: 'imported-name',
          name: this.expressions.name(token),
          ...(alias && { alias: this.expressions.name(alias) }),
          span: { start: token.startOffset, end },
        },
      ];
    });
    return { kind: 'import', ...(path && { path: this.expressions.string(path) }), names, span };
  }

  private stack(tree: CstNode, first: IToken, body: Group | undefined, documented: { span: Span }): ast.Stack {
    const name = this.nameIn(tree, first, 'stack Block(channels) { … }');
    const parameters = this.parametersIn(tree, undefined);
    const equals = tokenIn(tree, 'Equals');
    if (equals !== undefined)
      this.report(say.misplaced(equals, 'a stack has its layers in `{ … }`; only a model can be a variant: `model B = A(…)`'));
    else if (body === undefined) this.report(say.missingBody(first));
    return { kind: 'stack', ...documented, name, parameters, body: this.expressions.block(body, documented.span.end) };
  }

  private model(tree: CstNode, first: IToken, group: Group | undefined, documented: { span: Span }): ast.Model {
    const name = this.nameIn(tree, first, 'model Net { … }');
    const parameters = this.parametersIn(tree, undefined);
    const equals = tokenIn(tree, 'Equals');
    if (group === undefined && equals === undefined) this.report(say.missingBody(first));
    if (group === undefined && equals !== undefined) {
      const variant = this.expressionIn(tree, equals, 'a model', 'model B = A(depth = 3)');
      return { kind: 'model', ...documented, name, parameters, variant };
    }
    const body = group && this.expressions.block(group);
    if (equals !== undefined) this.report(say.misplaced(equals, 'a model has either a body `{ … }` or, as a variant, `= A(…)`'));
    return { kind: 'model', ...documented, name, parameters, ...(body && { body }) };
  }

  private assert(tree: CstNode, span: Span): ast.Assert {
    const condition = this.expressions.expression(nodeIn(tree, 'expression')!, tokenIn(tree, 'Assert')!, 'a condition', 'assert params() < 5M');
    return { kind: 'assert', condition, span };
  }

  private nameIn(tree: CstNode, first: IToken, example: string): ast.Name {
    const token = tokenIn(tree, 'Name');
    if (token !== undefined) return this.expressions.name(token);
    const next = ['Colon', 'Parens', 'Body', 'Equals'].map((kind) => tokenIn(tree, kind)).find((found) => found !== undefined);
    const { rest } = this.expressions;
    const found = next !== undefined && rest !== undefined && rest.startOffset < next.startOffset ? rest : (next ?? rest);
    this.report(say.missing('a name', first, found, example));
    return this.expressions.noName(endOf(first));
  }

  /** The parameters of a declaration; an `example` is given where their brackets must stand. */
  private parametersIn(tree: CstNode, first: IToken | undefined, example?: string): ast.Parameter[] {
    const group = tokenIn(tree, 'Parens') as Group | undefined;
    if (group !== undefined) return this.expressions.items.parameters(group);
    if (first !== undefined)
      this.report(say.missing('`( … )`', tokenIn(tree, 'Name') ?? first, tokenIn(tree, 'Equals') ?? this.expressions.rest, example));
    return [];
  }

  /** The value behind the `=` of a declaration. */
  private value(tree: CstNode, first: IToken, example: string): ast.Expression {
    const equals = tokenIn(tree, 'Equals');
    const before = equals ?? tokenIn(tree, 'Parens') ?? tokenIn(tree, 'Name') ?? first;
    if (equals === undefined) this.report(say.missing('`=`', before, this.expressions.rest, example));
    return this.expressions.expression(nodeIn(tree, 'expression')!, before);
  }

  // ── Statements ─────────────────────────────────────────────────────────────

  statements(group: Group): ast.Statement[] {
    const statements: ast.Statement[] = [];
    for (const segment of group.segments)
      this.inSegment(segment, () => {
        const first = segment.tokens[0];
        if (first === undefined) return;
        this.checkKeyword(segment.tokens);
        const isMisplaced = misplacedInBody.has(first.tokenType);
        if (isMisplaced) this.report(say.declarationInBody(first));
        // Without its `let` a binding is one of the body.
        const tokens = first.tokenType === keyword.let ? segment.tokens.slice(1) : segment.tokens;
        if (tokens !== segment.tokens ? tokens.length > 0 : !isMisplaced) this.statement(tokens, statements);
      });
    return statements;
  }

  /** Lowers the statement of some tokens; what it leaves over is one more, but no third. */
  private statement(tokens: IToken[], result: ast.Statement[], isRest = false): void {
    const isBinding = !statementWords.has(tokens[0]!.tokenType) && tokens.some(({ tokenType }) => tokenType === Equals);
    const { tree, span, first, left } = this.parse(isBinding ? 'binding' : 'statement', tokens);
    if (left.length === tokens.length) this.reportRest(first, left);
    result.push(isBinding ? this.binding(tree, first, span) : this.statementOf(tree, first, span));
    this.reportRest(first, left);
    const next = left.findIndex((token, i) => token.tokenType === Block || (i === 0 && beginsValue(token)));
    if (next >= 0 && !isRest) this.statement(left.slice(next), result, true);
  }

  /** A keyword before a `=` is meant as a name. */
  private checkKeyword([first, second]: readonly IToken[]): void {
    if (first === undefined || !is(second, Equals) || !isKeyword(first)) return;
    this.report(say.keywordAsName(first));
    retype(first, Name);
  }

  private statementOf({ children }: CstNode, first: IToken, span: Span): ast.Statement {
    const [kind, nodes] = Object.entries(children)[0] as [string, CstNode[]];
    const tree = nodes[0]!;
    switch (kind) {
      case 'typedName':
        return this.typedName(tree, first, span);
      case 'output':
        return { kind: 'output', name: this.nameIn(tree, first, 'output features'), span };
      case 'loss':
        return { kind: 'loss', value: this.expressionIn(tree, first, 'a value', 'loss mse_loss(y, target)'), span };
      case 'optimizer':
        return { kind: 'optimizer', value: this.optimizer(tree, first), span };
      case 'assert':
        return this.assert(tree, span);
      default:
        return { kind: 'expression-statement', value: this.expressions.expression(tree, first), span };
    }
  }

  private expressionIn(tree: CstNode, after: IToken, what?: string, example?: string): ast.Expression {
    return this.expressions.expression(nodeIn(tree, 'expression')!, after, what, example);
  }

  private optimizer(tree: CstNode, first: IToken): ast.Expression {
    const example = 'optimizer SGD(lr = 0.01)';
    const value = this.expressionIn(tree, first, 'an optimizer', example);
    const expression = nodeIn(tree, 'expression')!;
    const operator = tokenIn(expression, 'BinaryOperator') ?? tokenIn(nodeIn(expression, 'term')!, 'Prefix');
    if (operator !== undefined) this.report(say.misplaced(operator, `an optimizer is one call, as in \`${example}\``));
    return value;
  }

  private typedName(tree: CstNode, first: IToken, span: Span): ast.Input | ast.Target | ast.Param {
    const kind = first.image as 'input' | 'target' | 'param';
    const example = kind === 'target' ? 'target label: int' : `${kind} x: [3, H, W]`;
    const name = this.nameIn(tree, first, example);
    const type = this.type(tree, example);
    const equals = tokenIn(tree, 'Equals');
    const value = equals && this.expressionIn(tree, equals);
    if (kind !== 'param') {
      if (equals !== undefined) this.report(say.misplaced(equals, `an ${kind} has no value; it is fed from outside`));
      return { kind, name, ...(type && { type }), span };
    }
    if (type === undefined) {
      const after = tokenIn(tree, 'Name') ?? first;
      this.report(say.missing('a type', after, equals ?? this.expressions.rest, 'param w: [64]'));
    }
    return { kind, name, ...(type && { type }), ...(value && { value }), span };
  }

  private type(tree: CstNode, example: string): ast.Type | undefined {
    const colon = tokenIn(tree, 'Colon');
    if (colon === undefined) return undefined;
    const word = tokenIn(tree, 'element');
    const group = tokenIn(tree, 'Brackets') as Group | undefined;
    const element = elementTypes.find((type) => type === word?.image);
    if (word === undefined && group === undefined) this.report(say.missing('a type', colon, tokenIn(tree, 'Equals') ?? this.expressions.rest, example));
    if (word !== undefined && element === undefined)
      this.report(say.misplaced(word, `\`${word.image}\` is no type; a type is \`int\`, \`float\` or a shape such as \`[3, H, W]\``));
    const shape = group && this.expressions.items.dimensions(group);
    const span = { start: (word ?? group ?? colon).startOffset, end: endOf(group ?? word ?? colon) };
    return { kind: 'type', ...(element && { element }), ...(shape && { shape }), span };
  }

  private binding(tree: CstNode, first: IToken, span: Span): ast.Binding | ast.ExpressionStatement {
    const equals = tokenIn(tree, 'Equals');
    if (equals === undefined) return { kind: 'expression-statement', value: this.expressionIn(tree, first), span };
    const commas = tokensIn(tree, 'Comma');
    const names = nodesIn(tree, 'expression').flatMap((target, i): ast.Name[] => {
      const name = this.expressions.boundName(target);
      if (name !== undefined) return [name];
      const before = commas[i - 1];
      if (!isEmpty(target)) this.report(say.misplaced(equals, 'left of a `=` stand names only: `q, k, v = …`'));
      else this.report(before === undefined ? say.missingBefore('a name', commas[0] ?? equals) : say.missing('a name', before, equals));
      return [];
    });
    const value = this.expressions.expression(nodeIn(tree, 'value')!, equals);
    return { kind: 'binding', names: names.length > 0 ? names : [this.expressions.noName(span.start)], value, span };
  }

  // ── Segments ───────────────────────────────────────────────────────────────

  private parse(rule: Rule, tokens: IToken[]): { tree: CstNode; first: IToken; left: readonly IToken[]; span: Span } {
    const { tree, used, unfit, left } = parseRule(rule, tokens);
    this.expressions.rest = unfit;
    const first = used[0] ?? tokens[0]!;
    return { tree, first, left, span: { start: first.startOffset, end: endOf(used.at(-1) ?? first) } };
  }

  /** Reports what does not fit, unless the brackets of the statement do not match, which would be the reason. */
  private reportRest(first: IToken, left: readonly IToken[]): void {
    const { rest } = this.expressions;
    if (rest === undefined) return;
    if (this.suspicion) this.report(this.suspicion);
    else this.report(left.length === 0 ? say.superfluous(rest) : say.statementLeftOver(rest, first, beginsValue(rest)));
  }
}

/** A declaration that lacks its keyword, where the rest of it tells which. */
function strayDeclaration(tokens: readonly IToken[]): { tokens: IToken[]; diagnostic: Diagnostic } | undefined {
  const [first, second] = tokens as [IToken, IToken | undefined];
  if (!is(first, Name)) return undefined;
  if (is(second, Equals)) return { tokens: [inserted('let', first.startOffset), ...tokens], diagnostic: say.missingLet(first) };
  const from = is(second, Name) ? 1 : 0;
  const body = tokens.findIndex((token) => token.tokenType === Block);
  const isHeader = tokens.slice(from + 1, body).every((token) => token.tokenType === Parens);
  if (body < 0 || body > from + 2 || !isHeader) return undefined;
  retype(tokens[body]!, Body);
  return {
    tokens: [inserted('stack', first.startOffset), ...tokens.slice(from)],
    diagnostic: say.missingKeyword(tokens[from]!, from === 0 ? undefined : first),
  };
}

/** A keyword that the text lacks, at the place where it belongs. */
function inserted(word: Keyword, at: number): IToken {
  const type = keyword[word];
  return { image: word, startOffset: at, endOffset: at - 1, tokenType: type, tokenTypeIdx: type.tokenTypeIdx! };
}

// The call that a cursor is in, by the tokens in front of it: it is found in texts that are not finished, too.

import type { IToken } from 'chevrotain';
import { before, beginsStatement, startsLine } from '../../../grammar/lines';
import { BinaryOperator, Comma, endOf, Equals, is, isKeyword, keyword, Newline, tokenize } from '../../../grammar/tokens';
import { nodePathAt } from '../../../grammar/walk';
import { calledBy, type Callee, calleeNamed } from './callee';
import type { Document } from './workspace';

export interface CallSite {
  readonly callee: Callee;
  /** Where its name stands. */
  readonly offset: number;
  /** Which argument the cursor is in, counted by the commas. */
  readonly index: number;
  /** The name in front of the `=` that the cursor is behind. */
  readonly argument?: string;
  /** The arguments that are given by name in front of the cursor. */
  readonly named: readonly string[];
}

/** A bracket that is open. */
export interface OpenBracket {
  readonly opener: '(' | '[' | '{';
  /** The name in front of it, where it may be that of a call. */
  readonly callee?: { readonly text: string; readonly offset: number };
  /** What stands in front of it goes on with it: a call of what another call gave, an index. */
  readonly behind: number | undefined;
  /** It holds the arguments that a declaration introduces. */
  readonly isHeader: boolean;
  /** How many commas stand in it. */
  index: number;
  /** The name in front of the last `=`. */
  argument?: string;
  readonly named: string[];
}

/** What stands in front of a place. */
export interface Ahead {
  /** The brackets that are open, the outermost first. */
  readonly open: readonly OpenBracket[];
  /** The last token on the same line, or in the same brackets. */
  readonly last: IToken | undefined;
  /** Whether blanks stand between that and the place. */
  readonly isApart: boolean;
  /** The tokens of the innermost statement so far. */
  readonly statement: readonly IToken[];
}

/** The innermost call around an offset; undefined outside of calls, and where nothing is known of the callee. */
export function callSiteAt(document: Document, offset: number, { open } = aheadOf(document, offset)): CallSite | undefined {
  const innermost = open.at(-1);
  const bracket = innermost?.opener === '[' ? open.at(-2) : innermost;
  if (bracket?.opener !== '(' || bracket.isHeader) return undefined;
  const { callee: name, behind, index, argument, named } = bracket;
  const callee = name !== undefined ? calleeAt(document, name) : behind === undefined ? undefined : appliedAt(document, behind);
  return callee && { callee, offset: name?.offset ?? behind!, index, argument, named };
}

/** Reads the tokens in front of an offset: texts that are not finished can be understood, too. */
export function aheadOf(document: Document, offset: number): Ahead {
  const start = document.tree.declarations.findLast(({ span }) => span.start <= offset)?.span.start ?? 0;
  const { tokens } = tokenize(document.text.slice(start, offset));
  const open: OpenBracket[] = [];
  const isBody = (): boolean => open.length === 0 || open.at(-1)!.opener === '{';
  /** Where the innermost statement begins, and those around it. */
  let begin = 0;
  const around: number[] = [];
  for (const [index, token] of tokens.entries()) {
    const previous = tokens[index - 1];
    if (token.tokenType === Newline) continue;
    if (startsLine(tokens, index)) {
      // A bracket that nobody closed ends before a line that can only be a statement.
      const isWhole = index < tokens.length - 1 || start + endOf(token) < offset;
      const isNew = isWhole && beginsStatement(tokens, index);
      if (isNew) while (!isBody()) open.pop();
      if (isNew || (isBody() && !goesOn(tokens, index))) begin = index;
    }
    const bracket = open.at(-1);
    switch (token.image) {
      case '(':
      case '[':
      case '{': {
        const isCall = token.image === '(' && previous !== undefined && /^[A-Za-z_]\w*$/.test(previous.image);
        const isBehind = previous !== undefined && (isCall || /^(?:[)\]]|\w+)$/.test(previous.image)) && !isKeyword(previous);
        open.push({
          opener: token.image,
          callee: isCall ? { text: previous.image, offset: start + previous.startOffset } : undefined,
          behind: isBehind ? start + endOf(previous) : undefined,
          isHeader: isCall && /^(stack|model|function)$/.test(tokens[index - 2]?.image ?? ''),
          index: 0,
          named: [],
        });
        if (token.image === '{') {
          around.push(begin);
          begin = index + 1;
        }
        break;
      }
      case ')':
      case ']':
        open.pop();
        break;
      case '}':
        while (!isBody()) open.pop();
        if (open.pop() !== undefined) begin = around.pop()!;
        break;
      case ';':
        if (isBody()) begin = index + 1;
        break;
      case ',':
        if (bracket !== undefined) {
          bracket.index++;
          bracket.argument = undefined;
        }
        break;
      case '=':
        if (bracket?.opener === '(' && previous !== undefined) {
          bracket.argument = previous.image;
          bracket.named.push(previous.image);
        }
    }
  }
  const end = before(tokens, tokens.length);
  const isDone = isBody() && end < tokens.length - 1 && !isOpenEnd(tokens[end]);
  const statement = isDone ? [] : tokens.slice(begin).filter(({ tokenType }) => tokenType !== Newline);
  const last = statement.at(-1);
  return { open, last, isApart: last !== undefined && start + endOf(last) < offset, statement };
}

/** Whether a token at the beginning of a line goes on with what stands in front of the line. */
function goesOn(tokens: readonly IToken[], index: number): boolean {
  const token = tokens[index]!;
  if (is(token, keyword.else) || token.image === '{' || (is(token, BinaryOperator) && token.image !== '+' && token.image !== '-')) return true;
  return isOpenEnd(tokens[before(tokens, index)]);
}

/** Whether what follows a token on the next line belongs to it. */
function isOpenEnd(token: IToken | undefined): boolean {
  return is(token, BinaryOperator) || is(token, Comma) || is(token, Equals) || is(token, keyword.not);
}

/** What a layer takes that an expression gives, by where that ends. */
function appliedAt(document: Document, end: number): Callee | undefined {
  const call = nodePathAt(document.tree, end).findLast((node) => node.kind === 'call' && node.callee.span.end === end);
  return call?.kind === 'call' ? calledBy(call, document) : undefined;
}

function calleeAt(document: Document, { text, offset }: { readonly text: string; readonly offset: number }): Callee | undefined {
  const path = nodePathAt(document.tree, offset);
  const call = path.at(-2);
  const found = call?.kind === 'call' && call.callee === path.at(-1) ? calledBy(call, document) : undefined;
  return found ?? calleeNamed(text, document);
}

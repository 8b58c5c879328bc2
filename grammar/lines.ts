// What the beginnings of lines and the words of headers say about where statements begin and blocks belong.

import type { IToken } from 'chevrotain';
import { Atom, Dot, endOf, Equals, Float, Integer, is, isKeyword, keyword, keywordGroups, Name, Newline, typesOf } from './tokens';

const declarationStarts = typesOf(['from', ...keywordGroups.declaration]);
const statementStarts = typesOf([
  ...['from' as const, ...keywordGroups.declaration],
  ...keywordGroups.statement.filter((word) => word !== 'loss'),
]);
/** The words that a `{` must follow at once, or after a `( … )`. */
const blockWords = typesOf(['else', 'residual', 'concat', 'add', 'multiply']);
/** The words that a header begins with, which a `{` ends. */
const headerWords = typesOf(['stack', 'model', 'if', 'repeat', 'for']);

/** Whether a token begins a declaration or statement that no expression can hold. */
export function beginsStatement(tokens: readonly IToken[], index: number): boolean {
  return statementStarts.has(tokens[index]!.tokenType) && !precedesEquals(tokens, index);
}

/** Whether a token begins a declaration that only a file can hold. */
export function beginsDeclaration(tokens: readonly IToken[], index: number): boolean {
  return declarationStarts.has(tokens[index]!.tokenType) && !precedesEquals(tokens, index);
}

/** Whether a token begins a header that waits for a `{`. */
export function beginsHeader(tokens: readonly IToken[], index: number): boolean {
  return headerWords.has(tokens[index]!.tokenType) && !isPlainName(tokens, index);
}

/** Whether a keyword is a plain name here: after a `.`, and before a `=`. */
export function isPlainName(tokens: readonly IToken[], index: number): boolean {
  return precedesEquals(tokens, index) || is(tokens[before(tokens, index)], Dot);
}

/** Whether the next token is a `=`. */
export function precedesEquals(tokens: readonly IToken[], index: number): boolean {
  return is(tokens[after(tokens, index)], Equals);
}

/** The index of the next token that is no new line. */
function after(tokens: readonly IToken[], index: number): number {
  let i = index + 1;
  while (tokens[i]?.tokenType === Newline) i++;
  return i;
}

/** The index of the last token before another that is no new line. */
export function before(tokens: readonly IToken[], index: number): number {
  let i = index - 1;
  while (tokens[i]?.tokenType === Newline) i--;
  return i;
}

/** Whether a line begins like `a, b = …`, which goes on with no statement. */
export function beginsBinding(tokens: readonly IToken[], index: number): boolean {
  let i = index;
  while (is(tokens[i], Name) && tokens[i + 1]?.image === ',') i += 2;
  return is(tokens[i], Name) && is(tokens[i + 1], Equals);
}

/** The `in` after the names of a `for`, which begin at a token; the token itself if no such names stand there. */
export function endOfLoopNames(tokens: readonly IToken[], index: number): number {
  for (let i = after(tokens, index - 1); is(tokens[i], Name); i = after(tokens, i)) {
    i = after(tokens, i);
    if (tokens[i]?.tokenType === keyword.in) return i;
    if (tokens[i]?.image !== ',') break;
  }
  return index;
}

/** Whether a `loss` begins a statement: a value stands beside it, which in an expression could not be. */
export function beginsLoss(tokens: readonly IToken[], index: number): boolean {
  const next = tokens[index + 1];
  return tokens[index]!.tokenType === keyword.loss && next !== undefined && beginsWithWord(next);
}

/** Whether a token is the first of its line. */
export function startsLine(tokens: readonly IToken[], index: number): boolean {
  return index === 0 || tokens[index - 1]!.tokenType === Newline;
}

/** How far a token that starts a line is from the line's beginning. */
export function indentOf(tokens: readonly IToken[], index: number): number {
  return tokens[index]!.startOffset - (index === 0 ? 0 : endOf(tokens[index - 1]!));
}

/** The last token of the line that begins with a token. */
export function lastOfLine(tokens: readonly IToken[], index: number): number {
  let i = index;
  while (i + 1 < tokens.length && tokens[i + 1]!.tokenType !== Newline) i++;
  return i;
}

/**
 * The token after which a `{` is missing in the statement that begins at a line's start: the end of the last
 * header or block word that none follows. A header ends where two values stand side by side, as in `repeat 2 Linear(8)`,
 * or with its line, unless that ends inside a bracket.
 */
export function missingBraceAfter(
  tokens: readonly IToken[],
  start: number,
  end: number,
  unclosed: ReadonlySet<number>,
): number | undefined {
  /** For each bracket that is open whether a header directly in it still waits for its brace. */
  const waits = [false];
  let after: number | undefined;
  let depthOfWord = 0;
  let last = start;
  for (let i = start; i < end; i++) {
    const token = tokens[i]!;
    const depth = waits.length - 1;
    if (token.tokenType === Newline) {
      if (depth === 0) break;
      continue;
    }
    const { image } = token;
    if (blockWords.has(token.tokenType)) {
      waits[depth] = false;
      after = i;
      depthOfWord = depth;
    } else if (headerWords.has(token.tokenType)) waits[depth] = true;
    else if (waits[depth] && endsValue(tokens[last]!) && beginsWithWord(token)) {
      waits[depth] = false;
      after = last;
    } else if (image === '{') {
      // It is the header's, or the block word's right before it.
      if (!waits[depth] && after === last) after = undefined;
      waits[depth] = false;
    }
    if (image === '(' || image === '[' || image === '{') {
      if (!unclosed.has(i)) waits.push(false);
    } else if ((image === ')' || image === ']' || image === '}') && depth > 0) {
      waits.pop();
      // `concat(dim = -1)`: the block comes after the arguments.
      const isArguments = after !== undefined && tokens[after + 1]!.image === '(' && blockWords.has(tokens[after]!.tokenType);
      if (isArguments && depth - 1 === depthOfWord) after = i;
    }
    last = i;
  }
  return waits[0] ? last : after;
}

function endsValue(token: IToken): boolean {
  return is(token, Atom) || token.image === ')' || token.image === ']';
}

function beginsWithWord(token: IToken): boolean {
  return is(token, Name) || is(token, Integer) || is(token, Float) || (isKeyword(token) && !notBeginning.has(token.image));
}

const notBeginning = new Set(['and', 'or', 'in', 'as', 'import', 'else']);

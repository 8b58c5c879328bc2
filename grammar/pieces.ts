// Where a text can be cut so that each piece parses by itself: a declaration with what follows it, or the comments between two.

/** A stretch of a text. Pieces follow each other without overlap; what is between them is blank. */
export interface Piece {
  readonly start: number;
  readonly end: number;
}

const blank = '[ \\t\\f\\v\\u00a0\\ufeff]';
/** A line that a declaration may begin with; only a `\n` or `\r` begins a line. */
const declarationLine = new RegExp(`(?:^|[\\r\\n])(${blank}*)(?:from|let|function|stack|model)(?![A-Za-z0-9_])`, 'g');
/** A keyword before a `=` is a name. */
const equals = new RegExp(`(?:${blank}|#[^\\r\\n]*|[\\r\\n])*=(?![=>])`, 'y');
const lineWithoutToken = new RegExp(`^${blank}*(?:#.*)?$`);
const documentationLine = /^[ \t]*##(?!#)/;

/**
 * Cuts a text before each declaration that the brackets are matched from anew: the first of its line, indented no deeper
 * than the one before. The `##` lines right above belong to it. A line is read by itself, so that the pieces have the tokens
 * of the whole; and as every piece is laid out, parsed and lowered by itself, its tree depends on nothing but its text.
 */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  let indent = Infinity;
  declarationLine.lastIndex = 0;
  for (let match = declarationLine.exec(text); match !== null; match = declarationLine.exec(text)) {
    const blanks = match[1]!.length;
    if (blanks > indent || isFollowedByEquals(text, declarationLine.lastIndex)) continue;
    indent = blanks;
    const firstOfFile = match.index === 0 && text[0] !== '\n' && text[0] !== '\r';
    const start = aboveDocumentation(text, firstOfFile ? 0 : match.index + 1, from);
    addPieces(text, from, start, pieces);
    from = start;
  }
  addPieces(text, from, text.length, pieces);
  return pieces;
}

/** The start of the `##` lines right above a line. */
function aboveDocumentation(text: string, lineStart: number, from: number): number {
  let start = lineStart;
  while (start > from) {
    const previous = startOfLine(text, endOfPreviousLine(text, start));
    if (previous < from || !documentationLine.test(text.slice(previous, start))) break;
    start = previous;
  }
  return start;
}

/** Before the end-of-line characters that stand in front of a line. */
function endOfPreviousLine(text: string, lineStart: number): number {
  return text[lineStart - 1] === '\n' && text[lineStart - 2] === '\r' ? lineStart - 2 : lineStart - 1;
}

function startOfLine(text: string, offset: number): number {
  let start = offset;
  while (start > 0 && text[start - 1] !== '\n' && text[start - 1] !== '\r') start--;
  return start;
}

/** Adds a stretch that no declaration begins in, other than at its start. */
function addPieces(text: string, from: number, to: number, pieces: Piece[]): void {
  const stretch = text.slice(from, to);
  let start = from;
  for (const cut of assertLine.test(stretch) ? assertCuts(stretch) : []) {
    addPiece(text, start, from + cut, pieces);
    start = from + cut;
  }
  addPiece(text, start, to, pieces);
}

/** Adds a stretch: its lines with tokens, and by themselves the comments behind them. */
function addPiece(text: string, from: number, to: number, pieces: Piece[]): void {
  let end = to;
  while (end > from) {
    const start = Math.max(from, startOfLine(text, end));
    if (!lineWithoutToken.test(text.slice(start, end))) break;
    end = start === from ? from : endOfPreviousLine(text, start);
  }
  end = Math.max(from, end);
  if (end > from) pieces.push({ start: from, end });
  if (text.slice(end, to).includes('#')) pieces.push({ start: end, end: to });
}

const assertLine = new RegExp(`[\\r\\n]${blank}*assert(?![A-Za-z0-9_])`);
const declarationStart = /^(?:from|let|function|stack|model|assert)(?![A-Za-z0-9_])/;
/** Comments, strings, brackets, and the beginnings of lines. */
const landmark = new RegExp(
  `#[^\\r\\n]*|"(?:[^"\\\\\\r\\n]|\\\\[^\\r\\n])*"?|'(?:[^'\\\\\\r\\n]|\\\\[^\\r\\n])*'?|[“”][^"“”\\r\\n]*["“”]?|[()[\\]{}]|[\\r\\n]${blank}*(?=([^#\\r\\n])?)`,
  'g',
);
const openerOf: Readonly<Record<string, string | undefined>> = { ')': '(', ']': '[', '}': '{' };

/**
 * The starts of the asserts that can be cut off as they follow a declaration which is whole: one statement, all its brackets
 * closed. None where the brackets of the stretch do not match.
 */
function assertCuts(stretch: string): readonly number[] {
  const cuts: number[] = [];
  const open: string[] = [];
  /** The statements so far are a declaration and asserts. */
  let isWhole = true;
  let hasBegun = false;
  // Every line begins behind the end of another.
  const lines = `\n${stretch}`;
  for (const match of lines.matchAll(landmark)) {
    const [token, first] = match;
    if (token === '(' || token === '[' || token === '{') open.push(token);
    else if (openerOf[token] !== undefined) {
      if (open.pop() !== openerOf[token]) return [];
    } else if (first !== undefined && first !== '{' && open.length === 0) {
      const begin = match.index + token.length;
      const word = declarationStart.exec(lines.slice(begin, begin + 10))?.[0];
      if (hasBegun && word === 'assert' && isWhole && !isFollowedByEquals(lines, begin + word.length)) cuts.push(match.index);
      else if (hasBegun || word === undefined) isWhole = false;
      hasBegun = true;
    }
  }
  return open.length === 0 ? cuts : [];
}

function isFollowedByEquals(text: string, offset: number): boolean {
  equals.lastIndex = offset;
  return equals.test(text);
}

// What is said about damaged text: what was found, what belongs there, and the way out.

import type { IToken } from 'chevrotain';
import type { Code } from '../server/src/base/codes';
import type { Diagnostic, Fix } from '../server/src/base/diagnostic';
import type { Span } from '../server/src/base/span';
import type { Fault } from './brackets';
import { closerOf } from './brackets';
import { limits } from './limits';
import { endOf, foreignSigns, isKeyword } from './tokens';

/** The place of a token. */
export function spanOf(token: IToken): Span {
  return { start: token.startOffset, end: endOf(token) };
}

function error(code: Code, span: Span, message: string, fixes?: readonly Fix[]): Diagnostic {
  return { code, severity: 'error', message, span, ...(fixes && { fixes }) };
}

function replacement(title: string, span: Span, text: string): Fix {
  return { title, edits: [{ span, text }] };
}

function insertion(title: string, at: number, text: string): Fix {
  return replacement(title, { start: at, end: at }, text);
}

/** How a token is named in a sentence. */
function quoted(token: IToken): string {
  const closer = closerOf(token.image);
  return closer === undefined ? `\`${token.image}\`` : `\`${token.image} … ${closer}\``;
}

// ── Characters ───────────────────────────────────────────────────────────────

export function foreignSign(token: IToken, text: string): Diagnostic {
  const sign = foreignSigns[token.image]!;
  const span = spanOf(token);
  const isWord = /[a-z]/.test(sign);
  const before = isWord && /\w/.test(text[span.start - 1] ?? '') ? ' ' : '';
  const after = isWord && /\S/.test(text[span.end] ?? '') ? ' ' : '';
  return error('foreign-sign', span, `\`${token.image}\` is written \`${sign}\` here`, [
    replacement(`Write \`${sign}\``, span, before + sign + after),
  ]);
}

export function unknownCharacters(token: IToken): Diagnostic {
  const what = token.image.length > 12 ? `${token.image.slice(0, 12)}…` : token.image;
  return error('unknown-character', spanOf(token), `\`${what}\` has no meaning here; outside strings and comments it must go`, [
    replacement('Remove it', spanOf(token), ''),
  ]);
}

/** Whether a malformed string misses its end; otherwise only its quotes are of the wrong kind. */
export function isUnclosedString(token: IToken): boolean {
  return token.image.length < 2 || !/^(?:'.*'|[“”].*["“”])$/.test(token.image);
}

export function unclosedString(token: IToken): Diagnostic {
  return error('unclosed-string', spanOf(token), 'this string has no end: a `"` must close it on its line', [
    insertion('Add `"`', endOf(token), '"'),
  ]);
}

export function wrongQuotes(token: IToken): Diagnostic {
  const text = `"${token.image.slice(1, -1).replaceAll('"', '\\"')}"`;
  return error('wrong-quotes', spanOf(token), `strings stand in double quotes: ${text}`, [
    replacement('Use double quotes', spanOf(token), text),
  ]);
}

export function malformedNumber(token: IToken): Diagnostic {
  const { image } = token;
  const meant = numberMeant(image);
  const suffixed = 'the size suffixes are k, M and G, on whole numbers';
  const way = /^[\d_]+\.?[\d_]*[kKmMgGbB]$/.test(image)
    ? `${suffixed}${meant === undefined ? '' : `: write \`${meant}\``}`
    : meant === undefined
      ? 'numbers are written `64`, `50_257`, `10k`, `0.1` or `1e-3`, and names do not begin with a digit'
      : `write \`${meant}\``;
  const fixes = meant === undefined ? undefined : [replacement(`Write ${meant}`, spanOf(token), meant)];
  return error('malformed-number', spanOf(token), `\`${image}\` is no number; ${way}`, fixes);
}

/** What a number of another notation stands for: `0.5` for `.5`, `1_500` for `1.5k`, `64` for `64_`. */
function numberMeant(image: string): string | undefined {
  if (/^\.\d+$/.test(image)) return `0${image}`;
  const [, whole, fraction = '', letter] = /^(\d[\d_]*)(?:\.(\d*))?([kKmMgGbB])$/.exec(image) ?? [];
  if (whole === undefined || letter === undefined) return undefined;
  const zeros = { k: 3, m: 6, g: 9, b: 9 }[letter.toLowerCase()]!;
  if (fraction === '') return `${whole}${{ k: 'k', m: 'M', g: 'G', b: 'G' }[letter.toLowerCase()]!}`;
  if (fraction.length > zeros) return undefined;
  const digits = `${whole.replaceAll('_', '')}${fraction.padEnd(zeros, '0')}`.replace(/^0+(?=\d)/, '');
  return digits.replace(/(?<=\d)(?=(?:\d{3})+$)/g, '_');
}

export function numberTooLarge(token: IToken): Diagnostic {
  return error('malformed-number', spanOf(token), `\`${token.image}\` is larger than any float64`);
}

// ── Brackets and lines ───────────────────────────────────────────────────────

export function bracketFault(fault: Fault, tokens: readonly IToken[]): Diagnostic {
  const token = tokens[fault.index]!;
  const span = spanOf(token);
  switch (fault.kind) {
    case 'unclosed': {
      const closer = closerOf(token.image);
      const end = endOf(tokens[fault.endsAfter]!);
      const fix = insertion(`Add \`${closer}\``, end, closer === '}' ? '\n}' : closer);
      return {
        ...error('unclosed-bracket', span, `\`${token.image}\` is never closed: a \`${closer}\` is missing`, [fix]),
        related: [{ message: `\`${closer}\` was expected at the latest here`, span: spanOf(tokens[fault.endsAfter]!) }],
      };
    }
    case 'unopened':
      return error('unopened-bracket', span, `\`${token.image}\` closes nothing that is open here`, [
        replacement('Remove it', span, ''),
      ]);
    case 'missing-opener': {
      const { opener } = fault;
      const message = `a \`${opener}\` is missing after \`${token.image}\`; the \`${closerOf(opener)}\` for it is there`;
      return error(opener === '{' ? 'missing-body' : 'missing-bracket', span, message, [
        insertion(`Add \`${opener}\``, span.end, opener === '(' ? opener : ` ${opener}`),
      ]);
    }
    case 'too-deep':
      return error(
        'nesting-too-deep',
        span,
        `more than ${limits.bracketNesting} brackets are open inside each other here; give the inner parts names, or make stacks of them`,
      );
  }
}

/** A statement or declaration that begins in the middle of a line. */
export function missingSeparator(previous: IToken, next: IToken, inFile: boolean): Diagnostic {
  const message = inFile
    ? `${quoted(next)} begins a declaration: a new line is missing before it`
    : `${quoted(next)} begins a statement: a new line or \`;\` is missing before it`;
  const between = { start: endOf(previous), end: next.startOffset };
  return error('missing-separator', spanOf(next), message, [
    inFile ? replacement('Begin a new line', between, '\n') : replacement('Add `;`', between, '; '),
  ]);
}

/** A line that begins with `-` or `+`, and is no continuation of the line above. */
export function signAtLineStart(
  sign: IToken,
  previous: IToken,
  joins: boolean,
  blankBetween: boolean,
): Diagnostic {
  const title = 'Join it to the line above';
  const afterPrevious = endOf(previous);
  const fix: Fix = blankBetween
    ? replacement(title, { start: afterPrevious, end: sign.startOffset }, ' ')
    : {
        title,
        edits: [
          { span: { start: afterPrevious, end: afterPrevious }, text: ` ${sign.image}` },
          { span: spanOf(sign), text: '' },
        ],
      };
  const isMinus = sign.image === '-';
  return {
    code: isMinus ? 'minus-at-line-start' : 'plus-at-line-start',
    severity: isMinus ? 'warning' : 'error',
    message: isMinus
      ? 'this line is a statement of its own, a negated value; to go on with the line above, put the `-` at its end'
      : 'a line cannot begin with `+`; to go on with the line above, put the `+` at its end',
    span: spanOf(sign),
    ...(joins && { fixes: [fix] }),
  };
}

// ── Parts ────────────────────────────────────────────────────────────────────

/** Keywords between the parts of a statement, which nobody means as names. */
const joiningWords = new Set(['in', 'as', 'import', 'else']);

/** Something is missing after a token. */
export function missing(what: string, after: IToken, found: IToken | undefined, example?: string): Diagnostic {
  const way = example === undefined ? '' : `, as in \`${example}\``;
  if (found !== undefined && isKeyword(found) && what.includes('name') && !joiningWords.has(found.image))
    return error('keyword-as-name', spanOf(found), `\`${found.image}\` is a keyword and cannot be a name`);
  const word = /^`(in|import|=)`$/.exec(what)?.[1];
  const fixes = word === undefined ? undefined : [insertion(`Add \`${word}\``, endOf(after), ` ${word}`)];
  return found === undefined
    ? error('missing-part', lastSpan(after), `${what} is missing after ${quoted(after)}${way}`, fixes)
    : error('missing-part', markOf(found), `${what} is missing between ${quoted(after)} and ${quoted(found)}${way}`, fixes);
}

/** A header or block word without its `{ … }`. */
export function missingBody(header: IToken): Diagnostic {
  const word = header.image;
  const way = word === 'concat' || word === 'add' || word === 'multiply' ? '`( … )` or `{ … }`' : '`{ … }`';
  return error('missing-body', spanOf(header), `\`${word}\` needs its ${way}`);
}

/** A word in a header whose block was taken from the header. */
export function blockInHeader(word: IToken, header: IToken): Diagnostic {
  return error(
    'missing-body',
    spanOf(word),
    `between \`${header.image}\` and its \`{\`, this \`${word.image}\` stands in parentheses: \`${header.image} (${word.image} … { … }) { … }\``,
  );
}

/** Nothing stands before or after a comma. */
export function emptyItem(comma: number): Diagnostic {
  return error('missing-part', { start: comma, end: comma + 1 }, 'something is missing beside this `,`');
}

/** What an item between commas leaves over. */
export function itemLeftOver(token: IToken, group: IToken): Diagnostic {
  return leftOver(token, `a \`,\` or the \`${closerOf(group.image)}\` is missing before it`);
}

/** Something is missing before a token. */
export function missingBefore(what: string, before: IToken): Diagnostic {
  return error('missing-part', spanOf(before), `${what} is missing before ${quoted(before)}`);
}

/** Something stands where it cannot. */
export function misplaced(token: IToken, message: string, fixes?: readonly Fix[]): Diagnostic {
  return error('unexpected', lastSpan(token), message, fixes);
}

/** Words, signs and brackets that a finished statement or item leaves over. */
export function leftOver(token: IToken, message: string, fixes?: readonly Fix[]): Diagnostic {
  return error('unexpected', markOf(token), `${quoted(token)} does not fit here: ${message}`, fixes);
}

/** What a statement or declaration leaves over, by the first token of each. */
export function statementLeftOver(token: IToken, first: IToken, beginsValue: boolean): Diagnostic {
  switch (token.image) {
    case 'else':
      return leftOver(token, 'there is no `if` before it');
    case ':':
      return leftOver(token, 'a `:` follows the name of an input, target or param, and stands in indices');
    case ',':
      return leftOver(token, 'statements are separated by new lines or `;`, not by commas', [replacement('Write `;`', spanOf(token), ';')]);
    case '=':
      return leftOver(token, 'a statement has one `=` at most');
  }
  switch (first.image) {
    case 'from':
      return leftOver(token, 'a `,` is missing before it');
    case 'stack':
    case 'model':
    case 'output':
      return leftOver(token, `the \`${first.image}\` is complete before it`);
  }
  if (!beginsValue) return leftOver(token, 'the statement is complete before it');
  return leftOver(token, 'a `->`, an operator, a new line or `;` is missing before it');
}

/** A token without which a statement or item would be whole. */
export function superfluous(token: IToken): Diagnostic {
  return error('unexpected', markOf(token), `${quoted(token)} should not be here; without it the rest is complete`, [
    replacement('Remove it', spanOf(token), ''),
  ]);
}

/** A binding at the top level of a file. */
export function missingLet(name: IToken): Diagnostic {
  return error('missing-keyword', spanOf(name), `in a file, a value gets its name by \`let ${name.image} = …\``, [
    insertion('Add `let`', name.startOffset, 'let '),
  ]);
}

/** A body at the top level of a file with no `stack` or `model` before it. */
export function missingKeyword(name: IToken, misspelt: IToken | undefined): Diagnostic {
  const place = misspelt ?? name;
  const message =
    misspelt === undefined
      ? `\`stack\` or \`model\` is missing before \`${name.image}\``
      : `\`${misspelt.image}\` begins no declaration; \`stack\` or \`model\` was expected`;
  return error('missing-keyword', spanOf(place), message, [
    ...(['stack', 'model'] as const).map((word) =>
      misspelt === undefined
        ? insertion(`Add \`${word}\``, name.startOffset, `${word} `)
        : replacement(`Write \`${word}\``, spanOf(misspelt), word),
    ),
  ]);
}

/** A line of a file that declares nothing. */
export function strayInFile(token: IToken): Diagnostic {
  return leftOver(token, strayWords.get(token.image) ?? 'a file holds `from`, `let`, `function`, `stack`, `model` and `assert`; layers stand in a stack or model');
}

/** What Python's declarations are here. */
const strayWords: ReadonlyMap<string, string> = new Map([
  ['class', 'a network is a `model`, and a part of one a `stack`, as in `stack Block(channels) { Conv2d(channels, 3); ReLU }`'],
  ['def', 'a function is written `function f(x) = x * sigmoid(x)`, and what has weights is a `stack` or a `model`'],
  ['import', 'layers and functions are there without it; other files are imported as in `from "./blocks.nn" import Block`'],
]);

/** A declaration inside a body. */
export function declarationInBody(token: IToken): Diagnostic {
  const way =
    token.image === 'let'
      ? 'a body binds without it: `width = 64`'
      : `a \`${token.image}\` stands at the top level of a file`;
  return leftOver(token, way, token.image === 'let' ? [replacement('Remove `let`', { start: token.startOffset, end: endOf(token) + 1 }, '')] : undefined);
}

export function keywordAsName(token: IToken): Diagnostic {
  return error('keyword-as-name', spanOf(token), `\`${token.image}\` is a keyword and cannot be a name`);
}

export function tupleForList(token: IToken, text: (span: Span) => string): Diagnostic {
  const { start, end } = spanOf(token);
  const inner = text({ start: start + 1, end: end - 1 });
  return error('tuple-for-list', { start, end }, 'several values stand in `[ ]`; `( )` holds one', [
    replacement('Use `[ ]`', { start, end }, `[${inner}]`),
  ]);
}

export function tooLong(token: IToken): Diagnostic {
  return error(
    'nesting-too-deep',
    spanOf(token),
    `the expression goes more than ${limits.treeDepth} steps deep here; give its parts names`,
  );
}

export function fileTooLarge(length: number, span: Span): Diagnostic {
  return error(
    'file-too-large',
    span,
    `the file has ${length.toLocaleString('en')} characters; what follows after ${limits.fileSize.toLocaleString('en')} is left aside`,
  );
}

/** A bracket is marked by its first character, which is where it stands in the way. */
function markOf(token: IToken): Span {
  const start = token.startOffset;
  return closerOf(token.image) === undefined ? spanOf(token) : { start, end: start + 1 };
}

/** A bracket is marked by its last character, which is where something is missing after it. */
function lastSpan(token: IToken): Span {
  const end = endOf(token);
  return closerOf(token.image) === undefined ? spanOf(token) : { start: end - 1, end };
}

// The words and signs of the language: the token table that the lexer, the parser and the editor's grammars are made from.

import type { IToken, TokenType } from 'chevrotain';
import { createToken, Lexer } from 'chevrotain';

/** The keywords by what they do. */
export const keywordGroups = {
  import: ['from', 'import', 'as'],
  declaration: ['let', 'function', 'stack', 'model'],
  statement: ['input', 'output', 'target', 'param', 'loss', 'optimizer', 'assert'],
  control: ['for', 'in', 'repeat', 'if', 'else'],
  parallel: ['concat', 'add', 'multiply'],
  block: ['residual'],
  operator: ['and', 'or', 'not'],
  constant: ['true', 'false', 'none'],
} as const;

export type Keyword = (typeof keywordGroups)[keyof typeof keywordGroups][number];

/** All keywords. */
export const keywords: readonly Keyword[] = Object.values(keywordGroups).flat();

/** Words that have a meaning in a type only. */
export const elementTypes = ['int', 'float'] as const;

/** The binary operators by how strongly they bind, the weakest first. */
export const operatorLevels = [
  ['->'],
  ['or'],
  ['and'],
  ['==', '!=', '<', '<=', '>', '>='],
  ['+', '-'],
  ['*', '/', '//', '%', '@'],
  ['^'],
] as const;

export type Operator = (typeof operatorLevels)[number][number];

/** Signs and words of other languages, and what is written here instead. */
export const foreignSigns: Readonly<Record<string, string>> = {
  '**': '^',
  '&&': 'and',
  '||': 'or',
  '!': 'not',
  '=>': '->',
  ':=': '=',
  '→': '->',
  '−': '-',
  '–': '-',
  '×': '*',
  '·': '*',
  '≤': '<=',
  '≥': '>=',
  '≠': '!=',
  '…': '...',
  return: 'output',
};

// ── Categories, which the parser asks for, and groups, which the layout makes ──

/** Any operator between two values. */
export const BinaryOperator = category('BinaryOperator');
/** Any operator before a value. */
export const Prefix = category('Prefix');
/** The brackets that go on with a value: `(…)` and `[…]`. */
export const Suffix = category('Suffix');
/** Anything that is a whole value by itself. */
export const Atom = category('Atom');

/** The words that declare a named body, a named tensor, and a block of branches. */
export const BodyWord = category('BodyWord');
export const TensorWord = category('TensorWord');
export const BranchesWord = category('BranchesWord');

/** `( … )`, `[ … ]` and `{ … }`, each with all that is in it, as one token. */
export const Parens = group('Parens', [Atom, Suffix]);
export const Brackets = group('Brackets', [Atom, Suffix]);
export const Block = group('Block', [Atom]);
/** The `{ … }` that a header (`stack`, `model`, `if`, `else`, `repeat`, `for`) waits for. */
export const Body = group('Body', []);

// ── What the lexer finds ─────────────────────────────────────────────────────

export const Name = createToken({ name: 'Name', pattern: /[A-Za-z_][A-Za-z0-9_]*/, categories: [Atom] });
export const Newline = createToken({ name: 'Newline', pattern: /\r\n|\n|\r/, line_breaks: true });
export const Comment = createToken({ name: 'Comment', pattern: /#[^\r\n]*/, group: 'comments' });
const Blank = createToken({ name: 'Blank', pattern: /[ \t\f\v\u00a0\ufeff]+/, group: Lexer.SKIPPED });

export const Float = createToken({
  name: 'Float',
  pattern: /[0-9]+(?:_[0-9]+)*(?:\.[0-9]+(?:_[0-9]+)*(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)(?![A-Za-z0-9_])/,
  categories: [Atom],
});
export const Integer = createToken({
  name: 'Integer',
  pattern: /[0-9]+(?:_[0-9]+)*[kMG]?(?![A-Za-z0-9_]|\.[0-9])/,
  categories: [Atom],
});
/** What begins like a number and is none: `3x`, `1.5M`, `.5`. */
export const MalformedNumber = createToken({
  name: 'MalformedNumber',
  pattern: /[0-9][A-Za-z0-9_]*(?:\.[0-9][A-Za-z0-9_]*)?|\.[0-9][A-Za-z0-9_]*/,
  categories: [Atom],
});
export const String = createToken({ name: 'String', pattern: /"(?:[^"\\\r\n]|\\[^\r\n])*"/, categories: [Atom] });
/** A string that its line does not close, or one in single quotes. */
export const MalformedString = createToken({
  name: 'MalformedString',
  pattern: /"(?:[^"\\\r\n]|\\[^\r\n])*\\?|'(?:[^'\\\r\n]|\\[^\r\n])*'?|[“”][^"“”\r\n]*["“”]?/,
  categories: [Atom],
});

export const Arrow = operator('Arrow', '->');
export const Minus = operator('Minus', '-', [Prefix]);
export const Plus = operator('Plus', '+');
export const Power = operator('Power', '^');
const otherOperators = (['==', '!=', '<=', '>=', '<', '>', '//', '/', '*', '%', '@'] as const).map((sign) =>
  operator(sign, sign),
);

export const Ellipsis = createToken({ name: 'Ellipsis', pattern: '...' });
export const Dot = createToken({ name: 'Dot', pattern: '.' });
export const Equals = createToken({ name: 'Equals', pattern: '=' });
export const Comma = createToken({ name: 'Comma', pattern: ',' });
export const Colon = createToken({ name: 'Colon', pattern: ':' });
export const Semicolon = createToken({ name: 'Semicolon', pattern: ';' });
export const openers = {
  '(': createToken({ name: 'OpenParen', pattern: '(' }),
  '[': createToken({ name: 'OpenBracket', pattern: '[' }),
  '{': createToken({ name: 'OpenBrace', pattern: '{' }),
} as const;
export const closers = {
  ')': createToken({ name: 'CloseParen', pattern: ')' }),
  ']': createToken({ name: 'CloseBracket', pattern: ']' }),
  '}': createToken({ name: 'CloseBrace', pattern: '}' }),
} as const;

/** A sign that other languages use; the layout turns it into ours. */
export const ForeignSign = createToken({
  name: 'ForeignSign',
  pattern: new RegExp(Object.keys(foreignSigns).map(escapeRegExp).join('|')),
  line_breaks: false,
});
/** `return` in front of a name; anywhere else it is a name like any other. */
export const ForeignWord = createToken({ name: 'ForeignWord', pattern: /return(?=[ \t]+[A-Za-z_])/, line_breaks: false });
/** A run of characters that nothing here begins with. */
export const Unknown = createToken({
  name: 'Unknown',
  pattern: /[\x00-\x08\x0e-\x1f$&?\\`|~\x7f-\uffff]+/,
  line_breaks: false,
});

const keywordCategories: Readonly<Partial<Record<Keyword, TokenType>>> = {
  and: BinaryOperator,
  or: BinaryOperator,
  not: Prefix,
  true: Atom,
  false: Atom,
  none: Atom,
  stack: BodyWord,
  model: BodyWord,
  input: TensorWord,
  target: TensorWord,
  param: TensorWord,
  concat: BranchesWord,
  add: BranchesWord,
  multiply: BranchesWord,
};

/** The token type of each keyword. */
export const keyword = Object.fromEntries(
  keywords.map((word) => [
    word,
    createToken({
      name: word[0]!.toUpperCase() + word.slice(1),
      pattern: word,
      longer_alt: Name,
      categories: keywordCategories[word] ?? [],
    }),
  ]),
) as Readonly<Record<Keyword, TokenType>>;

/** The token types of some keywords. */
export function typesOf(words: readonly Keyword[]): ReadonlySet<TokenType> {
  return new Set(words.map((word) => keyword[word]));
}

const keywordTypes = new Map<string, TokenType>(Object.entries(keyword));

const typesBySpelling = new Map<string, TokenType>([
  ...keywordTypes,
  ...[Arrow, Minus, Plus, Power, ...otherOperators, Ellipsis, Equals].map(
    (type): [string, TokenType] => [type.PATTERN as string, type],
  ),
]);

// Longer signs stand before their beginnings, keywords before names, and what is malformed after what is sound.
const lexerTypes: TokenType[] = [
  Blank,
  Newline,
  Comment,
  ...[...keywords].sort((a, b) => b.length - a.length).map((word) => keyword[word]),
  ForeignWord,
  Name,
  Float,
  Integer,
  MalformedNumber,
  String,
  MalformedString,
  Comma,
  ...Object.values(openers),
  ...Object.values(closers),
  ...otherOperators.filter((type) => (type.PATTERN as string).length > 1),
  Arrow,
  ForeignSign,
  ...otherOperators.filter((type) => (type.PATTERN as string).length === 1),
  Minus,
  Plus,
  Power,
  Equals,
  Ellipsis,
  Dot,
  Colon,
  Semicolon,
  Unknown,
];

/** Everything that the parser may meet. */
export const tokenVocabulary: TokenType[] = [
  ...lexerTypes,
  BinaryOperator,
  Prefix,
  Suffix,
  Atom,
  BodyWord,
  TensorWord,
  BranchesWord,
  Parens,
  Brackets,
  Block,
  Body,
];

/** @param skipValidations The tokens are the same in every start; a test validates them. */
export function makeLexer(skipValidations = true): Lexer {
  return new Lexer(lexerTypes, { positionTracking: 'onlyOffset', ensureOptimizations: true, skipValidations });
}

const lexer = makeLexer();

/** The tokens of a text, newlines among them, and its comments. There is a token for every character that is no blank. */
export function tokenize(text: string): { tokens: IToken[]; comments: IToken[] } {
  const { tokens, groups } = lexer.tokenize(text);
  return { tokens, comments: groups['comments'] ?? [] };
}

/** Makes a token one of another type, as which the parser then takes it. */
export function retype(token: IToken, type: TokenType): void {
  token.tokenType = type;
  token.tokenTypeIdx = type.tokenTypeIdx!;
}

/** Turns a sign of another language into the one that is meant. */
export function translate(token: IToken): void {
  token.endOffset = endOf(token) - 1;
  retype(token, typesBySpelling.get(foreignSigns[token.image]!)!);
  token.image = foreignSigns[token.image]!;
}

/** Whether a token is of a type or a category. */
export function is(token: IToken | undefined, type: TokenType): boolean {
  return token !== undefined && (token.tokenType === type || type.categoryMatchesMap?.[token.tokenTypeIdx] === true);
}

/** Whether a token is a keyword. */
export function isKeyword(token: IToken): boolean {
  return keywordTypes.get(token.image) === token.tokenType;
}

/** Whether a text is spelled as a keyword is, whatever it was taken for. */
export function isKeywordText(text: string): boolean {
  return keywordTypes.has(text);
}

/** The offset after a token's last character. */
export function endOf(token: IToken): number {
  return token.endOffset === undefined ? token.startOffset + token.image.length : token.endOffset + 1;
}

function category(name: string): TokenType {
  return createToken({ name, pattern: Lexer.NA });
}

function group(name: string, categories: TokenType[]): TokenType {
  return createToken({ name, pattern: Lexer.NA, categories });
}

function operator(name: string, sign: Operator, more: TokenType[] = []): TokenType {
  return createToken({ name, pattern: sign, categories: [BinaryOperator, ...more] });
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

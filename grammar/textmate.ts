// The editor's own view of the language, from the parser's token table: colours, brackets, comments, indentation.

import type { TokenType } from 'chevrotain';
import type { Keyword } from './tokens';
import { elementTypes, Float, Integer, keywordGroups, operatorLevels } from './tokens';

/** A rule of a TextMate grammar. */
export interface TextMateRule {
  readonly name?: string;
  readonly match?: string;
  readonly begin?: string;
  readonly end?: string;
  readonly captures?: Readonly<Record<string, { readonly name: string }>>;
  readonly beginCaptures?: Readonly<Record<string, { readonly name: string }>>;
  readonly endCaptures?: Readonly<Record<string, { readonly name: string }>>;
  readonly patterns?: readonly TextMateRule[];
  readonly include?: string;
}

export interface TextMateGrammar {
  readonly name: string;
  readonly scopeName: string;
  readonly fileTypes: readonly string[];
  readonly patterns: readonly TextMateRule[];
  readonly repository: Readonly<Record<string, TextMateRule>>;
}

const word = '[A-Za-z_][A-Za-z0-9_]*';

/** The colours of keywords by what they do. */
const keywordScopes: Readonly<Record<keyof typeof keywordGroups, string>> = {
  import: 'keyword.control.import.nn',
  declaration: 'storage.type.nn',
  statement: 'keyword.other.statement.nn',
  control: 'keyword.control.flow.nn',
  parallel: 'keyword.control.block.nn',
  block: 'keyword.control.block.nn',
  operator: 'keyword.operator.word.nn',
  constant: 'constant.language.nn',
};

/** The colours of names by the declaration that introduces them. */
const declaredScopes: Readonly<Record<(typeof keywordGroups)['declaration'][number], string>> = {
  stack: 'entity.name.type.stack.nn',
  model: 'entity.name.type.model.nn',
  function: 'entity.name.function.nn',
  let: 'variable.other.constant.nn',
};

/** The TextMate grammar of `.nn` files. */
export function textMateGrammar(): TextMateGrammar {
  return {
    name: 'nn',
    scopeName: 'source.nn',
    fileTypes: ['nn'],
    patterns: [{ include: '#code' }],
    repository: {
      code: {
        patterns: ['comments', 'strings', 'numbers', 'members', 'declarations', 'types', 'keywords', 'names', 'operators', 'brackets'].map(
          (part) => ({ include: `#${part}` }),
        ),
      },
      comments: {
        patterns: [
          { name: 'comment.line.documentation.nn', match: '^\\s*##(?!#).*$' },
          { name: 'comment.line.number-sign.nn', match: '#.*$' },
        ],
      },
      strings: {
        name: 'string.quoted.double.nn',
        begin: '"',
        end: '"|$',
        patterns: [{ name: 'constant.character.escape.nn', match: '\\\\[nt"\\\\]' }],
      },
      numbers: {
        patterns: [
          { name: 'constant.numeric.float.nn', match: `\\b${source(Float)}` },
          { name: 'constant.numeric.integer.nn', match: `\\b${source(Integer)}` },
        ],
      },
      // After a `.` and, among arguments, before a `=`, any keyword is a plain name.
      members: { match: `(\\.)\\s*(${word})`, captures: { 2: { name: 'variable.other.member.nn' } } },
      arguments: {
        match: `\\b(${word})\\s*(=)(?!=)`,
        captures: { 1: { name: 'variable.parameter.nn' }, 2: { name: 'keyword.operator.assignment.nn' } },
      },
      declarations: {
        patterns: Object.entries(declaredScopes).map(([keyword, scope]) => ({
          match: `\\b(${keyword})\\s+(${word})`,
          captures: { 1: { name: keywordScopes.declaration }, 2: { name: scope } },
        })),
      },
      types: { match: `:\\s*(${elementTypes.join('|')})\\b`, captures: { 1: { name: 'support.type.nn' } } },
      keywords: {
        patterns: Object.entries(keywordGroups).map(([group, keywords]) => ({
          name: keywordScopes[group as keyof typeof keywordGroups],
          match: anyOf(keywords),
        })),
      },
      // Upper case makes a layer, lower case a function.
      names: {
        patterns: [
          { name: 'entity.name.type.layer.nn', match: '\\b[A-Z][A-Za-z0-9_]*\\b' },
          { name: 'entity.name.function.nn', match: '\\b[a-z_][A-Za-z0-9_]*(?=\\()' },
          { name: 'variable.other.nn', match: `\\b${word}\\b` },
        ],
      },
      operators: {
        patterns: [
          { name: 'keyword.operator.arrow.nn', match: '->' },
          { name: 'keyword.operator.nn', match: signs().map(escape).join('|') },
          { name: 'keyword.operator.assignment.nn', match: '=' },
        ],
      },
      brackets: {
        patterns: [
          bracket('round', '\\(', '\\)', [{ include: '#arguments' }, { include: '#code' }]),
          bracket('square', '\\[', '\\]', [{ include: '#code' }]),
          bracket('curly', '\\{', '\\}', [{ include: '#code' }]),
        ],
      },
    },
  };
}

/** What the editor knows of brackets, comments and indentation. */
export function languageConfiguration(): Readonly<Record<string, unknown>> {
  const brackets = [
    ['{', '}'],
    ['[', ']'],
    ['(', ')'],
  ];
  return {
    comments: { lineComment: '#' },
    brackets,
    autoClosingPairs: [
      ...brackets.map(([open, close]) => ({ open, close })),
      { open: '"', close: '"', notIn: ['string', 'comment'] },
    ],
    surroundingPairs: [...brackets, ['"', '"']],
    wordPattern: word,
    indentationRules: {
      increaseIndentPattern: '^[^#"]*[{(\\[][^#)\\]}"]*(#.*)?$',
      decreaseIndentPattern: '^\\s*[})\\]]',
    },
    onEnterRules: [
      // A line of documentation is followed by another one.
      { beforeText: '^\\s*## ?\\S.*$', action: { indent: 'none', appendText: '## ' } },
    ],
  };
}

function bracket(name: string, begin: string, end: string, patterns: readonly TextMateRule[]): TextMateRule {
  return {
    begin,
    end,
    beginCaptures: { 0: { name: `punctuation.bracket.${name}.begin.nn` } },
    endCaptures: { 0: { name: `punctuation.bracket.${name}.end.nn` } },
    patterns,
  };
}

/** All operators that are signs, the longest first. */
function signs(): string[] {
  return operatorLevels
    .flat()
    .filter((operator) => !/[a-z]/.test(operator) && operator !== '->')
    .sort((a, b) => b.length - a.length);
}

function anyOf(words: readonly Keyword[]): string {
  return `\\b(?:${words.join('|')})\\b`;
}

function source(type: TokenType): string {
  return (type.PATTERN as RegExp).source;
}

function escape(sign: string): string {
  return sign.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

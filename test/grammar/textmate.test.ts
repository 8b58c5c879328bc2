// The editor's grammar and configuration, run by the engine that the editor runs them with.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { beforeAll, describe, expect, test } from 'vitest';
import oniguruma from 'vscode-oniguruma';
import textmate from 'vscode-textmate';
import { languageConfiguration, textMateGrammar } from '../../grammar/textmate';
import { isKeyword, keywordGroups, keywords, Newline, tokenize } from '../../grammar/tokens';
import { examples } from './examples';

let grammar: textmate.IGrammar;

beforeAll(async () => {
  const wasm = await readFile(createRequire(import.meta.url).resolve('vscode-oniguruma/release/onig.wasm'));
  await oniguruma.loadWASM(new Uint8Array(wasm).buffer);
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () => textmate.parseRawGrammar(JSON.stringify(textMateGrammar()), 'nn.json'),
  });
  grammar = (await registry.loadGrammar('source.nn'))!;
});

/** The scopes at each offset of a text, the innermost last. */
function scopes(text: string): string[][] {
  const result: string[][] = [];
  let stack = textmate.INITIAL;
  for (const line of text.split('\n')) {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, stack);
    for (const token of tokens) for (let i = token.startIndex; i < Math.min(token.endIndex, line.length); i++) result.push(token.scopes);
    result.push([]);
    stack = ruleStack;
  }
  return result;
}

/** The innermost scope of a word in a text. */
function scopeOf(word: string, text: string): string {
  return scopes(text)[text.indexOf(word)]!.at(-1)!;
}

test.each([...examples])('%s: every token has the colour of its kind', (_, text) => {
  const found = scopes(text);
  const { tokens, comments } = tokenize(text);
  for (const { startOffset, image } of comments) expect(found[startOffset]!.at(-1), image).toMatch(/^comment\.line/);
  for (const [i, token] of tokens.entries()) {
    if (token.tokenType === Newline) continue;
    const scope = found[token.startOffset]!.at(-1)!;
    const isName = tokens[i + 1]?.image === '=' || tokens[i - 1]?.image === '.';
    const expected = isKeyword(token) && !isName ? /^(keyword|storage|constant\.language)/ : kindOf(token.tokenType.name);
    if (expected !== undefined) expect(scope, `${token.image} at ${token.startOffset}`).toMatch(expected);
  }
});

function kindOf(name: string): RegExp | undefined {
  if (name === 'Integer' || name === 'Float') return /^constant\.numeric/;
  if (name === 'String') return /^string\.quoted/;
  if (name === 'Name') return /^(entity\.name|variable|support\.type)/;
  return undefined;
}

test.each([
  ['Conv2d', 'model M { Conv2d(3) }', 'entity.name.type.layer.nn'],
  ['softmax', 'model M { softmax(x) }', 'entity.name.function.nn'],
  ['ResNet', 'model ResNet { a }', 'entity.name.type.model.nn'],
  ['Block', 'stack Block(a) { a }', 'entity.name.type.stack.nn'],
  ['double', 'function double(x) = 2 * x', 'entity.name.function.nn'],
  ['stride', 'model M { Conv2d(3, stride = 2) }', 'variable.parameter.nn'],
  ['for', 'model M { f(for = 2) }', 'variable.parameter.nn'],
  ['in', 'model M { x.in }', 'variable.other.member.nn'],
  ['skip', 'model M { skip = 2 }', 'variable.other.nn'],
  ['inner', 'model M { f({ inner = 2 }) }', 'variable.other.nn'],
  ['int', 'model M { input x: int[T] }', 'support.type.nn'],
  ['->', 'model M { a -> b }', 'keyword.operator.arrow.nn'],
  ['//', 'model M { a // b }', 'keyword.operator.nn'],
  ['## doc', '## doc', 'comment.line.documentation.nn'],
  ['# note', 'let x = 1 # note', 'comment.line.number-sign.nn'],
  ['\\"', 'let x = "a\\"b"', 'constant.character.escape.nn'],
])('%s in %s', (word, text, scope) => {
  expect(scopeOf(word, text)).toBe(scope);
});

test('a string that is not closed ends with its line', () => {
  expect(scopeOf('let y', 'let x = "abc\nlet y = 1')).toBe('storage.type.nn');
});

test('every keyword is coloured, by its group', () => {
  for (const [group, words] of Object.entries(keywordGroups)) {
    const found = words.map((word) => scopes(`${word} `)[0]!.at(-1)!);
    for (const scope of found) expect(scope, group).toMatch(/^(keyword|storage|constant)\./);
    expect(new Set(found).size, group).toBe(1);
  }
  expect(keywords.length).toBe(new Set(keywords).size);
});

describe('language configuration', () => {
  const configuration = languageConfiguration() as {
    comments: { lineComment: string };
    wordPattern: string;
    indentationRules: { increaseIndentPattern: string; decreaseIndentPattern: string };
    onEnterRules: { beforeText: string; action: { appendText?: string } }[];
  };

  test('comments and words are the lexer’s', () => {
    expect(tokenize(`${configuration.comments.lineComment} x`).comments).toHaveLength(1);
    expect('a_1 + B'.match(new RegExp(configuration.wordPattern, 'g'))).toEqual(['a_1', 'B']);
  });

  test.each([
    ['model M {', true],
    ['  x = f(  # note', true],
    ['  repeat 3 { a }', false],
    ['  # model M {', false],
    ['  y', false],
  ])('a line below %j is indented: %s', (line, indents) => {
    expect(new RegExp(configuration.indentationRules.increaseIndentPattern).test(line)).toBe(indents);
  });

  test('closing brackets go back, documentation goes on', () => {
    expect(new RegExp(configuration.indentationRules.decreaseIndentPattern).test('  }')).toBe(true);
    const [rule] = configuration.onEnterRules;
    expect(new RegExp(rule!.beforeText).test('## A stack')).toBe(true);
    expect(new RegExp(rule!.beforeText).test('# A comment')).toBe(false);
    expect(rule!.action.appendText).toBe('## ');
  });
});

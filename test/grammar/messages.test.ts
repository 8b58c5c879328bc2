// What is said about damaged text: the code, the marked text and the words, and what the quick fix makes of it.

import { expect, test } from 'vitest';
import { parse } from '../../grammar/parse';

interface Case {
  readonly text: string;
  /** The code and the marked text. */
  readonly marks: readonly string[];
  /** A part of the first message. */
  readonly says?: string;
  /** The text after the first fix of the first diagnostic. */
  readonly fixed?: string;
}

const inBody: readonly Case[] = [
  { text: 'x =', marks: ['missing-part ='], says: 'a value is missing after `=`' },
  { text: 'x = a +', marks: ['missing-part +'], says: 'a value is missing after `+`' },
  { text: 'x = -> y', marks: ['missing-part ->'], says: 'a value is missing before `->`' },
  { text: 'x = a +\ny = b', marks: ['missing-part +'] },
  { text: 'Conv2d(64 3)', marks: ['unexpected 3'], says: 'a `,` or the `)` is missing before it' },
  { text: 'Conv2d(64,, 3)', marks: ['missing-part ,'] },
  { text: 'Conv2d(64, 3', marks: ['unclosed-bracket ('], says: 'a `)` is missing', fixed: 'Conv2d(64, 3)' },
  { text: 'Conv2d 64, 3)', marks: ['unopened-bracket )'], fixed: 'Conv2d 64, 3' },
  { text: '{ Conv2d(3; ReLU }', marks: ['unclosed-bracket ('], fixed: '{ Conv2d(3); ReLU }' },
  { text: 'f([1, 2)', marks: ['unclosed-bracket ['], fixed: 'f([1, 2])' },
  { text: 'f(a = )', marks: ['missing-part ='] },
  { text: 'f(= 3)', marks: ['unexpected ='], fixed: 'f( 3)' },
  { text: 'input', marks: ['missing-part input'], says: 'as in `input x: [3, H, W]`' },
  { text: 'input for: [3]', marks: ['keyword-as-name for'], says: 'is a keyword' },
  { text: 'input x: image', marks: ['unexpected image'], says: '`image` is no type' },
  { text: 'input x = 3', marks: ['unexpected ='] },
  { text: 'output', marks: ['missing-part output'] },
  { text: 'output a.b', marks: ['unexpected .'] },
  { text: 'param w = 3', marks: ['missing-part ='], says: 'a type is missing' },
  { text: 'loss = 3', marks: ['keyword-as-name loss'] },
  { text: 'optimizer a -> b', marks: ['unexpected ->'], says: 'one call' },
  { text: 'if { a }', marks: ['missing-part if'], says: 'a condition' },
  { text: 'if a { b } else', marks: ['missing-body else'] },
  { text: 'else { b }', marks: ['unexpected else'], says: 'there is no `if` before it' },
  { text: 'repeat 3', marks: ['missing-body repeat'] },
  { text: 'repeat 3 ReLU }', marks: ['missing-body 3'], fixed: 'repeat 3 { ReLU }' },
  { text: 'x = repeat if a { 2 } { b }', marks: ['missing-body if'], says: 'stands in parentheses' },
  { text: 'for x { a }', marks: ['missing-part x'], says: '`in` is missing' },
  { text: 'for x in { a }', marks: ['missing-part in'] },
  { text: 'concat -> x', marks: ['missing-body concat'] },
  { text: 'x = (1, 7)', marks: ['tuple-for-list (1, 7)'], fixed: 'x = [1, 7]' },
  { text: 'x = ()', marks: ['unexpected )'] },
  { text: 'x[1:2:3:4]', marks: ['unexpected :'], says: 'at most three parts' },
  { text: '[a = 1]', marks: ['unexpected ='], says: 'among the arguments of a call' },
  { text: 'f(...)', marks: ['unexpected ...'] },
  { text: 'x = 1.5M', marks: ['malformed-number 1.5M'], says: 'on whole numbers' },
  { text: 'x = .5', marks: ['malformed-number .5'], says: 'write `0.5`' },
  { text: 'x = 1e999', marks: ['malformed-number 1e999'] },
  { text: 'x = "abc', marks: ['unclosed-string "abc'], fixed: 'x = "abc"' },
  { text: "x = 'abc'", marks: ["wrong-quotes 'abc'"], fixed: 'x = "abc"' },
  { text: 'x = a ** 2', marks: ['foreign-sign **'], fixed: 'x = a ^ 2' },
  { text: 'x = a&&!b', marks: ['foreign-sign &&', 'foreign-sign !'], fixed: 'x = a and !b' },
  { text: 'x => y', marks: ['foreign-sign =>'], fixed: 'x -> y' },
  { text: 'return y', marks: ['foreign-sign return'], fixed: 'output y' },
  { text: 'x = a ? b', marks: ['unknown-character ?'] },
  { text: 'x += 1', marks: ['unexpected ='], says: 'stand names only' },
  { text: 'x = a = b', marks: ['unexpected ='], says: 'one `=` at most' },
  { text: 'a,, b = 3', marks: ['missing-part ='], says: 'a name is missing' },
  { text: 'a, b', marks: ['unexpected ,'], says: 'separated by new lines or `;`' },
  { text: 'a == not b', marks: ['unexpected not'], says: 'stands in parentheses' },
  { text: 'let x = 3', marks: ['unexpected let'], says: 'a body binds without it' },
  { text: 'stack A { }', marks: ['unexpected stack'], says: 'top level' },
  { text: 'x = y output z', marks: ['missing-separator output'], fixed: 'x = y; output z' },
  { text: 'Linear(10) Linear(3)', marks: ['unexpected Linear'], says: 'a `->`, an operator, a new line or `;` is missing' },
];

const inFile: readonly Case[] = [
  { text: 'model', marks: ['missing-part model'] },
  { text: 'model M', marks: ['missing-body model'] },
  { text: 'model { a }', marks: ['missing-part {'], says: 'a name is missing between `model` and `{ … }`' },
  { text: 'model M(3) { a }', marks: ['unexpected 3'], says: 'a parameter is a name' },
  { text: 'model M(a b) { a }', marks: ['unexpected b'] },
  { text: 'model M(loss = 1) { a }', marks: ['keyword-as-name loss'] },
  { text: 'model M(a,) { a }', marks: ['missing-part ,'] },
  { text: 'model M(a {\n  a\n}', marks: ['unclosed-bracket ('], fixed: 'model M(a) {\n  a\n}' },
  { text: 'model M\n  a\n}', marks: ['missing-body M'], fixed: 'model M {\n  a\n}' },
  { text: 'let x =\n  1,\n  2\n]\n', marks: ['missing-bracket ='], fixed: 'let x = [\n  1,\n  2\n]\n' },
  { text: 'stack S = B', marks: ['unexpected ='], says: 'only a model can be a variant' },
  { text: 'stack S { a } junk', marks: ['unexpected junk'], says: 'complete before it' },
  { text: 'stack S { a }}', marks: ['unopened-bracket }'], fixed: 'stack S { a }' },
  { text: 'S { a }', marks: ['missing-keyword S'], fixed: 'stack S { a }' },
  { text: 'modle S { a }', marks: ['missing-keyword modle'], fixed: 'stack S { a }' },
  { text: 'x = 3', marks: ['missing-keyword x'], fixed: 'let x = 3' },
  { text: 'Conv2d(3)\nReLU', marks: ['unexpected Conv2d'], says: 'layers stand in a stack or model' },
  { text: 'let x', marks: ['missing-part x'] },
  { text: 'function f = 3', marks: ['missing-part ='] },
  { text: 'from a import b', marks: ['missing-part import'], says: 'path in quotes' },
  { text: 'from "a" import b c', marks: ['unexpected c'], says: 'a `,` is missing' },
  { text: 'from "a" import b as', marks: ['missing-part as'] },
  { text: 'let x = 3 let y = 4', marks: ['missing-separator let'], fixed: 'let x = 3\nlet y = 4' },
  { text: '}', marks: ['unopened-bracket }'] },
];

function check({ text, marks, says, fixed }: Case, around: (text: string) => string): void {
  const source = around(text);
  const { diagnostics } = parse(source);
  expect(diagnostics.map(({ code, span }) => `${code} ${source.slice(span.start, span.end)}`)).toEqual(marks);
  if (says !== undefined) expect(diagnostics[0]!.message).toContain(says);
  if (fixed === undefined) return;
  const result = diagnostics[0]!.fixes![0]!.edits.reduceRight(
    (whole, { span, text: by }) => whole.slice(0, span.start) + by + whole.slice(span.end),
    source,
  );
  expect(result).toBe(around(fixed));
}

test.each(inBody)('in a body: $text', (example) => {
  check(example, (text) => `model M {\n  ${text}\n}\n`);
});

test.each(inFile)('in a file: $text', (example) => {
  check(example, (text) => text);
});

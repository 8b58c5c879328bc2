// Constructs of the language with places to fill in.

import type { Completion } from './item';

function snippet(label: string, detail: string, insert: string): Completion {
  return { label, kind: 'keyword', detail, insert, isSnippet: true };
}

const assertion = snippet('assert', 'what must hold', 'assert $0');

/** What a file consists of. */
export const declarationSnippets: readonly Completion[] = [
  snippet('model', 'a network', 'model ${1:Name} {\n  input ${2:x}: [${3:3, 32, 32}]\n\n  $0\n}'),
  snippet('stack', 'layers with a name and arguments', 'stack ${1:Name}(${2:channels}) {\n  $0\n}'),
  snippet('function', 'an expression with a name and arguments', 'function ${1:name}(${2:x}) = $0'),
  snippet('let', 'a number, string, list or constructor', 'let ${1:name} = $0'),
  snippet('from', 'import from another file', 'from "./$1" import $0'),
  assertion,
];

/** What a body consists of, besides layers. */
export const statementSnippets: readonly Completion[] = [
  snippet('input', 'an input and its shape', 'input ${1:x}: [$0]'),
  snippet('output', 'publishes the flow under a name', 'output $0'),
  snippet('residual', 'x + body(x)', 'residual {\n  $0\n}'),
  snippet('repeat', 'the body several times, each with weights of its own', 'repeat ${1:2} {\n  $0\n}'),
  snippet('for', 'the body once for each item', 'for ${1:channels} in ${2:[64, 128, 256]} {\n  $0\n}'),
  snippet('if', 'the body where a condition holds', 'if ${1:condition} {\n  $0\n}'),
  snippet('concat', 'branches, joined along the channels', 'concat {\n  $0\n}'),
  snippet('add', 'branches, added', 'add {\n  $0\n}'),
  snippet('multiply', 'branches, multiplied', 'multiply {\n  $0\n}'),
  snippet('param', 'a trainable tensor', 'param ${1:w}: [$0]'),
  snippet('target', 'what the loss compares with', 'target ${1:y}: [$0]'),
  snippet('loss', 'what training makes small', 'loss $0'),
  snippet('optimizer', 'how training does so', 'optimizer ${1:AdamW}(lr = ${2:1e-3})'),
  assertion,
];

/** What stands behind the colon of an input, besides the sizes themselves. */
export const elementTypeSnippets: readonly Completion[] = [
  snippet('[ ]', 'a shape, without the batch', '[$0]'),
  snippet('int', 'integers, such as the indices of words or classes', 'int[$0]'),
  snippet('float', 'numbers; what a shape alone means, too', 'float[$0]'),
];

/** What an expression may be, besides names and calls. */
export const expressionSnippets: readonly Completion[] = [
  snippet('if', 'one of two values', 'if ${1:condition} { $2 } else { $0 }'),
  snippet('repeat', 'the body several times', 'repeat ${1:2} { $0 }'),
  snippet('residual', 'x + body(x)', 'residual { $0 }'),
];

// Random edits as people and damage make them: of characters, tokens, numbers, lines, names and whole declarations.

import fc from 'fast-check';
import { parse } from '../../grammar/parse';

/** What chance decides of an edit; `apply` makes it one of a text. */
export interface Edit {
  readonly kind: keyof typeof kinds;
  readonly at: number;
  readonly other: number;
}

const snippets = [
  '(', ')', '[', ']', '{', '}', '"', '#', '## ', '=', ' = ', ',', ':', ';', '\n', '\r\n', '\n\n', '\n  ', ' ', '.', '->', '-', '+', '*', '…', '?',
  'x', 'H', '3', '64', '0', '1', '2', 'loss', 'let', 'model', 'stack', 'if', 'else', 'repeat 2 {', 'residual {', 'output y', 'assert ',
  'Linear(4)', 'ReLU', 'Conv2d(8, 3)', '\nlet width = 8\n', '\n## What it is.\n', '\n# aside\n', '\nmodel Added { input x: [4]; Linear(3) }\n',
  '\nfrom "./other.nn" import Other\n', '\nassert 1 < 2\n', '\nstack Added { Linear(2) }\n', '\nmodel Added = Main\n',
];

/** The pieces of a text that a pattern finds. */
function found(text: string, pattern: RegExp): { readonly start: number; readonly end: number }[] {
  return [...text.matchAll(pattern)].map((match) => ({ start: match.index, end: match.index + match[0].length }));
}

function pick<T>(items: readonly T[], index: number): T | undefined {
  return items[index % Math.max(1, items.length)];
}

function replaced(text: string, place: { readonly start: number; readonly end: number } | undefined, by: (old: string) => string): string {
  return place === undefined ? text : text.slice(0, place.start) + by(text.slice(place.start, place.end)) + text.slice(place.end);
}

function declarations(text: string): { readonly start: number; readonly end: number }[] {
  return parse(text).file.declarations.map(({ span: { start, end } }) => ({ start, end }));
}

function names(text: string): { readonly start: number; readonly end: number }[] {
  return found(text, /[A-Za-z_]\w*/g);
}

const kinds = {
  insert: (text: string, at: number, other: number): string => replaced(text, { start: at % (text.length + 1), end: at % (text.length + 1) }, () => pick(snippets, other)!),
  'insert between lines': (text: string, at: number, other: number): string => {
    const line = pick(found(text, /$/gm), at);
    return replaced(text, line, () => pick(snippets, other)!);
  },
  'delete characters': (text: string, at: number, other: number): string => replaced(text, { start: at % (text.length + 1), end: Math.min(text.length, (at % (text.length + 1)) + 1 + (other % 8)) }, () => ''),
  'delete a token': (text: string, at: number): string => replaced(text, pick(found(text, /\w+|[^\s\w]/g), at), () => ''),
  'delete a line': (text: string, at: number): string => replaced(text, pick(found(text, /.*\n?/g), at), () => ''),
  'double a line': (text: string, at: number): string => replaced(text, pick(found(text, /.*\n/g), at), (line) => line + line),
  'change a number': (text: string, at: number, other: number): string => replaced(text, pick(found(text, /\b\d+\b/g), at), () => String(other % 70)),
  'change a name': (text: string, at: number, other: number): string => replaced(text, pick(names(text), at), () => text.slice(pick(names(text), other)!.start, pick(names(text), other)!.end)),
  'rename a declaration': (text: string, at: number, other: number): string => {
    const header = pick(found(text, /(?<=^(?:model|stack|let|function) )\w+/gm), at);
    return replaced(text, header, (old) => (other % 3 === 0 ? `${old}2` : text.slice(pick(names(text), other)!.start, pick(names(text), other)!.end)));
  },
  'delete a declaration': (text: string, at: number): string => replaced(text, pick(declarations(text), at), () => ''),
  'double a declaration': (text: string, at: number): string => replaced(text, pick(declarations(text), at), (old) => `${old}\n${old}`),
  'move a declaration': (text: string, at: number, other: number): string => {
    const moved = pick(declarations(text), at);
    const rest = replaced(text, moved, () => '');
    const before = pick(declarations(rest), other);
    return moved === undefined || before === undefined ? text : `${rest.slice(0, before.start)}${text.slice(moved.start, moved.end)}\n${rest.slice(before.start)}`;
  },
  'edit a comment': (text: string, at: number, other: number): string => replaced(text, pick(found(text, /#.*/g), at), (old) => (other % 2 === 0 ? '' : `${old} more`)),
} as const;

export const anyEdit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom(...(Object.keys(kinds) as Edit['kind'][])),
  at: fc.nat(),
  other: fc.nat(),
});

/** The text after an edit. */
export function apply({ kind, at, other }: Edit, text: string): string {
  return kinds[kind](text, at, other);
}

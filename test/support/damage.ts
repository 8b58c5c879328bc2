// What damage can be done to a text: it is cut off, or one of its tokens is taken out, doubled, swapped with the next or put in.

import { endOf, Newline, tokenize } from '../../grammar/tokens';

/** A change of a text: what stands from `start` to `end` becomes `by`. */
export interface Change {
  readonly start: number;
  readonly end: number;
  readonly by: string;
}

export interface Token {
  readonly start: number;
  readonly end: number;
  readonly image: string;
}

/** The tokens that people see. */
export function tokensOf(text: string): readonly Token[] {
  return tokenize(text)
    .tokens.filter(({ tokenType }) => tokenType !== Newline)
    .map((token) => ({ start: token.startOffset, end: endOf(token), image: token.image }));
}

export function changed(text: string, { start, end, by }: Change): string {
  return text.slice(0, start) + by + text.slice(end);
}

/** The damaged text around its damage. */
export function placeOf(damaged: string, { start, by }: Change): string {
  return damaged.slice(Math.max(0, start - 60), start + by.length + 60);
}

/** They take turns before the tokens, as does one more of the token itself; those that open, close or begin something are the worst. */
const intruders = ['(', ')', '[', ']', '{', '}', '->', '=', ',', ':', ';', '-', '.', 'if', 'else', 'model', 'output', 'not', 'x', '"'];

/** All changes of a kind, in the order of the text. */
export const damages = {
  'cut off': (text) => Array.from({ length: text.length }, (_, start) => ({ start, end: text.length, by: '' })),
  'with a token taken out': (text) => tokensOf(text).map(({ start, end }) => ({ start, end, by: '' })),
  'with a token doubled': (text) => tokensOf(text).map(({ start, end, image }) => ({ start, end, by: `${image} ${image}` })),
  'with a token put in': (text) => tokensOf(text).map(({ start, image }, index) => ({ start, end: start, by: `${intruders[index % (intruders.length + 1)] ?? image} ` })),
  'with two tokens swapped': (text) => {
    const tokens = tokensOf(text);
    return tokens.slice(1).map((second, index) => {
      const first = tokens[index]!;
      return { start: first.start, end: second.end, by: second.image + text.slice(first.end, second.start) + first.image };
    });
  },
} as const satisfies Readonly<Record<string, (text: string) => readonly Change[]>>;

export type Damage = keyof typeof damages;

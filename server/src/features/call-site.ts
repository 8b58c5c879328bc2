// The call that a cursor is in, by the tokens in front of it: it is found in texts that are not finished, too.

import { tokenize } from '../../../grammar/tokens';
import { nodePathAt } from '../../../grammar/walk';
import { type Callee, calleeNamed, calleeOf } from './callee';
import type { Document } from './workspace';

export interface CallSite {
  readonly callee: Callee;
  /** Where its name stands. */
  readonly offset: number;
  /** Which argument the cursor is in, counted by the commas. */
  readonly index: number;
  /** The name in front of the `=` that the cursor is behind. */
  readonly argument?: string;
  /** The arguments that are given by name in front of the cursor. */
  readonly named: readonly string[];
}

interface Frame {
  readonly opener: string;
  readonly callee?: { readonly text: string; readonly offset: number };
  index: number;
  argument?: string;
  readonly named: string[];
}

/** The innermost call around an offset; undefined outside of calls, and where nothing is known of the callee. */
export function callSiteAt(document: Document, offset: number): CallSite | undefined {
  const frame = frameAt(document, offset);
  if (frame?.callee === undefined) return undefined;
  const callee = calleeAt(document, frame.callee);
  return callee && { callee, offset: frame.callee.offset, index: frame.index, argument: frame.argument, named: frame.named };
}

/** The innermost bracket that is open at an offset. */
function frameAt(document: Document, offset: number): Frame | undefined {
  const start = document.tree.declarations.findLast(({ span }) => span.start <= offset)?.span.start ?? 0;
  const { tokens } = tokenize(document.text.slice(start, offset));
  const frames: Frame[] = [];
  for (const [index, token] of tokens.entries()) {
    const before = tokens[index - 1];
    const frame = frames.at(-1);
    switch (token.image) {
      case '(':
      case '[':
      case '{': {
        const called = token.image === '(' && before !== undefined && /^[A-Za-z_]\w*$/.test(before.image);
        frames.push({ opener: token.image, callee: called ? { text: before.image, offset: start + before.startOffset } : undefined, index: 0, named: [] });
        break;
      }
      case ')':
      case ']':
      case '}':
        frames.pop();
        break;
      case ',':
        if (frame !== undefined) {
          frame.index++;
          frame.argument = undefined;
        }
        break;
      case '=':
        if (frame?.opener === '(' && before !== undefined) {
          frame.argument = before.image;
          frame.named.push(before.image);
        }
    }
  }
  const innermost = frames.at(-1);
  return innermost?.opener === '[' ? frames.at(-2) : innermost;
}

function calleeAt(document: Document, { text, offset }: { readonly text: string; readonly offset: number }): Callee | undefined {
  const path = nodePathAt(document.tree, offset);
  const call = path.at(-2);
  const found = call?.kind === 'call' && call.callee === path.at(-1) ? calleeOf(call, document) : undefined;
  return found ?? calleeNamed(text, document);
}

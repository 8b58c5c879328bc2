// Refactorings: changes of the text that keep what every model is, offered where they apply.

import type { Span } from '../base/span';
import { filesOf } from './definition';
import type { Files } from './entity';
import { nameArgument, unnameArgument } from './refactor/arguments';
import { extractStack } from './refactor/extract';
import { inlineEverywhere, inlineHere } from './refactor/inline';
import { typeInput } from './refactor/input-type';
import { nameExpression } from './refactor/name-branch';
import { joinLines, splitPipeline } from './refactor/pipeline';
import { rollUp } from './refactor/roll-up';
import type { Offer, Refactoring, Refused } from './refactor/site';
import { unroll } from './refactor/unroll';
import type { Document } from './workspace';

/** All of them, by name. */
export const offers: Readonly<Record<string, Offer>> = {
  extractStack,
  nameExpression,
  inlineHere,
  inlineEverywhere,
  joinLines,
  splitPipeline,
  unroll,
  rollUp,
  typeInput,
  nameArgument,
  unnameArgument,
};

/** The refactorings of what is selected, those that are refused with their reasons; none in a text that has errors, whose meaning is not whole. */
export function offered(document: Document, selection: Span, files: Files = filesOf(document)): readonly (Refactoring | Refused)[] {
  if (document.problems.some(({ severity }) => severity === 'error')) return [];
  return Object.values(offers).flatMap((offer) => offer(document, selection, files) ?? []);
}

/** Those that apply. */
export function refactorings(document: Document, selection: Span, files?: Files): readonly Refactoring[] {
  return offered(document, selection, files).filter((each) => 'edits' in each);
}

// The table of quick fixes that are made from the text and the analysis when somebody asks for them, by code.

import type { Diagnostic, Fix } from '../../base/diagnostic';
import { type RegisteredCode, registeredCode } from '../../base/codes';
import type { Document } from '../workspace';
import { addArguments, nameArgument, nearestValue, removeArgument } from './arguments';
import { anotherName, assumeCondition, fittingLayer, flowInParentheses, nearestImport, nearestListed, overRange, pipeIntoLayer, reduceLoss, removeStatement } from './expressions';
import { flattenPrediction, otherElement, padToKeep, poolBeforeFlatten, projectSkip } from './shapes';
import { type Fixer, siteOf } from './site';

const fixers: { readonly [Code in RegisteredCode]?: readonly Fixer[] } = {
  'arithmetic-on-layer': [flowInParentheses],
  'bound-twice': [anotherName],
  'declared-twice': [anotherName],
  'dropout-without-effect': [removeArgument],
  'free-parameter-shape': [poolBeforeFlatten],
  'invalid-argument': [nearestValue],
  'layer-called-on-tensor': [pipeIntoLayer],
  'loss-not-scalar': [reduceLoss],
  'missing-argument': [addArguments],
  'no-effect': [removeStatement],
  'not-iterable': [overRange],
  'positional-after-named': [nameArgument],
  'repeated-argument': [removeArgument],
  'shapes-do-not-broadcast': [padToKeep, projectSkip],
  'shapes-do-not-join': [padToKeep],
  'too-many-arguments': [removeArgument],
  'undecided-condition': [assumeCondition],
  'unknown-argument': [(site) => (site.diagnostic.fixes !== undefined ? [] : removeArgument(site))],
  'unknown-member': [nearestListed],
  'unknown-name': [nearestImport],
  'unknown-optimizer': [nearestListed],
  'unused-align-corners': [removeArgument],
  'unused-value': [removeArgument],
  'wrong-element': [otherElement],
  'wrong-rank': [fittingLayer],
  'wrong-target-shape': [flattenPrediction],
};

/** The fixes of a diagnostic: those that it brings along, and those of the table. */
export function fixesOf(document: Document, diagnostic: Diagnostic): readonly Fix[] {
  const code = registeredCode(diagnostic.code);
  const own = diagnostic.fixes ?? [];
  if (code === undefined || fixers[code] === undefined) return own;
  const site = siteOf(document, diagnostic);
  const made = fixers[code].flatMap((fixer) => fixer(site));
  return [...own, ...made.filter(({ edits }) => !own.some((fix) => JSON.stringify(fix.edits) === JSON.stringify(edits)))];
}

/** Codes whose first fix keeps the meaning of the text, or writes what it can only have meant: saving may apply them all. */
export const safe: ReadonlySet<RegisteredCode> = new Set<RegisteredCode>([
  ...(['foreign-sign', 'wrong-quotes', 'tuple-for-list', 'plus-at-line-start', 'layer-called-on-tensor', 'unused-align-corners', 'unused-value'] as const),
  ...(['bias-before-norm', 'unused-import', 'unused-ignore', 'dropout-without-effect'] as const),
]);

// Quick fixes: of single diagnostics, and of all that have the same code.

import type { Diagnostic, Fix } from '../base/diagnostic';
import { registeredCode } from '../base/codes';
import { found, type Search } from '../base/search';
import type { Span } from '../base/span';
import { filesOf } from './definition';
import { safe, searchFixes } from './fixes/fixes';
import { mostTriedText } from './fixes/tried';
import { grouped } from './numbers';
import type { Files } from './entity';
import { ignoring } from './ignores';
import type { TextEdit } from './text-edits';
import type { Document } from './workspace';

export interface CodeAction extends Fix {
  readonly diagnostics: readonly Diagnostic[];
  /** Whether it is the first choice for its diagnostic. */
  readonly preferred: boolean;
}

/** Whether nobody needs to look at the fixes of a diagnostic. */
export function isSafe({ code }: Diagnostic): boolean {
  const registered = registeredCode(code);
  return registered !== undefined && safe.has(registered);
}

function kindOf({ code }: Diagnostic): string {
  return registeredCode(code) ?? code;
}

/** The diagnostics of one kind. */
export function allOf(kind: string, diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.filter((each) => kindOf(each) === kind);
}

/** The fixes of all diagnostics that touch the range. */
export function* searchActions(document: Document, diagnostics: readonly Diagnostic[], range: Span, files: Files = filesOf(document)): Search<CodeAction> {
  for (const diagnostic of touchedBy(range, diagnostics)) {
    let preferred = true;
    for (const fix of searchFixes(document, diagnostic, files)) {
      yield fix && { ...fix, diagnostics: [diagnostic], preferred };
      if (fix !== undefined) preferred = false;
    }
  }
}

/** The same, at once. */
export function codeActions(document: Document, diagnostics: readonly Diagnostic[], range: Span, files?: Files): readonly CodeAction[] {
  return [...found(searchActions(document, diagnostics, range, files))];
}

/** Comments that silence what is not an error, for all diagnostics that touch the range. */
export function ignoreActions(document: Document, diagnostics: readonly Diagnostic[], range: Span): readonly CodeAction[] {
  return touchedBy(range, diagnostics)
    .filter(({ severity, code }) => severity !== 'error' && code !== 'unused-ignore')
    .map((diagnostic) => ({ ...ignoring(document, diagnostic), diagnostics: [diagnostic], preferred: false }));
}

/** Why there is no fix where one would be tried; undefined where there is no such reason. */
export function untried({ text }: Document, diagnostics: readonly Diagnostic[], range: Span): string | undefined {
  const isAsked = touchedBy(range, diagnostics).some(({ severity }) => severity === 'error' || severity === 'warning');
  return isAsked && text.length > mostTriedText ? `fixes are tried on the text, which takes too long beyond ${grouped(mostTriedText)} characters` : undefined;
}

function touchedBy(range: Span, diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.filter(({ span }) => span.start <= range.end && range.start <= span.end);
}

/** Of the diagnostics that some actions fix, the kinds of which the file has others: all of one kind can be fixed at once. */
export function kindsToFix(actions: readonly CodeAction[], diagnostics: readonly Diagnostic[]): readonly string[] {
  const kinds = new Set(actions.flatMap(({ diagnostics: fixed }) => fixed.map(kindOf)));
  return [...kinds].filter((kind) => allOf(kind, diagnostics).length > 1);
}

/** The first fix of each diagnostic, as far as they do not overlap: what is left can be fixed after these. At last their edits, if there are any. */
export function* searchEdits(document: Document, diagnostics: readonly Diagnostic[], files: Files = filesOf(document)): Search<readonly TextEdit[]> {
  const edits: TextEdit[] = [];
  for (const diagnostic of diagnostics) {
    for (const fix of searchFixes(document, diagnostic, files)) {
      if (fix === undefined) {
        yield undefined;
        continue;
      }
      const fresh = fix.edits.filter((edit) => !edits.some((known) => equal(known, edit)));
      if (!fresh.some((edit) => edits.some((known) => overlap(known.span, edit.span)))) edits.push(...fresh);
      break;
    }
  }
  if (edits.length > 0) yield edits;
}

/** What a search for edits finds. */
export function fixAll(document: Document, diagnostics: readonly Diagnostic[], files?: Files): readonly TextEdit[] {
  return [...found(searchEdits(document, diagnostics, files))].flat();
}

function equal(a: TextEdit, b: TextEdit): boolean {
  return a.text === b.text && a.span.start === b.span.start && a.span.end === b.span.end && a.span.start !== a.span.end;
}

function overlap(a: Span, b: Span): boolean {
  return a.start < b.end && b.start < a.end;
}

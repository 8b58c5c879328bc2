// Quick fixes: of single diagnostics, and of all that have the same code.

import type { Diagnostic, Fix } from '../base/diagnostic';
import { registeredCode } from '../base/codes';
import type { Span } from '../base/span';
import { fixesOf, safe } from './fixes/fixes';
import type { Files } from './entity';
import type { TextEdit } from './text-edits';
import type { Document } from './workspace';

export interface CodeAction extends Fix {
  readonly diagnostics: readonly Diagnostic[];
  /** Whether it is the first choice for its diagnostic. */
  readonly preferred: boolean;
}

/** The fixes of all diagnostics that touch the range, and where several have a code, all of them at once. */
export function codeActions(document: Document, diagnostics: readonly Diagnostic[], range: Span, files?: Files): readonly CodeAction[] {
  const touched = diagnostics.filter(({ span }) => span.start <= range.end && range.start <= span.end);
  const single = touched.flatMap((diagnostic) => fixesOf(document, diagnostic, files).map((fix, index) => ({ ...fix, diagnostics: [diagnostic], preferred: index === 0 })));
  const kinds = new Set(touched.map(({ code }) => registeredCode(code) ?? code));
  const all = [...kinds].flatMap((kind) => {
    const alike = diagnostics.filter(({ code }) => (registeredCode(code) ?? code) === kind);
    const fix = alike.length < 2 ? undefined : fixAll(document, alike, files);
    return fix === undefined || fix.diagnostics.length < 2 ? [] : [{ ...fix, title: `Fix all ${kind} in file`, preferred: false }];
  });
  return [...single, ...all];
}

/** All fixes that nobody needs to look at. */
export function safeFixes(document: Document, diagnostics: readonly Diagnostic[]): CodeAction | undefined {
  const fix = fixAll(
    document,
    diagnostics.filter(({ code }) => {
      const registered = registeredCode(code);
      return registered !== undefined && safe.has(registered);
    }),
  );
  return fix && { ...fix, title: 'Fix all that is safe to fix' };
}

/** The first fix of each diagnostic, as far as they do not overlap: what is left can be fixed after these. */
export function fixAll(document: Document, diagnostics: readonly Diagnostic[], files?: Files): CodeAction | undefined {
  const edits: TextEdit[] = [];
  const fixed: Diagnostic[] = [];
  for (const diagnostic of diagnostics) {
    const [fix] = fixesOf(document, diagnostic, files);
    if (fix === undefined) continue;
    const fresh = fix.edits.filter((edit) => !edits.some((known) => equal(known, edit)));
    if (fresh.some((edit) => edits.some((known) => overlap(known.span, edit.span)))) continue;
    edits.push(...fresh);
    fixed.push(diagnostic);
  }
  return fixed.length === 0 ? undefined : { title: 'Fix all', edits, diagnostics: fixed, preferred: false };
}

function equal(a: TextEdit, b: TextEdit): boolean {
  return a.text === b.text && a.span.start === b.span.start && a.span.end === b.span.end && a.span.start !== a.span.end;
}

function overlap(a: Span, b: Span): boolean {
  return a.start < b.end && b.start < a.end;
}

// Diagnostics where they stand: each caret line names what is said of the place above it, and nothing else is said.

import { describe, expect, it } from 'vitest';
import { codeActions } from '../../server/src/features/code-actions';
import { diagnosticsOf } from '../../server/src/features/diagnostics';
import { expectFixesToMend } from '../support/fixes';
import { documentOf, readFixture, unmarked } from '../support/fixture';

/** Compares all diagnostics of a text with its annotations; a message may be given by its beginning. */
function check(marked: string): void {
  const { text, annotations } = readFixture(marked);
  const found = diagnosticsOf(documentOf(text)).map(({ severity, code, message, span }) => ({ start: span.start, end: span.end, message: `${severity} ${code}: ${message}` }));
  const matched = annotations.map((annotation) => {
    const same = found.find(({ start, end, message }) => start === annotation.start && end === annotation.end && message.startsWith(annotation.message));
    return same === undefined ? annotation : { ...same, message: annotation.message };
  });
  expect(found.map(({ start, end, message }) => ({ start, end, message: annotations.find((each) => each.start === start && message.startsWith(each.message))?.message ?? message }))).toEqual(matched);
  expect(expectFixesToMend(unmarked(marked))).toBeGreaterThan(0);
}

/** The text after the first fix at the cursor. */
function fixed(marked: string): string | undefined {
  const { text, cursors } = readFixture(marked);
  const document = documentOf(text);
  const [action] = codeActions(document, diagnosticsOf(document), { start: cursors[0]!, end: cursors[0]! });
  if (action === undefined) return undefined;
  return [...action.edits].sort((a, b) => b.span.start - a.span.start).reduce((whole, { span, text: replacement }) => whole.slice(0, span.start) + replacement + whole.slice(span.end), text);
}

describe('diagnostics', () => {
  it('of syntax and of meaning stand side by side, in the order of the text', () => {
    check(`
model A {
  input x: [3]
  Lineer(4)
# ^^^^^^ error unknown-name: Lineer is not declared; did you mean Linear?
}
model B {
  input image: [3, 8, 8]
  Conv2d(4, kernel_size = 9)
#                         ^ error no-output-left: no output is left
}
`);
  });

  it('leave the declarations around damaged ones alone', () => {
    const diagnostics = diagnosticsOf(documentOf('model A {\n  input x: [3]\n  Linear(\n}\nmodel B { input x: [3]; Linear(4) }\n'));
    expect(diagnostics.length).toBeGreaterThan(0);
    expect(diagnostics.every(({ span }) => span.start < 40)).toBe(true);
  });

  it('carry fixes that mend the text', () => {
    const marked = 'model A { input x: [3, 9, 9]; Conv2d(4, 3, stride = 2, padding = "same"$0) }';
    expectFixesToMend(unmarked(marked));
    const mended = fixed(marked)!;
    expect(mended).toContain('padding = 1');
    expect(diagnosticsOf(documentOf(mended)).filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it('offer no fix away from their place', () => {
    expect(fixed('model A$0 { input x: [3, 9, 9]; Conv2d(4, 3, stride = 2, padding = "same") }')).toBeUndefined();
  });
});

// What is known of the arguments of stacks, models and functions, wherever they are shown.

import { describe, expect, it } from 'vitest';
import { completions } from '../../server/src/features/completion';
import { hover } from '../../server/src/features/hover';
import { signatureHelp } from '../../server/src/features/signature-help';
import { documentOf, readFixture } from '../support/fixture';

/** What the signature at a cursor says of its arguments, by their labels. */
function notesAt(marked: string, files?: Readonly<Record<string, string>>): Readonly<Record<string, string | undefined>> {
  const { text, cursors } = readFixture(marked);
  const { label, parameters } = signatureHelp(documentOf(text, files), cursors[0]!)!;
  return Object.fromEntries(parameters.map(({ start, end, documentation }) => [label.slice(start, end), documentation]));
}

const model = 'model M { input x: [3, 8, 8]; S($0) }';

describe('an argument', () => {
  it('is described by the comment behind it, or by those above it', () => {
    expect(notesAt(`stack S(\n  # How many\n  # come out.\n  a,\n  b = 1,  # of the window\n  c = 2\n) {  # not of c\n  ReLU\n}\n${model}`)).toEqual({ a: 'How many come out.', 'b = 1': 'Of the window.', 'c = 2': undefined });
    expect(notesAt(`stack S(  # whose?\n  a, b  # both\n) { ReLU }\n${model}`)).toEqual({ a: undefined, b: 'Both.' });
  });

  it.each(['- `a`: how many', '* a - how many', 'a — how many', ':param a: how many'])('is described by its line in the documentation: %s', (line) => {
    expect(notesAt(`## A stack of a.\n## ${line}\n## - aa: another\nstack S(a) { ReLU }\n${model}`)).toEqual({ a: 'How many.' });
  });

  it('is said to be used as what it is given as, once for each callee', () => {
    const text = 'stack T(n) { Linear(n) }\nstack S(a, k = 3, unused = 1, n = 2) { Conv2d(a, k); Conv2d(a, 1, stride = k, padding = k // 2, bias = false); repeat n { ReLU }; T(a); GroupNorm(num_groups = a); k = 2; MaxPool2d(k) }\n';
    expect(notesAt(`${text}${model}`)).toEqual({
      a: 'Used as `out_channels` of `Conv2d(a, k)`, `n` of `T(a)` ….',
      'k = 3': 'Used as `kernel_size` of `Conv2d(a, k)`, `stride` of `Conv2d(…, stride = k, …)`.',
      'unused = 1': undefined,
      'n = 2': 'Used as the rounds of `repeat n`.',
    });
  });

  it('of another file is described by that', () => {
    expect(notesAt(`from "./s.nn" import S\n${model}`, { 's.nn': 'stack S(\n  a,  # how many\n) { Linear(a) }\n' })).toEqual({ a: 'How many. Used as `out_features` of `Linear(a)`.' });
  });

  it('is described alike in completions and hovers', () => {
    const stack = 'stack S(a) { Linear(a) }\n';
    const said = 'Used as `out_features` of `Linear(a)`.';
    const at = (marked: string): { document: ReturnType<typeof documentOf>; offset: number } => {
      const { text, cursors } = readFixture(marked);
      return { document: documentOf(text), offset: cursors[0]! };
    };
    const written = at(`${stack}${model}`);
    expect(completions(written.document, written.offset)[0]).toMatchObject({ label: 'a', documentation: said });
    for (const marked of [`${stack}model M { input x: [3]; S($04) }`, 'stack S($0a) { Linear(a) }\nmodel M { input x: [3]; S(4) }', 'stack S($0a) { Linear(a) }']) {
      const { document, offset } = at(marked);
      expect(hover(document, offset)!.markdown).toContain(said);
    }
  });
});

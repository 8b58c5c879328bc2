// Each piece of a text parses by itself to what it is in the whole, and an edit leaves the nodes of the other pieces alone.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ParseResult, parse } from '../../grammar/parse';
import { parsePart } from '../../grammar/part';
import { piecesOf } from '../../grammar/pieces';
import { anyEdit, apply } from '../support/edits';
import { examples } from './examples';

/** Trees, comments and diagnostics with all their places, as data. */
function plain({ file, comments, diagnostics }: Omit<ParseResult, 'settle'>): unknown {
  return JSON.parse(JSON.stringify({ file, comments, diagnostics }));
}

const anyText = fc.constantFrom(...examples.values());
const anyEdits = fc.array(anyEdit, { minLength: 1, maxLength: 6 });

describe('pieces', () => {
  it('give the declarations, comments and errors of the text as one', () => {
    fc.assert(
      fc.property(anyText, anyEdits, (text, edits) => {
        const damaged = edits.reduce((before, edit) => apply(edit, before), text);
        const { file, comments, diagnostics } = parse(damaged);
        const whole = parsePart(damaged);
        expect(plain({ file: { ...file, documentation: undefined }, comments, diagnostics })).toEqual(
          plain({ file: { kind: 'file', declarations: whole.declarations, span: file.span }, comments: whole.comments, diagnostics: whole.diagnostics }),
        );
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['declarations, each with the documentation right above it', '## the file\n\nlet a = 1\n\n# aside\n## of M\nmodel M {\n  # in it\n}\n\n# end\n', ['## the file', 'let a = 1', '# aside', '## of M\nmodel M {\n  # in it\n}', '# end']],
    ['asserts behind a whole declaration', 'model M {\n  a\n}\nassert b\n# c\nassert d', ['model M {\n  a\n}', 'assert b', '# c', 'assert d']],
    ['asserts behind a documented one', '## doc\nlet x = 1\nassert x > 0', ['## doc\nlet x = 1', 'assert x > 0']],
    ['no asserts where a bracket is open', 'model M {\n  a(\n}\nassert b', ['model M {\n  a(\n}\nassert b']],
    ['no asserts in a body without indentation', 'model M {\na\nassert b\n}', ['model M {\na\nassert b\n}']],
    ['no asserts behind stray lines', 'let x = 1\nReLU\nassert b', ['let x = 1\nReLU\nassert b']],
    ['no brackets in comments and strings', 'let x = "{" # (\nassert b', ['let x = "{" # (', 'assert b']],
    ['nothing at words that are names', 'let x = 1\nmodel = 2\nlet\n = 3\nassert = 4', ['let x = 1\nmodel = 2\nlet\n = 3\nassert = 4']],
    ['nothing at words that are indented more', 'let x = 1\n  let y = 2\nlet z = 3', ['let x = 1\n  let y = 2', 'let z = 3']],
    ['nothing at ends of lines that are none', 'let x = 1\u2028let y = 2\r\nlet z = 3\rlet u = 4', ['let x = 1\u2028let y = 2', 'let z = 3', 'let u = 4']],
  ])('are %s', (_, text, expected) => {
    expect(piecesOf(text).map(({ start, end }) => text.slice(start, end).trim())).toEqual(expected);
  });
});

describe('an edit', () => {
  it('gives what parsing the new text gives, however many came before', () => {
    fc.assert(
      fc.property(anyText, fc.array(anyEdit, { minLength: 1, maxLength: 12 }), (original, edits) => {
        let text = original;
        let result = parse(text);
        for (const edit of edits) {
          text = apply(edit, text);
          result = parse(text, result);
          expect(plain(result)).toEqual(plain(parse(text)));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('keeps the nodes of all declarations whose text stays', () => {
    const text = 'let a = 1\n\nmodel B { a }\n\n## doc\nmodel C { b }\nassert c\n';
    const [a, b, c, assert] = parse(text).file.declarations;
    const before = parse(text);
    expect(parse(text, before).file.declarations).toEqual([a, b, c, assert]);
    const first = before.file.declarations;
    const edited = parse(text.replace('{ a }', '{ a; x }'), before).file.declarations;
    expect(edited.map((node, index) => node === first[index])).toEqual([true, false, true, true]);
    const moved = parse(`# above\n${text.replace('let a = 1\n', '')}`, before).file.declarations;
    expect(moved.map((node) => first.indexOf(node))).toEqual([1, 2, 3]);
  });

  it('makes nodes of their own for a declaration that stands there twice', () => {
    const once = parse('let a = 1\n');
    const twice = parse('let a = 1\nlet a = 1\n', once).file.declarations;
    expect(twice.map(({ span }) => span)).toEqual([{ start: 0, end: 9 }, { start: 10, end: 19 }]);
  });
});

it('a result goes on to speak of its own text, whichever came after it', () => {
  const before = parse('let a = 1\n\nlet b = 2');
  const after = parse('# a line more\nlet a = 1\n\nlet b = 2', before);
  const starts = ({ file }: ParseResult): number[] => file.declarations.map(({ span }) => span.start);
  expect([starts(before), starts(after), starts(before)]).toEqual([[0, 11], [14, 25], [0, 11]]);
});

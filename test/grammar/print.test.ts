// The canonical text of trees: what it looks like, that it means the same, and that nothing written gets lost.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from '../../grammar/parse';
import { format, print, spell } from '../../grammar/print';
import { endOf, Newline, tokenize } from '../../grammar/tokens';
import { anyExpression, anyFile } from './arbitrary';
import { examples } from './examples';
import { withoutPlaces } from './tree';

test.each([...examples])('%s is canonical', (_, text) => {
  expect(format(text)).toBe(text);
});

test('text with syntax errors is left alone, text with warnings is not', () => {
  expect(format('model M { a b }')).toBeUndefined();
  expect(format('model M {\n  a\n  -b\n}')).toBe('model M {\n  a\n  -b\n}\n');
});

describe('properties', () => {
  test('the text of any tree parses to that tree, without a diagnostic', () => {
    fc.assert(
      fc.property(anyFile, (file) => {
        const text = print(file);
        const result = parse(text);
        expect(result.diagnostics, text).toEqual([]);
        expect(withoutPlaces(result.file), text).toEqual(withoutPlaces(file));
      }),
      { numRuns: 800 },
    );
  });

  test('it is canonical already', () => {
    fc.assert(
      fc.property(anyFile, (file) => {
        const text = print(file);
        expect(format(text)).toBe(text);
      }),
      { numRuns: 400 },
    );
  });

  test('on one line as well', () => {
    fc.assert(
      fc.property(anyExpression, (expression) => {
        const [declaration] = parse(`let x = ${spell(expression)}`).file.declarations;
        expect(withoutPlaces(declaration)).toMatchObject({ value: withoutPlaces(expression) });
      }),
      { numRuns: 800 },
    );
  });

  test('no pair of parentheses is superfluous', () => {
    fc.assert(
      fc.property(anyExpression, (expression) => {
        const text = spell(expression);
        const tree = withoutPlaces(expression);
        for (const [open, close] of groupingParentheses(text)) {
          const without = `${text.slice(0, open)} ${text.slice(open + 1, close)} ${text.slice(close + 1)}`;
          const { file, diagnostics } = parse(`let x = ${without}`);
          const same = diagnostics.length === 0 && JSON.stringify(withoutPlaces(file.declarations[0])).includes(JSON.stringify(tree));
          // A statement that begins with the loss needs them, though as a whole it would parse without.
          if (same && !isWholeFactor(text, open, close)) expect.fail(`${text} needs no parentheses at ${open}`);
        }
      }),
      { numRuns: 400 },
    );
  });

  test('blanks and lines between tokens do not matter where they mean nothing', () => {
    fc.assert(
      fc.property(anyFile, fc.infiniteStream(fc.constantFrom('', ' ', '   ', '\n  ', '\n\n')), (file, gaps) => {
        const text = print(file);
        const spaced = respaced(text, gaps);
        const formatted = format(spaced);
        expect(formatted, spaced).toBeDefined();
        expect(withoutPlaces(parse(formatted!).file)).toEqual(withoutPlaces(file));
        expect(format(formatted!)).toBe(formatted);
      }),
      { numRuns: 300 },
    );
  });

  test.each([...examples])('comments put anywhere into %s are all kept, and settle at once', (_, text) => {
    const lines = text.split('\n');
    const places = fc.uniqueArray(fc.nat(lines.length - 1), { maxLength: 6 });
    fc.assert(
      fc.property(places, places, (behind, above) => {
        const commented = lines
          .flatMap((line, i) => [
            ...(above.includes(i) && !line.startsWith('##') ? [`# above ${i}`] : []),
            behind.includes(i) && !line.includes('#') && line !== '' ? `${line} # behind ${i}` : line,
          ])
          .join('\n');
        const formatted = format(commented)!;
        expect(withoutPlaces(parse(formatted).file.declarations)).toEqual(withoutPlaces(parse(commented).file.declarations));
        const texts = (source: string): string[] => parse(source).comments.map(({ text: its }) => its).sort();
        expect(texts(formatted)).toEqual(texts(commented));
        expect(format(formatted), commented).toBe(formatted);
      }),
      { numRuns: 40 },
    );
  });
});

/** Whether a whole quotient or a remainder stands there as a factor, which people read more easily in parentheses: `(h // 2) * w`. */
function isWholeFactor(text: string, open: number, close: number): boolean {
  const [inside] = parse(`let x = ${text.slice(open + 1, close)}`).file.declarations;
  const isWhole = inside?.kind === 'let' && inside.value.kind === 'binary' && (inside.value.operator === '//' || inside.value.operator === '%');
  return isWhole && /^\s*(?:[*@]|\/(?!\/))/.test(text.slice(close + 1));
}

/** The parentheses of a text that group, and belong to no call. */
function groupingParentheses(text: string): [number, number][] {
  const { tokens } = tokenize(text);
  const open: (number | undefined)[] = [];
  const pairs: [number, number][] = [];
  for (const [i, token] of tokens.entries()) {
    const before = tokens[i - 1]?.image ?? '(';
    if (token.image === '(') open.push(/[\w)\]}"]$/.test(before) && !/^(?:if|repeat|in|not|and|or|loss|optimizer|assert)$/.test(before) ? undefined : token.startOffset);
    if (token.image !== ')') continue;
    const start = open.pop();
    if (start !== undefined) pairs.push([start, token.startOffset]);
  }
  return pairs;
}

/**
 * A text with other gaps between its tokens: any inside ( ) and [ ], blanks elsewhere.
 * After a `.` no line begins: a keyword there would end the bracket.
 */
function respaced(text: string, gaps: Iterator<string>): string {
  const { tokens } = tokenize(text);
  const open: string[] = [];
  let result = '';
  let last = 0;
  for (const token of tokens) {
    const gap = text.slice(last, token.startOffset);
    const isFree = /[([]/.test(open.at(-1) ?? '') && text[last - 1] !== '.';
    const extra = gaps.next().value as string;
    result += gap.includes('#') ? gap : gap + (isFree ? extra : extra.replaceAll('\n', ' '));
    if (token.tokenType !== Newline || !isFree) result += token.image;
    if ('([{'.includes(token.image)) open.push(token.image);
    if (')]}'.includes(token.image)) open.pop();
    last = endOf(token);
  }
  return result + text.slice(last);
}

describe('layout', () => {
  const formatted = (text: string): string => format(text)!;

  test.each([
    ['whole quotients as factors', 'let x = a // 2 * (b // 2) + c % 2 / 3 - (a // 2) // 3 % 4', 'let x = (a // 2) * (b // 2) + (c % 2) / 3 - a // 2 // 3 % 4\n'],
    ['blanks and parentheses', 'let   x=((a+b)*(c))', 'let x = (a + b) * c\n'],
    ['numbers and strings as written', 'let x = [64_010, 5M, 1e-3, "a b"]', 'let x = [64_010, 5M, 1e-3, "a b"]\n'],
    ['one blank line at most', '\n\nlet a = 1\n\n\n\nlet b = 2\n\n', 'let a = 1\n\nlet b = 2\n'],
    ['a block that was written on one line stays there', 'stack S { a ;b }', 'stack S { a; b }\n'],
    ['others go over several', 'stack S { a\nb; c }', 'stack S {\n  a\n  b; c\n}\n'],
    ['braces join their header', 'stack S(a)\n{\nif b\n{ c }\nelse\n{ d } }', 'stack S(a) {\n  if b { c } else { d }\n}\n'],
    ['empty brackets', 'stack S() {\n\n}', 'stack S {}\n'],
    ['line ends as found', 'let a = 1\r\nlet b=2\r\n', 'let a = 1\r\nlet b = 2\r\n'],
    ['nothing', '\n\n', ''],
  ])('%s', (_, text, result) => {
    expect(formatted(text)).toBe(result);
  });

  test('a chain that is too long is broken before an arrow, below its first arrow', () => {
    const step = 'Conv2d(channels, 3, padding = 1, bias = false)';
    expect(formatted(`stack S { y = x -> ${[step, step, step].join(' -> ')}\n}`)).toBe(
      `stack S {\n  y = x -> ${step} -> ${step}\n        -> ${step}\n}\n`,
    );
  });

  test('a chain that begins too far right goes on with an indent of four', () => {
    const first = `concat(${'a'.repeat(60)}, ${'b'.repeat(40)})`;
    expect(formatted(`stack S { y = ${first} -> ReLU -> Linear(10)\n}`)).toBe(`stack S {\n  y = ${first}\n      -> ReLU -> Linear(10)\n}\n`);
  });

  test('arguments that are too long get a line each, short elements fill lines', () => {
    const name = (letter: string): string => letter.repeat(30);
    expect(formatted(`let x = f(a = ${name('a')}, b = ${name('b')}, c = ${name('c')}, d = 1)`)).toBe(
      `let x = f(\n  a = ${name('a')},\n  b = ${name('b')},\n  c = ${name('c')},\n  d = 1\n)\n`,
    );
    const numbers = Array.from({ length: 40 }, (_, i) => `${1000 + i}`);
    expect(formatted(`let x = [${numbers.join(', ')}]`)).toBe(
      `let x = [\n  ${numbers.slice(0, 19).join(', ')},\n  ${numbers.slice(19, 38).join(', ')},\n  ${numbers.slice(38).join(', ')}\n]\n`,
    );
  });

  test('a long sum goes on behind its operators', () => {
    const [a, b] = ['a'.repeat(70), 'b'.repeat(70)];
    expect(formatted(`let x = ${a} + ${b}`)).toBe(`let x = ${a} +\n    ${b}\n`);
  });
});

describe('comments', () => {
  test('stand right behind what became short, however long the line was', () => {
    const long = `  for c in [8, 16, 24, 32] { ${Array.from({ length: 9 }, () => 'Linear(c, bias = false)').join('; ')} }   # all`;
    const formatted = format(`model A {\n  input x: [3]\n${long}\n}\n`)!;
    expect(formatted).toContain('  }  # all\n');
    expect(format(formatted)).toBe(formatted);
  });

  const kept = (text: string): void => {
    expect(format(text)).toBe(text);
  };

  test('behind statements keep their columns, above statements their lines', () => {
    kept('# top\n\nstack S {  # opening\n  # first\n  a          # one\n  b          # two\n\n  # last\n}\n# end\n');
  });

  test('below each other they stay aligned where a line grows', () => {
    expect(format('stack S {\n  a=b  # 1\n  c    # 2\n}')).toBe('stack S {\n  a = b  # 1\n  c      # 2\n}\n');
  });

  test('between arguments, elements and steps', () => {
    kept('let x = f(  # opening\n  1,  # one\n  # two\n  b = 2\n  # closing\n)\n');
    kept('let x = [\n  # one\n  1,\n  2  # two\n]\n');
    kept('stack S {\n  x -> a  # first\n    # own\n    -> b  # second\n}\n');
    kept('stack S(\n  a,  # first\n  b = 2\n) {\n  a\n}\n');
  });

  test('inside an expression they move above its statement, before an else into the block', () => {
    expect(format('stack S {\n  x = a + # why\n    b\n}')).toBe('stack S {\n  # why\n  x = a + b\n}\n');
    expect(format('stack S {\n  if a { b } # yes\n  else { c }\n}')).toBe('stack S {\n  if a {\n    b\n    # yes\n  } else { c }\n}\n');
  });

  test('documentation stays where it is, and is written for trees without a source', () => {
    kept('## the file\n\n## a stack\n##\n## more\nstack S { a }\n');
    const { file } = parse('## the file\n\n## a stack\n##\n## more\nstack S { a }\n');
    expect(print(file)).toBe('## the file\n\n## a stack\n##\n## more\nstack S {\n  a\n}\n');
  });

  test('parentheses that keep a line from looking like a continuation stay', () => {
    kept('stack S {\n  a\n  (-b)\n}\n');
    kept('stack S {\n  a\n  -b\n}\n');
  });
});

// Comments, and which of them document the file and its declarations.

import { expect, test } from 'vitest';
import { parse } from '../../grammar/parse';

function documented(text: string): (string | undefined)[] {
  const { file } = parse(text);
  return [file.documentation, ...file.declarations.map((node) => ('documentation' in node ? node.documentation : undefined))];
}

test.each([
  ['the lines right above a declaration', '## One.\n## *Two.*\nstack S { a }', [undefined, 'One.\n*Two.*']],
  ['without ## and one blank', '##One\n##   Two\n##\n## Three\nmodel M = A()', [undefined, 'One\n  Two\n\nThree']],
  ['of every kind of declaration', '## a\nlet x = 1\n## b\nfunction f() = 1\n## c\nmodel M { a }', [undefined, 'a', 'b', 'c']],
  ['the lines at the top with a blank line below document the file', '## File.\n\n## Stack.\nstack S { a }', ['File.', 'Stack.']],
  ['also with nothing below', '## File.', ['File.']],
  ['no blank line: the declaration’s', '## Stack.\nstack S { a }', [undefined, 'Stack.']],
  ['not with a blank line between', 'let y = 1\n\n## Lost.\n\nlet x = 1', [undefined, undefined, undefined]],
  ['not plain comments, banners, or comments behind code', '# a\nlet x = 1\n### b\nlet y = 1 ## c\nlet z = 1', [undefined, undefined, undefined, undefined]],
  ['indented as well', '  ## a\n  let x = 1', [undefined, 'a']],
])('%s', (_, text, expected) => {
  expect(documented(text)).toEqual(expected);
});

test('comments are listed with their places, without blanks at their ends', () => {
  const text = '## doc  \nlet x = "# no" # yes\t\n';
  const { comments } = parse(text);
  expect(comments).toEqual([
    { span: { start: 0, end: 6 }, text: '## doc', documentation: true },
    { span: { start: text.indexOf('# yes'), end: text.indexOf('# yes') + 5 }, text: '# yes', documentation: false },
  ]);
});

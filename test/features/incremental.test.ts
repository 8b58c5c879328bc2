// After any edits a document is what a fresh analysis of its text gives, and only what an edit can change is evaluated anew.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { examples } from '../grammar/examples';
import { semanticTokens } from '../../server/src/features/semantic-tokens';
import type { Document } from '../../server/src/features/workspace';
import { anyEdit, apply, type Edit } from '../support/edits';
import { shown, workspaceOf } from '../support/shown';

const main = 'file:///main.nn';
const other = 'file:///other.nn';

/** A file in which everything depends on something, some of it in circles. */
const program = `## What everything here shares.

from "./other.nn" import Other, width as outer
let width = 8
let depths = [1, outer]
let circle = round
let round = circle

## A convolution.
stack Block(channels, norm = BatchNorm2d) {
  Conv2d(channels, 3, padding = 1)
  norm
  ReLU
}

stack Deep(depth) {
  repeat depth { residual { Block(width) } }
}

function double(x) = 2 * x

model Main(size = width, norm = BatchNorm2d) {
  input image: [3, H, W]
  Block(double(size), norm = norm)
  Conv2d(width, 1)
  for depth in depths { Deep(depth); MaxPool2d(2) }
  output features
  assert params() < params(Small)
}

model Wide = Main(size = 16)
model Normed = Main(norm = GroupNorm(2))

# aside
model Small { input x: [width]; Linear(width); Other; assert params() < params(Main) }

model Template(n) { input x: [n]; Linear(n) }

assert params(Wide) > params(Main)
assert params(Small) < 200
`;
const otherText = 'let width = 2\nstack Other { Linear(4); ReLU }\n\nmodel Apart { input x: [3]; Linear(width) }\n';

/** Edits one file after the other, and compares what is shown of both with fresh analyses. */
function followEdits(texts: Readonly<Record<string, string>>, edits: readonly (Edit & { readonly inOther: boolean })[]): void {
  const files = { ...texts };
  const workspace = workspaceOf(files, Object.keys(files));
  let version = 1;
  for (const edit of edits) {
    const uri = edit.inOther && other in files ? other : main;
    files[uri] = apply(edit, files[uri]!);
    workspace.update(uri, ++version, files[uri]);
    const fresh = workspaceOf(files, Object.keys(files));
    for (const file of Object.keys(files)) {
      const { length } = files[file]!;
      const offsets = [edit.at, edit.other, edit.at + edit.other].map((offset) => offset % (length + 1));
      expect(shown(workspace.document(file)!, offsets)).toEqual(shown(fresh.document(file)!, offsets));
    }
  }
}

const anyEdits = fc.array(fc.record({ edit: anyEdit, inOther: fc.boolean() }).map(({ edit, inOther }) => ({ ...edit, inOther })), { minLength: 1, maxLength: 6 });

describe('any edits leave what a fresh analysis gives', () => {
  it('in files that depend on each other', () => {
    fc.assert(fc.property(anyEdits, (edits) => { followEdits({ [main]: program, [other]: otherText }, edits); }), { numRuns: 25 });
  });

  it('in the examples', () => {
    fc.assert(fc.property(fc.constantFrom(...examples.values()), anyEdits, (text, edits) => { followEdits({ [main]: text }, edits.slice(0, 4)); }), { numRuns: 10 });
  });
});

/** What an edit of the program makes evaluate. */
function evaluatedAfter(edit: (text: string) => string, uri = main): readonly string[] {
  const files: Record<string, string> = { [main]: program, [other]: otherText };
  const workspace = workspaceOf(files, [main, other]);
  workspace.document(main);
  const changed = edit(files[uri]!);
  expect(changed).not.toBe(files[uri]);
  workspace.update(uri, 2, changed);
  return workspace.document(main)!.analysis.evaluated;
}

describe('evaluated anew is', () => {
  it.each<[string, (text: string) => string, readonly string[], string?]>([
    ['a model that is edited, and what asks about it', (text) => text.replace('Linear(width)', 'Linear(9)'), ['Small', 'Main', 'Wide', 'Normed', 'assert', 'assert']],
    ['nothing, where nothing but comments and blank lines between declarations change', (text) => text.replace('# aside', '# another\n\n'), []],
    ['nothing, where a text is only moved', (text) => text.replace('## What', '# One line more.\n## What'), []],
    ['every user of a stack', (text) => text.replace('norm\n', 'norm; Sigmoid\n'), ['Main', 'Small', 'Wide', 'Normed', 'assert', 'assert']],
    ['only the assert that is edited', (text) => text.replace('< 200', '< 300'), ['assert']],
    ['every user of a number', (text) => text.replace('let width = 8', 'let width = 4'), ['width', 'Main', 'Small', 'Wide', 'Normed', 'assert', 'assert']],
    ['no user of a number that stays as it is', (text) => text.replace('let width = 8', 'let width = 4 + 4'), ['width']],
    ['nothing but the template, where an unused one changes', (text) => text.replace('[n]; Linear(n)', '[n]; Linear(n); ReLU'), ['Template']],
    ['nothing but the new model', (text) => `${text}\nmodel New { input x: [2]; Linear(2) }`, ['New']],
    ['what reads a name that is now declared', (text) => `${text}\nstack MaxPool2d(n) { ReLU }`, ['Main', 'Small', 'Wide', 'Normed', 'assert', 'assert']],
    ['the users of what is imported', (text) => text.replace('Linear(4)', 'Linear(5)'), ['Small', 'Main', 'Wide', 'Normed', 'assert', 'assert'], other],
    ['nothing, where what is not imported changes', (text) => text.replace('input x: [3]', 'input x: [4]'), [], other],
  ])('%s', (_, edit, expected, uri) => {
    expect([...evaluatedAfter(edit, uri)].sort()).toEqual([...expected].sort());
  });
});

it('of a hundred models one is evaluated when it is edited', () => {
  const text = Array.from({ length: 100 }, (_, index) => `model M${String(index)} { input x: [8]; Linear(${String(index + 1)}) }\n`).join('\n');
  const workspace = workspaceOf({ [main]: text }, [main]);
  expect(workspace.document(main)!.analysis.evaluated).toHaveLength(100);
  workspace.update(main, 2, text.replace('Linear(50)', 'Linear(51)'));
  expect(workspace.document(main)!.analysis.evaluated).toEqual(['M49']);
});

describe('colours follow what is declared elsewhere', () => {
  const text = `from "./other.nn" import Other, width as outer
let first = Other
let net = S
stack S(c) { input x: [d]; Linear(c); output out }
model A { input x: [T]; r = x -> net(c = 2); r.out; Other }
model B = A
assert macs(B, T = 8) > 0
assert outer > 1
`;
  it.each<[string, (text: string) => string, string?]>([
    ['a stack of another name', (text) => text.replace('stack S', 'stack R')],
    ['a stack that is a function', (text) => text.replace('stack S(c) { input x: [d]; Linear(c); output out }', 'function S(c) = c')],
    ['another output', (text) => text.replace('output out', 'output other')],
    ['a let that stands for something else', (text) => text.replace('= S', '= Linear')],
    ['a free dimension of another name', (text) => text.replace('[T]', '[L]')],
    ['a variant of something else', (text) => text.replace('= A', '= C')],
    ['an import that is gone', (text) => text.replace('import Other, ', 'import ')],
    ['an import of a number', (text) => text.replace('stack Other { Linear(4); ReLU }', 'let Other = 4'), other],
    ['a declaration that takes a name of the language', (text) => `${text}\nstack Linear(n) { ReLU }\n`],
  ])('%s', (_, edit, uri = main) => {
    const files: Record<string, string> = { [main]: text, [other]: otherText };
    const workspace = workspaceOf(files, [main, other]);
    semanticTokens(workspace.document(main)!);
    files[uri] = edit(files[uri]!);
    workspace.update(uri, 2, files[uri]);
    const plain = (document: Document): unknown => JSON.parse(JSON.stringify(semanticTokens(document)));
    expect(plain(workspace.document(main)!)).toEqual(plain(workspaceOf(files, [main, other]).document(main)!));
  });
});

it('a document goes on to speak of its own text, whatever has become of the text since', () => {
  const files = { [main]: program, [other]: otherText };
  const workspace = workspaceOf(files, [main, other]);
  const before = workspace.document(main)!;
  const was = shown(before, [200, 400]);
  workspace.update(main, 2, `# a line\n\n${program.replace('let width = 8', 'let width = 16')}`);
  workspace.update(other, 2, `\n\n${otherText}`);
  const after = workspace.document(main)!;
  const is = shown(after, [200, 400]);
  expect(is).not.toEqual(was);
  expect([shown(before, [200, 400]), shown(after, [200, 400])]).toEqual([was, is]);
});

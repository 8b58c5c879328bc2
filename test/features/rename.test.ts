// Names across files: who names the same thing, renaming it everywhere, and refusing where a meaning would change.

import { describe, expect, it } from 'vitest';
import { highlights, references } from '../../server/src/features/references';
import { prepareRename, rename } from '../../server/src/features/rename';
import { applied, Refusal } from '../../server/src/features/text-edits';
import { filesOf, readFiles } from '../support/files';

/** All files after renaming what is at the cursor; a text where it is refused. */
function renamed(marked: Readonly<Record<string, string>> | string, to: string): Readonly<Record<string, string>> | string {
  const { texts, cursors } = readFiles(typeof marked === 'string' ? { 'main.nn': marked } : marked);
  const files = filesOf(texts);
  const [{ file, offset }] = cursors as [{ file: string; offset: number }];
  const result = rename(files, files.source(`file:///${file}`)!, offset, to);
  if (result === undefined) return 'nothing';
  if (result instanceof Refusal) return result.message;
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, applied(text, result.get(`file:///${name}`) ?? [])]));
}

/** Every name between ‹ › is renamed, and no other: the cursor stands on each of them in turn. */
function renamesTogether(marked: Readonly<Record<string, string>> | string, to = 'renamed'): void {
  const files = typeof marked === 'string' ? { 'main.nn': marked } : marked;
  const plain = Object.fromEntries(Object.entries(files).map(([name, text]) => [name, text.replace(/[‹›]/g, '')]));
  const wanted = Object.fromEntries(Object.entries(files).map(([name, text]) => [name, text.replace(/‹\w+›/g, to)]));
  let cursors = 0;
  for (const [name, text] of Object.entries(files)) {
    for (const match of text.matchAll(/‹/g)) {
      const offset = match.index - text.slice(0, match.index).replace(/[^‹›]/g, '').length;
      cursors++;
      expect(renamed({ ...plain, [name]: `${plain[name]!.slice(0, offset)}$0${plain[name]!.slice(offset)}` }, to), `at ${name}:${String(offset)}`).toEqual(wanted);
    }
  }
  expect(cursors).toBeGreaterThan(1);
}

describe('renaming', () => {
  it.each([
    ['a binding', 'model A { input x: [3]; ‹y› = x -> ReLU; ‹y› -> Tanh; residual { Linear(3); ‹y› + x } }'],
    ['a binding in both sides of an if', 'model A(f = true) { input x: [3]; if f { ‹y› = x -> ReLU; ‹y› -> ReLU } else { ‹y› = x -> Tanh }; ‹y› -> ReLU }'],
    ['what an output publishes, and where its name is read', 'stack S { Linear(2); output ‹small›; Linear(9) }\nmodel A { input x: [3]; r = x -> S; r.‹small› }'],
    ['a binding that is published', 'stack S { input x; ‹y› = x -> Linear(2); output ‹y› }\nmodel A { input x: [3]; s = S(); r = s(x); r.‹y› }'],
    ['an output of a loop behind it', 'model A { input x: [3]; repeat 2 { Linear(3); output ‹y› }; concat(‹y›) }'],
    ['a binding of a loop that is published', 'model A { input x: [3]; repeat 2 { Linear(3); ‹y› = Tanh; output ‹y› }; x }'],
    ['a stack', 'stack ‹S› { ReLU }\nmodel A { input x: [3]; ‹S›; x -> ‹S›() }'],
    ['an argument, and where it is given by name', 'stack S(‹n›) { Linear(‹n›) }\nmodel A { input x: [3]; S(‹n› = 4); f = S; f(‹n› = 5) }'],
    ['an argument through variants', 'model A(‹n› = 1) { input x: [3]; Linear(‹n›) }\nmodel B = A(‹n› = 2)\nmodel C = B(‹n› = 3)\nmodel D { input x: [3]; B(‹n› = 4) }'],
    ['an argument where the stack is passed on', 'stack S(‹n›) { Linear(‹n›) }\nstack T(block, n = 2) { block(‹n› = n); Inner(block) }\nstack Inner(f) { f(‹n› = 4) }\nmodel A { input x: [3]; T(S); S(‹n› = 5) }'],
    ['an argument of all stacks that are passed on alike', 'stack S(‹n›) { Linear(‹n›) }\nstack R(k, ‹n› = 2) { Linear(k * ‹n›) }\nstack T(block = S) { block(‹n› = 3) }\nmodel A { input x: [3]; T; T(block = S) }\nmodel B { input x: [3]; f = 2; T({ Linear(f) }) }\nstack Q(g) { g(1, ‹n› = 2) }\nmodel C { input x: [3]; Q(R); T2(R) }\nstack T2(h) { h(1, ‹n› = 2) }\nmodel D { input x: [3]; Both(S, 3); Both(R, 3) }\nstack Both(b, k) { if k > 5 { b(‹n› = k) } }'],
    ['an argument of a function', 'function f(‹a›, b) = ‹a› * b\nlet c = f(‹a› = 2, b = 3)'],
    ['a size of a type', 'stack S { input x: [‹c›, h, h]; Conv2d(2 * ‹c›, 1); assert ‹c› > 1 }'],
    ['a free dimension that is asked about', 'model A { input x: [3, ‹H›, ‹H›]; Conv2d(4, 3); assert ‹H› > 8 }\nassert macs(A, ‹H› = 8) == 3888'],
    ['an argument that is a size of a type', 'model A(‹d› = 4) { input x: [‹d›]; param w: [‹d›]; dot(w, x) }'],
    ['a let that is a size of a type', 'let ‹d› = 4\nmodel A { input x: [‹d›]; Linear(‹d›) }'],
    ['a name of a loop', 'model A { input x: [3]; for ‹n› in [1, 2] { Linear(‹n›) } }'],
    ['a name that keeps shadowing', 'model A { input x: [3]; residual { ‹y› = x -> ReLU; ‹y› -> Linear(3) }; y = x -> Tanh; y -> ReLU }'],
  ])('%s', (_, text) => {
    renamesTogether(text);
  });

  it('goes through imports, re-exports and members in files that are not open', () => {
    renamesTogether({
      'main.nn': 'from "./more.nn" import ‹Block›, Net\nmodel A { input x: [3]; ‹Block›(2) }\n',
      'more.nn': 'from "./blocks.nn" import ‹Block›\nmodel Net { input x: [3]; ‹Block›(width = 3) }\n',
      'blocks.nn': 'stack ‹Block›(width) { Linear(width) }\n',
      'other.nn': 'stack Block { ReLU }\n',
    });
    renamesTogether({
      'main.nn': 'from "./blocks.nn" import Block\nmodel A { input x: [3]; r = x -> Block(‹width› = 3); r.hidden }\n',
      'blocks.nn': 'stack Block(‹width›) { Linear(‹width›); output hidden; ReLU }\n',
    });
    renamesTogether({
      'main.nn': 'from "./blocks.nn" import Block\nmodel A { input x: [3]; r = x -> Block(width = 3); r.‹hidden› }\n',
      'blocks.nn': 'stack Block(width) { Linear(width); output ‹hidden›; ReLU }\n',
    });
  });

  it('takes a size that a type computes with along', () => {
    renamesTogether('stack Half { input x: [2 * ‹m›]; Linear(‹m›) }\nmodel A { input x: [6]; Half }\n');
    renamesTogether('let ‹widths› = [8]\nstack Half { input x: [2 * ‹widths›[0]]; ReLU }\nmodel A { input x: [16]; Half }\n');
  });

  it('of another name that an import gives stays in its file and those that import it', () => {
    renamesTogether({
      'main.nn': 'from "./blocks.nn" import Block as ‹B›\nmodel A { input x: [3]; ‹B› }\n',
      'next.nn': 'from "./main.nn" import ‹B›\nmodel C { input x: [3]; ‹B› }\n',
      'blocks.nn': 'stack Block { ReLU }\n',
    });
  });

  it.each([
    ['a keyword', 'stack $0S { ReLU }', 'repeat', /keyword/],
    ['what is no name', 'stack $0S { ReLU }', '2x', /no name/],
    ['a name that the body binds', 'model A { input $0x: [3]; y = x -> ReLU; y -> Tanh }', 'y', /y is taken already, in line 1 of main\.nn/],
    ['a name that the file declares', 'stack $0S { ReLU }\nstack T { ReLU }', 'T', /T is taken already, in line 2/],
    ['an argument that there is', 'stack S($0a, b) { Linear(a); Linear(b) }', 'b', /taken/],
    ['a name that hides what is used', 'stack $0S { Tanh }\nmodel A { input x: [3]; S; ReLU }', 'ReLU', /ReLU would change what ReLU means in line 2/],
    ['a name that an inner body hides', 'model A { input x: [3]; $0y = x -> Tanh; residual { z = x -> ReLU; y -> Linear(3) } }', 'z', /change what y means/],
    ['a name that nothing declared until now', 'model A { input x: [3]; $0y = x -> Tanh; z -> ReLU }', 'z', /change what z means/],
    ['a layer of the language', 'model A { input x: [3]; Re$0LU }', 'Other', /ReLU belongs to the language/],
    ['an argument of a layer', 'model A { input x: [3]; Linear(out_$0features = 3) }', 'other', /no file here declares out_features/],
  ])('refuses %s', (_, text, to, message) => {
    expect(renamed(text, to)).toMatch(message);
  });

  it('refuses a name that a file which imports it uses already', () => {
    const files = { 'main.nn': 'from "./blocks.nn" import Block\nstack Other { ReLU }\nmodel A { input x: [3]; Block }\n', 'blocks.nn': 'stack $0Block { ReLU }\n' };
    expect(renamed(files, 'Other')).toBe('Other is taken already, in line 2 of main.nn; take another name');
  });

  it('refuses to leave behind a call whose callee only the evaluation knows', () => {
    const text = 'stack S($0width) { Linear(width) }\nstack T(width) { Linear(width) }\nmodel A { input x: [3]; for block in [S, T] { block(width = 2) } }\n';
    expect(renamed(text, 'size')).toMatch(/error in line 3 of main\.nn: .*width/);
  });

  it('prepares with the name and its place', () => {
    const files = filesOf({ 'main.nn': 'stack Some { ReLU }' });
    expect(prepareRename(files, files.source('file:///main.nn')!, 8)).toEqual({ span: { start: 6, end: 10 }, text: 'Some' });
    expect(prepareRename(files, files.source('file:///main.nn')!, 14)).toBeInstanceOf(Refusal);
    expect(prepareRename(files, files.source('file:///main.nn')!, 11)).toBeUndefined();
  });
});

describe('references', () => {
  const at = (marked: Readonly<Record<string, string>>, includeDeclaration = true): string[] => {
    const { texts, cursors } = readFiles(marked);
    const files = filesOf(texts);
    const [{ file, offset }] = cursors as [{ file: string; offset: number }];
    return references(files, files.source(`file:///${file}`)!, offset, includeDeclaration).map((place) => `${place.file.slice(8)}:${texts[place.file.slice(8)]!.slice(place.span.start, place.span.end)}@${String(place.span.start)}`);
  };

  it('are in all files, under other names that imports give, too', () => {
    const files = { 'main.nn': 'from "./b.nn" import Block as B\nmodel A { input x: [3]; B }\n', 'b.nn': 'stack $0Block { ReLU }\n' };
    expect(at(files)).toEqual(['main.nn:Block@21', 'main.nn:B@30', 'main.nn:B@56', 'b.nn:Block@6']);
    expect(at(files, false)).toEqual(['main.nn:Block@21', 'main.nn:B@30', 'main.nn:B@56']);
  });

  it('are all names of the same thing, and not of others that are spelled alike', () => {
    expect(at({ 'main.nn': 'stack S(n) { Linear(n) }\nmodel A($0n = 2) { input x: [3]; S(n = n); Linear(n) }\n' })).toEqual(['main.nn:n@33', 'main.nn:n@62', 'main.nn:n@73']);
  });

  it('as highlights tell binding from use', () => {
    const files = filesOf({ 'main.nn': 'model A { input x: [3]; y = x -> ReLU; z = y; z -> Tanh; y }' });
    expect(highlights(files, files.source('file:///main.nn')!, 24)).toEqual([
      { span: { start: 24, end: 25 }, introduces: true },
      { span: { start: 43, end: 44 }, introduces: false },
      { span: { start: 57, end: 58 }, introduces: false },
    ]);
  });
});

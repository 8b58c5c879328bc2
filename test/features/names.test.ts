// Names: where they are introduced, and what depends on them.

import { describe, expect, it } from 'vitest';
import { definition } from '../../server/src/features/definition';
import { documentOf, readFixture } from '../support/fixture';

/** The name behind ‹ must be introduced behind ›; without a › nowhere. */
function defined(text: string): void {
  const [first, second] = [text.indexOf('‹'), text.indexOf('›')];
  const clean = text.replace('‹', '').replace('›', '');
  const [use, target] = [first - (second >= 0 && second < first ? 1 : 0), second - (first < second ? 1 : 0)];
  const found = definition(documentOf(clean), use);
  expect(found?.span.start).toBe(second < 0 ? undefined : target);
}

describe('the definition of a name', () => {
  it.each([
    ['a binding of the same body', 'model A { input x: [3]; ›y = x -> ReLU; ‹y -> Tanh }'],
    ['an input', 'model A { input ›x: [3]; ‹x -> ReLU }'],
    ['a size in a type', 'model A { input x: [›c]; Linear(‹c) }'],
    ['an argument of the stack', 'stack S(›n) { Linear(‹n) }'],
    ['a name of a loop', 'model A { input x: [3]; for ›n in [1, 2] { Linear(‹n) } }'],
    ['a stack that is declared later', 'model A { input x: [3]; ‹S }\nstack ›S { ReLU }'],
    ['the base of a variant', 'model ›A { input x: [3]; ReLU }\nmodel B = ‹A()'],
    ['a binding of the body around', 'model A { input x: [3]; ›y = x -> ReLU; residual { Linear(3); ‹y -> ReLU } }'],
    ['a binding in a side of an if', 'model A(f = true) { input x: [3]; if f { ›y = x -> ReLU } else { Tanh }; ‹y -> ReLU }'],
    ['the outer name, where a binding reads what it shadows', 'model A { input ›x: [3]; residual { x = ‹x -> ReLU; x -> Linear(3) } }'],
    ['the inner name behind it', 'model A { input x: [3]; residual { ›x = x -> ReLU; ‹x -> Linear(3) } }'],
    ['a later binding, for an assert', 'model A { input x: [3]; assert shape(‹y) == [3]; ›y = x -> ReLU }'],
    ['an argument by its name', 'stack S(›n) { Linear(n) }\nmodel A { input x: [3]; S(‹n = 4) }'],
    ['an argument of the stack in a type', 'model A(›d = 4) { input x: [‹d]; ReLU }'],
    ['an output, read of a result', 'stack S { Linear(2); output ›small; ReLU }\nmodel A { input x: [3]; r = x -> S; r.‹small }'],
    ['an argument, of a stack that an argument holds', 'stack S(›n) { Linear(n) }\nmodel A(block) { input x: [3]; block(‹n = 2) }\nmodel B = A(S)'],
    ['nothing, for a layer of the language', 'model A { input x: [3]; ‹ReLU }'],
    ['nothing, for a name that is not declared', 'model A { input x: [3]; ‹Nowhere }'],
  ])('is %s', (_, text) => {
    defined(text);
  });

  it('goes through imports, by their own name and by another', () => {
    const files = { 'blocks.nn': '# first\nstack Block { ReLU }\n' };
    for (const marked of ['from "./blocks.nn" import Bl$0ock\n', 'from "./blocks.nn" import Block as B\nmodel A { input x: [1]; $0B }', 'from "./blocks.nn" import Bl$0ock as B\n']) {
      const { text, cursors } = readFixture(marked);
      expect(definition(documentOf(text, files), cursors[0]!)).toEqual({ file: 'file:///blocks.nn', span: { start: 14, end: 19 } });
    }
  });

  it('of an import path is the beginning of that file', () => {
    const { text, cursors } = readFixture('from "./bl$0ocks.nn" import Block\n');
    expect(definition(documentOf(text, { 'blocks.nn': 'stack Block { ReLU }' }), cursors[0]!)).toEqual({ file: 'file:///blocks.nn', span: { start: 0, end: 0 } });
  });

  it('is nothing in an empty file', () => {
    expect(definition(documentOf(''), 0)).toBeUndefined();
  });
});

// Unused code, and what is not: uses of all kinds, other scopes, and what an error may hide.

import { describe, expect, it } from 'vitest';
import { diagnosticsOf } from '../../server/src/features/diagnostics';
import { applied } from '../../server/src/features/text-edits';
import { documentOf } from '../support/fixture';

function found(text: string): readonly string[] {
  return diagnosticsOf(documentOf(text, { 'other.nn': 'let a = 1\nlet b = 2\n' }))
    .filter(({ tags }) => tags?.includes('unnecessary'))
    .map(({ code, severity, span }) => `${severity} ${code} ${text.slice(span.start, span.end)}`);
}

/** A model with these lines in its body. */
function body(...lines: readonly string[]): readonly string[] {
  return found(`model M {\n  input x: [4, 8]\n  ${lines.join('\n  ')}\n}\n`);
}

describe('unused', () => {
  it('is a binding that nothing reads', () => {
    expect(body('a = 3', 'b, c = [x, x]', 'b')).toEqual(['warning unused-binding a', 'warning unused-binding c']);
  });

  it('is an argument, an import, and what is private to the file', () => {
    expect(found('from "other.nn" import a, b as c\nstack _S(n, m = a) { Linear(n) }\nmodel M { input x: [4] }\n')).toEqual(['warning unused-import b as c', 'warning unused-declaration _S', 'warning unused-parameter m']);
  });

  it('is, as a hint, what another file may import', () => {
    expect(found('stack S { ReLU }\nfunction f(x) = x + 1\nlet n = 3\nmodel M { input x: [4] }\n')).toEqual(['hint unused-declaration S', 'hint unused-declaration f', 'hint unused-declaration n']);
  });

  it('is a stack that only applies itself', () => {
    expect(found('stack S(n) { if n > 0 { S(n - 1) } }\nmodel M { input x: [4] }\n')).toEqual(['hint unused-declaration S']);
  });

  it('is taken away with the parentheses that it leaves empty, and with what calls give', () => {
    const mended = (text: string): string => applied(text, diagnosticsOf(documentOf(text)).find(({ code }) => code === 'unused-parameter')!.fixes![0]!.edits);
    expect(mended('model M(heads = 8) {\n  input x: [4]\n}\n')).toBe('model M {\n  input x: [4]\n}\n');
    expect(mended('stack S(n) { ReLU }\nmodel M { input x: [4]; S(3) }\n')).toBe('stack S { ReLU }\nmodel M { input x: [4]; S() }\n');
    expect(mended('stack S(n, k) { Linear(k) }\nmodel M { input x: [4]; S(3, 4) }\n')).toBe('stack S(k) { Linear(k) }\nmodel M { input x: [4]; S(4) }\n');
  });

  it('is what stands behind the loss', () => {
    expect(body('y = x -> Linear(1)', 'loss sum(y)', 'y -> ReLU', 'Linear(4)')).toEqual(['warning dead-code y -> ReLU\n  Linear(4)']);
  });
});

describe('used', () => {
  it.each([
    ['by an assert above it', ['assert a == 3', 'a = 3']],
    ['as an output', ['a = x + 1', 'output a']],
    ['in a type', ['a = 4', 'param w: [a]', 'w']],
    ['in a block', ['a = 3', 'residual { Linear(8); a * Identity() }']],
    ['on one side of an if', ['if 2 > 1 { a = 3 } else { a = 4 }', 'Linear(a)']],
    ['behind the loop that collects it', ['repeat 2 { ReLU; output y }', 'y[0]']],
    ['as an object with members', ['g = GRU(4)(x)', 'g.h_n']],
    ['by an output behind the loss', ['loss sum(x)', 'Linear(3)', 'output y']],
    ['in an assert behind the loss', ['loss sum(x)', 'd = grad(loss, x)', 'assert d == 1']],
    ['not, and its name says so', ['_a = 3']],
  ])('%s', (_, lines) => {
    expect(body(...lines)).toEqual([]);
  });

  it('by another default, as a constructor, by a file that has no model', () => {
    expect(found('stack A(n, m = n) { Linear(m) }\nstack B(f) { f }\nmodel M { input x: [4]; A(4); B(A(3)) }\n')).toEqual([]);
    expect(found('stack Library { ReLU }\n')).toEqual([]);
  });
});

it('nothing is called unused where an error may hide its use', () => {
  expect(body('a = 3', 'Linear(b)')).toEqual([]);
  expect(found('stack S { ReLU }\nmodel M { input x: [4]; T }\n')).toEqual([]);
  expect(found('model A { input x: [4]; Lineer(4) }\nmodel B { input x: [4]; a = 3 }\n')).toEqual(['warning unused-binding a']);
});

// Files that import each other, open or stored: after any edits each open document is what a fresh analysis of all of them gives.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { anyEdit, apply, type Edit } from '../support/edits';
import { shown, workspaceOf } from '../support/shown';

const names = ['a', 'b', 'c', 'd'] as const;
type Name = (typeof names)[number];

function uriOf(name: Name): string {
  return `file:///${name}.nn`;
}

const anyName = fc.constantFrom(...names);

/** What a file declares: a number, a function, a stack that is built of them, models, and an assert across models. */
function declarations(name: Name, size: number): string {
  const upper = name.toUpperCase();
  return `let width_${name} = ${String(size)}

function twice_${name}(x) = 2 * x

## The stack of ${name}.
stack Stack${upper}(n = width_${name}) {
  Linear(twice_${name}(n))
  ReLU
}

model Model${upper} { input x: [T, 4]; Stack${upper}; output y; assert params() > 0 }

model Wide${upper} = Template${upper}(n = width_${name})

model Template${upper}(n) { input x: [3]; Linear(n); Stack${upper} }

assert params(Wide${upper}) > ${String(10 * size)}
`;
}

/** What an import brings, and something that uses it. */
interface Bond {
  readonly from: Name;
  readonly what: 'width' | 'twice' | 'Stack' | 'Model';
  readonly renamed: boolean;
}

function importOf({ from, what, renamed }: Bond, by: Name): string {
  const imported = what === 'width' || what === 'twice' ? `${what}_${from}` : `${what}${from.toUpperCase()}`;
  const name = renamed ? `${imported}_in_${by}` : imported;
  const use = { width: `Linear(${name})`, twice: `Linear(${name}(2))`, Stack: name, Model: `Linear(4); ${name}` }[what];
  return `from "./${from}.nn" import ${imported}${renamed ? ` as ${name}` : ''}\nmodel Uses_${imported}_${by} { input x: [5, 4]; ${use}; assert params() < 90 }\n`;
}

const anyBond: fc.Arbitrary<Bond> = fc.record({ from: anyName, what: fc.constantFrom('width', 'twice', 'Stack', 'Model'), renamed: fc.boolean() });

type Step =
  | { readonly kind: 'edit'; readonly file: Name; readonly edit: Edit }
  | { readonly kind: 'bond'; readonly file: Name; readonly bond: Bond }
  | { readonly kind: 'unbind' | 'open or close' | 'remove or bring back'; readonly file: Name; readonly at: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('edit' as const), file: anyName, edit: anyEdit }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('bond' as const), file: anyName, bond: anyBond }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('unbind' as const, 'open or close' as const, 'remove or bring back' as const), file: anyName, at: fc.nat() }) },
);

/** The files at first: some bonds, which may go in circles. */
const anyProject = fc.tuple(fc.array(fc.tuple(anyName, anyBond), { maxLength: 6 }), fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 4, maxLength: 4 })).map(([bonds, sizes]) =>
  Object.fromEntries(names.map((name, index) => [uriOf(name), bonds.filter(([by]) => by === name).map(([by, bond]) => importOf(bond, by)).join('') + declarations(name, sizes[index]!)])),
);

/** The text without one of its imports. */
function withoutImport(text: string, at: number): string {
  const lines = text.split('\n');
  const imports = lines.flatMap((line, index) => (line.startsWith('from ') ? [index] : []));
  const gone = imports[at % Math.max(1, imports.length)];
  return lines.filter((_, index) => index !== gone).join('\n');
}

it('after any edits, in open and in stored files, documents are what a fresh analysis gives', () => {
  let circles = 0;
  let missing = 0;
  fc.assert(
    fc.property(anyProject, fc.array(anyStep, { minLength: 1, maxLength: 8 }), (project, steps) => {
      const files: Record<string, string | undefined> = { ...project };
      const open = new Set([uriOf('a'), uriOf('b')]);
      const workspace = workspaceOf(files, [...open]);
      const bin = new Map<string, string>();
      let version = 1;
      const set = (uri: string, text: string): void => {
        files[uri] = text;
        if (open.has(uri)) workspace.update(uri, ++version, text);
        else workspace.forget(uri);
      };
      for (const step of steps) {
        const uri = uriOf(step.file);
        const text = files[uri];
        if (step.kind === 'remove or bring back') {
          if (open.has(uri)) continue;
          if (text === undefined) set(uri, bin.get(uri)!);
          else {
            bin.set(uri, text);
            files[uri] = undefined;
            workspace.forget(uri);
          }
        } else if (text === undefined) continue;
        else if (step.kind === 'open or close') {
          if (open.delete(uri)) workspace.close(uri);
          else {
            open.add(uri);
            workspace.update(uri, ++version, text);
          }
        } else if (step.kind === 'edit') set(uri, apply(step.edit, text));
        else if (step.kind === 'bond') set(uri, importOf(step.bond, step.file) + text);
        else set(uri, withoutImport(text, step.at));

        const fresh = workspaceOf(files, [...open]);
        for (const each of open) {
          const offsets = [10, Math.floor(files[each]!.length / 2)];
          const now = workspace.document(each)!;
          expect(shown(now, offsets)).toEqual(shown(fresh.document(each)!, offsets));
          circles += Number(now.analysis.diagnostics.some(({ code }) => code === 'cyclic-import'));
          missing += Number(now.analysis.diagnostics.some(({ code }) => code === 'missing-file'));
        }
      }
    }),
    { numRuns: 60 },
  );
  // Both have come up, and gone.
  expect(circles).toBeGreaterThan(20);
  expect(missing).toBeGreaterThan(5);
});

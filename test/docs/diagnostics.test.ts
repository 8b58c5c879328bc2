// The pages on diagnostics: every code has one, its failing example gives that code at the marked place, the mended one does not,
// and every quick fix that any of them offers mends what it is offered for.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from '../../grammar/parse';
import { categories, codes, type RegisteredCode, registeredCode } from '../../server/src/base/codes';
import type { Diagnostic, Fix } from '../../server/src/base/diagnostic';
import { diagnosticsOf } from '../../server/src/features/diagnostics';
import { fixAll } from '../../server/src/features/code-actions';
import { fixesOf } from '../../server/src/features/fixes/fixes';
import { mostTriedText } from '../../server/src/features/fixes/tried';
import { withoutFix } from '../../server/src/features/fixes/table';
import { applied } from '../../server/src/features/text-edits';
import { analyse } from '../../server/src/semantics/analyse';
import { defaultLimits } from '../../server/src/semantics/limits';
import { documentOf, readFixture, unmarked } from '../support/fixture';
import { filesOf } from '../support/files';
import { expectFixesToMend } from '../support/fixes';
import { pageFiles, pagesFolder, readPages } from '../support/pages';

const pages = readPages();
const withExamples = pages.flatMap(({ code, text, failing, mended }) => (failing === undefined ? [] : [{ code, text, failing, mended: mended! }]));

describe('the register', () => {
  it('has a page for each code, and no page is left over', () => {
    expect(pages.map(({ code }) => code).sort()).toEqual([...codes.keys()].sort());
  });

  it('has every code that the source can give', () => {
    const given = sources().flatMap((source) =>
      [...source.matchAll(/\bcode: (?:[\w .=!(){}'"]*\? ?)?'([\w-]+)'(?: ?: ?'([\w-]+)')?|\berror\(\s*(?:[\w .=!'{]*\? ?)?'([\w-]+)'(?: ?: ?'([\w-]+)')?|\.stop\([^'\n]*'([\w-]+)'/g)].flatMap((match) => match.slice(1).filter((each) => each !== undefined)),
    );
    expect(given.length).toBeGreaterThan(150);
    expect([...new Set(given)].filter((code) => registeredCode(code) === undefined)).toEqual([]);
  });

  it('has an index', async () => {
    const rows = Object.entries(categories).flatMap(([category, title]) => {
      const entries = [...codes].filter(([, definition]) => definition.category === category).sort(([a], [b]) => (a < b ? -1 : 1));
      const rowOf = ([code, definition]: (typeof entries)[number]): string => `| [\`${code}\`](${code}.md) | ${definition.severity} | ${definition.title} | ${wayOut(code)} |`;
      return [`## ${title}`, '', '| code | | what | quick fix, for the example |', '| --- | --- | --- | --- |', ...entries.map(rowOf), ''];
    });
    const text = ['# Diagnostics', '', 'What the editor and `nn check` report, by code. `# nn: ignore CODE` on a line, or on the line above it, silences one there;', `settings change how grave each is. Fixes are tried on the text before they are offered; beyond ${mostTriedText.toLocaleString('en-US')} characters, only those are that need no trial.`, '', ...rows].join('\n');
    await expect(text).toMatchFileSnapshot(new URL('README.md', pagesFolder).pathname);
  });
});

/** The fixes that are offered for the example on a code's page. */
function fixesOnPage(code: RegisteredCode, told: (diagnostic: Diagnostic) => Diagnostic = (diagnostic) => diagnostic): readonly Fix[] {
  const failing = pages.find((page) => page.code === code)?.failing;
  if (failing === undefined) return [];
  const text = unmarked(failing);
  const document = documentOf(text, pageFiles);
  const files = filesOf({ 'main.nn': text, ...pageFiles });
  return diagnosticsOf(document).flatMap((diagnostic) => (registeredCode(diagnostic.code) === code ? fixesOf(document, told(diagnostic), files) : []));
}

/** What the index says of mending: the titles of the fixes, or why there is none. */
function wayOut(code: RegisteredCode): string {
  const reason = withoutFix[code];
  return reason === undefined ? [...new Set(fixesOnPage(code).map(({ title }) => title.replaceAll('|', '\\|')))].join(' · ') : `– *${reason}*`;
}

describe('every code', () => {
  it.each([...codes.keys()])('%s is mended by what it tells in data: its message may be put otherwise', (code) => {
    expect(fixesOnPage(code, (diagnostic) => ({ ...diagnostic, message: '' }))).toEqual(fixesOnPage(code));
  });

  it.each([...codes.keys()])('%s has a quick fix for the example on its page, or a reason for having none', (code) => {
    expect(fixesOnPage(code).length > 0).toBe(withoutFix[code] === undefined);
  });
});

/** All texts of the grammar and the server. */
function sources(): readonly string[] {
  return ['grammar', 'server/src'].flatMap((folder) => {
    const root = new URL(`../../${folder}/`, import.meta.url);
    return readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('base/codes.ts'))
      .map((name) => readFileSync(new URL(name, root), 'utf8'));
  });
}

describe.each(pages)('$code', ({ code, text }) => {
  it('is headed as the register has it', () => {
    const { title, severity } = codes.get(registeredCode(code)!)!;
    expect(text.split('\n').slice(0, 3)).toEqual([`# ${title}`, '', `\`${code}\` · ${severity}`]);
  });
});

describe.each(withExamples)('$code', ({ code, failing, mended }) => {
  it('fails at the marked places, and nowhere else', () => {
    const marks = readFixture(failing).annotations;
    // Offsets of the marked text, which the marks themselves do not count in. A single caret points at where a problem begins;
    // several also show where it ends, or its first line.
    const found = diagnosticsOf(documentOf(failing, pageFiles));
    const drawn = new Set(marks.filter(({ start, end }) => end > start + 1).map(({ start }) => start));
    const endOf = (start: number, end: number): string => (drawn.has(start) ? String(Math.min(end, `${failing}\n`.indexOf('\n', start))) : '');
    expect(found.map(({ span: { start, end }, severity, code: given }) => `${String(start)}–${endOf(start, end)} ${severity} ${given}`).sort()).toEqual(marks.map(({ start, end, message }) => `${String(start)}–${endOf(start, end)} ${message}`).sort());
    expect(found.some(({ code: given }) => registeredCode(given) === code)).toBe(true);
    expect(found.filter(({ code: given }) => given !== 'error-in-application' && registeredCode(given) !== code).map(({ code: given }) => given)).toEqual(code === 'error-in-application' ? ['no-output-left'] : []);
  });

  it('is mended', () => {
    const left = diagnosticsOf(documentOf(mended, pageFiles));
    expect(left.filter((each) => registeredCode(each.code) === code || each.severity !== 'information').map((each) => each.code)).toEqual([]);
  });

  it('is mended by every fix that is offered, without a new error', () => {
    expectFixesToMend(unmarked(failing), pageFiles);
  });
});

it('most pages have an example', () => {
  expect(withExamples.length).toBeGreaterThan(pages.length - 8);
});

describe('codes without an example', () => {
  const limited: readonly (readonly [code: string, text: string, limits: Partial<typeof defaultLimits>])[] = [
    ['too-many-nodes', 'model M {\n input x: [3]\n repeat 9 { Softsign }\n}', { nodes: 4 }],
    ['too-much-work', 'model M {\n input x: [3]\n repeat 9 { Softsign }\n}', { steps: 10 }],
    ['size-too-complex', 'model M {\n input x: [A, B, C]\n y = (A + B + C) ^ 3\n x[y:]\n}', { terms: 4 }],
  ];
  /** Codes that no analysis gives, and the test that provokes them: of these a worker's report, since the derivatives of all layers agree. */
  const elsewhere: Readonly<Record<string, string>> = { 'gradient-mismatch': '../lsp/checks.test.ts' };

  const codesUnder = (text: string, limits: Partial<typeof defaultLimits>): readonly string[] => {
    const { file } = parse(text);
    return analyse('file:///main.nn', () => ({ uri: 'file:///main.nn', text, tree: file }), { ...defaultLimits, ...limits })!.diagnostics.map(({ code }) => code);
  };

  it.each(limited)('%s is reached under small limits', (code, text, limits) => {
    expect(codesUnder(text, limits)).toContain(code);
  });

  it('file-too-large is reached by a large file', () => {
    expect(parse(`# ${'x'.repeat(2_000_001)}`).diagnostics.map(({ code }) => code)).toContain('file-too-large');
  });

  it.each(Object.entries(elsewhere))('%s is provoked in %s', (code, file) => {
    expect(readFileSync(new URL(file, import.meta.url), 'utf8')).toContain(`diagnosticsWhere(uri, (all) => all.some(({ code }) => code === '${code}'))`);
  });

  it('are no others', () => {
    expect(pages.filter(({ failing }) => failing === undefined).map(({ code }) => code).sort()).toEqual([...limited.map(([code]) => code), 'file-too-large', ...Object.keys(elsewhere)].sort());
  });
});

describe('fixing all of one kind', () => {
  it('mends every place at once', () => {
    const text = 'model M {\n  input x: [3, 32, 32]\n  Conv2d(8, 3); BatchNorm2d; ReLU\n  Conv2d(8, 3); BatchNorm2d; ReLU\n  Conv2d(8, (1, 3)); BatchNorm2d\n}\n';
    const document = documentOf(text);
    const biases = diagnosticsOf(document).filter(({ code }) => code === 'bias-before-norm');
    expect(biases).toHaveLength(3);
    const after = applied(text, fixAll(document, biases));
    expect(diagnosticsOf(documentOf(after)).map(({ code }) => code)).toEqual(['tuple-for-list']);
  });
});

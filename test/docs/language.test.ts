// The language guide: every block of it is analysed, and says of itself what the editor says.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { format } from '../../grammar/print';
import { checkModel } from '../../server/src/check/run';
import { diagnosticsOf } from '../../server/src/features/diagnostics';
import { inlayHints } from '../../server/src/features/inlay-hints';
import type { Document } from '../../server/src/features/workspace';
import { documentOf } from '../support/fixture';

const guide = readFileSync(new URL('../../docs/language.md', import.meta.url), 'utf8');

interface Block {
  /** The heading above it and the line of the guide where it starts. */
  readonly title: string;
  readonly text: string;
  /** The name under which other blocks import it: what its first line, `# blocks.nn`, says. */
  readonly file: string | undefined;
}

function blocksOf(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let heading = '';
  let lines: string[] | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    if (lines === undefined && line.startsWith('#')) heading = line.replace(/^#+ /, '');
    if (line === '```nn') lines = [];
    else if (line === '```' && lines !== undefined) {
      const text = `${lines.join('\n')}\n`;
      blocks.push({ title: `${heading} (line ${String(index - lines.length)})`, text, file: /^# (\w+\.nn)$/m.exec(lines[0] ?? '')?.[1] });
      lines = undefined;
    } else lines?.push(line);
  }
  return blocks;
}

const blocks = blocksOf(guide);
const files = Object.fromEntries(blocks.flatMap(({ file, text }) => (file === undefined ? [] : [[file, text]])));

/** What the comments at the ends of lines announce: `# error: code`, perhaps with words of the message behind a comma. */
function announcements(text: string): readonly { line: number; severity: string; code: string; words: string }[] {
  return text.split('\n').flatMap((content, line) =>
    [...content.matchAll(/# (error|warning|information|hint): ([a-z-]+)(?:, ([^#]*))?/g)].map(([, severity, code, words = '']) => ({
      line,
      severity: severity!,
      code: code!,
      words: words.trim(),
    })),
  );
}

/** The comments that state a shape, by line. */
function claims(text: string): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (const [line, content] of text.split('\n').entries()) {
    const match = /# ((?:int)?\[[^#]*|\d+ × [^#]*|×\d[^#]*|requires [^#]*)/.exec(content);
    if (match !== null) found.set(line, match[1]!.trim());
  }
  return found;
}

/** The last hint of each line. */
function hintsByLine(document: Document): ReadonlyMap<number, string> {
  return new Map(inlayHints(document, { start: 0, end: document.text.length }).map(({ offset, label }) => [document.lines.position(offset).line, label]));
}

it('has blocks, and among them errors, shapes and imports', () => {
  expect(blocks.length).toBeGreaterThan(30);
  expect(blocks.flatMap(({ text }) => announcements(text)).length).toBeGreaterThan(20);
  expect(blocks.flatMap(({ text }) => [...claims(text)]).length).toBeGreaterThan(60);
  expect(Object.keys(files)).not.toEqual([]);
});

it('its table of contents has all headings, in their order', () => {
  const headings = guide.split('```').filter((_, index) => index % 2 === 0).join('').match(/^## .*$/gm)!.map((line) => line.slice(3)).filter((name) => name !== 'Contents');
  const entries = [...guide.matchAll(/^- \[(.*)\]\(#(.*)\)$/gm)];
  expect(entries.map(([, name]) => name)).toEqual(headings);
  const anchor = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9 -]/g, '').replaceAll(' ', '-');
  expect(entries.map(([, , target]) => target)).toEqual(headings.map(anchor));
});

describe.each(blocks)('$title', ({ text }) => {
  const document = documentOf(text, files);

  it('has the diagnostics that it announces', () => {
    const announced = announcements(text);
    const found = diagnosticsOf(document).map(({ span, severity, code, message }) => ({ line: document.lines.position(span.start).line, severity, code, message }));
    const short = (each: { line: number; severity: string; code: string }): string => `${String(each.line + 1)} ${each.severity} ${each.code}`;
    // An application is marked on top of the error inside it, which the comment there announces.
    const expected = found.filter(({ code }) => code !== 'error-in-application');
    expect(expected.map(short)).toEqual(announced.map(short));
    for (const [index, { words }] of announced.entries()) expect(expected[index]!.message).toContain(words);
  });

  it('has the shapes that it states', () => {
    const hints = hintsByLine(document);
    for (const [line, claim] of claims(text)) expect(`${String(line + 1)}: ${hints.get(line) ?? 'no shape'}`).toBe(`${String(line + 1)}: ${claim}`);
  });

  it('passes its gradient checks', () => {
    const { models, judgements } = document.analysis;
    const all = [...judgements, ...models.flatMap(({ graph }) => graph.judgements)];
    if (announcements(text).length === 0) expect(all.filter(({ outcome }) => outcome === 'unknown')).toEqual([]);
    const waiting = models.filter(({ graph }) => graph.judgements.some(({ outcome }) => outcome === 'waits'));
    for (const { declaration } of waiting) {
      const report = checkModel({ files: [{ uri: document.uri, text }], file: document.uri, model: declaration.name.text, budgetEvaluations: 200 });
      expect(report.problem).toBeUndefined();
      expect([...report.tensors, ...report.asserts].filter(({ ok }) => !ok)).toEqual([]);
    }
  });

  it('is in canonical form', () => {
    if (diagnosticsOf(document).some(({ severity }) => severity !== 'information')) return;
    expect(format(text)).toBe(text);
  });
});

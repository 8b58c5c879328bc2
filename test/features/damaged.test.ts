// No feature throws, whatever happens to a text while it is written.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeActions } from '../../server/src/features/code-actions';
import { codeLenses } from '../../server/src/features/code-lens';
import { completions } from '../../server/src/features/completion';
import { definition, filesOf } from '../../server/src/features/definition';
import { diagnosticsOf } from '../../server/src/features/diagnostics';
import { foldingRanges } from '../../server/src/features/folding';
import { formatting, rangeFormatting } from '../../server/src/features/formatting';
import { documentLinks } from '../../server/src/features/document-links';
import { hover } from '../../server/src/features/hover';
import { inlayHints } from '../../server/src/features/inlay-hints';
import { indentation } from '../../server/src/features/indentation';
import { references } from '../../server/src/features/references';
import { prepareRename } from '../../server/src/features/rename';
import { selectionRange } from '../../server/src/features/selection-ranges';
import { semanticTokens } from '../../server/src/features/semantic-tokens';
import { signatureHelp } from '../../server/src/features/signature-help';
import { documentSymbols } from '../../server/src/features/symbols';
import type { Document } from '../../server/src/features/workspace';
import { documentOf } from '../support/fixture';

const examples = ['exam.nn', 'resnet.nn', 'gpt2.nn', 'inception_unet.nn', 'unet_variants.nn'].map((name) => readFileSync(path.join(import.meta.dirname, '../../examples', name), 'utf8'));
const pieces = ['', '(', ')', '[', '{', '}', ',', '->', '=', '"', '#', '.', ' x ', ' 0 ', ' -1 ', ' if ', ' for ', ' model ', ' stack ', ' output ', '\n', 'Conv2d(', 'concat {', '10_000_000'];

/** An example with a part of it replaced. */
const damaged = fc
  .record({ example: fc.constantFrom(...examples), at: fc.double({ min: 0, max: 1, noNaN: true }), length: fc.integer({ min: 0, max: 60 }), piece: fc.constantFrom(...pieces) })
  .map(({ example, at, length, piece }) => {
    const start = Math.floor(at * example.length);
    return { text: example.slice(0, start) + piece + example.slice(start + length), offset: start + piece.length };
  });

const atOffset: readonly ((document: Document, offset: number) => unknown)[] = [
  hover,
  definition,
  (document, offset) => completions(document, offset),
  signatureHelp,
  indentation,
  selectionRange,
  (document, offset) => references(filesOf(document), document, offset),
  (document, offset) => prepareRename(filesOf(document), document, offset),
];

describe('damaged texts', () => {
  it('get answers from every feature', () => {
    fc.assert(
      fc.property(damaged, ({ text, offset }) => {
        const document = documentOf(text);
        const whole = { start: 0, end: text.length };
        for (const feature of atOffset) for (const place of [offset, offset - 1, offset + 7]) feature(document, Math.max(0, Math.min(text.length, place)));
        const diagnostics = diagnosticsOf(document);
        for (const { span } of [...diagnostics, ...documentLinks(document), ...semanticTokens(document), ...codeLenses(document), ...codeActions(document, diagnostics, whole).flatMap(({ edits }) => edits)]) {
          expect(span.start).toBeLessThanOrEqual(span.end);
          expect(span.end).toBeLessThanOrEqual(text.length);
        }
        for (const { offset: place, label } of inlayHints(document, whole)) {
          expect(place).toBeLessThanOrEqual(text.length);
          expect(label).not.toMatch(/undefined|NaN|\?/);
        }
        for (const { startLine, endLine } of foldingRanges(document)) expect(endLine).toBeGreaterThan(startLine);
        documentSymbols(document);
        formatting(document);
        rangeFormatting(document, { start: offset, end: Math.min(text.length, offset + 40) });
      }),
      { numRuns: 80, seed: 7 },
    );
  });
});

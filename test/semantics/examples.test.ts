// The example files say what they should: no diagnostics beyond those announced, and published figures.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { analyseText } from '../support/analyse';

const folder = new URL('../../examples/', import.meta.url);

/** The diagnostics that the comments of the examples announce, by line. */
const announced: Readonly<Record<string, readonly string[]>> = {
  'exam.nn': ['warning zero-gradient', 'information large-eps'],
  'inception_unet.nn': ['information size-requirement'],
  'unet_variants.nn': ['information size-requirement', 'information size-requirement'],
};

describe.each(readdirSync(folder).filter((name) => name.endsWith('.nn')))('%s', (name) => {
  const analysis = analyseText(readFileSync(new URL(name, folder), 'utf8'));

  it('has no diagnostics that it does not announce', () => {
    expect(analysis.diagnostics.map(({ severity, code }) => `${severity} ${code}`)).toEqual(announced[name] ?? []);
  });

  it('has asserts, none of which fails or stays open', () => {
    const judgements = [...analysis.judgements, ...analysis.models.flatMap((model) => model.graph.judgements)];
    expect(judgements.filter(({ outcome }) => outcome === 'fails' || outcome === 'unknown')).toEqual([]);
  });
});

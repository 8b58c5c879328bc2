// The example files say what they should: no diagnostics beyond those announced, and published figures.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkModel } from '../../server/src/check/run';
import { diagnosticsOf } from '../../server/src/features/diagnostics';
import { analyseText } from '../support/analyse';
import { documentOf } from '../support/fixture';

const folder = new URL('../../examples/', import.meta.url);

/** The diagnostics that the comments of the examples announce, by line. */
const announced: Readonly<Record<string, readonly string[]>> = {
  'exam.nn': ['warning zero-gradient', 'information large-eps'],
  // Two of its stacks are for other files.
  'inception_unet.nn': ['hint unused-declaration', 'hint unused-declaration', 'information size-requirement'],
  'vgg.nn': ['warning vanishing-gradient'],
  'unet_variants.nn': ['information size-requirement', 'information size-requirement'],
};

const names = readdirSync(folder).filter((name) => name.endsWith('.nn'));

function textOf(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8');
}

describe.each(names)('%s', (name) => {
  const analysis = analyseText(textOf(name));

  it('has no diagnostics that it does not announce', () => {
    const found = diagnosticsOf(documentOf(textOf(name)));
    expect(found.map(({ severity, code }) => `${severity} ${code}`)).toEqual(announced[name] ?? []);
  });

  it('has asserts, none of which fails or stays open', () => {
    const judgements = [...analysis.judgements, ...analysis.models.flatMap((model) => model.graph.judgements)];
    expect(judgements.filter(({ outcome }) => outcome === 'fails' || outcome === 'unknown')).toEqual([]);
  });
});

/** The models that are small on purpose, so that their gradients can be checked; others have none. */
const small = names.flatMap((name) => [...textOf(name).matchAll(/^model ((?:Small|Tiny)\w*)/gm)].map(([, model]) => [name, model!] as const));

it('there are small variants', () => {
  expect(small.length).toBeGreaterThanOrEqual(7);
});

it.each(small)('%s: the gradients of %s agree', (name, model) => {
  const report = checkModel({ files: [{ uri: name, text: textOf(name) }], file: name, model, budgetEvaluations: 300 });
  expect(report.problem).toBeUndefined();
  expect([...report.tensors, ...report.asserts].filter(({ ok }) => !ok)).toEqual([]);
  expect(report.ok).toBe(true);
  expect(report.tensors.length).toBeGreaterThan(0);
});

it('the statistics of the batch norms of ResNet-50 are told apart from its parameters', () => {
  const { judgements, diagnostics } = analyseText(`${textOf('resnet.nn')}\nassert buffers(ResNet50) == 53_120\nassert buffers(ResNet50) + params(ResNet50) == 25_610_152\n`);
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(judgements.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 6 }, () => 'holds'));
});

it('buffers of a layer, of what a tensor depends on, and of the model around', () => {
  const { models, diagnostics } = analyseText(`model M {
  input x: [3, 8, 8]
  norm = BatchNorm2d()
  y = x -> norm -> norm
  y -> Conv2d(5, 1) -> BatchNorm2d
  assert buffers(norm) == 6
  assert buffers(y) == 6
  assert buffers() == 16
}`);
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(models[0]!.graph.judgements.map(({ outcome }) => outcome)).toEqual(['holds', 'holds', 'holds']);
});

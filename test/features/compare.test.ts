// Two models side by side: the diff of their layers, the differences of their totals.

import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { comparisonPage, compareModels, type Comparison, differenceText, folded, signs, totalsOf } from '../../server/src/features/compare';
import type { Places } from '../../server/src/features/summary';
import { examples } from '../grammar/examples';
import { documentOf } from '../support/fixture';

const places: Places = { lineOf: () => 1, textOf: () => '' };

function compare(text: string, left: string, right: string): Comparison {
  const { models } = documentOf(text).analysis;
  const find = (name: string) => models.find((model) => model.name === name)!;
  return compareModels(find(left), places, find(right), places);
}

const rows = ({ layers }: Comparison): string[] => layers.map(({ kind, left, right }) => `${signs[kind]} ${[left?.call, right?.call].filter((call, index, all) => call !== undefined && call !== all[index - 1]).join(' → ')}`);

describe('the layers of two models', () => {
  it('are aligned: what was changed, taken out and put in', () => {
    const text = `
model A { input x: [3, 16, 16]; Conv2d(8, 3); ReLU; BatchNorm2d; Conv2d(8, 3); ReLU; Flatten; Linear(10) }
model B { input x: [3, 16, 16]; Conv2d(8, 3); Sigmoid; Conv2d(8, 3); Sigmoid; MaxPool2d(2); Flatten; Linear(10) }
`;
    expect(rows(compare(text, 'A', 'B'))).toEqual(['  Conv2d(8, 3)', '~ ReLU → Sigmoid', '− BatchNorm2d', '  Conv2d(8, 3)', '~ ReLU → Sigmoid', '+ MaxPool2d(2)', '~ Flatten', '~ Linear(10)']);
  });

  it('that have nothing in common are no pair', () => {
    const text = `
model A { input x: [3, 16, 16]; Conv2d(8, 3); LocalResponseNorm(5); MaxPool2d(2) }
model B { input x: [3, 16, 16]; Conv2d(4, 3); Conv2d(4, 3, padding = 1); MaxPool2d(2) }
`;
    expect(rows(compare(text, 'A', 'B'))).toEqual(['~ Conv2d(8, 3) → Conv2d(4, 3)', '− LocalResponseNorm(5)', '+ Conv2d(4, 3, padding = 1)', '~ MaxPool2d(2)']);
  });

  it('are the same as layers and as functions, and another activation stands for one whatever its shape', () => {
    const text = `
model A { input x: [3, H, W]; Conv2d(8, 3); ReLU; Conv2d(8, 3); relu }
model B { input x: [3, H, W]; Conv2d(8, 5); GELU; Conv2d(8, 3); ReLU }
model C { input x: [3, H, W]; Conv2d(8, 3); relu; Conv2d(8, 3); ReLU }
`;
    expect(rows(compare(text, 'A', 'B'))).toEqual(['~ Conv2d(8, 3) → Conv2d(8, 5)', '~ ReLU → GELU', '~ Conv2d(8, 3)', '~ relu → ReLU']);
    expect(compare(text, 'A', 'C').layers.every(({ kind }) => kind === 'same')).toBe(true);
  });

  it('differ by the values of their arguments, not by how they are written', () => {
    const text = 'model M(p = 1, c = 4) { input x: [3, 8, 8]; Conv2d(c, kernel_size = 3, padding = p) }\nmodel Same = M(c = 2 + 2)\nmodel Other = M(0)\n';
    expect(rows(compare(text, 'M', 'Same'))).toEqual(['  Conv2d(4, 3, padding = 1)']);
    expect(rows(compare(text, 'M', 'Other'))).toEqual(['~ Conv2d(4, 3, padding = 1) → Conv2d(4, 3)']);
  });

  it('of a model and itself are all equal; each layer of both stands in the diff once and in order', () => {
    const layer = fc.constantFrom('ReLU', 'Tanh', 'Linear(4)', 'Linear(8)', 'Dropout(0.5)');
    fc.assert(
      fc.property(fc.array(layer, { minLength: 1, maxLength: 12 }), fc.array(layer, { minLength: 1, maxLength: 12 }), (a, b) => {
        const text = `model A { input x: [8]; ${a.join('; ')} }\nmodel B { input x: [8]; ${b.join('; ')} }\n`;
        const { layers } = compare(text, 'A', 'B');
        expect(layers.flatMap(({ left }) => (left === undefined ? [] : [left.operation]))).toEqual(a.map((each) => each.replace(/\(.*/, '')));
        expect(layers.flatMap(({ right }) => (right === undefined ? [] : [right.operation]))).toEqual(b.map((each) => each.replace(/\(.*/, '')));
        expect(compare(text, 'A', 'A').layers.every(({ kind }) => kind === 'same')).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('that are equal are folded but for one next to a difference', () => {
    const { layers } = compare('model A { input x: [4]; ReLU; ReLU; ReLU; ReLU; ReLU; Tanh; ReLU; ReLU }\nmodel B { input x: [4]; ReLU; ReLU; ReLU; ReLU; ReLU; GELU; ReLU; ReLU }', 'A', 'B');
    expect(folded(layers).map((row) => (typeof row === 'number' ? row : row.kind))).toEqual([4, 'same', 'changed', 'same', 'same']);
  });
});

describe('the comparison of two residual networks', () => {
  const comparison = compare(examples.get('resnet.nn')!, 'ResNet18', 'ResNet34');

  it('gives the published totals and their difference', () => {
    expect(totalsOf(comparison).find(([what]) => what === 'Parameters')).toEqual(['Parameters', '11,689,512', '21,797,672', '+10,108,160 (×1.86)']);
  });

  it('says no ratio where it is 1 in all digits that are shown', () => {
    const [, , row] = totalsOf(compare('model A { input x: [1000]; Linear(1000) }\nmodel B { input x: [1000]; Linear(1000); PReLU }\n', 'A', 'B'));
    expect(row).toEqual(['Parameters', '1,001,000', '1,001,001', '+1']);
  });

  it('finds that the deeper one has all that the other has', () => {
    expect(comparison.layers.filter(({ kind }) => kind === 'removed')).toEqual([]);
    expect(differenceText(comparison)).toMatch(/ only on the right\.$/);
  });
});

it('reads as a page', async () => {
  await expect(comparisonPage(compare(examples.get('exam.nn')!, 'ExamCNN', 'Sigmoids'))).toMatchFileSnapshot('golden/comparison.md');
  expect(comparisonPage(compare('model A { input x: [4]; ReLU }', 'A', 'A'))).toContain('The only layer is equal.');
});

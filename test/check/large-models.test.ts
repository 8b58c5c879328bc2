// Large models: they fit into the memory of a check, and what a budget leaves out is said.

import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { parse } from '../../grammar/parse';
import { Lowering, nameLeaves } from '../../server/src/check/lower';
import { mergeReports } from '../../server/src/check/merge';
import type { CheckedTensor, CheckReport } from '../../server/src/check/protocol';
import { liveRefs } from '../../server/src/engine/execute';
import { checkModel } from '../../server/src/check/run';
import { memoryOfCheck } from '../../server/src/engine/gradient-check/check';
import { Arena } from '../../server/src/engine/kernels/wasm/arena';
import type { Ref } from '../../server/src/engine/program';
import { outcomeOf } from '../../server/src/features/check-report';
import { analyse } from '../../server/src/semantics/analyse';

/** The sum of all outputs of a model of `examples/`, as a program. */
function summed(file: string, name: string, sizes: Readonly<Record<string, number>>, batch: number): { lowering: Lowering; loss: Ref; check: readonly Ref[] } {
  const text = readFileSync(new URL(`../../examples/${file}`, import.meta.url), 'utf8');
  const { graph } = analyse(file, () => ({ uri: file, text, tree: parse(text).file }))!.modelAt(name, new Map(Object.entries(sizes)))!;
  const lowering = new Lowering(batch, nameLeaves(graph));
  const { builder } = lowering;
  const sums = graph.outputs.flatMap(({ tensors }) => tensors.map((tensor) => builder.sum(lowering.ref(tensor))));
  const loss = sums.reduce((a, b) => builder.add(a, b));
  return { lowering, loss, check: [...lowering.leaves].flatMap(([tensor, ref]) => (tensor.type.element === 'float' ? [ref] : [])) };
}

describe('the memory of a check', () => {
  it.each([
    ['gpt2.nn', 'GPT2', { T: 8 }, 2],
    ['resnet.nn', 'ResNet50', { H: 8, W: 8 }, 8],
    ['inception_unet.nn', 'UNet', { H: 16, W: 16 }, 8],
    ['lstm_language_model.nn', 'Large', { T: 8 }, 2],
    ['vgg.nn', 'VGG19', {}, 1],
    ['vit.nn', 'ViT_B16', {}, 1],
    ['transformer.nn', 'Big', { S: 8, T: 8 }, 2],
  ] as const)('of %s, %s, is within the usual 4 GB at its published width', (file, name, sizes, batch) => {
    const { lowering, loss, check } = summed(file, name, sizes, batch);
    expect(memoryOfCheck({ program: lowering.builder.program, loss, check })).toBeLessThan(4e9);
  });

  it.each([
    ['a transformer', `model M { input ids: int[6]; wte = Embedding(1000, 128); h = wte(ids); h -> repeat 2 { residual { LayerNorm; MultiheadAttention(4) }; residual { LayerNorm; Linear(512); GELU; Linear(128) } }; output y; logits = y @ transpose(wte.weight); output logits }`],
    ['a network of convolutions', `model M { input x: [3, 16, 16]; target c: int; Conv2d(64, 3); BatchNorm2d; ReLU; MaxPool2d(2); Conv2d(128, 3, padding = 1); ReLU; Flatten; Linear(100); ReLU; Linear(10); output y; loss cross_entropy(y, c) }`],
    ['a recurrent one', `model M { input x: [4, 128]; x -> LSTM(256) -> Linear(300) }`],
    ['weights that are compared with what they were', `model M { input x: [8]; param w: [300, 300]; y = sum(relu(w)) * x; loss sum(y ^ 2) + sum(maximum(w, 0.1 * w)) }`],
  ])('is enough for all that a check allocates: %s', (_, text) => {
    const allocate = vi.spyOn(Arena.prototype, 'allocate');
    const uri = 'file:///m.nn';
    const { problem, ok, tensors } = checkModel({ files: [{ uri, text }], file: uri, model: 'M', budgetEvaluations: 600 });
    expect([problem, ok]).toEqual([undefined, true]);
    expect(tensors.some(({ entries }) => entries > 1 << 16)).toBe(true);
    // What does not fit into the arena is an array by itself.
    const outside = allocate.mock.results.map(({ value }) => value as Float64Array).filter(({ byteOffset, length }) => byteOffset === 0 && length > 1000);
    expect(outside.map(({ length }) => length)).toEqual([]);
    allocate.mockRestore();
  });

  it('is not spent on a transposed copy of a weight that a product can read in place', () => {
    const { lowering, loss } = summed('gpt2.nn', 'GPT2', { T: 8 }, 2);
    const { instructions } = lowering.builder.program;
    const moved = liveRefs(lowering.builder.program, [loss]).filter((ref) => instructions[ref]!.primitive === 'transpose' && instructions[ref]!.shape.includes(50257));
    expect(moved).toEqual([]);
  });
});

describe('what a budget left out is said', () => {
  const tensor = (name: string, checked: number, directions: number, together: number): CheckedTensor => ({ name, shape: [100], entries: 100, checked, directions, together, kinks: 0, ok: true });
  const merged = (...shares: readonly (readonly CheckedTensor[])[]): CheckReport =>
    mergeReports(shares.map((tensors) => ({ model: 'M', ok: true, tensors, asserts: [], culprits: [], sizes: {}, batch: 2, seconds: 1, notes: [] })));

  it('where each tensor had a direction of its own', () => {
    const report = merged([tensor('a', 4, 1, 1), tensor('b', 0, 0, Infinity)], [tensor('a', 4, 0, Infinity), tensor('b', 2, 2, 1)]);
    expect(report.notes).toEqual(['10 of 200 entries were compared one by one, the others by random directions of their whole tensors; a larger budget compares more']);
    expect(outcomeOf(report)).toBe('✓ gradients agree · 2 tensors');
  });

  it('where some tensors shared one', () => {
    const report = merged([tensor('a', 100, 0, 3), tensor('b', 4, 0, 3), tensor('c', 0, 0, 3), tensor('d', 0, 1, 1)]);
    expect(report.notes).toEqual([
      '104 of 400 entries were compared one by one, the others by random directions; a larger budget compares more',
      '2 of 4 tensors shared a random direction, up to 3 of them one; a larger budget gives each its own',
    ]);
    expect(outcomeOf(report)).toBe('✓ gradients agree · 4 tensors, up to 3 to a direction');
  });

  it('where one direction moved all tensors', () => {
    const report = merged([tensor('a', 0, 0, 2), tensor('b', 0, 0, 2)]);
    expect(report.notes).toEqual(['2 of 2 tensors were compared only by one random direction of all tensors together; a larger budget compares each by itself']);
    expect(outcomeOf(report)).toBe('✓ gradients agree · only 0 of 2 tensors');
  });

  it('where the time did not suffice to find the wrong entry of a tensor', () => {
    const agreeing = { tensor: 'a', index: [3], analytic: 1, numeric: 1, relativeError: 0, rank: 0, wrong: false };
    const wrong: CheckedTensor = { ...tensor('a', 1, 1, 1), ok: false, worst: agreeing, region: { from: [32], to: [63] } };
    const report = mergeReports([{ model: 'M', ok: false, tensors: [wrong], culprits: [], unsearched: 12, asserts: [], sizes: {}, batch: 2, seconds: 1, notes: [] }]);
    expect(report.notes.slice(-2)).toEqual([
      'no operation was found whose own derivative is wrong: there was no time for 12 of them',
      'the wrong derivatives of a lie between [32] and [63], most of them: the time did not suffice to find one',
    ]);
    // An entry that agrees is not shown as the reason.
    expect(report.tensors[0]!.worst).toBeUndefined();
    expect(outcomeOf(report)).toBe('✗ a: a random direction of its entries differs');
  });

  it('where it did not suffice to find the wrong tensor', () => {
    const suspects = [{ names: ['a', 'b', 'c', 'd', 'e', 'f'], analytic: -20.64403, numeric: -20.64624 }];
    const report = mergeReports([{ model: 'M', ok: false, tensors: [tensor('a', 0, 0, 6)], suspects, culprits: [], asserts: [], sizes: {}, batch: 2, seconds: 1, notes: [] }]);
    const note = 'of a, b, c, d and 2 more, at least one is wrong: their derivative along a common direction is -20.64403 by differentiation and -20.64624 by differences; the time did not suffice to find which';
    expect(report.notes.at(-1)).toBe(note);
    expect(outcomeOf(report)).toBe(`✗ gradients do not agree: ${note}`);
  });
});

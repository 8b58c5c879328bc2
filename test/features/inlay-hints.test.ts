// Inlay hints, written into the text where they stand: «…».

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { inlayHints } from '../../server/src/features/inlay-hints';
import { documentOf } from '../support/fixture';

function hinted(text: string): string {
  const hints = inlayHints(documentOf(text), { start: 0, end: text.length });
  let at = 0;
  const parts = hints.map(({ offset, label }) => {
    const part = `${text.slice(at, offset)} «${label}»`;
    at = offset;
    return part;
  });
  return parts.join('') + text.slice(at);
}

describe('inlay hints', () => {
  it.each(['exam.nn', 'resnet.nn', 'gpt2.nn', 'inception_unet.nn', 'unet_variants.nn'])('of %s', async (name) => {
    const text = readFileSync(path.join(import.meta.dirname, '../../examples', name), 'utf8');
    await expect(hinted(text)).toMatchFileSnapshot(`golden/hints/${name}`);
  });

  it('stand behind a statement, in front of its comment', () => {
    expect(hinted('model A { input x: [3]\n  Linear(4)  # four\n}')).toContain('Linear(4) «[4]»  # four');
  });

  it('stand in a pipeline where the shape changes or the line ends', () => {
    expect(hinted('model A { input x: [3]\n  x -> Linear(4) -> ReLU -> Tanh -> Linear(5) -> ReLU\n    -> Tanh\n}')).toContain(
      'x -> Linear(4) «[4]» -> ReLU -> Tanh -> Linear(5) «[5]» -> ReLU «[5]»\n    -> Tanh «[5]»',
    );
  });

  it('list the distinct shapes of several applications with their number', () => {
    expect(hinted('stack S {\n  MaxPool1d(2)\n}\nmodel A { input x: [3, 16]; S; S; ReLU; S }')).toContain('MaxPool1d(2) «×3: [3, 8], [3, 4], [3, 2]»');
    expect(hinted('model A { input x: [1, 32]\n  repeat 3 {\n    MaxPool1d(2)\n  }\n}')).toContain('MaxPool1d(2) «×3: [1, 16], [1, 8], [1, 4]»\n  } «[1, 4]»');
  });

  it('say one shape where all applications agree', () => {
    expect(hinted('model A { input x: [8]\n  repeat 5 {\n    Linear(8)\n  }\n}')).toContain('Linear(8) «[8]»');
  });

  it('show in a model what its own evaluation gives, not what a variant gives', () => {
    expect(hinted('model A(n = 3) { input x: [2]\n  Linear(n)\n}\nmodel B = A(5)')).toContain('Linear(n) «[3]»');
  });

  it('show the types of several names side by side, and of int tensors', () => {
    expect(hinted('model A { input x: [6]\n  a, b = x -> Chunk(2, dim = 0)\n}')).toContain('a, b = x -> Chunk(2, dim = 0) «[3], [3]»');
    expect(hinted('model A { input i: int[T]\n  j = i + 1\n}')).toContain('j = i + 1 «int[T]»');
  });

  it('are left out where nothing is known', () => {
    expect(hinted('model A { input x: [3]\n  Lineer(4)\n  ReLU\n}\nmodel B { input x: [3]\n  ReLU\n}')).toBe(
      'model A { input x: [3]\n  Lineer(4)\n  ReLU\n}\nmodel B { input x: [3]\n  ReLU «[3]»\n}',
    );
    expect(hinted('stack Unused { Linear(4)\n}')).toBe('stack Unused { Linear(4)\n}');
  });

  it('are those of the range that is asked for', () => {
    const text = 'model A { input x: [3]\n  Linear(4)\n  Linear(5)\n  Linear(6)\n}';
    const middle = text.indexOf('Linear(5)');
    expect(inlayHints(documentOf(text), { start: middle, end: middle + 9 }).map(({ label }) => label)).toEqual(['[5]']);
  });

  it('explain themselves: receptive field and costs', () => {
    const [hint] = inlayHints(documentOf('model A { input x: [3, 8, 8]; Conv2d(4, 3) }'), { start: 0, end: 99 });
    expect(hint!.tooltip).toBe('Receptive field 3 × 3, effective stride 1 × 1, no padding  \n112 parameters  \n3,888 MACs');
  });
});

// Inlay hints, written into the text where they stand: «…».

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type * as ast from '../../grammar/ast';
import { children, type Node } from '../../grammar/walk';
import { type InlayHint, inlayHints } from '../../server/src/features/inlay-hints';
import { defaultSettings, type Settings } from '../../server/src/features/settings';
import { countParameters } from '../../server/src/semantics/cost';
import { documentOf } from '../support/fixture';

const examples = path.join(import.meta.dirname, '../../examples');

/** The sum of the column over the lines of a body itself: what stands in blocks below is told by the line that closes them. */
function sumOfColumn(body: ast.Block, hints: readonly InlayHint[]): number {
  const columnAt = new Map(hints.map(({ offset, label }) => [offset, /([\d,]+) params?$/.exec(label)?.[1]?.replaceAll(',', '')]));
  const ofNode = (node: Node): number => {
    if (node.kind === 'block') return 0;
    return children(node).reduce((sum, child) => sum + ofNode(child), node.kind === 'pipe' ? Number(columnAt.get(node.left.span.end) ?? 0) : 0);
  };
  return body.statements.reduce((sum, statement) => sum + Number(columnAt.get(statement.span.end) ?? 0) + ofNode(statement), 0);
}

function hinted(text: string, chosen: Partial<Settings> = {}): string {
  const hints = inlayHints(documentOf(text), { start: 0, end: text.length }, { ...defaultSettings, ...chosen });
  let at = 0;
  const parts = hints.map(({ kind, offset, label }) => {
    const part = kind === 'argument' ? `${text.slice(at, offset)}«${label}» ` : `${text.slice(at, offset)} «${label}»`;
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

  it('stand behind the step that begins a pipeline, where it changes a shape or joins several', () => {
    const text = 'model A { input x: [3]\n  a = concat(x, x) -> Linear(4)\n  Linear(2) -> Linear(5)\n  Tanh -> Linear(7)\n  a -> Linear(8)\n}';
    expect(hinted(text).split('\n').slice(1, 5)).toEqual(['  a = concat(x, x) «[6]» -> Linear(4) «[4]»', '  Linear(2) «[2]» -> Linear(5) «[5]»', '  Tanh -> Linear(7) «[7]»', '  a -> Linear(8) «[8]»']);
  });

  it('stand in a pipeline where the line ends, or the shape changes to another than that', () => {
    expect(hinted('model A { input x: [3]\n  x -> Linear(4) -> ReLU -> Tanh -> Linear(5) -> ReLU\n    -> Tanh\n}')).toContain(
      'x -> Linear(4) «[4]» -> ReLU -> Tanh -> Linear(5) -> ReLU «[5]»\n    -> Tanh «[5]»',
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

  it('show the types of several names side by side, equal ones once, and of int tensors', () => {
    expect(hinted('model A { input x: [6]\n  a, b = x -> Chunk(2, dim = 0)\n}')).toContain('a, b = x -> Chunk(2, dim = 0) «2 × [3]»');
    expect(hinted('model A { input x: [6]\n  a, b = x -> Split([4, 2], dim = 0)\n}')).toContain('a, b = x -> Split([4, 2], dim = 0) «[4], [2]»');
    expect(hinted('model A { input i: int[T]\n  j = i + 1\n}')).toContain('j = i + 1 «int[T]»');
  });

  it('show the first and the last of a long list of shapes', () => {
    const levels = (count: number): string => Array.from({ length: count }, (_, level) => `x -> AvgPool2d(${String(2 ** (level + 1))})`).join(', ');
    expect(hinted(`model A {\n  input x: [3, 640, 640]\n  [${levels(3)}] -> ReLU\n}`)).toContain('-> ReLU «[[3, 320, 320], [3, 160, 160], [3, 80, 80]]»');
    expect(hinted(`model A {\n  input x: [3, 640, 640]\n  [${levels(6)}] -> ReLU\n}`)).toContain('-> ReLU «6: [3, 320, 320] … [3, 10, 10]»');
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
    const hints = inlayHints(documentOf('model A { input x: [3, 8, 8]; Conv2d(4, 3) }'), { start: 0, end: 99 });
    expect(hints.at(-1)!.tooltip!()).toBe('Receptive field 3 × 3, effective stride 1 × 1, no padding  \n112 parameters  \n3,888 MACs');
  });

  it('can be switched off, each kind by itself', () => {
    const text = 'model A { input x: [3, 8, 8]\n  Conv2d(4, 3)\n}';
    expect(hinted(text, { 'inlayHints.shapes': false })).toContain('Conv2d(«out_channels:» 4, «kernel_size:» 3)\n');
    expect(hinted(text, { 'inlayHints.argumentNames': 'off' })).toContain('Conv2d(4, 3) «[4, 6, 6]»');
  });
});

describe('names of arguments', () => {
  const named = (text: string, wanted: Settings['inlayHints.argumentNames']): string => hinted(text, { 'inlayHints.shapes': false, 'inlayHints.argumentNames': wanted });

  it('stand where several numbers are given by their places', () => {
    const text = 'model A { input x: [3, 8, 8]\n  Conv2d(4, [3, 1], stride = 2)\n  MaxPool2d(2)\n}';
    expect(named(text, 'several')).toContain('Conv2d(«out_channels:» 4, «kernel_size:» [3, 1], stride = 2)\n  MaxPool2d(2)\n');
    expect(named(text, 'all')).toContain('MaxPool2d(«kernel_size:» 2)\n');
    expect(named(text, 'off')).toBe(text);
  });

  it('name the arguments of stacks, models and optimizers of the file, too', () => {
    expect(named('stack S(width, times) { Linear(width) }\nmodel A(n = 2) { input x: [n]; S(4, -1); optimizer SGD(0.1) }\nmodel B = A(3)', 'all')).toBe(
      'stack S(width, times) { Linear(«out_features:» width) }\nmodel A(n = 2) { input x: [n]; S(«width:» 4, «times:» -1); optimizer SGD(«lr:» 0.1) }\nmodel B = A(«n:» 3)'.replace('«out_features:» ', ''),
    );
  });

  it('leave tensors, and the sizes of a shape, alone', () => {
    expect(named('model A { input x: [4, 6]\n  Reshape(8, 3)\n  output y\n  z = maximum(2, y)\n}', 'all')).not.toContain('«');
  });
});

describe('columns', () => {
  const columns = { 'inlayHints.receptiveField': true, 'inlayHints.parameters': true } as const;

  it('stand behind the shape at the end of each line', () => {
    expect(hinted('model A { input x: [3, 16, 16]\n  x -> Conv2d(4, kernel_size = 3) -> Conv2d(4, kernel_size = 3)\n    -> ReLU\n  AdaptiveAvgPool2d(1)\n}', columns)).toContain(
      'x -> Conv2d(4, kernel_size = 3) «[4, 14, 14]» -> Conv2d(4, kernel_size = 3) «[4, 12, 12] · field 5×5 · 260 params»\n    -> ReLU «[4, 12, 12] · field 5×5»\n  AdaptiveAvgPool2d(1) «[4, 1, 1] · field global»',
    );
  });

  it('give the range where rounds differ', () => {
    expect(hinted('model A { input x: [1, 64]\n  for c in [2, 4] {\n    Conv1d(c, kernel_size = 3)\n  }\n}', columns)).toContain(
      'Conv1d(c, kernel_size = 3) «×2: [2, 62], [4, 60] · field 3 … 5 · 8 … 28 params»\n  } «[4, 60] · field 5 · 36 params»',
    );
  });

  it('end with an ellipsis where there are more rounds than are remembered', () => {
    expect(hinted('model A { input x: [1, 64]\n  repeat 40 {\n    Conv1d(2, kernel_size = 3, padding = 1)\n    ReLU\n  }\n}', columns)).toContain(
      'Conv1d(2, kernel_size = 3, padding = 1) «[2, 64] · field 3 … · 8 … 14 params»\n    ReLU «[2, 64] · field 3 …»\n  } «[2, 64] · field 81 · 554 params»',
    );
    expect(hinted('model A { input x: [1, 99]\n  repeat 40 {\n    Conv1d(2, kernel_size = 3)\n  }\n}')).toContain('«×40: [2, 97], [2, 95], [2, 93], [2, 91], [2, 89], [2, 87], [2, 85] …»');
  });

  it('count each parameter on the line that makes it, wherever the line makes it', () => {
    const text = (body: string): string => `model A {\n  input x: [4]\n  ${body}\n}`;
    expect(hinted(text('param w: [4]\n  y = dot(w, x) + sum(w)'), columns)).toContain('param w: [4] «4 params»\n  y = dot(w, x) + sum(w) «[]');
    expect(hinted(text('f = Linear(4)\n  y = f(x) + f(f(x))\n  z = f(y)'), columns)).toContain('y = f(x) + f(f(x)) «[4] · 20 params»\n  z = f(y) «[4]»');
    expect(hinted(text('y = Linear(3)(x) + Linear(3)(x)'), columns)).toContain('«[3] · 30 params»');
    expect(hinted(text('if 1 > 0 { Linear(3); Linear(2) }'), columns)).toContain('«[2] · 23 params»');
    expect(hinted(text('Linear(3)\n    -> ReLU -> Linear(2)\n    -> Linear(1)'), columns)).toContain('Linear(3) «[3] · 15 params»\n    -> ReLU -> Linear(2) «[2] · 8 params»\n    -> Linear(1) «[1] · 3 params»');
    expect(hinted(text('target t: [1]\n  loss mse_loss(x -> Linear(1), t)'), columns)).toContain('loss mse_loss(x -> Linear(1), t) «5 params»');
    expect(hinted(text('f = Linear(4)\n  repeat 3 {\n    f\n    Linear(4)\n  }'), columns)).toContain('f «[4] · 20 params»\n    Linear(4) «[4] · 20 params»\n  } «[4] · 80 params»');
  });

  it.each(readdirSync(examples))('of parameters adds up to those of each model of %s', (name) => {
    const document = documentOf(readFileSync(path.join(examples, name), 'utf8'));
    const hints = inlayHints(document, { start: 0, end: document.text.length }, { ...defaultSettings, ...columns, 'numbers.style': 'exact' });
    let models = 0;
    for (const declaration of document.tree.declarations) {
      if (declaration.kind !== 'model' || declaration.body === undefined) continue;
      // Of a template, the hints are those of the first model that is made of it.
      const pictured = document.analysis.models.find((model) => model.declaration === declaration) ?? document.analysis.models.find(({ run }) => document.analysis.created(declaration.body!.statements.find((each) => document.analysis.created(each).length > 0)!)[0]?.run === run);
      if (pictured === undefined) continue;
      models++;
      expect(sumOfColumn(declaration.body, hints), `the lines of ${declaration.name.text}`).toBe(countParameters(pictured.graph.parameters));
    }
    expect(models).toBeGreaterThan(0);
  });

  it('stand alone without shapes, and follow the style of numbers', () => {
    const text = 'model A { input x: [300]\n  Linear(300)\n}';
    expect(hinted(text, { ...columns, 'inlayHints.shapes': false })).toContain('Linear(300) «90.3 k params»');
    expect(hinted(text, { ...columns, 'inlayHints.receptiveField': false, 'numbers.style': 'exact' })).toContain('Linear(300) «[300] · 90,300 params»');
  });
});

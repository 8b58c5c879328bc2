// Hovers, drawn as a person sees them: the line, what is marked in it, and the page.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { hover } from '../../server/src/features/hover';
import { defaultSettings } from '../../server/src/features/settings';
import type { Document } from '../../server/src/features/workspace';
import { neededIn } from '../../server/src/semantics/kept';
import { keptBytes } from '../../server/src/semantics/memory';
import { documentOf, readFixture, underlined } from '../support/fixture';

function draw(document: Document, offset: number): string {
  const found = hover(document, offset);
  return found === undefined ? 'nothing' : `${underlined(document, found.span)}\n\n${found.markdown.replaceAll(/(?<=\(data:image\/svg\+xml);base64,[\w+/=]+/g, '')}\n`;
}

/** The hover at the cursor of a fixture. */
function hoverAt(marked: string, files?: Readonly<Record<string, string>>): string {
  const { text, cursors } = readFixture(marked);
  return draw(documentOf(text, files), cursors[0]!);
}

function example(name: string): Document {
  return documentOf(readFileSync(path.join(import.meta.dirname, '../../examples', name), 'utf8'));
}

/** The hover of an example at the mark in a piece of its text. */
function hoverIn(document: Document, marked: string): string {
  const start = document.text.indexOf(marked.replace('$0', ''));
  if (start < 0) throw new Error(`${marked} is not in the text`);
  return draw(document, start + marked.indexOf('$0'));
}

describe('hovers of the exam', () => {
  const exam = example('exam.nn');

  it.each([
    ['convolution', 'Conv2d$0(32'],
    ['argument-given', 'act$0ivation\n  if'],
    ['batch-norm', 'BatchNo$0rm2d'],
    ['pool', 'MaxPo$0ol2d'],
    ['argument', 'kernel_si$0ze = 5'],
    ['argument-value', 'padding = if padded { $02 }'],
    ['model', 'model Exam$0CNN'],
    ['variant', 'model Unpad$0ded'],
    ['model-applied', 'image -> Exam$0CNN\n  assert'],
    ['bound-layer', 'he$0ad = Linear(10)\n  logits = features'],
    ['tensor', 'feat$0ures -> Flatten'],
    ['input', 'inp$0ut image'],
    ['target', 'target la$0bel'],
    ['param', 'par$0am v: [n]'],
    ['loss-function', 'cross_entro$0py'],
    ['loss', 'lo$0ss lambda'],
    ['operator', 'g $0* v / norm'],
    ['optimizer', 'Ad$0am(lr'],
    ['optimizer-of-a-parameter', 'SG$0D(lr'],
    ['gradient', 'assert gr$0ad(loss, v)'],
    ['gradient-with-a-name', 'd$0w = grad'],
    ['unit', 'z$0 = dot'],
    ['unit-loss', 'lo$0ss (yhat'],
    ['unit-model', 'model Relu$0Unit'],
    ['input-of-a-loss', 'inp$0ut x: [d]'],
    ['sign', 'Sig$0n '],
    ['activation-argument', 'activation = Re$0LU'],
    ['function', 'function softp$0lus'],
    ['optimizer-argument', 'ep$0s = 1)'],
    ['assert', 'as$0sert params(head) == 64'],
    ['assert-waiting', 'as$0sert grad(loss, v)'],
    ['builtin', 'recep$0tive_field'],
    ['own-function', 'sum(softp$0lus(x))'],
  ])('%s', async (name, marked) => {
    await expect(hoverIn(exam, marked)).toMatchFileSnapshot(`golden/hover/exam-${name}.md`);
  });
});

describe('hovers of the residual networks', () => {
  const resnet = example('resnet.nn');

  it.each([
    ['repeated-layer', 'Conv2$0d(channels, 3, stride'],
    ['stack', 'stack Basic$0Block'],
    ['stack-given', 'bl$0ock(channels) }'],
    ['stack-argument', 'chann$0els, stride = 1) {\n  input x: [c, h, w]\n\n  body = x -> Conv2d(channels, 1'],
    ['template', 'model Res$0Net('],
    ['variant', 'ResNet1$08 ='],
    ['free-dimension', '[3, H$0, W]'],
    ['loop', 'rep$0eat depth'],
    ['classifier', 'Lin$0ear(classes)'],
    ['assert', 'as$0sert macs(ResNet18'],
  ])('%s', async (name, marked) => {
    await expect(hoverIn(resnet, marked)).toMatchFileSnapshot(`golden/hover/resnet-${name}.md`);
  });
});

describe('hovers on choices and loops', () => {
  const block = 'stack Block(channels, stride = 1) {\n  input x: [c, h]\n  $1if stride != 1 or c $2!= channels { Conv1d(channels, 1, stride = stride) } $3else { ReLU }\n}\n';
  const net = 'model Net(deep = false, n = 3) {\n  input x: [4, 32]\n  Block(4)\n  $4repeat n { Block(8) }\n  Block(8, stride = 2)\n  $5if deep { ReLU }\n  $6if n > 5 { ReLU } else if n $7> 2 and not deep { Tanh }\n  $8for c in [8, 9] { Block(c) }\n  if true { ReLU }\n}\n';
  const at = (mark: string): string => hoverAt((block + net).replace(mark, '$0').replace(/\$[1-9]/g, ''));

  it('say which side is taken, by the values that decide, and how often', () => {
    expect(at('$1')).toContain('| ×1 | `stride = 1`, `c = 4`, `channels = 4` | `else` |\n| ×1 | `stride = 1`, `c = 4`, `channels = 8` | `if` |\n| ×3 | `stride = 1`, `c = 8`, `channels = 8` | `else` |\n| ×1 | `stride = 2` | `if` |');
    expect(at('$2').split('\n').slice(0, 2).join('\n')).toBe('  if stride != 1 or c != channels { Conv1d(channels, 1, stride = stride) } else { ReLU }\n     ▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔');
    expect(at('$3').split('\n')[1]!.trim()).toBe('▔▔▔▔');
    expect(at('$5')).toContain('`deep = false`: the condition does not hold, and nothing is done.');
    expect(at('$6')).toContain('`n = 3`, `deep = false`: `else if n > 2 and not deep` is taken.');
    expect(at('$7')).toContain('is taken');
    expect(hoverAt('model A { input x: [3]; $0if true { ReLU } }')).toContain('the condition holds, and its body is taken.');
  });

  it('say how many rounds there are', () => {
    expect(at('$4')).toContain('Runs its body 3 times, each round');
    expect(at('$8')).toContain('Runs its body for each of 2 items, each round');
    expect(hoverAt('stack S(n) { $0repeat n { ReLU } }\nmodel A { input x: [3]; S(2); S(1) }')).toContain('Runs its body 1 or 2 times');
  });

  it('show what operators do to tensors and numbers, and what is repeated', () => {
    const text = 'model A(n = 3) {\n  input x: [2, H]\n  param w: [2, 1]\n  a = x $1* w\n  b = x $2> 0\n  c = $3-x\n  d = n $4> 2\n  e = a $5* 2\n}';
    const of = (mark: string): string => hoverAt(text.replace(mark, '$0').replace(/\$[1-9]/g, ''));
    expect(of('$1')).toContain('| Broadcast | `[2, 1]` is repeated along axis 1 |');
    expect(of('$2')).toContain('x > 0\n[2, H], int[] → [2, H]');
    expect(of('$3')).toContain('-x\n[2, H] → [2, H]');
    expect(of('$4')).toContain('n > 2 = true');
    expect(of('$5')).not.toContain('Broadcast');
  });

  it('write out numbers with a suffix', () => {
    expect(hoverAt('let budget = $025M')).toContain('25M = 25,000,000');
    expect(hoverAt('let budget = $025')).toBe('nothing');
  });
});

describe('hovers on arguments', () => {
  const at = (call: string): string => hoverAt(`model Net { input x: [32, 16, 16]; Conv2d(32, 3); ${call} }\n`);

  it('go on to the next values that fit', () => {
    expect(at('Conv2d(64, 3, groups = $04)')).toMatch(/\| 2 \| .*\n\| \*\*4\*\* \| .*\n\| 8 \|/);
    expect(at('Conv2d(64, 3, groups = $04)')).not.toContain('does not divide');
  });

  it('compare both of what is true or false, where that changes anything', () => {
    expect(at('Conv2d(64, 3, bias = fal$0se)')).toMatch(/\| \*\*false\*\* \| .*18,432.*\n\| true \| .*18,496/);
    expect(at('MaxPool2d(2, ceil_mode = fal$0se)')).not.toContain('| true |');
    expect(hoverAt('model Net { input x: [5, 8]; LSTM(6, bidirectional = tr$0ue) }')).toMatch(/\| false \| `\[5,\u00a06\]`.*384.*\n\| \*\*true\*\* \| `\[5,\u00a012\]`.*768/);
  });
});

describe('hovers in what is not applied', () => {
  const text = 'stack S($1heads, n = 2) { input x: [T, D$2]; MultiheadAttention(hea$3ds); Linear($4D) }';
  const at = (mark: string): string => hoverAt(text.replace(mark, '$0').replace(/\$[1-9]/g, ''));

  it('say what an argument and a size are', () => {
    expect(at('$1')).toContain('An argument of the stack S; it has no default.');
    expect(at('$2')).toContain('A size that whatever comes in decides.');
    expect(at('$3')).toContain('heads');
    expect(at('$4')).toContain('A size that whatever comes in decides.');
  });
});

describe('hovers on losses', () => {
  const at = (body: string, target: string, input = 'input x: [128, 4]'): string => /The loss .*|A guess .*/.exec(hoverAt(`model A { ${input}; target y: ${target}; p = x -> Linear(10); lo$0ss ${body} }`))?.[0] ?? '';

  it('say between which numbers they lie, and what a guess gives', () => {
    expect(at('cross_entropy(p, y)', 'int[128]')).toBe('The loss is ≥ 0; guessing all 10 classes alike gives ln 10 = 2.303.');
    expect(at('cross_entropy(p, y, reduction = "sum")', 'int[128]')).toBe('The loss is ≥ 0; guessing all 10 classes alike gives 128·ln 10 = 294.731.');
    expect(at('cross_entropy(p, y, ones(10))', 'int[128]')).toBe('The loss is ≥ 0.');
    expect(at('binary_cross_entropy_with_logits(p, y)', '[128, 10]')).toBe('The loss is ≥ 0 for targets between 0 and 1; a guess of ½ gives ln 2 = 0.693.');
    expect(at('nll_loss(log_softmax(p), y)', 'int[128]')).toBe('The loss is ≥ 0.');
    expect(at('sum((p - y) ^ 2) / 10', '[128, 10]')).toBe('The loss is ≥ 0.');
    expect(at('sqrt(mse_loss(p, y)) - 1', '[128, 10]')).toBe('The loss is ≥ -1.');
    expect(at('mean(maximum(0, 1 - y * p))', '[128, 10]')).toBe('The loss is ≥ 0.');
    expect(at('-mean(p)', '[128, 10]')).toBe('');
  });
});

describe('hovers', () => {
  it('say what a model requires of its input, and where that comes from', () => {
    expect(hoverIn(example('inception_unet.nn'), 'inp$0ut image: [1, H, W]')).toContain('Requires `H % 16 == 0`');
  });

  it('tell what is kept where the gradient is needed, and nothing of constants', () => {
    const net = 'model Net { input x: [4]; w = Linear(4); a = $1relu(x); b = w(a); c = 2 $2* b; d = c $3^ 2; e = sin(arange(4)) $4* d; e }\n';
    const kept = (mark: string): string | undefined => /\| Kept \| (.*) for the backward/.exec(hoverAt(net.replace(mark, '$0').replace(/\$[1-9]/g, '')))?.[1];
    expect(['$1', '$2', '$3', '$4'].map(kept)).toEqual([undefined, undefined, 'the input (4)', 'the input (4)']);
  });

  it('write the arguments of a function that is a layer', () => {
    expect(hoverAt('model Net { input x: [3, 4]; Linear(2); me$0an(dim = 0) }\n')).toContain('mean(dim = 0)\n[3, 2] → [2]');
  });

  it('say what is assumed of a free dimension', () => {
    expect(hoverAt('model Net { input q: [$0T, 8]; input k: [S, 8]; assert T <= 16 and S >= T; q @ transpose(k) }\n')).toContain('Assumed, so that `T <= 16`:\n\n- `T <= 16 and S >= T` at line 1');
    expect(hoverAt('model Net { input q: [$0T, 8]; Linear(8) }\n')).toContain('any positive size');
  });

  it('count a call of a layer once', () => {
    expect(hoverAt('model A { input ids: int[T]; words = Embedding(10, 8); h = wor$0ds(ids); g = Linear(3)(h) }')).not.toContain('Applied ×');
    expect(hoverAt('model A { input ids: int[T]; words = Embedding(10, 8); h = words(ids); g = Lin$0ear(3)(h) }')).not.toContain('Applied ×');
  });

  it('count all applications, however many there are', () => {
    const net = 'stack Block(c) { Conv1d(c, 3, padding = 1); ReLU }\nmodel Net { input x: [4, 64]; repeat 40 { residual { $1Block(4) }; $2ReLU }; for c in range(1, 50) { $3Block(c) }; a = x -> Linear(3); repeat 40 { $4relu(a) } }\n';
    const at = (mark: string): string => hoverAt(net.replace(mark, '$0').replace(/\$[1-9]/g, ''));
    expect(at('$1')).toContain('**Applied ×40** in Net; the figures below are those of the first.');
    expect(at('$2')).toContain('**Applied ×40** in Net');
    expect(at('$3')).toContain('**Applied ×49** in Net');
    expect(at('$3')).toContain('… and 33 further applications');
    expect(at('$4')).toContain('**Applied ×40** in Net');
    const declared = hoverAt(net.replace(/\$[1-9]/g, '').replace('stack Block', 'stack Bl$0ock'));
    expect(declared).toContain('Applied ×89 in Net:');
  });

  it('count what a `param` holds where it is declared, not at the functions that read it', () => {
    const text = 'model M {\n  input x: [3]\n  param w: [3]\n  param b: []\n  y = dot(w, x) + b\n  x -> Linear(1)\n}';
    expect(hoverAt(text.replace('dot', 'd$$0ot'))).not.toContain('Parameters');
    expect(hoverAt(text.replace('+', '$$0+'))).not.toContain('Parameters');
    expect(hoverAt(text.replace('y =', '$$0y ='))).toContain('| Parameters up to here | **4** |');
  });

  it('count the weights of a layer that is applied twice once', () => {
    expect(hoverAt('stack Twice { input x; f = Linear(4); x -> f -> f }\nmodel Net { input x: [4]; Twice$0 }\n')).toContain('| Parameters | **20** |');
  });

  it('show the declaration of an imported stack with its documentation', () => {
    const page = hoverAt('from "./blocks.nn" import Bl$0ock\nmodel Net { input x: [3]; Block(4) }\n', { 'blocks.nn': '## Two layers.\nstack Block(width) { Linear(width); ReLU }\n' });
    expect(page).toContain('stack Block(width)');
    expect(page).toContain('Two layers.');
  });

  it('name the file where something was made elsewhere', () => {
    const page = hoverAt('from "./blocks.nn" import Block\nmodel Net { input x: [3]; y = x -> Block; y$0 -> ReLU }\n', { 'blocks.nn': '\nstack Block { Linear(4) }\n' });
    expect(page).toContain('Made by Linear at line 2 of blocks.nn.');
  });

  it('explain a layer of the language in a stack that nobody applies', () => {
    const page = hoverAt('stack Unused { Lin$0ear(4); softm$0ax }\n');
    expect(page).toContain('Linear(out_features, bias = true)');
    expect(page).toContain('y = x·Wᵀ + b');
  });

  it('say what would make the shapes known of a stack that nobody applies', () => {
    expect(hoverAt('stack S$0(k, d = 1) { input x; Conv2d(8, k, dilation = d) }\n')).toContain('No model of this file applies it.\n\nIts shapes are shown where a model applies it; a shape behind `input x` and a default for `k` may make them known without one.');
    expect(hoverAt('stack S$0 { Linear(4) }\n')).toContain('an input with a shape, such as `input x: [C, H, W]`, may');
    expect(hoverAt('stack S$0(norm) { input x: [C, L]; norm }\n')).toContain('; a default for `norm` may make them known without one.');
    expect(hoverAt('stack S$0(width) { input x: [C, L]; Conv1d(width, 1) }\n')).not.toContain('Its shapes are shown');
  });

  it('stay away from what is unknown', () => {
    expect(hoverAt('model Net {\n  input x: [3]\n  Lineer$0(4)\n}\n')).toBe('nothing');
    expect(hoverAt('model Net {\n  input x: [3]\n  Linear(4)\n$0\n}\n')).toBe('nothing');
    expect(hoverAt('$0')).toBe('nothing');
  });

  it('show what is known above and below an error', () => {
    const broken = 'model Net {\n  input x: [3, 8, 8]\n  Conv$02d(4, 3)\n  Conv2d(4, 99)\n}\nmodel Other { input x: [2]; Linear(5) }\n';
    expect(hoverAt(broken)).toContain('⌊(8 − 3)/1⌋ + 1 = 6');
    expect(hoverAt(broken.replace('$0', '').replace('Linear(5', 'Linear$0(5'))).toContain('[2] → [5]');
  });

  it('show what another number would change, and what is not possible', () => {
    const page = hoverAt('model Net { input x: [3, 16, 16]; Conv2d(8, kernel_size = $05, groups = 1) }\n');
    expect(page).toContain('| `kernel_size` | Output | Receptive field | Parameters | MACs |');
    expect(page).toContain('| 3 | `[8,\u00a014,\u00a014]` | `3\u00a0×\u00a03` | `224` | `42,336` |');
    expect(page).toContain('| **5** | `[8,\u00a012,\u00a012]` | `5\u00a0×\u00a05` | `608` | `86,400` |');
    expect(hoverAt('model Net { input x: [3, 16, 16]; ReLU; Conv2d(8, 3, groups = 1$0) }\n')).toMatch(/groups = 2: .*groups/);
    expect(hoverAt('model Net { input x: [4]; Dropout(0$0.5) }\n')).not.toContain('| Output |');
  });

  it('show what an argument is given', () => {
    expect(hoverAt('model M { input x: [8, 4]; Chunk(2, d$0im = -1) }')).toContain('Chunk(dim = -1)\n```');
    expect(hoverAt('model M { input x: [8]; Linear($02 * 4) }')).not.toContain('undefined');
  });

  it('stay short for layers of many parameters', () => {
    const page = hoverAt('model M { input x: [T, 128]; LST$0M(128, num_layers = 2, bidirectional = true) }');
    expect(page).toContain('`6·(512·128) + 8·512 + 2·(512·256)`, weight\\_ih\\_l0 `[512, 128]`, weight\\_hh\\_l0 `[512, 128]`, bias\\_ih\\_l0 `[512]`, bias\\_hh\\_l0 `[512]` and 12 more |');
  });

  it('show the parameter of a stack that nobody applies', () => {
    expect(hoverAt('stack S(a, wi$0dth = 2 * a) { Linear(width) }')).toContain('width = 2 * a');
  });

  it('write what is kept as it is, with free sizes, too', () => {
    expect(hoverAt('model M { input x: [T, D]; assert D >= 2; sof$0tmax(x) }')).toContain('the output (`D*T`)');
  });

  it('say between which numbers a loss lies', () => {
    const range = (loss: string): string => hoverAt(`model Net { input x: [10]; target label: int; target y: []; param w: []; lo$0ss ${loss} }\n`);
    expect(range('cross_entropy(x, label)')).toContain('The loss is ≥ 0; guessing all 10 classes alike gives ln 10 = 2.303.');
    expect(range('0.1 * abs(w) + mean((w - y) ^ 2)')).toContain('The loss is ≥ 0.');
    expect(range('sigmoid(w)')).toContain('The loss is between 0 and 1.');
    expect(range('w * y')).not.toContain('The loss is');
  });

  it('give the memory that a batch keeps for the backward pass', () => {
    const { text, cursors } = readFixture('model Net { input x: [3, 32, 32]; Conv$02d(32, 5); MaxPool2d(2) }\n');
    const page = hover(documentOf(text), cursors[0]!, { ...defaultSettings, 'memory.batchSize': 64, 'memory.elementBytes': 2 })!.markdown;
    expect(page).toContain('the input (3,072), the weight (2,400) for the backward pass: **393 kB** for 64 examples');
  });

  it('count what is there once for a batch once', () => {
    const of = (body: string): string => {
      const { text, cursors } = readFixture(`model Net { input x: [8, 4, 4]; Conv2d(8, 1, bias = false); ${body} }\n`);
      return /\| Kept \| (.*) \|/.exec(hover(documentOf(text), cursors[0]!, { ...defaultSettings, 'memory.batchSize': 10 })!.markdown)![1]!;
    };
    // 10·128 inputs and 16 statistics of the batch, 4 bytes each.
    expect(of('Batch$0Norm2d')).toContain('the input (128), the weight (8), intermediate values (16) for the backward pass: **5.18 kB** for 10 examples');
    // Of a product with what no example knows, that is kept for the derivative in the other.
    expect(of('y = sin(arange(4)); z = x -> Conv2d(8, 1); z $0* y')).toContain('the input (4) for the backward pass: **16 B** for 10 examples');
  });

  it('give no memory where it is not known what is kept, and count each number by its type', () => {
    const kept = (body: string): string | undefined => {
      const { text, cursors } = readFixture(`model Net { ${body} }\n`);
      return /\| Kept \| (.*) \|/.exec(hover(documentOf(text), cursors[0]!)!.markdown)?.[1];
    };
    expect(kept('input x: [6, 4]; Weight$0Norm(Linear(8))')).toMatch(/intermediate values \(not known in numbers\) for the backward pass$/);
    expect(kept('input x: [6, 4]; LS$0TM(8)')).toMatch(/^the input \(24\), the weight \(384\), intermediate values \(336\) for the backward pass: \*\*1.44 kB\*\*$/);
    expect(kept('input x: [6, 4]; Multi$0headAttention(2)')).toMatch(/^the input \(24\), the weight \(64\), intermediate values \(168\) for the backward pass: \*\*768 B\*\*$/);
    expect(kept('input x: [6, 4]; Multi$0headAttention(2, dropout = 0.1)')).toMatch(/^the input \(24\), the weight \(64\), intermediate values \(240\), a mask \(72\) for/);
    expect(kept('input x: [10]; target label: int; loss nll_$0loss(x, label)')).toBe('the input (11) for the backward pass: **48 B**');
    expect(kept('param a: [4]; param b: [4]; loss sum(a *$0 b)')).toBeUndefined();
  });

  it('give no answer that throws, wherever the mouse is', () => {
    for (const name of ['exam.nn', 'resnet.nn', 'gpt2.nn', 'inception_unet.nn', 'unet_variants.nn']) {
      const document = example(name);
      for (let offset = 0; offset <= document.text.length; offset++) hover(document, offset);
    }
  });
});

it('hovers give no totals of a model with errors', () => {
  const page = hoverAt('model Fau$0lty { input x: [8]; Linear(4); Conv2d(8, 3) }\n');
  expect(page).toContain('The model has errors, so that its totals are not known.');
  expect(page).not.toContain('Parameters');
});

describe('what is kept for the backward pass', () => {
  it.each([
    ['a power with a constant exponent', 'p = sigmoid(w * x + b) ^ 2 * w'],
    ['a power whose exponent is trained', 'p = x ^ w'],
    ['products with what needs no gradient', 'p = x * x * w + 3 * b * sin(x)'],
    ['quotients', 'p = w / x + x / b'],
    ['what no gradient passes', 'p = detach(exp(w)) * b'],
    ['nothing but sums', 'p = w + b - x'],
  ])('is the same for the memory and in the graph of the loss: %s', (_, body) => {
    const text = `model M {\n  input x: []\n  target y: []\n  param w: []\n  param b: []\n  ${body}\n  loss (p - y) ^ 2\n}`;
    const document = documentOf(text);
    const rows = hover(document, text.indexOf('loss'))!.markdown.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows.length).toBeGreaterThan(1);
    const kept = rows.flatMap((row) => [...row.split(' | ').at(-1)!.matchAll(/`[^`]*`( \([^)]*\))?/g)]);
    const shown = kept.filter(([, remark]) => remark === undefined);
    const { graph } = document.analysis.models[0]!;
    // Each is one number.
    expect(keptBytes(graph.nodes, { elementBytes: 4, batch: 1 }, neededIn(graph))).toBe(4 * shown.length);
  });
});

// Rules on whole networks: what they mark, what they say, what they leave alone, and that every fix they offer mends.

import { describe, expect, it } from 'vitest';
import { analyseText } from '../support/analyse';
import { expectFixesToMend } from '../support/fixes';

interface Case {
  readonly body: string;
  readonly code: string;
  /** The text that is marked. */
  readonly at: string;
  readonly says: string;
}

const found: readonly Case[] = [
  { body: 'MaxPool2d(3, stride = 2)', code: 'unread-border', at: '2', says: 'the last position in height and the last position in width' },
  { body: 'MaxPool2d(3, stride = 2)', code: 'unread-border', at: '2', says: 'padding = 1 reads them, ceil_mode = true reads them, a size of 31 or 33 loses nothing' },
  { body: 'MaxPool2d(4)\n  Conv2d(8, 3, stride = 2)', code: 'unread-border', at: '2', says: 'at x: 28 or 36, where no layer up to here loses any' },
  { body: 'Conv2d(8, 5, stride = [5, 3])', code: 'unread-border', at: '[5, 3]', says: 'the last 2 positions in height' },
  { body: 'Conv2d(8, 2, stride = 3)', code: 'stride-above-kernel', at: '3', says: '1 of every 3 positions in height' },
  { body: 'MaxPool2d(16)\n  Conv2d(8, 5, padding = 2)', code: 'taps-in-padding', at: '5', says: 'only 3 of the 5 taps in height ever meet the 2 positions' },
  { body: 'Conv2d(8, 3, padding = 40, dilation = 40)', code: 'taps-in-padding', at: '3', says: 'only 1 of the 3 taps' },
  { body: 'ConvTranspose2d(8, 3, stride = 2)', code: 'checkerboard', at: '3', says: 'painted 1 or 2 times by turns' },
  { body: 'repeat 3 { Conv2d(8, 3, padding = 2, dilation = 2); ReLU }', code: 'gridding', at: '2', says: 'only 7 of the 13 positions' },
  { body: 'Conv2d(8, 3)\n  BatchNorm2d', code: 'bias-before-norm', at: 'Conv2d(8, 3)', says: 'the 8 biases of this Conv2d' },
  { body: 'Flatten\n  Linear(8)\n  BatchNorm1d', code: 'bias-before-norm', at: 'Linear(8)', says: 'the 8 biases of this Linear' },
  { body: 'Linear(64)\n  Linear(64)', code: 'adjacent-linear', at: 'Linear(64)', says: 'what a single linear map can' },
  { body: 'Conv2d(8, 3)\n  Conv2d(16, 3)', code: 'adjacent-linear', at: 'Conv2d(16, 3)', says: 'nothing stands between this Conv2d' },
  { body: 'ReLU -> relu', code: 'repeated-activation', at: 'relu', says: 'the second changes nothing' },
  { body: 'Conv2d(8, 3, bias = false)\n  BatchNorm2d\n  BatchNorm2d(momentum = 0.2)', code: 'repeated-norm', at: 'BatchNorm2d(momentum = 0.2)', says: 'so that the weight and bias of the first do nothing' },
  { body: 'InstanceNorm2d -> InstanceNorm2d(affine = true)', code: 'repeated-norm', at: 'InstanceNorm2d(affine = true)', says: 'which it has already' },
  { body: 'Conv2d(8, 1); Upsample(scale_factor = 4); Conv2d(8, 17, 3)', code: 'inferred-size-given', at: '8', says: "so 17 is the kernel and 3 the stride; PyTorch's in_channels is known here and not written: Conv2d(17, 3)" },
  { body: 'Reshape(96, 32); GRU(32, 64)', code: 'inferred-size-given', at: '32', says: "so 64 is the number of layers; PyTorch's input_size is known here and not written: GRU(64)" },
  { body: 'Conv2d(8, 3, bias = false)\n  BatchNorm2d(8)', code: 'large-norm-eps', at: '8', says: 'this is eps, which BatchNorm2d adds to a variance: 8 outweighs it' },
  { body: 'Linear(8)\n  ReLU\n  PReLU', code: 'repeated-activation', at: 'PReLU', says: 'ReLU gives nothing below 0, so that PReLU behind it changes nothing, and its slopes learn nothing' },
  { body: 'Conv2d(8, 3, bias = false)\n  Dropout2d(0.1)\n  BatchNorm2d', code: 'misplaced-dropout', at: 'Dropout2d(0.1)', says: 'stands before BatchNorm2d' },
  { body: 'Linear(8)\n  Dropout(0.5)\n  Dropout(0.2)', code: 'misplaced-dropout', at: 'Dropout(0.2)', says: 'the two act as one with p = 0.6' },
  { body: 'Linear(8)\n  ReLU\n  Dropout(1)\n  Linear(3)', code: 'misplaced-dropout', at: 'Dropout(1)', says: 'drops everything' },
  { body: 'Linear(8)\n  DropPath(1)\n  Linear(3)', code: 'misplaced-dropout', at: 'DropPath(1)', says: 'drops everything' },
  { body: 'z = x -> Linear(8) -> Dropout(0.1)\n  loss mse_loss(z, 0 * z)', code: 'misplaced-dropout', at: 'Dropout(0.1)', says: 'right before mse_loss' },
  { body: 'x -> Conv2d(8, 3)\n  x', code: 'disconnected-parameter', at: 'Conv2d(8, 3)', says: 'neither the loss nor an output' },
  { body: 'param w: [3]\n  sum(x)', code: 'disconnected-parameter', at: 'w', says: 'the parameter w' },
  { body: 'repeat 6 { Linear(32); Sigmoid }', code: 'saturating-chain', at: 'Sigmoid', says: 'number 6 of a chain' },
  { body: 'Softmax(0)\n  Softmax(0)', code: 'repeated-softmax', at: 'Softmax(0)', says: 'a softmax of values between 0 and 1' },
  { body: 'Linear(4)\n  Sign', code: 'zero-gradient', at: 'Sign', says: 'Linear in front of it cannot learn' },
  { body: 'Conv2d(8, 3)\n  AdaptiveAvgPool2d(1)\n  Flatten\n  Linear(10)', code: 'narrow-receptive-field', at: 'AdaptiveAvgPool2d(1)', says: '3×3 of the 32×32 positions of x' },
  { body: 'repeat 4 { Conv2d(8, 3, stride = 2, padding = 1); ReLU }\n  repeat 2 { Conv2d(8, 3, padding = 1); ReLU; Conv2d(8, 3, padding = 1); GELU }', code: 'exhausted-receptive-field', at: 'Conv2d(8, 3, padding = 1)', says: 'sees 63×63, more than the 32×32 of the input' },
  { body: 'residual { Conv2d(3, 4, padding = "same") }', code: 'misaligned-branches', at: 'residual { Conv2d(3, 4, padding = "same") }', says: '0.5 positions of x apart in height: the first unit looks around 0 through x, and around 0.5 through Conv2d; Conv2d pads by 1 in front and 2 behind; an odd kernel' },
  { body: 'residual { Conv2d(3, [3, 6], padding = "same"); ReLU }', code: 'misaligned-branches', at: 'residual { Conv2d(3, [3, 6], padding = "same"); ReLU }', says: '0.5 positions of x apart in width' },
  { body: 'y = x -> Conv2d(3, 5)\n  y + x[:, :28, :28]', code: 'misaligned-branches', at: 'y + x[:, :28, :28]', says: '2 positions of x apart in height: the first unit looks around 0 through index, and around 2 through Conv2d; a slice cuts off 0 in front and 4 behind' },
  { body: 'concat { { ZeroPad2d([0, 4, 2, 2]); Conv2d(8, 5) }; Conv2d(4, 3, padding = 1) }', code: 'misaligned-branches', at: 'concat { { ZeroPad2d([0, 4, 2, 2]); Conv2d(8, 5) }; Conv2d(4, 3, padding = 1) }', says: '2 positions of x apart in width: the first unit looks around 0 through Conv2d, and around 2 through Conv2d; ZeroPad2d pads by 0 in front and 4 behind' },
  { body: 'residual { Conv2d(8, 3, stride = 2, padding = 1); residual { Conv2d(8, 2, padding = "same"); ReLU }; ConvTranspose2d(3, 4, stride = 2, padding = 1) }', code: 'misaligned-branches', at: 'residual { Conv2d(8, 2, padding = "same"); ReLU }', says: '1 position of x apart' },
  { body: 'add { Conv2d(8, 3, stride = 2, padding = 1); { Conv2d(8, 3, padding = 1); { input y; y[:, 8:-8, 8:-8] } } }', code: 'misaligned-branches', at: 'add { Conv2d(8, 3, stride = 2, padding = 1); { Conv2d(8, 3, padding = 1); { input y; y[:, 8:-8, 8:-8] } } }', says: 'at different paces in height: from unit to unit by 1 through index, and by 2 through Conv2d' },
];

describe('is found', () => {
  it.each(found)('$code: $body', ({ body, code, at, says }) => {
    const text = `model M {\n  input x: [3, 32, 32]\n  ${body}\n}\n`;
    const { diagnostics } = analyseText(text);
    expect(diagnostics.map((diagnostic) => diagnostic.code)).toEqual([code]);
    const [{ span, message }] = diagnostics as [(typeof diagnostics)[0]];
    expect(text.slice(span.start, span.end)).toBe(at);
    expect(message).toContain(says);
    expectFixesToMend(text);
  });
});

describe('of free sizes', () => {
  const said = (body: string): readonly string[] => analyseText(`model M {\n  input x: [3, H, W]\n  ${body}\n}\n`).diagnostics.filter(({ code }) => code === 'unread-at-some-sizes').map(({ message }) => message);

  it('the sizes are said at which no stride loses anything', () => {
    expect(said('assert H >= 16 and W >= 16; MaxPool2d(2); MaxPool2d([3, 2], stride = 2)')).toEqual(['every stride reads all positions of x where H % 4 == 2 and W % 4 == 0; at H = 17, MaxPool2d leaves the last one unread']);
    expect(said('assert H >= 16 and W >= 16; Conv2d(8, [3, 1], stride = [4, 1])')).toEqual([]);
    expect(said('assert H >= 16 and W >= 16; Conv2d(8, [5, 1], stride = [4, 1])')).toEqual(['every stride reads all positions of x where H % 4 == 1; at H = 16, Conv2d leaves the last 3 unread']);
  });

  it('they are said as well where they are several neighbours', () => {
    expect(said('Conv2d(8, [7, 1], stride = [2, 1], padding = [3, 0]); MaxPool2d([3, 1], stride = [2, 1], padding = [1, 0]); AvgPool2d([2, 1])')).toEqual([
      'every stride reads all positions of x where (H % 8 == 0 or H % 8 >= 5); at H = 9, AvgPool2d leaves the last one unread',
    ]);
  });

  it('nothing is said where none is lost, or where the sizes are settled', () => {
    expect(said('Conv2d(8, 7, stride = 2, padding = 3); ReLU; MaxPool2d(3, stride = 2, padding = 1)')).toEqual([]);
    expect(said('assert H % 4 == 0 and W % 4 == 0; MaxPool2d(2); MaxPool2d(2)')).toEqual([]);
    expect(said('down = x -> MaxPool2d(2) -> Upsample(scale_factor = 2); concat(x, down)')).toEqual([]);
  });
});

describe('of losses', () => {
  const textOf = (statement: string, target: string): string => `model M {\n  input x: [8]\n  target y: ${target}\n  z = x -> Linear(5)\n  ${statement}\n}`;
  const codes = (statement: string, target: string): readonly string[] => analyseText(textOf(statement, target)).diagnostics.map(({ code }) => code);

  it.each([
    ['loss cross_entropy(softmax(z), y)', 'int', 'softmax-before-cross-entropy'],
    ['p = z -> LogSoftmax -> Identity\n  loss cross_entropy(p, y)', 'int', 'softmax-before-cross-entropy'],
    ['loss nll_loss(softmax(z), y)', 'int', 'probabilities-in-nll-loss'],
    ['loss binary_cross_entropy_with_logits(sigmoid(z), y)', '[5]', 'sigmoid-before-logits-loss'],
    ['loss binary_cross_entropy(z, y)', '[5]', 'logits-in-binary-cross-entropy'],
    ['loss binary_cross_entropy(tanh(z), y)', '[5]', 'logits-in-binary-cross-entropy'],
    ['loss BCELoss()(z, y)', '[5]', 'logits-in-binary-cross-entropy'],
    ['loss CrossEntropyLoss()(softmax(z), y)', 'int', 'softmax-before-cross-entropy'],
    ['loss cross_entropy(relu(z), y)', 'int', 'rectified-logits'],
    ['loss BCEWithLogitsLoss()(z -> ReLU, y)', '[5]', 'rectified-logits'],
    ['loss nll_loss(z, y)', 'int', 'logits-in-nll-loss'],
    ['loss NLLLoss()(z, y)', 'int', 'logits-in-nll-loss'],
  ])('%s', (statement, target, code) => {
    expect(codes(statement, target)).toEqual([code]);
    expectFixesToMend(textOf(statement, target));
  });

  it.each([
    ['loss cross_entropy(z, y)', 'int'],
    ['loss nll_loss(log_softmax(z), y)', 'int'],
    ['loss binary_cross_entropy(sigmoid(z), y)', '[5]'],
    ['loss binary_cross_entropy_with_logits(z, y)', '[5]'],
  ])('nothing in %s', (statement, target) => {
    expect(codes(statement, target)).toEqual([]);
  });
});

it('what a sigmoid or its logarithm leaves of the probabilities is told apart', () => {
  const said = (activation: string): string => analyseText(`model M {\n  input x: [8]\n  target y: [5]\n  z = x -> Linear(5) -> ${activation}\n  loss binary_cross_entropy_with_logits(z, y)\n}\n`).diagnostics[0]!.message;
  expect(said('Sigmoid')).toContain('below 1/2 or above 0.74');
  expect(said('LogSigmoid')).toContain('above 1/2;');
});

it('sequences with their features first are left alone, with their steps first they are not', () => {
  const codes = (body: string): readonly string[] => analyseText(`model M {\n  input x: [12, 50]\n  ${body}\n}\n`).diagnostics.map(({ code }) => code);
  expect(['Conv1d(8, 3)', 'Linear(30); Conv1d(8, 3)', 'GRU(8); transpose; Conv1d(8, 3)', 'Conv1d(8, 3); LayerNorm; Linear(4)'].flatMap(codes)).toEqual([]);
  expect(['GRU(8); Conv1d(8, 3)', 'TransformerEncoderLayer(5); Dropout(0.1); MaxPool1d(2)', 'LSTM(8); BatchNorm1d'].map(codes)).toEqual([['channels-last'], ['channels-last'], ['channels-last']]);
});

it('narrow maps of many channels are no images with their channels last', () => {
  const codes = (type: string): readonly string[] => analyseText(`model M {\n  input x: ${type}\n  Conv2d(8, [3, 1])\n}\n`).diagnostics.map(({ code }) => code);
  expect(['[64, 100, 1]', '[64, 32, 4]', '[8, 100, 3]', '[64, 48, 8]'].flatMap(codes)).toEqual([]);
  expect(['[28, 28, 1]', '[224, 160, 3]'].flatMap(codes)).toEqual(['channels-last', 'channels-last']);
});

describe('is left alone', () => {
  it.each([
    ['a 1×1 convolution with a stride', 'Conv2d(6, 1, stride = 2)'],
    ['a pool that rounds up', 'MaxPool2d(3, stride = 2, ceil_mode = true)'],
    ['a kernel of twice the stride', 'ConvTranspose2d(8, 4, stride = 2, padding = 1)'],
    ['dilations that begin with 1', 'Conv2d(8, 3); ReLU; Conv2d(8, 3, dilation = 2); ReLU; Conv2d(8, 3, dilation = 4)'],
    ['a bias before a norm over the features', 'Linear(8); LayerNorm'],
    ['a bias that something else reads, too', 'a = x -> Conv2d(3, 1)\n  (a -> BatchNorm2d) + a'],
    ['norms of different kinds, or that mix channels', 'BatchNorm2d; InstanceNorm2d; LayerNorm; LayerNorm; GroupNorm(3); GroupNorm(1)'],
    ['a norm whose value something else reads, too', 'a = x -> BatchNorm2d\n  (a -> BatchNorm2d) + a'],
    ['a norm behind a norm in one of two places', 'b = { BatchNorm2d; ReLU }\n  concat { { BatchNorm2d; b }; { Conv2d(3, 1, bias = false); b } }'],
    ['a narrow linear layer between two wide ones', 'Linear(4); Linear(32)'],
    ['a separable convolution', 'Conv2d(6, 3, groups = 3); Conv2d(16, 1)'],
    ['a window in two parts', 'Conv2d(8, [1, 7]); Conv2d(8, [7, 1])'],
    ['a stack that needs its bias in one of two places', 'b = { Conv2d(8, 3) }\n  concat { { b; BatchNorm2d }; b }'],
    ['saturating activations with norms between', 'repeat 12 { Linear(32); LayerNorm; Tanh }'],
    ['saturating activations with ways around', 'repeat 12 { residual { Linear(32); Tanh } }'],
    ['few of them', 'repeat 4 { Linear(32); Sigmoid }'],
    ['gates', 'repeat 5 { multiply { Linear(32); { Linear(32); Sigmoid } } }'],
    ['a narrow field before a linear layer that sees all places', 'Conv2d(8, 3); Flatten; Linear(10)'],
    ['a field that an assert knows', 'Conv2d(8, 3); output y; AdaptiveAvgPool2d(1); Flatten; Linear(10); assert receptive_field(y) == [3, 3]'],
    ['channels that are squeezed and excited', 'multiply { Identity; { AdaptiveAvgPool2d(1); Flatten; Linear(3); Sigmoid; Unflatten(0, [3, 1, 1]) } }'],
    ['a causal branch', 'a = x -> ReflectionPad2d([4, 0, 4, 0]) -> Conv2d(3, 5)\n  a + x'],
    ['a causal branch without padding', 'a = x -> Conv2d(3, 5)\n  a + x[:, 4:, 4:]'],
    ['a crop at both ends', 'a = x -> Conv2d(3, 5)\n  a + x[:, 2:-2, 2:-2]'],
    ['a crop of an odd number of places', 'a = x -> Conv2d(3, 4)\n  a + x[:, 1:-2, 1:-2]'],
    ['differences of neighbours', 'a = x -> Conv2d(3, 3, padding = 1)\n  concat(a[:, 1:, :-1] - a[:, :-1, :-1], a[:, :-1, 1:] - a[:, :-1, :-1])'],
    ['every second place', 'concat(x[:, ::2, ::2], x[:, 1::2, ::2], x[:, ::2, 1::2])'],
    ['dropouts where they belong', 'BatchNorm2d; ReLU; Dropout2d(0.1); Conv2d(3, 1); Dropout(0.1)'],
    ['activations that change what another gives', 'Tanh; PReLU; Linear(4); ReLU; Tanh; Linear(4); ReLU; GELU'],
    ['what a pool and a strided convolution leave', 'concat { AvgPool2d(2); Conv2d(8, 3, stride = 2, padding = 1) }'],
    ['a map that is resized to the size of another', 'a = x[:, 1:, 1:] -> MaxPool2d(2, ceil_mode = true) -> Upsample(size = [31, 31])\n  concat(a, x[:, 1:, 1:])'],
    ['a pyramid of maps', 'c = x -> Conv2d(3, 3, stride = 2, padding = 1)\n  d = c -> Conv2d(3, 3, stride = 2, padding = 1) -> Upsample(scale_factor = 2)\n  e = c[:2, :, :]\n  f = d[1:, :, :]\n  e + f'],
    ['parameters of which a loop needs no last ones', 'repeat 2 { input y; h = y -> Conv2d(3, 3, padding = 1); y -> Conv2d(3, 3, padding = 1); output skip; h }\n  skip[0] + skip[1]'],
  ])('%s', (_, body) => {
    expect(analyseText(`model M {\n  input x: [3, 32, 32]\n  ${body}\n}\n`).diagnostics.map(({ code, message }) => `${code}: ${message}`)).toEqual([]);
  });
});

it('each quantized layer is said to stand before its own step', () => {
  const { diagnostics } = analyseText('model M {\n  input x: [4]\n  Linear(4); Sign\n  Linear(5); Sign\n  Linear(1)\n}');
  expect(diagnostics.map(({ code, related }) => `${code} ${String(related?.length)}`)).toEqual(['zero-gradient 1', 'zero-gradient 1']);
});

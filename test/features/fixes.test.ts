// Quick fixes by what they write. That each mends what it is offered for, on the example of every code, is tested in docs/diagnostics.test.ts.

import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../server/src/base/diagnostic';
import { fixAll } from '../../server/src/features/code-actions';
import { diagnosticsOf } from '../../server/src/features/diagnostics';
import { fixesOf } from '../../server/src/features/fixes/fixes';
import { applied } from '../../server/src/features/text-edits';
import { filesOf } from '../support/files';
import { documentOf } from '../support/fixture';
import { expectFixesToMend } from '../support/fixes';

/** The statements of a model `M` over an input `x`, as each fix of a code leaves them, by title. */
function fixedBody(code: string, type: string, body: string): Readonly<Record<string, string>> {
  const fixed = fixedText(code, `model M {\n  input x: ${type}\n  ${body}\n}\n`);
  return Object.fromEntries(Object.entries(fixed).map(([title, text]) => [title, text.slice(text.indexOf(type) + type.length, -2).trim()]));
}

function fixedText(code: string, text: string, files: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const document = documentOf(text, files);
  const [diagnostic] = diagnosticsOf(document).filter((each) => each.code === code);
  expect(diagnostic, `no ${code} among ${diagnosticsOf(document).map((each) => each.code).join()}`).toBeDefined();
  expectFixesToMend(text, files);
  return Object.fromEntries(fixesOf(document, diagnostic!, filesOf({ 'main.nn': text, ...files })).map((fix) => [fix.title, applied(text, fix.edits)]));
}

/** What the first diagnostic of a code in a text is fixed by. */
function site(code: string, text: string): readonly [ReturnType<typeof documentOf>, Diagnostic] {
  const document = documentOf(text);
  const diagnostic = diagnosticsOf(document).find((each) => each.code === code);
  return [document, diagnostic!];
}

describe('a skip connection', () => {
  it('gets the padding that keeps the size', () => {
    expect(fixedBody('shapes-do-not-broadcast', '[8, 32, 32]', 'residual { Conv2d(8, 5, dilation = 2) }')).toEqual({ 'Pad so that the convolution keeps the size': 'residual { Conv2d(8, 5, dilation = 2, padding = 4) }' });
    expect(fixedBody('shapes-do-not-broadcast', '[8, H, W]', 'residual { Conv2d(8, 3) }')).toEqual({ 'Pad so that the convolution keeps the size': 'residual { Conv2d(8, 3, padding = 1) }' });
  });

  it('gets the projection that it lacks, with the stride of what it skips', () => {
    expect(fixedBody('shapes-do-not-broadcast', '[8, 32, 32]', 'residual { Conv2d(16, 3, stride = 2, padding = 1) }')).toEqual({
      'Project the skip connection with Conv2d(16, 1, stride = 2)': 'add { { Conv2d(16, 3, stride = 2, padding = 1) }; Conv2d(16, 1, stride = 2) }',
    });
    expect(fixedBody('shapes-do-not-broadcast', '[8, 32]', 'y = x -> Linear(64) -> ReLU; x + y')).toEqual({
      'Project the skip connection with Linear(64)': 'y = x -> Linear(64) -> ReLU; (x -> Linear(64)) + y',
      'Use out_features = 32': 'y = x -> Linear(32) -> ReLU; x + y',
    });
    expect(fixedBody('shapes-do-not-broadcast', '[8, 32, 32]', 'add { Conv2d(16, 1); Identity }')).toEqual({
      'Project the shorter branch with Conv2d(16, 1)': 'add { Conv2d(16, 1); Conv2d(16, 1) }',
      'Use out_channels = 8': 'add { Conv2d(8, 1); Identity }',
    });
  });

  it('gets the padding of all convolutions that it skips, those with a stride among them', () => {
    const block = (padding: string): string => `body = x -> Conv2d(16, 3, stride = 2${padding}) -> ReLU -> Conv2d(16, 3${padding}); skip = x -> Conv2d(16, 1, stride = 2); body + skip`;
    expect(fixedBody('shapes-do-not-broadcast', '[8, 32, 32]', block(''))).toEqual({ 'Pad so that the convolutions keep the size': block(', padding = 1') });
  });

  it('gets both where both are missing', () => {
    expect(fixedBody('shapes-do-not-broadcast', '[8, 32, 32]', 'residual { Conv2d(16, 3) }')).toEqual({
      'Pad so that the convolution keeps the size, and project the skip connection with Conv2d(16, 1)': 'add { { Conv2d(16, 3, padding = 1) }; Conv2d(16, 1) }',
    });
  });
});

it('branches that are joined keep the size of what comes in', () => {
  expect(fixedBody('shapes-do-not-join', '[8, 32, 32]', 'concat { Conv2d(8, 3); Conv2d(8, 5) }')).toEqual({ 'Pad so that the convolutions keep the size': 'concat { Conv2d(8, 3, padding = 1); Conv2d(8, 5, padding = 2) }' });
  expect(fixedBody('shapes-do-not-join', '[8, 32, 32]', 'concat { Conv2d(8, 1); MaxPool2d(2) }')).toEqual({ 'Use MaxPool2d(3, stride = 1, padding = 1)': 'concat { Conv2d(8, 1); MaxPool2d(3, stride = 1, padding = 1) }' });
});

it('a pool at the beginning of a branch keeps the size, too', () => {
  expect(fixedBody('shapes-do-not-join', '[8, 32, 32]', 'concat { Conv2d(8, 1); { ReLU; Conv2d(8, 3) }; { MaxPool2d(3, stride = 1); Conv2d(8, 1) } }')).toEqual({
    'Pad so that the convolution keeps the size, and use MaxPool2d(3, stride = 1, padding = 1)': 'concat { Conv2d(8, 1); { ReLU; Conv2d(8, 3, padding = 1) }; { MaxPool2d(3, stride = 1, padding = 1); Conv2d(8, 1) } }',
  });
});

it('groups and channels become the nearest that divide', () => {
  expect(fixedBody('groups-do-not-divide', '[3, 32, 32]', 'Conv2d(8, 3); Conv2d(9, 3, groups = 3)')).toEqual({
    'Use groups = 1': 'Conv2d(8, 3); Conv2d(9, 3, groups = 1)',
    'Use Conv2d(9, 3) in front': 'Conv2d(9, 3); Conv2d(9, 3, groups = 3)',
  });
  expect(fixedBody('groups-do-not-divide', '[9, 32, 32]', 'Conv2d(8, 3, groups = 3)')).toMatchObject({ 'Make out_channels 9': 'Conv2d(9, 3, groups = 3)' });
  expect(fixedBody('factor-does-not-divide', '[8, 32, 32]', 'Conv2d(10, 3); PixelShuffle(2)')).toEqual({
    'Use Conv2d(12, 3) in front': 'Conv2d(12, 3); PixelShuffle(2)',
    'Put Conv2d(12, 1) in front': 'Conv2d(10, 3); Conv2d(12, 1) -> PixelShuffle(2)',
  });
});

it('a map becomes a vector in front of the classifier', () => {
  const text = (layers: string): string => `model M {\n  input x: [3, 32, 32]\n  target y: int\n  Conv2d(8, 3)\n  z = ${layers}Linear(10)\n  loss cross_entropy(z, y)\n}\n`.replace('z = ', 'z = x -> ReLU -> ');
  expect(fixedText('wrong-target-shape', text(''))).toEqual({
    'Put Flatten in front of the Linear': text('Flatten -> '),
    'Put AdaptiveAvgPool2d(1) -> Flatten in front of the Linear': text('AdaptiveAvgPool2d(1) -> Flatten -> '),
  });
  expect(fixedBody('free-parameter-shape', '[3, H, W]', 'ReLU; Linear(10)')).toEqual({ 'Put AdaptiveAvgPool2d(1) -> Flatten in front of the Linear': 'ReLU; AdaptiveAvgPool2d(1) -> Flatten -> Linear(10)' });
});

it('the number of channels that come in, which PyTorch asks for, is taken away', () => {
  expect(Object.entries(fixedBody('invalid-bias', '[8]', 'Linear(8, 16)'))[0]).toEqual(['Remove 8: the features that come in are known', 'Linear(16)']);
  expect(Object.entries(fixedBody('no-output-left', '[3, 32, 32]', 'Conv2d(3, 64, 3)'))[0]).toEqual(['Remove 3: the channels that come in are known', 'Conv2d(64, 3)']);
  expect(Object.entries(fixedBody('repeated-argument', '[3, 64, 64]', 'Conv2d(3, 64, 7, stride = 2)'))[0]).toEqual(['Remove 3: the channels that come in are known', 'Conv2d(64, 7, stride = 2)']);
  expect(fixedBody('large-norm-eps', '[8, 32, 32]', 'ReLU; BatchNorm2d(8)')['Remove 8: the channels that come in are known']).toBe('ReLU; BatchNorm2d');
  expect(fixedBody('inferred-size-given', '[12, 32]', 'GRU(32, 64)')).toEqual({ 'Remove 32: the features that come in are known': 'GRU(64)' });
  expect(Object.keys(fixedBody('no-output-left', '[3, 32, 32]', 'Conv2d(8, 64, 3)'))).toEqual(['Use kernel_size = 32']);
});

it('an argument that does not exist becomes the one that is missing', () => {
  expect(fixedText('unknown-argument', 'stack S(n) { Linear(n) }\nmodel M { input x: [8]; S(m = 3) }\n')['Change to n']).toBe('stack S(n) { Linear(n) }\nmodel M { input x: [8]; S(n = 3) }\n');
});

it('what others write as a method becomes a function', () => {
  expect(fixedBody('unknown-member', '[3, 32, 32]', 'y = x.flatten(1); y')).toEqual({ 'Write flatten(x)': 'y = flatten(x); y' });
  expect(fixedBody('unknown-member', '[3, 32]', 'y = x.T; y')).toEqual({ 'Write transpose(x)': 'y = transpose(x); y' });
  expect(fixedBody('unknown-member', '[3, 32]', 'y = x.size(0); x')).toEqual({});
});

it('a name at the end of a chain is bound', () => {
  expect(fixedBody('unknown-name', '[3]', 'x -> Linear(4) -> y; y -> ReLU')).toEqual({ 'Write y = x -> Linear(4)': 'y = x -> Linear(4); y -> ReLU' });
});

it('names are imported, and files found, by what they declare', () => {
  const files = { 'parts/blocks.nn': 'stack Block { Linear(8) }\n' };
  const model = 'model M {\n  input x: [3]\n  Block\n}\n';
  expect(fixedText('unknown-name', model, files)).toEqual({ 'Import Block from "./parts/blocks.nn"': `from "./parts/blocks.nn" import Block\n\n${model}` });
  expect(fixedText('missing-file', `from "./block.nn" import Block\n${model}`, files)).toEqual({ 'Import from "./parts/blocks.nn"': `from "./parts/blocks.nn" import Block\n${model}` });
});

it('numbers are read as they were meant', () => {
  const meant = (number: string): readonly string[] => Object.values(fixedText('malformed-number', `let n = ${number}\n`)).map((text) => text.trim().slice('let n = '.length));
  expect(['.5', '1.5k', '0.25M', '2K', '1.5b', '12.3456k'].map(meant)).toEqual([['0.5'], ['1_500'], ['250_000'], ['2k'], ['1_500_000_000'], []]);
});

it('a number becomes the nearest that fits, however far away it is', () => {
  expect(fixedBody('index-out-of-range', '[20, 8]', 'x[500]')).toEqual({ 'Use 19': 'x[19]' });
  expect(fixedBody('index-out-of-range', '[20, 8]', 'x[-500]')).toEqual({ 'Use -20': 'x[-20]' });
  expect(fixedBody('index-out-of-range', '[8]', 'c = [8, 16, 24]; Linear(c[40])')).toEqual({ 'Use 2': 'c = [8, 16, 24]; Linear(c[2])' });
  expect(fixedBody('groups-do-not-divide', '[64, 8, 8]', 'GroupNorm(100)')).toEqual({ 'Use num_groups = 64': 'GroupNorm(64)' });
  expect(fixedBody('no-output-left', '[3, 8, 8]', 'ConvTranspose2d(4, 3, padding = 90)')).toEqual({ 'Use padding = 4': 'ConvTranspose2d(4, 3, padding = 4)' });
  expect(fixedText('size-not-possible', 'model M { input x: [3, H, H]; assert H % 100 == 0; ReLU }\nassert macs(M, H = 260) >= 0\n')).toEqual({
    'Use H = 300': 'model M { input x: [3, H, H]; assert H % 100 == 0; ReLU }\nassert macs(M, H = 300) >= 0\n',
  });
});

describe('two changes that are needed at once', () => {
  it('are one fix', () => {
    expect(fixedBody('shapes-do-not-join', '[8, 32, 32]', 'concat { Conv2d(8, 3); MaxPool2d(2) }')).toEqual({
      'Pad so that the convolution keeps the size, and use MaxPool2d(3, stride = 1, padding = 1)': 'concat { Conv2d(8, 3, padding = 1); MaxPool2d(3, stride = 1, padding = 1) }',
    });
    expect(fixedBody('shapes-do-not-broadcast', '[8, 32, 32]', 'y = x -> Conv2d(16, 3); x + y')).toEqual({
      'Pad so that the convolution keeps the size, and project the skip connection with Conv2d(16, 1)': 'y = x -> Conv2d(16, 3, padding = 1); (x -> Conv2d(16, 1)) + y',
    });
  });

  it('leave what is claimed', () => {
    const claimed = 'residual { Conv2d(8, 3) }; output y; assert shape(y)[1] == 30';
    expect(fixedBody('shapes-do-not-broadcast', '[8, 32, 32]', claimed)).toEqual({});
    expect(Object.keys(fixedBody('shapes-do-not-broadcast', '[8, 32, 32]', claimed.replace('30', '32')))).toHaveLength(1);
  });
});

it('an assert of a number says what the number is, on whichever side it is written', () => {
  const model = 'model M { input x: [3]; Linear(1000) }\n';
  expect(fixedText('assert-fails', `${model}assert params(M) == 4_001\n`)).toEqual({ 'Use 4000': `${model}assert params(M) == 4000\n` });
  expect(fixedText('assert-fails', `${model}assert 4_001 == params(M)\n`)).toEqual({ 'Use 4000': `${model}assert 4000 == params(M)\n` });
  expect(fixedText('assert-fails', `${model}assert params(M) == 3\nassert params(M) < 10`)).toEqual({ 'Use 4000': `${model}assert params(M) == 4000\nassert params(M) < 10` });
});

it('a fix that would bring another error is not offered', () => {
  // The nearest number of slopes fits; the nearest padding of the mirror does not fit what is asserted.
  const asserted = 'ReflectionPad2d(32); assert shape(x)[0] == 3; output y; assert shape(y)[1] == 94';
  expect(fixedBody('padding-too-large', '[3, 32, 32]', asserted)['Use padding = 31']).toBe(asserted.replace('(32)', '(31)'));
  expect(fixedBody('padding-too-large', '[3, 32, 32]', asserted.replace('94', '92'))['Use padding = 30']).toBe(asserted.replace('(32)', '(30)').replace('94', '92'));
});

describe('maps of unequal size', () => {
  it('meet by the output_padding of a transposed convolution on the way', () => {
    const decoder = (padding: string): string => `a = x -> MaxPool2d(2, ceil_mode = true) -> ConvTranspose2d(8, 2, stride = 2${padding}); concat(a, x)`;
    expect(fixedBody('shapes-do-not-join', '[8, 25, 25]', 'a = x -> MaxPool2d(2) -> ConvTranspose2d(8, 2, stride = 2); concat(a, x)')).toEqual({
      'Use output_padding = 1 in ConvTranspose2d(8, 2, stride = 2)': 'a = x -> MaxPool2d(2) -> ConvTranspose2d(8, 2, stride = 2, output_padding = 1); concat(a, x)',
    });
    // A default is not written.
    expect(fixedBody('shapes-do-not-join', '[8, 24, 24]', decoder(', output_padding = 1'))).toEqual({ 'Use output_padding = 0 in ConvTranspose2d(8, 2, stride = 2, output_padding = 1)': decoder('') });
  });

  it('meet by the skip connection that was meant', () => {
    const body = (skip: string): string => `a = x -> ReLU; b = a -> MaxPool2d(2); c = b -> MaxPool2d(2) -> Upsample(scale_factor = 2); concat(c, ${skip})`;
    expect(Object.entries(fixedBody('shapes-do-not-join', '[8, 32, 32]', body('a')))[0]).toEqual(['Use b, which has that size', body('b')]);
  });

  it('meet where the larger is cropped, if as much is cut at either side', () => {
    expect(fixedBody('shapes-do-not-join', '[8, H, W]', 'a = x -> ZeroPad2d(2); concat(a, x)')).toEqual({ 'Crop a[:, 2:-2, 2:-2]': 'a = x -> ZeroPad2d(2); concat(a[:, 2:-2, 2:-2], x)' });
    expect(fixedBody('shapes-do-not-join', '[8, 32, 32]', 'a = x -> ZeroPad2d([1, 0, 1, 0]); concat(a, x)')).toEqual({});
  });
});

describe('a skip connection of a stack', () => {
  const model = '\nmodel M {\n  input x: [64, H, W]\n  Block(64)\n  Block(128, 2)\n}\n';
  it('is projected where it does not fit, with the channels and the stride as the stack writes them', () => {
    const stack = (sum: string): string => `stack Block(c, s = 1) {\n  input x\n  y = x -> Conv2d(c, 3, stride = s, padding = 1) -> ReLU -> Conv2d(c, 3, padding = 1)\n  ${sum}\n}\n`;
    expect(fixedText('shapes-do-not-broadcast', stack('x + y -> ReLU') + model)).toEqual({
      'Project the skip connection with Conv2d(c, 1, stride = s) where it does not fit': stack('skip = if s != 1 or shape(x)[0] != c { x -> Conv2d(c, 1, stride = s) } else { x }\n  skip + y -> ReLU') + model,
    });
  });

  it('is projected everywhere where it never fits, or has no name', () => {
    const text = (stack: string, layer: string): string => `stack Block(c) {\n  ${stack}\n}\n\nmodel M {\n  input x: [64]\n  ${layer}\n}\n`;
    expect(fixedText('shapes-do-not-broadcast', text('input x\n  y = x -> Linear(c)\n  x + y', 'Block(32)'))['Project the skip connection with Linear(c)']).toBe(text('input x\n  y = x -> Linear(c)\n  skip = x -> Linear(c)\n  skip + y', 'Block(32)'));
    expect(fixedText('shapes-do-not-broadcast', text('residual { Linear(c); ReLU }', 'Block(64); Block(32)'))).toEqual({ 'Project the skip connection with Linear(c)': text('add { { Linear(c); ReLU }; Linear(c) }', 'Block(64); Block(32)') });
  });
});

describe('a loop that goes on for too long', () => {
  it('ends before the round that goes wrong, which is told', () => {
    const text = (loop: string): string => `model M {\n  input x: [3, 28, 28]\n  ${loop} { Conv2d(64, 3); ReLU; MaxPool2d(2) }\n}\n`;
    const related = (loop: string): readonly string[] => site('no-output-left', text(loop))[1].related!.map(({ message }) => message);
    expect(related('repeat 6')).toEqual(['in round 4 of 6']);
    expect(fixedText('no-output-left', text('repeat 6'))).toEqual({ 'Repeat 3 times': text('repeat 3') });
    expect(fixedText('no-output-left', text('for i in range(1, 6)'))).toMatchObject({ 'Use range(1, 4)': text('for i in range(1, 4)') });
    expect(related('repeat 1 { ReLU }; MaxPool2d(40); repeat 2')).toEqual([]);
  });

  it('goes as far as the list that it is an index of', () => {
    expect(fixedBody('index-out-of-range', '[8]', 'widths = [8, 16]; for i in range(3) { Linear(widths[i]); ReLU }')).toMatchObject({ 'Use range(len(widths))': 'widths = [8, 16]; for i in range(len(widths)) { Linear(widths[i]); ReLU }' });
  });

  it('tells the round around a stack, too', () => {
    const [, { related }] = site('no-output-left', 'stack S { MaxPool2d(2) }\nmodel M {\n  input x: [3, 8, 8]\n  repeat 5 { S }\n}\n');
    expect(related!.map(({ message }) => message)).toEqual(['in S, applied here', 'in round 4 of 5']);
  });
});

it('what is put in front of a line gets a line of its own', () => {
  const text = (layers: string): string => `model M {\n  input x: [8]\n  Linear(8)\n  ${layers}Linear(8)\n}\n`;
  expect(fixedText('adjacent-linear', text(''))).toEqual({ 'Put a ReLU before it': text('ReLU\n  ') });
  expect(fixedBody('adjacent-linear', '[8]', 'Linear(8); Linear(8)')).toEqual({ 'Put a ReLU before it': 'Linear(8); ReLU -> Linear(8)' });
});

describe('what others write', () => {
  it('loses the sizes that come in, whatever stands behind it', () => {
    const body = 'Linear(784, 256); ReLU; Linear(256, 10)';
    expect(Object.entries(fixedBody('invalid-bias', '[784]', body))[0]).toEqual(['Remove 784: the features that come in are known', 'Linear(256); ReLU; Linear(256, 10)']);
    // Nothing is known of what comes in behind the first error.
    const all = 'model M {\n  input x: [784]\n  Linear(784, 256)\n  ReLU\n  Linear(2 * 128, 10)\n}\n';
    const document = documentOf(all);
    expect(applied(all, fixAll(document, diagnosticsOf(document)))).toBe('model M {\n  input x: [784]\n  Linear(256)\n  ReLU\n  Linear(10)\n}\n');
    // What stands behind is wrong in the same way, and not because of the fix.
    expect(fixesOf(...site('no-output-left', 'model M {\n  input x: [3, 32, 32]\n  Conv2d(3, 64, 3, padding = 1)\n  ReLU\n  Conv2d(64, 128, 3, padding = 1)\n}\n'))[0]?.title).toBe('Remove 3: the channels that come in are known');
    expect(Object.entries(fixedBody('invalid-dims', '[16, 8, 8]', 'LayerNorm([16, 8, 8])'))[0]).toEqual(['Use dims = 3: the sizes are known', 'LayerNorm(dims = 3)']);
    expect(Object.entries(fixedBody('invalid-dims', '[16]', 'LayerNorm([16])'))[0]).toEqual(['Leave out the size, which is known', 'LayerNorm']);
    expect(fixedBody('inferred-size-given', '[3, 32, 32]', 'Conv2d(3, 6, 5)')).toMatchObject({ 'Remove 3: the channels that come in are known': 'Conv2d(6, 5)' });
    expect(fixedBody('unknown-name', '[3, 32, 32]', 'f = Sequential(Conv2d(8, 3), ReLU()); f')).toEqual({ 'Write a block of these layers': 'f = { Conv2d(8, 3); ReLU() }; f' });
    expect(fixedBody('wrong-rank', '[T, 512]', 'LayerNorm(512)')).toEqual({ 'Remove 512: the features that come in are known': 'LayerNorm' });
  });

  it('loses the axis of the batch, which a function does not count', () => {
    expect(fixedBody('unknown-member', '[3, 32, 32]', 'y = x.transpose(1, 2); y')).toEqual({ 'Write transpose(x, 0, 1)': 'y = transpose(x, 0, 1); y' });
    expect(fixedBody('unknown-member', '[3, 32, 32]', 'y = x.permute(0, 2, 3, 1); y')).toEqual({ 'Write permute(x, 1, 2, 0)': 'y = permute(x, 1, 2, 0); y' });
    expect(fixedBody('unknown-member', '[3, 32, 32]', 'y = x.mean(dim = [2, 3]); y')).toEqual({ 'Write mean(x, dim = [1, 2])': 'y = mean(x, dim = [1, 2]); y' });
    expect(fixedBody('unknown-member', '[3, 32, 32]', 'y = x.view(-1, 3 * 32 * 32); y')).toEqual({ 'Write reshape(x, 3 * 32 * 32)': 'y = reshape(x, 3 * 32 * 32); y' });
    expect(fixedBody('unknown-name', '[3, 32, 32]', 'y = torch.cat([x, x], dim = 1); y')).toEqual({ 'Write concat, whose axes do not count the batch': 'y = concat([x, x], dim = 0); y' });
    expect(fixedBody('unknown-name', '[3, 32, 32]', 'y = nn.Conv2d(16, 3)(x); y')).toEqual({ 'Remove nn.': 'y = Conv2d(16, 3)(x); y' });
  });

  it('is a function of two tensors where a loss is called', () => {
    const text = (loss: string): string => `model M {\n  input x: [20]\n  target y: int\n  Linear(10)\n  output p\n  loss ${loss}\n}\n`;
    expect(fixedText('layer-called-on-tensor', text('CrossEntropyLoss(p, y, label_smoothing = 0.1)'))).toEqual({ 'Write cross_entropy(p, y, label_smoothing = 0.1)': text('cross_entropy(p, y, label_smoothing = 0.1)') });
  });

  it('is a target of class indices', () => {
    const text = (type: string): string => `model M {\n  input x: [20]\n  target y: ${type}\n  Linear(10)\n  LogSoftmax\n  output p\n  loss nll_loss(p, y)\n}\n`;
    expect(fixedText('wrong-element', text('[10]'))).toEqual({ 'Declare y as int': text('int') });
  });

  it('is a function with a body', () => {
    const behind = '\nmodel M { input x: [3]; x }\n';
    const written = (text: string): readonly string[] => fixesOf(...site('unexpected', text + behind)).map(({ edits }) => applied(text, edits));
    expect(written('def double(x):\n    return x * 2')).toEqual(['function double(x) = x * 2']);
    expect(written('def f(x: Tensor, b=1) -> Tensor: return x ** 2 + b  # why')).toEqual(['function f(x, b = 1) = x ^ 2 + b  # why']);
    expect(written('def forward(self, x):\n    return x * 2')).toEqual([]);
    expect(written('def f(x):\n    y = x * 2\n    return y')).toEqual([]);
  });

  it('is imported', () => {
    expect(Object.values(fixedText('unexpected', 'import torch.nn as nn\nmodel M { input x: [3]; Linear(4) }\n'))).toEqual(['model M { input x: [3]; Linear(4) }\n']);
    expect(Object.values(fixedText('missing-part', 'from torch import nn\nmodel M { input x: [3]; Linear(4) }\n'))).toEqual(['model M { input x: [3]; Linear(4) }\n']);
  });

  it('is unpacked into names in brackets', () => {
    expect(fixedBody('unexpected', '[4]', '(a, b) = chunk(x, 2); a + b')).toEqual({ 'Remove the brackets': 'a, b = chunk(x, 2); a + b' });
    expect(fixedBody('unexpected', '[4]', '[a] = [x]; a')).toEqual({ 'Remove the brackets': 'a = [x]; a' });
  });

  it('binds one name again and again', () => {
    const text = 'model M {\n  input x: [20]\n  x = x -> Linear(50) -> ReLU\n  x = x -> Linear(10)\n  output x\n}\n';
    const document = documentOf(text);
    expect(applied(text, fixAll(document, diagnosticsOf(document)))).toBe('model M {\n  input x: [20]\n  x_2 = x -> Linear(50) -> ReLU\n  x_3 = x_2 -> Linear(10)\n  output x_3\n}\n');
  });
});

it('a sequence becomes one step in front of the classifier', () => {
  const text = (between: string): string => `model M {\n  input ids: int[T]\n  target y: int\n  Embedding(100, 8)\n  LSTM(16)\n  ${between}Linear(2)\n  output z\n  loss cross_entropy(z, y)\n}\n`;
  expect(fixedText('wrong-target-shape', text(''))).toMatchObject({
    'Take the last step of the sequence in front of the Linear': text('{ input steps; steps[-1] }\n  '),
    'Take the mean over the sequence in front of the Linear': text('mean(dim = 0)\n  '),
  });
});

it('a width is that of the other side, and the second factor of a product is transposed', () => {
  expect(fixedBody('shapes-do-not-broadcast', 'int[T]', 'a = x -> Embedding(100, 64); b = Embedding(50, 32)(arange(T)); a + b')).toEqual({ 'Use embedding_dim = 64': 'a = x -> Embedding(100, 64); b = Embedding(50, 64)(arange(T)); a + b' });
  expect(fixedBody('size-requirement', '[T, 8]', 'k = x -> Linear(8); x @ k')).toMatchObject({ 'Write x @ transpose(k)': 'k = x -> Linear(8); x @ transpose(k)' });
});

it('a smaller map is brought to the size of the other', () => {
  expect(Object.entries(fixedBody('shapes-do-not-join', '[8, 32, 32]', 'a = x -> MaxPool2d(2); concat(a, x)'))[0]).toEqual(['Write a -> Upsample(scale_factor = 2)', 'a = x -> MaxPool2d(2); concat(a -> Upsample(scale_factor = 2), x)']);
});

it('a new shape keeps the channels, or takes the nearest size that divides what there is', () => {
  expect(Object.entries(fixedBody('element-count-differs', '[100]', 'Linear(256 * 7 * 7); Unflatten(0, [256, 8, 8])'))[0]).toEqual(['Use 256, 7, 7', 'Linear(256 * 7 * 7); Unflatten(0, [256, 7, 7])']);
  expect(fixedBody('element-count-differs', '[3, 32, 32]', 'Reshape(-1, 100)')).toEqual({ 'Use 96': 'Reshape(-1, 96)', 'Use 128': 'Reshape(-1, 128)' });
});

it('an argument that is missing has the value that it has elsewhere', () => {
  const text = (call: string): string => `stack S(n, k) { Linear(n * k) }\nmodel M { input x: [8]; S(4, k = 3); ReLU; ${call} }\n`;
  expect(fixedText('missing-argument', text('S(5)'))['Add k = 3']).toBe(text('S(5, k = 3)'));
  expect(fixedText('missing-argument', text('S'))['Add n = 4, k = 3']).toBe(text('S(n = 4, k = 3)'));
});

it('what is added to a map is declared like it, and a target for each step', () => {
  expect(fixedBody('shapes-do-not-broadcast', '[16, 8]', 'param cls: [1, 8]; param pos: [16, 8]; t = concat(cls, x); t + pos')).toEqual({ 'Declare pos as [17, 8]': 'param cls: [1, 8]; param pos: [17, 8]; t = concat(cls, x); t + pos' });
  const model = (target: string): string => `model M {\n  input x: [T, 8]\n  target y: ${target}\n  z = x -> Linear(5)\n  loss cross_entropy(z, y)\n}\n`;
  expect(fixedText('wrong-target-shape', model('int'))['Declare y as int[T]']).toBe(model('int[T]'));
});

it('a sequence has its features first in front of convolutions', () => {
  const text = (between: string): string => `model M {\n  input ids: int[50]\n  Embedding(100, 8)\n  ${between}Conv1d(4, 3)\n}\n`;
  expect(fixedText('channels-last', text(''))).toEqual({ 'Put transpose in front': text('transpose\n  ') });
  expect(fixedText('free-parameter-shape', text('').replace('50', 'T'))).toEqual({ 'Put transpose in front': text('transpose\n  ').replace('50', 'T') });
});

it('lines that are indented behind a colon become a block', () => {
  expect(fixedText('missing-body', 'model M:  # small\n  input x: [3, 8, 8]\n\n  Conv2d(4, 3)\n\nlet n = 3\n')).toMatchObject({ 'Put the indented lines into { }': 'model M {  # small\n  input x: [3, 8, 8]\n\n  Conv2d(4, 3)\n}\n\nlet n = 3\n' });
  expect(fixedText('missing-body', 'model M {\n  input x: [3]\n  for i in range(3):\n    Linear(4)\n    ReLU\n  Tanh\n}\n')).toMatchObject({ 'Put the indented lines into { }': 'model M {\n  input x: [3]\n  for i in range(3) {\n    Linear(4)\n    ReLU\n  }\n  Tanh\n}\n' });
});

it('an argument that layers infer is taken away, and no other one written for it', () => {
  expect(fixedBody('unknown-argument', '[T, 64]', 'GRU(input_size = 64, hidden_size = 128)')).toEqual({ 'Remove input_size = 64': 'GRU(hidden_size = 128)' });
  expect(fixedBody('unknown-argument', '[8]', 'Linear(units = 5)')).toMatchObject({ 'Change to out_features': 'Linear(out_features = 5)' });
});

it('a word that an argument does not take becomes one that it does', () => {
  expect(Object.keys(fixedBody('invalid-activation', '[T, 64]', 'TransformerEncoderLayer(8, activation = "swish")'))).toEqual(['Use activation = "relu"']);
  expect(fixedText('unknown-name', 'model M(f = True) { input x: [3]; if f { ReLU } }\n')).toEqual({ 'Change to true': 'model M(f = true) { input x: [3]; if f { ReLU } }\n' });
});

it('an image has its channels first', () => {
  const titles = (code: string, type: string): readonly string[] => fixesOf(...site(code, `model M {\n  input x: ${type}\n  Conv2d(8, 3)\n}\n`)).map(({ title }) => title);
  expect(titles('channels-last', '[64, 48, 3]')).toEqual(['Declare x as [3, 64, 48], the channels first']);
  expect(titles('free-parameter-shape', '[H, W, 3]')).toContain('Declare x as [3, H, W], the channels first');
});

it('an input is declared without the batch, and with the channel', () => {
  const declared = (type: string, body: string): readonly string[] => fixesOf(...site('wrong-rank', `model M {\n  input x: ${type}\n  ${body}\n}\n`)).map(({ title }) => title);
  expect(declared('[64, 3, 28, 28]', 'Conv2d(8, 3)')[0]).toBe('Declare x as [3, 28, 28], without the batch');
  expect(declared('[N, 3, 28, 28]', 'Conv2d(8, 3)')[0]).toBe('Declare x as [3, 28, 28], without the batch');
  expect(declared('[28, 28]', 'Conv2d(8, 3); MaxPool2d(2)')[0]).toBe('Declare x as [1, 28, 28], with one channel');
  expect(declared('[3, 32, 32]', 'Conv1d(8, 3); MaxPool1d(2)')[0]).toBe('Change to Conv2d');
  expect(declared('[20]', 'Linear(8); BatchNorm2d')).toEqual(['Change to BatchNorm1d']);
  expect(declared('[20]', 'Linear(8); Dropout2d')).toEqual(['Change to Dropout']);
});

it('a share that is too large is meant as a percentage, or as the default, and not as everything', () => {
  expect(fixedBody('invalid-p', '[8]', 'Dropout(20)')).toEqual({ 'Use p = 0.2': 'Dropout(0.2)' });
  expect(fixedBody('invalid-p', '[8]', 'Dropout(1.5)')).toEqual({ 'Use p = 0.5': 'Dropout(0.5)' });
});

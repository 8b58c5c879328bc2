// What is wrong with a network: each error at the text that is at fault, with the numbers that clash.

import { describe, expect, it } from 'vitest';
import { analyseText } from '../support/analyse';
import { applied } from '../../server/src/features/text-edits';
import { expectFixesToMend } from '../support/fixes';

interface Case {
  readonly body: string;
  readonly code: string;
  /** The text that is marked. */
  readonly at: string;
  readonly says: string;
  /** What the first fix writes. */
  readonly fix?: string;
}

const cases: readonly Case[] = [
  { body: 'Conv2d(64, 3, stride = 0)', code: 'invalid-stride', at: '0', says: 'must be an integer ≥ 1' },
  { body: 'Conv2d(64, 3, stride = 1.5)', code: 'invalid-stride', at: '1.5', says: 'but is 1.5' },
  { body: 'Conv2d(64, 3, padding = -1)', code: 'invalid-padding', at: '-1', says: 'but is -1' },
  { body: 'Conv2d(64, 3, padding = "smae")', code: 'invalid-padding', at: '"smae"', says: '"same" or "valid"' },
  { body: 'Conv2d(64, 0)', code: 'invalid-kernel-size', at: '0', says: 'but is 0' },
  { body: 'Conv2d(64, 40)', code: 'no-output-left', at: '40', says: '⌊(32 − 40)/1⌋ + 1 = -7' },
  { body: 'Conv2d(64, 3, padding = "same", stride = 2)', code: 'same-padding-with-stride', at: '"same"', says: 'a stride of 2 cannot', fix: '1' },
  { body: 'Conv2d(64, 3, groups = 5)', code: 'groups-do-not-divide', at: '5', says: 'the 3 input channels' },
  { body: 'Conv2d(10, 3, groups = 3)', code: 'groups-do-not-divide', at: '3', says: 'the 10 out_channels; 9 would be', fix: '9' },
  { body: 'MaxPool2d(2, padding = 2)', code: 'pool-padding-too-large', at: '2', says: '1 for a kernel of 2', fix: '1' },
  { body: 'ConvTranspose2d(8, 2, stride = 2, output_padding = 2)', code: 'output-padding-too-large', at: '2', says: '2 is not below 2', fix: '1' },
  { body: 'Conv2(64, 3)', code: 'unknown-name', at: 'Conv2', says: 'did you mean Conv2d?', fix: 'Conv2d' },
  { body: 'Conv2d(64, kernel = 3)', code: 'unknown-argument', at: 'kernel', says: 'did you mean kernel_size?', fix: 'kernel_size' },
  { body: 'Conv2d(64, 3, in_channels = 3)', code: 'unknown-argument', at: 'in_channels', says: 'it is inferred from the input' },
  { body: 'Conv2d(64)', code: 'missing-argument', at: 'Conv2d(64)', says: 'needs kernel_size' },
  { body: 'Linear(1, true, 3)', code: 'too-many-arguments', at: '3', says: 'one more' },
  { body: 'Linear(out_features = 3, out_features = 4)', code: 'repeated-argument', at: 'out_features', says: 'given twice' },
  { body: 'Linear(bias = true, 3)', code: 'positional-after-named', at: '3', says: 'stands behind a named one' },
  { body: 'Conv1d(3, 3)', code: 'wrong-rank', at: 'Conv1d(3, 3)', says: '[C, L], but gets [3, 32, 32]' },
  { body: 'Embedding(10, 4)', code: 'wrong-element', at: 'Embedding(10, 4)', says: 'int[…]' },
  { body: 'a = x -> Conv2d(8, 3)\n  a + x', code: 'shapes-do-not-broadcast', at: 'a + x', says: '[8, 30, 30] and [3, 32, 32]' },
  { body: 'concat { Conv2d(8, 3); Identity }', code: 'shapes-do-not-join', at: 'concat { Conv2d(8, 3); Identity }', says: '30 and 32' },
  { body: 'a = x -> Conv2d(3, 3) -> Linear(7)\n  a @ x', code: 'matmul-sizes-differ', at: 'a @ x', says: '7' },
  { body: 'x -> Conv2d(8, 3) + 1', code: 'arithmetic-on-layer', at: 'Conv2d(8, 3) + 1', says: 'parentheses' },
  { body: 'y = ReLU(x)', code: 'layer-called-on-tensor', at: 'x', says: 'x -> ReLU' },
  { body: 'permute(1, 2, 0)', code: 'missing-tensor', at: 'permute(1, 2, 0)', says: 'as a layer it is written Permute', fix: 'Permute' },
  { body: 'cumsum(0)', code: 'missing-tensor', at: 'cumsum(0)', says: 'as a layer it is written cumsum(dim = …)', fix: 'dim = ' },
  { body: 'nn.Conv2d(8, 3)', code: 'unknown-name', at: 'nn', says: 'stand by themselves: Conv2d' },
  { body: 'y = torch.nn.functional.relu(x)', code: 'unknown-name', at: 'torch.nn.functional', says: 'stand by themselves: relu' },
  { body: 'conv = Conv2d(8, 3)\n  self.conv', code: 'unknown-name', at: 'self', says: 'what a body binds stand by themselves: conv' },
  { body: 'Flatten; Dense(10)', code: 'unknown-name', at: 'Dense', says: 'here it is called Linear', fix: 'Linear' },
  { body: 'Sequential(ReLU)', code: 'unknown-name', at: 'Sequential', says: 'in a block, as in `{ Linear(8); ReLU }`' },
  { body: 'y = x.flatten(1)', code: 'unknown-member', at: 'flatten', says: 'in parentheses: flatten(x)' },
  { body: 'y = x.view(32, 96)', code: 'unknown-member', at: 'view', says: 'in parentheses: reshape(x)' },
  { body: 'y = 3 -> ReLU', code: 'not-a-tensor', at: 'ReLU', says: 'but gets 3' },
  { body: 'y = x -> 3', code: 'not-a-layer', at: '3', says: 'a layer is needed here' },
  { body: 'y = 3\n  y = 4', code: 'bound-twice', at: 'y', says: 'bound already' },
  { body: 'repeat 1_000_000 { ReLU }', code: 'too-many-repeats', at: '1_000_000', says: '10,000' },
  { body: 'repeat -1 { ReLU }', code: 'invalid-repeat', at: '-1', says: 'but this is -1' },
  { body: 'for a in 3 { ReLU }', code: 'not-iterable', at: '3', says: 'range(3)' },
  { body: 'a, b = x', code: 'wrong-unpacking', at: 'x', says: '2 names' },
  { body: 'x[5]', code: 'index-out-of-range', at: 'x[5]', says: 'whose size is 3' },
  { body: 'loss x', code: 'loss-not-scalar', at: 'x', says: 'of shape []' },
  { body: 'assert params() == 3', code: 'assert-fails', at: 'params() == 3', says: '0 is not 3 (3 less)' },
  { body: 'assert shape(x) == [3, 32, 33]', code: 'assert-fails', at: 'shape(x) == [3, 32, 33]', says: '[3, 32, 32] is not [3, 32, 33]' },
  { body: 'optimizer Adm(lr = 1)', code: 'unknown-optimizer', at: 'Adm', says: 'did you mean Adam?' },
  { body: 'optimizer Adam(lr = -1)', code: 'invalid-lr', at: '-1', says: 'but is -1' },
  { body: 'f = Linear(3)\n  f.weight', code: 'parameter-before-application', at: 'weight', says: 'apply the layer first' },
  { body: 'f = Linear(3)\n  a = x -> f\n  b = x[..., :7] -> f', code: 'shared-shape-clash', at: 'f', says: '[3, 32]' },
  { body: 'Conv2d(1_000_000_000, 3); Conv2d(1_000_000_000, 3)', code: 'size-too-large', at: 'Conv2d(1_000_000_000, 3)', says: '2^53' },
  { body: 'y = 9_007_199_254_740_993', code: 'size-too-large', at: '9_007_199_254_740_993', says: '2^53' },
  { body: 'y = 1 // 0', code: 'division-by-zero', at: '1 // 0', says: 'divides by zero' },
  { body: 'z = [1, 2][5]', code: 'index-out-of-range', at: '5', says: 'has 2 items' },
  { body: 'MaxPool2d(3, stride = 2)', code: 'unread-border', at: '2', says: 'a size of 31 or 33 loses nothing' },
];

describe('one error at its cause', () => {
  it.each(cases)('$body', ({ body, code, at, says, fix }) => {
    const text = `model M {\n  input x: [3, 32, 32]\n  ${body}\n}\n`;
    const { diagnostics } = analyseText(text);
    expect(diagnostics.map((diagnostic) => diagnostic.code)).toEqual([code]);
    const [diagnostic] = diagnostics;
    expect(text.slice(diagnostic!.span.start, diagnostic!.span.end)).toBe(at);
    expect(diagnostic!.message).toContain(says);
    if (fix !== undefined) expect(diagnostic!.fixes?.[0]?.edits[0]?.text).toBe(fix);
    expectFixesToMend(text);
  });
});

it('a stack that is called on tensors says how it is applied to them', () => {
  const text = `stack Attend(scale = 1) { input query: [S, D]; input memory: [T, D]; softmax(scale * query @ transpose(memory)) @ memory }
model M { input x: [5, 8]; input y: [7, 8]; Attend(2, x, y) }
`;
  const [diagnostic, ...others] = analyseText(text).diagnostics;
  expect(others).toEqual([]);
  expect(diagnostic).toMatchObject({ code: 'layer-called-on-tensor', message: expect.stringContaining('write Attend(scale)(query, memory) to apply it') as string });
  expect(applied(text, diagnostic!.fixes![0]!.edits)).toContain('Attend(2)(x, y)');
  expectFixesToMend(text);
});

it('totals of a model with errors are not judged', () => {
  const text = 'model M {\n input x: [3, 32, 32]\n Linaer(3)\n assert params() == 99\n}\nassert params(M) == 99';
  const { diagnostics, judgements } = analyseText(text);
  expect(diagnostics.map(({ code }) => code)).toEqual(['unknown-name']);
  expect(judgements.map(({ outcome }) => outcome)).toEqual(['unknown']);
});

describe('errors inside a stack', () => {
  const text = `stack Down(channels) {
  Conv2d(channels, 9)
  MaxPool2d(2)
}
model M {
  input x: [3, 32, 32]
  repeat 3 { Down(8) }
}
`;
  const { diagnostics } = analyseText(text);

  it('are shown at their line, with the applications that lead there', () => {
    const inside = diagnostics.find(({ code }) => code === 'no-output-left')!;
    expect(text.slice(inside.span.start, inside.span.end)).toBe('9');
    expect(inside.related?.map(({ message, span }) => [message, text.slice(span.start, span.end)])).toEqual([
      ['in Down, applied here', 'Down(8)'],
      ['in round 3 of 3', '3'],
    ]);
  });

  it('mark the application once, however often it is repeated', () => {
    const outside = diagnostics.filter(({ code }) => code === 'error-in-application');
    expect(outside.map(({ span }) => text.slice(span.start, span.end))).toEqual(['Down(8)']);
    expect(diagnostics).toHaveLength(2);
  });
});

it('a file with an error keeps what can be known above, below and beside it', () => {
  const analysis = analyseText(`model Broken {
  input x: [3, 32, 32]
  a = x -> Conv2d(8, 3)
  b = a -> Conv2d(16, 3, stride = 0)
  c = x -> Conv2d(4, 5)
  output a
  output c
}
model Sound {
  input x: [3, 32, 32]
  Conv2d(4, 3)
}
`);
  const shapes = analysis.models.map(({ graph }) => graph.outputs.map(({ name, tensors }) => [name, tensors[0]!.type.shape]));
  expect(shapes).toEqual([
    [['a', [8, 30, 30]], ['c', [4, 28, 28]]],
    [['output', [4, 30, 30]]],
  ]);
  expect(analysis.diagnostics.map(({ code }) => code)).toEqual(['invalid-stride']);
});

describe('figures of a model with errors', () => {
  const broken = 'model M {\n input x: [3, 32, 32]\n head = Linear(2)\n x -> Conv2d(4, 40) -> head\n assert params() == 1\n assert params(head) == 1\n}\nassert macs(M) == 1';

  it('are not judged', () => {
    const { diagnostics, models, judgements } = analyseText(broken);
    expect(diagnostics.map(({ code }) => code)).toEqual(['no-output-left']);
    expect([...models[0]!.graph.judgements, ...judgements].map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown', 'unknown']);
  });

  it('are judged where the only errors are other asserts', () => {
    const { diagnostics } = analyseText('model M {\n input x: [3]\n Linear(2)\n assert params() == 1\n assert macs() == 1\n}\nassert params(M) == 2');
    expect(diagnostics.map(({ code }) => code)).toEqual(['assert-fails', 'assert-fails', 'assert-fails']);
  });
});

it('figures of the whole model cannot be asked for in the middle of its body', () => {
  const { diagnostics } = analyseText('model M {\n input x: [3]\n Linear(2)\n n = params()\n Linear(n)\n}');
  expect(diagnostics.map(({ code }) => code)).toEqual(['model-not-finished']);
});

it('an assert on a shape of which a part is unknown is not judged', () => {
  const { diagnostics, models } = analyseText('model M {\n input x: [3, H]\n x\n assert shape(x) == [3, H @ 2]\n}');
  expect(diagnostics.map(({ code }) => code)).toEqual(['wrong-operand']);
  expect(models[0]!.graph.judgements.map(({ outcome }) => outcome)).toEqual(['unknown']);
});

it('weights of classes that are a single number are an error of their shape', () => {
  const { diagnostics } = analyseText('model M {\n input x: [5]\n target t: int\n loss cross_entropy(x, t, t)\n}');
  expect(diagnostics.map(({ code }) => code)).toEqual(['wrong-weight-shape']);
});

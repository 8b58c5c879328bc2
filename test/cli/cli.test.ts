// The command line: what each command prints, as text and as JSON, and how it ends.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CheckHost } from '../../server/src/check/host';
import { main } from '../../server/src/cli/main';

const examples = path.join(import.meta.dirname, '../../examples');
const exam = path.join(examples, 'exam.nn');
const resnet = path.join(examples, 'resnet.nn');

let folder: string;
beforeAll(() => { folder = mkdtempSync(path.join(tmpdir(), 'nn-cli-')); });
afterAll(() => { rmSync(folder, { recursive: true }); });

function file(name: string, text: string): string {
  const target = path.join(folder, name);
  writeFileSync(target, text);
  return target;
}

function run(...given: string[]): { code: number; out: string; error: string } {
  let [out, error] = ['', ''];
  const code = main(given, { out: (text) => { out += text; }, error: (text) => { error += text; }, colours: false }, () => undefined);
  return { code, out, error };
}

function json<T>(...given: string[]): T {
  return JSON.parse(run(...given, '--json').out) as T;
}

interface Diagnostics {
  diagnostics: { file: string; line: number; column: number; severity: string; code: string; message: string }[];
}

interface Field {
  size: number[];
  stride: number[];
  padding: [number, number][];
}

interface Layer {
  name: string;
  operation: string;
  arguments: string;
  output: (number | string)[];
  params: number;
  macs: number | string;
  receptiveField: Field | 'global' | null;
  line: number;
  within: string[];
}

interface Summary {
  models: {
    name: string;
    params: number;
    buffers: number;
    macs: number | string;
    output: (number | string)[] | null;
    outputs: { name: string; shape: (number | string)[] }[];
    inputs: { name: string; shape: (number | string)[] }[];
    receptiveField: Field | 'global' | null;
    requirements: string[];
    layers: Layer[];
  }[];
}

interface Grad {
  models: { name: string; ok: boolean; worst: { tensor: string; relativeError: number } | null; tensors: { name: string; ok: boolean }[]; problem?: string }[];
}

const faulty = `model Net {
  input image: [3, 32, 32]
  Conv2d(8, kernel_size = 50)
  Sign
}
`;

describe('nn check', () => {
  it('prints place, severity, code and message, the line, and carets under the culprit', () => {
    const path = file('faulty.nn', faulty);
    const { code, out } = run('check', path);
    expect(code).toBe(1);
    expect(out).toContain(`${path}:3:27: error[no-output-left]: no output is left`);
    expect(out).toContain('3 |   Conv2d(8, kernel_size = 50)\n  |                           ^^\n');
    expect(out).toMatch(/1 error\n$/);
  });

  it('gives the same as JSON, with lines and columns from 1', () => {
    const path = file('faulty.nn', faulty);
    const [diagnostic] = json<Diagnostics>('check', path).diagnostics;
    expect(diagnostic).toMatchObject({ file: path, line: 3, column: 27, severity: 'error', code: 'no-output-left' });
  });

  it('does not fail because of warnings', () => {
    const { code, out } = run('check', exam);
    expect(code).toBe(0);
    expect(out).toContain('warning[zero-gradient]');
  });

  it('puts the carets under the place where tabs stand in front of it', () => {
    const { out } = run('check', file('tabs.nn', 'model Net {\n\tinput x: [1]\n\tReLUU\n}\n'));
    expect(out).toContain('3 | \tReLUU\n  | \t^^^^^\n');
  });

  it('names a file that cannot be read, still checks the others, and ends with 2', () => {
    const { code, out, error } = run('check', path.join(folder, 'nowhere.nn'), file('faulty.nn', faulty));
    expect(code).toBe(2);
    expect(error).toContain('nowhere.nn: there is no such file');
    expect(out).toContain('no-output-left');
  });

  it('reads the files that a file imports', () => {
    file('blocks.nn', 'stack Block { Conv2d(4, 1) }\n');
    expect(run('check', file('importing.nn', 'from "./blocks.nn" import Block\nmodel Net { input x: [3, 8, 8]; Block }\n')).out).toBe('no problems\n');
  });

  it('writes colours only where they are understood', () => {
    const path = file('faulty.nn', faulty);
    let coloured = '';
    main(['check', path], { out: (text) => { coloured += text; }, error: () => undefined, colours: true }, () => undefined);
    expect(coloured).toContain('\u001b[');
    expect(run('check', path).out).not.toContain('\u001b[');
  });
});

describe('nn summary', () => {
  it('says that the figures of a model with errors are none of the whole', () => {
    const text = 'let n = missing\nmodel Faulty { input x: [8]; Linear(4); Conv2d(8, 3) }\nmodel Cut { input x: [8]; Linear(4) -> }\nmodel Lacking { input x: [8]; Linear(n) }\nmodel Whole { input x: [8]; Linear(4) }\n';
    const pages = run('summary', file('incomplete.nn', text)).out.split('\n\n');
    expect(pages.map((page) => page.includes('Incomplete       the model has errors'))).toEqual([true, true, true, false]);
  });

  it('gives the published figures of ResNet-18 at 224×224, and its receptive field before the pooling', () => {
    const [model] = json<Summary>('summary', resnet, 'ResNet18', '--at', 'H=224,W=224').models;
    expect(model).toMatchObject({ name: 'ResNet18', params: 11_689_512, buffers: 9_600, macs: 1_814_073_344, output: [1000], receptiveField: 'global', requirements: [] });
    expect(model!.inputs).toEqual([{ name: 'image', shape: [3, 224, 224] }]);
    const lastMap = model!.layers.filter(({ receptiveField }) => receptiveField !== 'global').at(-1)!;
    expect(lastMap).toMatchObject({ operation: 'ReLU', output: [512, 7, 7], receptiveField: { size: [435, 435], stride: [32, 32] }, within: ['BasicBlock'] });
    expect(model!.layers.reduce((total, layer) => total + layer.params, 0)).toBe(11_689_512);
    expect(model!.layers.reduce((total, layer) => total + (layer.macs as number), 0)).toBe(1_814_073_344);
  });

  it('gives the answers of the exam', () => {
    const [model] = json<Summary>('summary', exam, 'ExamCNN').models;
    expect(model!.outputs).toEqual([{ name: 'features', shape: [100, 8, 8] }]);
    expect(model!.receptiveField).toEqual({ size: [12, 12], stride: [4, 4], padding: [[4, 4], [4, 4]] });
    expect(model!.layers.map(({ operation, output }) => [operation, ...output])).toEqual([
      ['Conv2d', 32, 32, 32],
      ['ReLU', 32, 32, 32],
      ['BatchNorm2d', 32, 32, 32],
      ['MaxPool2d', 32, 16, 16],
      ['Conv2d', 64, 16, 16],
      ['ReLU', 64, 16, 16],
      ['BatchNorm2d', 64, 16, 16],
      ['MaxPool2d', 64, 8, 8],
      ['Conv2d', 100, 8, 8],
    ]);
    expect(model!.layers[0]).toMatchObject({ name: 'Conv2d_1', arguments: '32, kernel_size = 5, padding = if padded { 2 } else { 0 }', params: 2_432, line: 33 });
  });

  it('writes figures that depend on free dimensions as expressions', () => {
    const [model] = json<Summary>('summary', resnet, 'ResNet18').models;
    expect(model!.macs).toContain('(H + 1)//2');
    expect(model!.layers[0]!.output).toEqual([64, '(H + 1)//2', '(W + 1)//2']);
  });

  it('writes shapes under what the model requires', () => {
    const [model] = json<Summary>('summary', file('skip.nn', 'model M { input x: [3, H]; a = x -> Conv1d(3, 3, stride = 2, padding = 1); a -> Upsample(scale_factor = 2); output y; y + x }\n')).models;
    expect(model!.layers.map(({ output }) => output)).toEqual([[3, 'H//2'], [3, 'H'], [3, 'H']]);
  });

  it('lists all models that need no arguments, in their order', () => {
    expect(json<Summary>('summary', resnet).models.map(({ name }) => name)).toEqual(['ResNet18', 'ResNet34', 'ResNet50']);
  });

  it('counts shared weights once', () => {
    const shared = file('shared.nn', 'model Twice { input x: [4]; f = Linear(4); x -> f -> f }\n');
    const [model] = json<Summary>('summary', shared).models;
    expect(model!.layers.map(({ name, params }) => [name, params])).toEqual([['f', 20], ['f', 0]]);
    expect(model!.params).toBe(20);
  });

  it('indents what stands in a stack and gives its totals', () => {
    const { out } = run('summary', file('stacked.nn', 'stack Block { Linear(2); ReLU }\nmodel Net { input x: [3]; Block; Linear(1) }\n'));
    const lines = out.split('\n').map((line) => line.trimEnd());
    expect(lines.find((line) => line.startsWith('Block'))).toMatch(/^Block +8 +6 +2$/);
    expect(lines.find((line) => line.includes('Linear(2)'))).toMatch(/^ {2}Linear\(2\) +\[2\] +8 +6 +1$/);
    expect(lines.find((line) => line.includes('Linear(1)'))).toMatch(/^Linear\(1\) +\[1\]/);
  });

  it('calls a layer by its own name, whatever its parameters are called', () => {
    const { out } = run('summary', file('encoder.nn', 'model M { input x: [5, 8]; TransformerEncoderLayer(2); encoder = TransformerEncoderLayer(4); encoder }\n'));
    expect(out).toMatch(/^TransformerEncoderLayer\(2\) +\[5, 8\]/m);
    expect(out).toMatch(/^encoder = TransformerEncoderLayer\(4\) +\[5, 8\]/m);
  });

  it('gives the parameters of a stack that is applied often one row per shape', () => {
    const { out } = run('summary', file('scaled.nn', 'stack Scaled { input x: [c]; param gamma: [c]; gamma * x }\nmodel M { input x: [3]; repeat 2 { Scaled }; Linear(5); Scaled }\n'));
    expect(out.match(/^gamma.*$/gm)?.map((line) => line.trim().replace(/ +/g, ' '))).toEqual(['gamma (parameter) ×2 [3] 6 1', 'gamma (parameter) [5] 5 1']);
  });

  it('says what is required of the input', () => {
    const [unet] = json<Summary>('summary', path.join(examples, 'inception_unet.nn'), 'UNet').models;
    expect(unet!.requirements).toEqual(['H % 16 == 0', 'W % 16 == 0']);
  });

  it.each([
    [['summary', exam, 'ExamCN'], 'did you mean ExamCNN?'],
    [['summary', resnet, 'ResNet'], 'ResNet needs arguments (block, depths)'],
    [['summary', resnet, '--at', 'Q=3'], 'Q is no free dimension of the models; there are H, W'],
    [['summary', exam, 'ExamCNN', '--at', 'H=3'], 'H is no free dimension of ExamCNN; there are none'],
    [['summary', path.join(examples, 'inception_unet.nn'), 'UNet', '--at', 'H=24'], '--at: H = 24 is not possible: UNet requires H % 16 == 0'],
    [['grad', path.join(examples, 'inception_unet.nn'), 'UNet', '--at', 'H=24'], '--at: H = 24 is not possible: UNet requires H % 16 == 0'],
    [['summary', resnet, '--at', 'H=0'], 'H must be a positive integer, but is 0'],
    [['summary', resnet, '--at', 'H=1.5'], 'H must be a positive integer, but is 1.5'],
    [['summary', resnet, '--at', 'H'], '--at takes sizes such as H=224,W=224'],
    [['summary', '/nowhere.nn'], 'cannot read /nowhere.nn: there is no such file'],
    [['summary', '/'], 'cannot read /: it is a folder'],
    [['summery', exam], 'Did you mean summary?'],
    [['summary', exam, '--jsn'], '--json'],
    [['lsp'], '--stdio'],
  ])('%j ends with 2 and says why', (given, message) => {
    const { code, error } = run(...given);
    expect(code).toBe(2);
    expect(error).toContain(message);
  });

  it('fails where a model has errors, and still shows what is known', () => {
    const { code, out, error } = run('summary', file('faulty.nn', faulty));
    expect(code).toBe(1);
    expect(out).toContain('Net');
    expect(error).toContain('no output is left');
  });
});

describe('nn compare', () => {
  it('prints totals and the layers as a diff, and exits with 1 where they differ', () => {
    const { code, out } = run('compare', exam, 'ExamCNN', 'Sigmoids');
    expect(code).toBe(1);
    expect(out).toMatch(/^Parameters +27,620 +27,428 +−192 \(×0\.993\)$/m);
    expect(out).toMatch(/^~ +ReLU → Sigmoid +\[32, 32, 32\]/m);
    expect(out).toContain('5 layers equal, 2 changed, 2 only on the left.');
  });

  it('exits with 0 where they are equal, and compares with another file', () => {
    const other = file('same.nn', 'model Tiny { input x: [2]; Linear(3) }\n');
    const again = file('again.nn', 'model Small(n = 3) { input x: [2]; Linear(n) }\n');
    expect(run('compare', other, 'Tiny', 'Small', '--with', again)).toEqual({ code: 0, out: expect.stringContaining('The only layer is equal.') as string, error: '' });
  });

  it('prints JSON', () => {
    const { left, layers } = json<{ left: { name: string; params: number }; layers: { kind: string; left: Layer | null; right: Layer | null }[] }>('compare', resnet, 'ResNet18', 'ResNet34', '--at', 'H=224,W=224');
    expect(left).toMatchObject({ name: 'ResNet18', params: 11_689_512 });
    expect(layers.filter(({ kind, left: one }) => kind === 'added' && one === null).length).toBeGreaterThan(10);
  });

  it('names a model that is not there', () => {
    expect(run('compare', exam, 'ExamCNN', 'Sigmoid')).toMatchObject({ code: 2, error: expect.stringContaining('did you mean Sigmoids?') as string });
  });
});

describe('nn grad', () => {
  const small = 'model Net { input x: [3]; target y: []; Linear(4); Tanh; Linear(1); output p; loss mse_loss(p, y) }\n';

  it('lists every tensor, agrees, and ends with 0', () => {
    const path = file('small.nn', small);
    expect(run('grad', path).code).toBe(0);
    expect(run('grad', path, '--memory', '0.000001').out.replace(/\s+/g, ' ')).toMatch(/needs .* GB of memory, more than the 0\.0000010 GB that it may take; give smaller sizes, or allow for more by the setting nn\.check\.memoryBudget or the option --memory/);
    const [model] = json<Grad>('grad', path).models;
    expect(model).toMatchObject({ name: 'Net', ok: true });
    expect(model!.worst!.relativeError).toBeLessThan(1e-6);
    expect(model!.tensors.map(({ name }) => name).sort()).toEqual(['Linear_1.bias', 'Linear_1.weight', 'Linear_2.bias', 'Linear_2.weight', 'x']);
  });

  it('fails where an assert about gradients does not hold, and names it', () => {
    const wrong = file('wrong.nn', 'model Net {\n  param w: []\n  loss w ^ 2\n  assert grad(loss, w) == 3 * w\n}\n');
    const { code, out } = run('grad', wrong);
    expect(code).toBe(1);
    expect(out).toContain('✗ assert grad(loss, w) == 3 * w');
  });

  it('fails for a model with errors and says so', () => {
    const { models } = json<Grad>('grad', file('faulty.nn', faulty));
    expect(models).toMatchObject([{ ok: false, problem: expect.stringContaining('has errors') as string }]);
  });

  it('shows its progress to those who watch', () => {
    const seen: string[] = [];
    main(['grad', file('small.nn', small)], { out: () => undefined, error: () => undefined, colours: false, progress: (text) => { seen.push(text); } }, () => undefined);
    expect(seen.some((text) => /^Net: .+ \d+ %$/.test(text))).toBe(true);
    expect(seen.at(-1)).toBe('');
  });

  it('has its workers start while the file is read, and ends them where there is nothing to check', () => {
    const ended: boolean[] = [];
    const host = (): CheckHost => new CheckHost(() => {
      const at = ended.push(false) - 1;
      return { post: () => undefined, onMessage: () => undefined, onFailure: () => undefined, terminate: () => { ended[at] = true; } };
    }, 2);
    const quiet = { out: () => undefined, error: () => undefined, colours: false };
    expect(main(['grad', path.join(folder, 'missing.nn')], quiet, () => undefined, host)).toBe(2);
    expect(ended).toEqual([true, true]);
  });
});

describe('nn format', () => {
  const untidy = 'model  Net{input x:[3];Linear( 4 )}\n';

  it('with --check fails for a file that is not canonical, and writes nothing', () => {
    const path = file('untidy.nn', untidy);
    expect(run('format', path, '--check')).toMatchObject({ code: 1, out: `${path} is not formatted\n` });
    expect(readFileSync(path, 'utf8')).toBe(untidy);
  });

  it('writes the canonical form, which it then leaves alone', () => {
    const path = file('untidy.nn', untidy);
    expect(run('format', path).code).toBe(0);
    expect(readFileSync(path, 'utf8')).not.toBe(untidy);
    expect(run('format', path, '--check')).toEqual({ code: 0, out: '', error: '' });
  });

  it('leaves a file with broken syntax alone', () => {
    const broken = 'model Net { input x: [3\n';
    const path = file('broken.nn', broken);
    expect(run('format', path)).toMatchObject({ code: 1, error: expect.stringContaining('stays as it is') as string });
    expect(readFileSync(path, 'utf8')).toBe(broken);
  });
});

describe('nn lsp', () => {
  it('starts the server', () => {
    let served = false;
    const code = main(['lsp', '--stdio'], { out: () => undefined, error: () => undefined, colours: false }, () => { served = true; });
    expect({ code, served }).toEqual({ code: 0, served: true });
  });
});

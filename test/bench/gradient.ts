// One measurement of the gradient engine, in a process of its own: prints a line of JSON. Times are of the processor, in milliseconds.

import { readFileSync } from 'node:fs';
import { RandomStream } from '../../server/src/base/random';
import { checkModel } from '../../server/src/check/run';
import { Lowering, nameLeaves } from '../../server/src/check/lower';
import { chooseSizes } from '../../server/src/check/sizes';
import { drawValues } from '../../server/src/check/values';
import { Builder } from '../../server/src/engine/builder';
import { prepareExecution } from '../../server/src/engine/execute';
import { checkGradients } from '../../server/src/engine/gradient-check/check';
import { Evaluation } from '../../server/src/engine/gradient-check/evaluation';
import { onLine, randomDirection } from '../../server/src/engine/gradient-check/lines';
import { addMatrixProduct } from '../../server/src/engine/kernels/accelerated';
import { denseMatrix } from '../../server/src/engine/kernels/matrix-product';
import { Arena } from '../../server/src/engine/kernels/wasm/arena';
import type { Implementation } from '../../server/src/engine/kernels/wasm/arena';
import type { Program, Ref } from '../../server/src/engine/program';
import { sizeOf } from '../../server/src/engine/shape';
import { analyse } from '../../server/src/semantics/analyse';
import { parse } from '../../grammar/parse';
import { examNetwork, Network } from '../engine/support/networks';

const [name, implementation] = process.argv.slice(2) as [string, Implementation];

function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The median of several runs after some that warm up. */
function measure(work: () => void, { warm = 5, rounds = 15 } = {}): { cpu: number; wall: number } {
  for (let i = 0; i < warm; i++) work();
  const times = Array.from({ length: rounds }, () => {
    const [cpu, wall] = [processorTime(), performance.now()];
    work();
    return { cpu: processorTime() - cpu, wall: performance.now() - wall };
  });
  const median = (of: (time: { cpu: number; wall: number }) => number): number => times.map(of).sort((a, b) => a - b)[rounds >> 1]!;
  return { cpu: median(({ cpu }) => cpu), wall: median(({ wall }) => wall) };
}

/** A model of a text as a program, with the sum of its outputs weighted at random as the loss. */
function lowered(text: string, model: string, sizes: Record<string, number>, batch: number): { program: Program; loss: Ref; leaves: Map<Ref, Float64Array>; check: Ref[] } {
  const uri = 'file:///bench.nn';
  const analysis = analyse(uri, (each) => (each === uri ? { uri, text, tree: parse(text).file } : undefined))!;
  const symbolic = analysis.modelAt(model, new Map())!;
  const chosen = chooseSizes(symbolic.graph, sizes)!;
  const { graph } = Object.keys(chosen).length === 0 ? symbolic : analysis.modelAt(model, new Map(Object.entries(chosen)))!;
  const names = nameLeaves(graph);
  const lowering = new Lowering(batch, names);
  const { builder } = lowering;
  const [output] = graph.outputs.flatMap(({ tensors }) => tensors);
  const ref = lowering.ref(output!);
  const weights = new Float64Array(sizeOf(builder.shape(ref)));
  new RandomStream(1, 'weights').fillBell(weights);
  const loss = builder.sum(builder.multiply(ref, builder.constant(weights, builder.shape(ref))));
  const leaves = new Map([...lowering.leaves].map(([tensor, leaf]) => [leaf, drawValues(graph, tensor, names.get(tensor)!, sizeOf(builder.shape(leaf)), 0)]));
  const check = [...lowering.leaves].filter(([tensor]) => tensor.source.kind === 'parameter').map(([, leaf]) => leaf);
  return { program: builder.program, loss, leaves, check };
}

/** The gradient and one directional difference of it: forward and backward, and twice forward with all parameters moved. */
function directional(text: string, model: string, sizes: Record<string, number>, batch: number, rounds: number): unknown {
  const { program, loss, leaves, check } = lowered(text, model, sizes, batch);
  const extended = new Builder({ program });
  const gradients = extended.gradient(loss, check);
  const execution = prepareExecution(extended.program, [loss, ...gradients, ...leaves.keys()], { implementation });
  execution.run(leaves);
  // From now on they lie where they are used, as in a check.
  const placed = new Map([...leaves.keys()].map((leaf) => [leaf, execution.valueOf(leaf)]));
  const track = new Evaluation(program, loss, leaves, { implementation }).track(check);
  let attempt = 0;
  return measure(() => {
    execution.run(placed);
    onLine(track, randomDirection(track, 0, ++attempt), (line) => [line(1e-6), line(-1e-6)]);
  }, { warm: 1, rounds });
}

function convolution(batch: number, channels: number, outputs: number, kernel: number, size: number): unknown {
  const network = new Network(0);
  const x = network.random([batch, channels, size, size], 'x');
  const y = network.convolutionLayer(x, 'conv', outputs, kernel, kernel >> 1);
  const wanted = network.gradient(y, [...network.leaves.keys()], network.constant(1, network.shape(y)));
  const execution = prepareExecution(network.program, [y, ...wanted], { implementation });
  return measure(() => execution.run(network.leaves), { warm: 10, rounds: 21 });
}

function matrixProduct(): unknown {
  const arena = new Arena(3 * 512 * 512, implementation);
  const [a, b, c] = [0, 1, 2].map(() => denseMatrix(arena.allocate(512 * 512).fill(1.5), 0, 512)) as [ReturnType<typeof denseMatrix>, ReturnType<typeof denseMatrix>, ReturnType<typeof denseMatrix>];
  return measure(() => addMatrixProduct(c, a, b, 512, 512, 512), { warm: 10, rounds: 21 });
}

function exam(gradient: boolean): unknown {
  const { network, loss, parameters } = examNetwork(0);
  const execution = prepareExecution(network.program, gradient ? [loss, ...network.gradient(loss, parameters)] : [loss], { implementation });
  return measure(() => execution.run(network.leaves), { warm: 20, rounds: 41 });
}

/** Every entry of every parameter, once as it starts and then warm. */
function fullCheck(): unknown {
  const { network, loss, parameters } = examNetwork(0);
  const check = (): number => {
    const report = checkGradients({ program: network.program, loss, leaves: network.leaves, check: parameters, budget: { milliseconds: 1e7 }, implementation });
    const checked = report.tensors.reduce((sum, tensor) => sum + tensor.checked, 0);
    if (!report.ok || checked !== 28_630) throw new Error(`the full check is ${report.ok ? 'incomplete' : 'wrong'}: ${checked} entries`);
    return checked;
  };
  const start = processorTime();
  check();
  const first = processorTime() - start;
  // The host compiles what it finds hot for some rounds more.
  return { ...measure(check, { warm: 10, rounds: 15 }), first };
}

/** A model of the examples within the default budget. */
function budget(file: string, model: string, sizes: Record<string, number>): unknown {
  const uri = 'file:///bench.nn';
  const start = performance.now();
  const cpu = processorTime();
  const report = checkModel({ files: [{ uri, text: readFileSync(file, 'utf8') }], file: uri, model, at: sizes });
  const sum = (of: (tensor: (typeof report.tensors)[number]) => number): number => report.tensors.reduce((total, tensor) => total + of(tensor), 0);
  return {
    wall: performance.now() - start, cpu: processorTime() - cpu, ok: report.ok, problem: report.problem, entries: sum(({ entries }) => entries), checked: sum(({ checked }) => checked),
    together: Math.max(1, ...report.tensors.map(({ together }) => together)), tensors: report.tensors.length, sizes: report.sizes, memory: Math.round(process.memoryUsage().rss / 1e6),
  };
}

const resnet = (): string => readFileSync('examples/resnet.nn', 'utf8');
const transformer = `model Encoder {
  input x: [64, 256]
  repeat 4 { TransformerEncoderLayer(4, 1024, dropout = 0) }
}`;

const cases: Record<string, () => unknown> = {
  'gemm': matrixProduct,
  'conv A': () => convolution(2, 3, 32, 5, 32),
  'conv B': () => convolution(2, 32, 64, 3, 16),
  'conv C': () => convolution(1, 64, 64, 3, 56),
  'exam forward': () => exam(false),
  'exam gradient': () => exam(true),
  'exam full check': fullCheck,
  'resnet18 32': () => directional(resnet(), 'ResNet18', { H: 32, W: 32 }, 2, 5),
  'resnet18 224': () => directional(resnet(), 'ResNet18', { H: 224, W: 224 }, 1, 3),
  'transformer': () => directional(transformer, 'Encoder', {}, 2, 5),
  'budget resnet50': () => budget('examples/resnet.nn', 'ResNet50', {}),
  'budget gpt2': () => budget('examples/gpt2.nn', 'GPT2', {}),
  'budget unet': () => budget('examples/inception_unet.nn', process.argv[4] ?? 'UNet', {}),
  'budget lstm': () => budget('examples/lstm_language_model.nn', process.argv[4] ?? 'LanguageModel', {}),
};

console.log(JSON.stringify(cases[name]!()));

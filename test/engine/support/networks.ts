// Small networks written directly in primitives, with random values for their leaves.

import { RandomStream } from '../../../server/src/base/random';
import { Builder } from '../../../server/src/engine/builder';
import type { Ref } from '../../../server/src/engine/program';
import type { DerivativeTable } from '../../../server/src/engine/primitive';
import { sizeOf } from '../../../server/src/engine/shape';
import type { Shape } from '../../../server/src/engine/shape';

/** A builder whose leaves are filled with random numbers. */
export class Network extends Builder {
  readonly leaves = new Map<Ref, Float64Array>();

  constructor(seed: number, derivatives?: Partial<DerivativeTable>) {
    super({ seed, derivatives });
  }

  /** A leaf with normal entries of the given spread. */
  random(shape: Shape, name: string, spread = 1): Ref {
    const stream = new RandomStream(this.seed, name);
    const ref = this.leaf(shape, name);
    this.leaves.set(ref, Float64Array.from({ length: sizeOf(shape) }, (_, i) => spread * stream.normal(i)));
    return ref;
  }

  convolutionLayer(x: Ref, name: string, channels: number, kernel: number, padding: number): Ref {
    this.origin = name;
    const input = this.shape(x)[1]!;
    const bound = 1 / Math.sqrt(input * kernel * kernel);
    const weight = this.random([channels, input, kernel, kernel], `${name}.weight`, bound);
    const bias = this.random([channels], `${name}.bias`, bound);
    const geometry = { stride: [1, 1], paddingBefore: [padding, padding], paddingAfter: [padding, padding], dilation: [1, 1], groups: 1 };
    return this.add(this.convolution(x, weight, geometry), this.reshape(bias, [channels, 1, 1]));
  }

  batchNorm(x: Ref, name: string): Ref {
    this.origin = name;
    const channels = this.shape(x)[1]!;
    const weight = this.random([channels], `${name}.weight`);
    const bias = this.random([channels], `${name}.bias`);
    const axes = this.shape(x).map((_, axis) => axis).filter((axis) => axis !== 1);
    const scale = this.reciprocal(this.sqrt(this.add(this.variance(x, axes, 0, true), this.scalar(1e-5))));
    const normal = this.multiply(this.subtract(x, this.mean(x, axes, true)), scale);
    const perChannel = [channels, ...axes.slice(1).map(() => 1)];
    return this.add(this.multiply(normal, this.reshape(weight, perChannel)), this.reshape(bias, perChannel));
  }

  linear(x: Ref, name: string, features: number): Ref {
    this.origin = name;
    const input = this.shape(x).at(-1)!;
    const weight = this.random([features, input], `${name}.weight`, 1 / Math.sqrt(input));
    const bias = this.random([features], `${name}.bias`, 1 / Math.sqrt(input));
    return this.add(this.matrixProduct(x, weight, false, true), bias);
  }

  maxPool2(x: Ref, name: string): Ref {
    this.origin = name;
    return this.maxPool(x, { kernel: [2, 2], stride: [2, 2], paddingBefore: [0, 0], paddingAfter: [0, 0] });
  }

  crossEntropy(logits: Ref): Ref {
    this.origin = 'loss';
    const [batch, classes] = this.shape(logits) as [number, number];
    const stream = new RandomStream(this.seed, 'labels');
    const labels = this.constant(Array.from({ length: batch }, (_, i) => stream.integer(i, classes)), [batch]);
    return this.negate(this.mean(this.pick(this.logSoftmax(logits, 1), labels, 1)));
  }
}

/** The network of the exam with a 10-way head: 28,630 parameters. */
export function examNetwork(seed: number, size = 32, widths = [32, 64, 100], derivatives?: Partial<DerivativeTable>): { network: Network; loss: Ref; parameters: Ref[] } {
  const network = new Network(seed, derivatives);
  const image = network.random([2, 3, size, size], 'image');
  let x = network.convolutionLayer(image, 'conv1', widths[0]!, 5, 2);
  x = network.relu(x);
  x = network.maxPool2(network.batchNorm(x, 'norm1'), 'pool1');
  x = network.convolutionLayer(x, 'conv2', widths[1]!, 3, 1);
  x = network.relu(x);
  x = network.maxPool2(network.batchNorm(x, 'norm2'), 'pool2');
  x = network.convolutionLayer(x, 'conv3', widths[2]!, 1, 0);
  network.origin = 'head';
  x = network.reshape(network.adaptiveAveragePool(x, [1, 1]), [2, widths[2]!]);
  const loss = network.crossEntropy(network.linear(x, 'head', 10));
  return { network, loss, parameters: [...network.leaves.keys()].filter((ref) => ref !== image) };
}

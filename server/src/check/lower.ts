// From a model's graph to a program of the engine: every tensor with a batch axis where it has one, at known sizes.

import { Builder, type Ref } from '../engine/builder';
import type { AnyNode, Graph, Tensor } from '../semantics/graph';

/** Functions that align and broadcast their operands themselves; for all others every operand gets the whole batch. */
const aligning = new Set([
  ...['add', 'subtract', 'multiply', 'divide', 'floor_divide', 'remainder', 'power', 'maximum', 'minimum'],
  ...['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'logical_and', 'logical_or', 'where', 'matmul'],
]);

export class Lowering {
  private readonly refs = new Map<Tensor, Ref>();
  /** The leaves of the program: inputs, targets and parameters. */
  readonly leaves: Map<Tensor, Ref>;

  constructor(
    readonly batch: number,
    readonly names: ReadonlyMap<Tensor, string>,
    readonly builder: Builder = new Builder(),
    leaves = new Map<Tensor, Ref>(),
  ) {
    this.leaves = leaves;
  }

  /** The same in the same program, without what is known of some tensors: they are made again when they are asked for. */
  without(tensors: ReadonlySet<Tensor>): Lowering {
    const made = new Lowering(this.batch, this.names, this.builder, this.leaves);
    for (const [tensor, ref] of this.refs) if (!tensors.has(tensor)) made.refs.set(tensor, ref);
    return made;
  }

  /** Takes a value of the program for a tensor. */
  feed(tensor: Tensor, ref: Ref): void {
    this.refs.set(tensor, ref);
  }

  /** A tensor in the program: batched ones have a leading axis of the batch size, others their written shape. */
  ref(tensor: Tensor): Ref {
    const known = this.refs.get(tensor);
    if (known !== undefined) return known;
    // Deep graphs would overflow the stack: nodes are lowered in their order.
    for (const node of pendingNodes(tensor, this.refs)) this.lower(node);
    return this.refs.get(tensor) ?? this.source(tensor);
  }

  private source(tensor: Tensor): Ref {
    const { source } = tensor;
    const shape = this.shapeOf(tensor);
    let ref: Ref;
    if (source.kind === 'constant') ref = this.builder.constant(source.value, []);
    else {
      ref = this.builder.leaf(shape, this.names.get(tensor) ?? (source.kind === 'node' ? 'value' : source.name));
      this.leaves.set(tensor, ref);
    }
    this.refs.set(tensor, ref);
    return ref;
  }

  shapeOf(tensor: Tensor): readonly number[] {
    const written = tensor.type.shape.map((dimension) => {
      if (typeof dimension !== 'number') throw new Error(`the size ${String(dimension)} is free`);
      return dimension;
    });
    return tensor.batched ? [this.batch, ...written] : written;
  }

  private lower(node: AnyNode): void {
    const { builder } = this;
    builder.origin = node.id;
    if (node.kind === 'gradient') {
      const [of, by] = node.inputs;
      const scalar = this.ref(of);
      // Each example's value depends on its own input, so that the sum has all their derivatives; by a weight it is that of the mean, as a loss is one.
      const total = of.batched && !by.batched ? builder.mean(scalar) : builder.sum(scalar);
      const [derivative] = builder.gradient(total, [this.ref(by)]);
      this.refs.set(node.outputs[0]!, derivative!);
      return;
    }
    const batched = node.inputs.some((input) => input.batched);
    const inputs = node.inputs.map((input) => {
      const ref = this.ref(input);
      if (input.batched) return ref;
      const alone = builder.reshape(ref, [1, ...builder.shape(ref)]);
      if (!batched || aligning.has(node.operation.name)) return alone;
      return builder.broadcastTo(alone, [this.batch, ...builder.shape(ref)]);
    });
    builder.origin = node.id;
    const parameters = Object.fromEntries(
      (node.effect.parameters ?? []).map((parameter, index) => [parameter.name, this.ref(node.parameters[index]!)]),
    );
    const made = node.effect.execute({ builder, inputs, parameters, batch: batched ? this.batch : 1, key: String(node.id) });
    const refs = typeof made === 'number' ? [made] : made;
    for (const [index, output] of node.outputs.entries()) {
      const ref = refs[index]!;
      this.refs.set(output, output.batched ? ref : builder.reshape(ref, this.shapeOf(output)));
    }
  }
}

/** A tensor without the axis of the batch of one. */
export function ofOneExample(lowering: Lowering, tensor: Tensor): Ref {
  const { builder } = lowering;
  const ref = lowering.ref(tensor);
  return tensor.batched ? builder.reshape(ref, builder.shape(ref).slice(1)) : ref;
}

/** The nodes that a tensor still needs, in their order. */
function pendingNodes(tensor: Tensor, known: ReadonlyMap<Tensor, Ref>): readonly AnyNode[] {
  const needed = new Set<AnyNode>();
  const pending: Tensor[] = [tensor];
  while (pending.length > 0) {
    const next = pending.pop()!;
    if (next.source.kind !== 'node' || known.has(next) || needed.has(next.source.node)) continue;
    needed.add(next.source.node);
    pending.push(...next.source.node.inputs);
  }
  return [...needed].sort((a, b) => a.id - b.id);
}

/** A name for every leaf that people can find in the text: `head.weight`, `Conv2d_2.bias`, `image`. */
export function nameLeaves(graph: Graph): ReadonlyMap<Tensor, string> {
  const names = new Map<Tensor, string>();
  const counts = new Map<string, number>();
  const ordinals = new Map<object, string>();
  for (const tensor of [...graph.inputs, ...graph.targets]) {
    if (tensor.source.kind === 'input' || tensor.source.kind === 'target') names.set(tensor, tensor.source.name);
  }
  for (const tensor of graph.parameters) {
    const { source } = tensor;
    if (source.kind !== 'parameter') continue;
    if (source.layer === undefined) {
      names.set(tensor, numbered(counts, source.name, 'bare'));
      continue;
    }
    let owner = ordinals.get(source.layer);
    if (owner === undefined) {
      const { label, operation } = source.layer;
      owner = label === undefined ? numbered(counts, operation.name, 'always') : numbered(counts, label, 'bare');
      ordinals.set(source.layer, owner);
    }
    names.set(tensor, `${owner}.${source.name}`);
  }
  return names;
}

function numbered(counts: Map<string, number>, name: string, first: 'bare' | 'always'): string {
  const count = (counts.get(name) ?? 0) + 1;
  counts.set(name, count);
  return count === 1 && first === 'bare' ? name : `${name}_${String(count)}`;
}

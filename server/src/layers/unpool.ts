// Layers that undo maximum pools: every value goes to the place that a pool took it from.

import { add, type Dimension, multiply, print, subtract } from '../symbolic/dimension';
import { type ArgumentDefinitions, optional, perAxis, shapeOf } from './arguments';
import { knownAmong, requireFloat, requireSpatial } from './check';
import { type Arguments, type Call, type InputDefinition, type Operation, operation, type Step, torchPage } from './definition';
import { identity, unevenWindow } from './dependence';
import { elements, float, printShape } from './tensor';
import { axisName } from './window';
import { noWork } from './work';

interface UnpoolArguments {
  kernel_size: readonly number[];
  stride: readonly number[] | null;
  padding: readonly number[];
}

const inputs: readonly InputDefinition[] = [{ name: 'input' }, { name: 'indices', documentation: 'The indices of a MaxPool with return_indices: places counted row by row over the spatial axes.' }];

/** The sizes: given ones, or those that the pool's arguments lead back to; undefined after a problem was reported. */
function sizesOf(call: Call<UnpoolArguments>, name: string): { readonly sizes: readonly Dimension[]; readonly steps: readonly Step[] } | undefined {
  const { kernel_size, stride, padding } = call.arguments;
  const wanted = (call.forward as { readonly output_size?: readonly Dimension[] | null } | undefined)?.output_size ?? undefined;
  const spatial = call.inputs[0]!.shape.slice(1);
  if (wanted !== undefined && wanted.length !== spatial.length) {
    return call.problem({ code: 'wrong-list-length', message: `output_size of ${name} has one size for each of the ${String(spatial.length)} spatial axes, but is ${printShape(wanted)}` });
  }
  const sizes: Dimension[] = [];
  const steps: Step[] = [];
  for (const [axis, n] of spatial.entries()) {
    const step = stride?.[axis] ?? kernel_size[axis]!;
    const plain = add(multiply(subtract(n, 1), step), kernel_size[axis]! - 2 * padding[axis]!);
    const where = axisName(spatial.length, axis);
    const size = wanted?.[axis] ?? plain;
    const formula = `(${print(n)} − 1)·${String(step)} − 2·${String(padding[axis])} + ${String(kernel_size[axis])} = ${print(plain)}`;
    if (!call.requireAtLeast(plain, 1)) return call.problem({ code: 'no-output-left', message: `no output is left in ${where}: ${formula}` });
    // torch.nn.modules.pooling: what a stride may have left unread.
    const [less, more] = [subtract(size, add(plain, 1 - step)), subtract(add(plain, step - 1), size)];
    if (wanted !== undefined && (!call.requireAtLeast(less, 0) || !call.requireAtLeast(more, 0))) {
      return call.problem({ code: 'wrong-output-size', message: `output_size of ${name} must be between ${print(add(plain, 1 - step))} and ${print(add(plain, step - 1))} in ${where}, less than a stride from ${formula}, but is ${print(size)}`, data: { sizes: knownAmong(plain) } });
    }
    sizes.push(size);
    steps.push({ what: where, formula: wanted === undefined ? formula : `${print(n)} → ${print(size)}` });
  }
  return { sizes, steps };
}

function maxUnpool(axes: 1 | 2 | 3): Operation {
  const name = `MaxUnpool${String(axes)}d`;
  return operation<UnpoolArguments>({
    name,
    summary: 'Puts every value where a MaxPool found it, and zeros elsewhere.',
    formula: 'y[indices[i]] = x[i];  out = (in − 1)·stride − 2·padding + kernel_size',
    source: `${torchPage(`torch.nn.${name}`)} · Zeiler et al., 2011`,
    inputs,
    keeps: ['indices'],
    work: noWork,
    arguments: {
      kernel_size: perAxis(axes, { minimum: 1, documentation: 'The kernel of the pool.' }),
      stride: optional(perAxis(axes, { minimum: 1, documentation: 'The stride of the pool; the kernel size unless given.' })),
      padding: perAxis(axes, { minimum: 0, default: 0, documentation: 'The padding of the pool.' }),
    },
    forward: { output_size: optional(shapeOf('The spatial sizes of the output; several lead to one pooled size.', { rest: false })) } as unknown as ArgumentDefinitions<Arguments>,
    indexBound: (input, _types, effect) => (input === 1 ? elements(effect.output.shape.slice(1)) : undefined),
    infer(call) {
      const [input, indices] = call.inputs as [Call['inputs'][number], Call['inputs'][number]];
      if (!requireSpatial(call, name, axes)) return undefined;
      if (!requireFloat({ inputs: [input], problem: (problem) => call.problem(problem) }, name)) return undefined;
      if (indices.element !== 'int') {
        return call.problem({ code: 'wrong-element', message: `the indices of ${name} must be int, but are floats ${printShape(indices.shape)}; MaxPool${String(axes)}d(…, return_indices = true) gives them as its result indices`, data: { element: 'int' } });
      }
      if (indices.shape.length !== input.shape.length || !indices.shape.every((size, axis) => call.requireEqual(size, input.shape[axis]!))) {
        return call.problem({ code: 'wrong-indices-shape', message: `${name} takes an index for each entry of its input ${printShape(input.shape)}, but indices is ${printShape(indices.shape)}` });
      }
      const sized = sizesOf(call, name);
      if (sized === undefined) return undefined;
      const { kernel_size, stride } = call.arguments;
      if (kernel_size.some((kernel, axis) => (stride?.[axis] ?? kernel) < kernel)) {
        call.warn({ code: 'overlapping-unpool', argument: 'stride', message: `windows with a stride below the kernel overlap, and where two of them picked one place, PyTorch leaves open which value ${name} puts there; here they add up` });
      }
      const [channels] = input.shape;
      return {
        output: float(channels!, ...sized.sizes),
        steps: sized.steps,
        dependence: {
          windows: [0, 1].flatMap((from) => [identity(from, 0, 0), ...sized.sizes.map((_, axis) => unevenWindow(from, axis + 1, axis + 1))]),
          mixed: [],
        },
        execute: ({ builder, inputs: [x, places] }) => {
          const [batch, depth, ...spatial] = builder.shape(x!) as [number, number, ...number[]];
          const count = spatial.reduce((a, b) => a * b, 1);
          const sizes = sized.sizes as readonly number[];
          const flat = (ref: number): number => builder.reshape(builder.broadcastTo(ref, [batch, depth, ...spatial]), [batch, depth, count]);
          const spread = builder.scatterAdd(flat(x!), flat(places!), sizes.reduce((a, b) => a * b, 1), 2);
          return builder.reshape(spread, [batch, depth, ...sizes]);
        },
      };
    },
  });
}

export const unpools: readonly Operation[] = [maxUnpool(1), maxUnpool(2), maxUnpool(3)];

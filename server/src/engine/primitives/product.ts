// Matrix product and convolution. A convolution is linear in each of x and w; it and its two adjoints are each other's derivatives.

import { EngineError } from '../errors';
import { addConvolution, convolveInputGradient, convolveWeightGradient } from '../kernels/convolution';
import { convolutionLayout } from '../kernels/patches';
import type { Layout } from '../kernels/patches';
import { multiplyViews, multiplyViewsCalls } from '../kernels/products';
import type { ProductSizes } from '../kernels/products';
import { denseView } from '../kernels/strided';
import type { View } from '../kernels/strided';
import type { Call, PrimitiveTable } from '../primitive';
import type { AttributesOf, ConvolutionGeometry } from '../program';
import { formatShape, sameShape } from '../shape';
import type { Shape } from '../shape';

type ProductNames = 'matmul' | 'convolution' | 'convolutionInputGradient' | 'convolutionWeightGradient';

/** The length of a convolution's output along one axis; may be 0 or negative where the kernel does not fit. */
function outputLength(axis: number, input: number, kernel: number, g: ConvolutionGeometry): number {
  const padded = input + g.paddingBefore[axis]! + g.paddingAfter[axis]!;
  return Math.floor((padded - g.dilation[axis]! * (kernel - 1) - 1) / g.stride[axis]!) + 1;
}

/** Checks the shapes of x and w and gives the shape of their convolution. */
function convolutionShape(x: Shape, w: Shape, geometry: ConvolutionGeometry): Shape {
  const spatial = x.length - 2;
  if (spatial < 1 || spatial > 3 || w.length !== x.length) {
    throw new EngineError(`input ${formatShape(x)} and weight ${formatShape(w)} need 1 to 3 spatial axes each`);
  }
  const { groups } = geometry;
  if (x[1]! % groups !== 0 || w[0]! % groups !== 0 || w[1] !== x[1]! / groups) {
    throw new EngineError(`weight ${formatShape(w)} with ${groups} groups does not fit the ${x[1]!} channels of ${formatShape(x)}`);
  }
  for (const key of ['stride', 'dilation', 'paddingBefore', 'paddingAfter'] as const) {
    const values = geometry[key];
    const least = key === 'stride' || key === 'dilation' ? 1 : -Infinity;
    if (values.length !== spatial || values.some((value) => !Number.isInteger(value) || value < least)) {
      throw new EngineError(`${key} ${formatShape(values)} does not fit ${spatial} spatial axes`);
    }
  }
  const lengths = x.slice(2).map((length, axis) => outputLength(axis, length, w[axis + 2]!, geometry));
  if (lengths.some((length) => length < 1)) {
    throw new EngineError(`a kernel of ${formatShape(w.slice(2))} does not fit into ${formatShape(x.slice(2))}`);
  }
  return [x[0]!, w[0]!, ...lengths];
}

function checkCotangent(g: Shape, y: Shape): void {
  if (!sameShape(g, y)) throw new EngineError(`a cotangent of ${formatShape(g)} does not fit an output of ${formatShape(y)}`);
}

function geometryOf({ stride, paddingBefore, paddingAfter, dilation, groups }: ConvolutionGeometry): ConvolutionGeometry {
  return { stride, paddingBefore, paddingAfter, dilation, groups };
}

const layouts = new WeakMap<Call<ConvolutionGeometry>, Layout>();

/** The layout of one application, for as long as it is repeated. */
function layoutOf(call: Call<ConvolutionGeometry>, x: Shape, w: Shape, y: Shape): Layout {
  let layout = layouts.get(call);
  if (!layout) layouts.set(call, (layout = convolutionLayout(x, w, y, call.attributes)));
  return layout;
}

function sizesOf({ shape, inputShapes, attributes }: Call<AttributesOf['matmul']>): ProductSizes {
  return { ...attributes, shape, depth: inputShapes[0]!.at(attributes.transposeLeft ? -2 : -1)! };
}

/** The output and the two factors of a product. */
function viewsOf(output: Float64Array, [a, b]: readonly Float64Array[], { shape, inputShapes: [left, right] }: Call<AttributesOf['matmul']>): [View, View, View] {
  return [denseView(output, shape), denseView(a!, left!), denseView(b!, right!)];
}

export const products: Pick<PrimitiveTable, ProductNames> = {
  // Of the last two axes, for each place of the leading ones; either side may be read transposed.
  // C = A·B: ∂A = G·Bᵀ, ∂B = Aᵀ·G
  matmul: {
    shape: ([a, b], { transposeLeft, transposeRight }) => {
      if (a!.length < 2 || b!.length !== a!.length || !sameShape(a!.slice(0, -2), b!.slice(0, -2))) {
        throw new EngineError(`${formatShape(a!)} and ${formatShape(b!)} do not match in their leading axes`);
      }
      const [rows, depth] = transposeLeft ? [a!.at(-1)!, a!.at(-2)!] : [a!.at(-2)!, a!.at(-1)!];
      const [depthRight, columns] = transposeRight ? [b!.at(-1)!, b!.at(-2)!] : [b!.at(-2)!, b!.at(-1)!];
      if (depth !== depthRight) {
        throw new EngineError(`the inner sizes of ${formatShape(a!)} and ${formatShape(b!)} differ: ${depth} against ${depthRight}`);
      }
      return [...a!.slice(0, -2), rows, columns];
    },
    forward: (output, inputs, call) => {
      multiplyViews(...viewsOf(output, inputs, call), sizesOf(call));
    },
    calls: (output, inputs, call) => multiplyViewsCalls(...viewsOf(output, inputs, call), sizesOf(call)),
    vjp: (builder, g, [a, b], _, { transposeLeft, transposeRight }, needed) => [
      !needed[0]
        ? undefined
        : transposeLeft
          ? builder.matrixProduct(b!, g, transposeRight, true)
          : builder.matrixProduct(g, b!, false, !transposeRight),
      !needed[1]
        ? undefined
        : transposeRight
          ? builder.matrixProduct(g, a!, true, transposeLeft)
          : builder.matrixProduct(a!, g, !transposeLeft, false),
    ],
  },

  // y[n, o, p] = Σ w[o, c, k] · x[n, c, p·stride − padding + k·dilation] over c and k
  convolution: {
    shape: ([x, w], geometry) => convolutionShape(x!, w!, geometry),
    forward: (output, [x, w], call) => {
      const { shape, inputShapes } = call;
      addConvolution(output, x!, w!, layoutOf(call, inputShapes[0]!, inputShapes[1]!, shape), null);
    },
    vjp: (builder, g, [x, w], _, geometry, needed) => [
      needed[0] ? builder.convolutionInputGradient(g, w!, geometry, builder.shape(x!).slice(2)) : undefined,
      needed[1] ? builder.convolutionWeightGradient(x!, g, geometry, builder.shape(w!).slice(2)) : undefined,
    ],
  },

  // The adjoint in x, which is also the transposed convolution; linear in the cotangent and in w.
  convolutionInputGradient: {
    shape: ([g, w], { inputSizes, ...geometry }) => {
      const x = [g![0]!, w![1]! * geometry.groups, ...inputSizes];
      checkCotangent(g!, convolutionShape(x, w!, geometry));
      return x;
    },
    forward: (output, [g, w], call) => {
      convolveInputGradient(output, g!, w!, layoutOf(call, call.shape, call.inputShapes[1]!, call.inputShapes[0]!));
    },
    vjp: (builder, u, [g, w], _, attributes, needed) => [
      needed[0] ? builder.convolution(u, w!, geometryOf(attributes)) : undefined,
      needed[1]
        ? builder.convolutionWeightGradient(u, g!, geometryOf(attributes), builder.shape(w!).slice(2))
        : undefined,
    ],
  },

  // The adjoint in w; linear in x and in the cotangent.
  convolutionWeightGradient: {
    shape: ([x, g], { kernelSizes, ...geometry }) => {
      const w = [g![1]!, x![1]! / geometry.groups, ...kernelSizes];
      checkCotangent(g!, convolutionShape(x!, w, geometry));
      return w;
    },
    forward: (output, [x, g], call) => {
      convolveWeightGradient(output, x!, g!, layoutOf(call, call.inputShapes[0]!, call.shape, call.inputShapes[1]!));
    },
    vjp: (builder, u, [x, g], _, attributes, needed) => [
      needed[0] ? builder.convolutionInputGradient(g!, u, geometryOf(attributes), builder.shape(x!).slice(2)) : undefined,
      needed[1] ? builder.convolution(x!, u, geometryOf(attributes)) : undefined,
    ],
  },
};

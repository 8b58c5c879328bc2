// What is known of a network for all sizes is what each size by itself gives: random networks, analysed with free and with given sizes.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { countMacs, countParameters } from '../../server/src/semantics/cost';
import type { EvaluatedModel } from '../../server/src/semantics/model';
import { receptiveFieldsOf } from '../../server/src/features/figures';
import { type Dimension, substitute } from '../../server/src/symbolic/dimension';
import { rangeOf, smallestFrom } from '../../server/src/symbolic/domain';
import { analyseText } from '../support/analyse';

const some = (max: number, min = 1): fc.Arbitrary<number> => fc.integer({ min, max });

const convolution = fc.record({ k: some(5), s: some(3), p: some(3, 0), d: some(2) }).map(({ k, s, p, d }) => `Conv2d(4, ${String(k)}, stride = ${String(s)}, padding = ${String(p)}, dilation = ${String(d)})`);
const uneven = fc.tuple(some(4), some(4), some(2), some(3)).map(([a, b, c, d]) => `Conv2d(4, [${String(a)}, ${String(b)}], stride = [${String(c)}, ${String(d)}])`);
const pool = fc.tuple(some(4), some(3), fc.boolean()).map(([k, s, ceil]) => `MaxPool2d(${String(k)}, stride = ${String(s)}, padding = ${String(k >> 1)}, ceil_mode = ${String(ceil)})`);
const transposed = fc.tuple(some(4), some(3)).map(([k, s]) => `ConvTranspose2d(4, ${String(k)}, stride = ${String(s)}, output_padding = ${String(s - 1)})`);
const plain = fc.constantFrom('ReLU', 'Conv2d(4, 3, padding = "same")', 'AvgPool2d(2)', 'Upsample(scale_factor = 2)', 'ZeroPad2d(1)', 'repeat 2 { Conv2d(4, 3, stride = 2, padding = 1) }', '{ input f; f[:, 1:, ::2] }', 'concat { Identity; { MaxPool2d(2); Upsample(scale_factor = 2) } }; Conv2d(4, 1)', 'residual { Conv2d(4, 3, padding = 1); Conv2d(4, 3, padding = 1) }');
const network = fc.array(fc.oneof(convolution, uneven, pool, transposed, plain), { minLength: 1, maxLength: 5 }).map((layers) => (H: string, W: string) => `model M {\n  input x: [4, ${H}, ${W}]\n  ${layers.join('\n  ')}\n  output y\n}`);

function evaluated(text: string): { readonly model: EvaluatedModel; readonly isSound: boolean } {
  const { models: [model], diagnostics } = analyseText(text);
  return { model: model!, isSound: !diagnostics.some(({ severity }) => severity === 'error') };
}

function facts({ graph }: EvaluatedModel, at: (size: Dimension) => unknown): object {
  const output = graph.outputs[0]!.tensors[0]!;
  return {
    shapes: graph.nodes.map((node) => node.outputs.map(({ type }) => type.shape.map(at))),
    macs: at(countMacs(graph.nodes)),
    parameters: countParameters(graph.parameters),
    // How far the last window of a pool that rounds up reaches behind depends on the size.
    fields: receptiveFieldsOf(graph, output).map((field) => JSON.stringify(field.axes, (key, value: unknown) => (key === 'after' ? undefined : value))),
  };
}

it('shapes, figures, receptive fields and requirements of free sizes are those of every size', () => {
  let compared = 0;
  fc.assert(
    fc.property(network, fc.array(fc.tuple(some(40), some(40)), { minLength: 4, maxLength: 4 }), (text, sizes) => {
      const free = evaluated(text('H', 'W'));
      if (!free.isSound) return;
      for (const [H, W] of sizes) {
        const given = evaluated(text(String(H), String(W)));
        const isAdmissible = ([['H', H], ['W', W]] as const).every(([name, size]) => smallestFrom(rangeOf(free.model.graph.domain, name), size) === size);
        expect(given.isSound, `${text('H', 'W')} at ${String(H)}, ${String(W)}`).toBe(isAdmissible);
        if (!isAdmissible) continue;
        compared++;
        const at = (size: Dimension): unknown => substitute(size, ({ name }) => (name === 'H' ? H : W));
        expect(facts(free.model, at)).toEqual(facts(given.model, at));
      }
    }),
    { numRuns: 150 },
  );
  expect(compared).toBeGreaterThan(150);
});

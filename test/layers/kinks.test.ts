// At kinks the derivatives are those that PyTorch takes there, recorded in test/oracle/kinks.json.

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Lowering, nameLeaves } from '../../server/src/check/lower';
import { run } from '../../server/src/engine/execute';
import { analyseText } from '../support/analyse';

interface Recorded {
  readonly points: readonly number[];
  readonly cases: readonly { readonly expression: string; readonly derivatives: readonly number[] }[];
}

const { points, cases } = JSON.parse(readFileSync(new URL('../oracle/kinks.json', import.meta.url), 'utf8')) as Recorded;

it.each(cases)('of $expression', ({ expression, derivatives }) => {
  const analysis = analyseText(`model M { input x: [${String(points.length)}]; y = ${expression}; loss sum(y) }`);
  expect(analysis.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  const { graph } = analysis.models[0]!;
  const lowering = new Lowering(1, nameLeaves(graph));
  const [x, loss] = [lowering.ref(graph.inputs[0]!), lowering.ref(graph.losses[0]!)];
  const [slope] = lowering.builder.gradient(lowering.builder.sum(loss), [x]);
  // The slope of PReLU, where there is one.
  const leaves = new Map([...lowering.leaves.values()].map((ref) => [ref, ref === x ? Float64Array.from(points) : new Float64Array([0.25])]));
  const [found] = run(lowering.builder.program, leaves, [slope!]);
  for (const [index, derivative] of derivatives.entries()) expect(found![index], `at ${String(points[index])}`).toBeCloseTo(derivative, 6);
});

// Losses that courses and papers write down: what hovers say of their derivatives, and that it is what the engine computes.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Lowering, nameLeaves } from '../../server/src/check/lower';
import { drawValues } from '../../server/src/check/values';
import { run } from '../../server/src/engine/execute';
import { derivativeLine, derivativesOf, namesOf } from '../../server/src/features/derivatives';
import { formsOf } from '../../server/src/semantics/derivative/forms';
import { printExpression } from '../../server/src/semantics/derivative/print';
import type { Tensor } from '../../server/src/semantics/graph';
import type { EvaluatedModel } from '../../server/src/semantics/model';
import { documentOf } from '../support/fixture';
import { evaluateExpression, type Values } from './support/evaluate-expression';

const document = documentOf(readFileSync(path.join(import.meta.dirname, 'derivative/losses.nn'), 'utf8'));
const { models } = document.analysis;

const leavesOf = ({ graph }: EvaluatedModel): readonly Tensor[] => [...graph.inputs, ...graph.targets, ...graph.parameters].filter(({ type }) => type.element === 'float');

it('all of them are analysed', () => {
  expect(document.analysis.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
});

it('their hovers', async () => {
  const text = models.map((model) => [`${model.name}\n`, ...leavesOf(model).flatMap((tensor) => derivativeLine(tensor, model.run, document) ?? []).map((line) => `  ${line}\n`)].join(''));
  await expect(text.join('\n')).toMatchFileSnapshot('golden/loss-derivatives.txt');
});

describe.each(models.map((model) => [model.name, model] as const))('the derivatives of %s', (_, model) => {
  it.each([3, 7])('equal those of the engine at point %d', (seed) => {
    const { graph } = model;
    const names = nameLeaves(graph);
    const derivatives = derivativesOf(model, document);
    const naming = namesOf(model, document);
    const nameOf = (tensor: Tensor): string | undefined => naming(tensor) ?? (tensor.source.kind === 'parameter' ? names.get(tensor) : undefined);
    const named = [...new Set([...graph.inputs, ...graph.targets, ...graph.parameters, ...graph.nodes.flatMap(({ outputs }) => outputs)])].filter((tensor) => nameOf(tensor) !== undefined);
    const lowering = new Lowering(1, names);
    const { builder } = lowering;
    const leaves = leavesOf(model);
    const values = named.map((tensor) => lowering.ref(tensor));
    const gradients = builder.gradient(builder.sum(lowering.ref(graph.losses[0]!)), leaves.map((tensor) => lowering.ref(tensor)));
    const drawn = new Map([...lowering.leaves].map(([tensor, ref]) => [ref, drawValues(graph, tensor, names.get(tensor)!, lowering.shapeOf(tensor).reduce((a, b) => a * b, 1), seed)]));
    const found = run(builder.program, drawn, [...values, ...gradients]);
    const symbols: Values = new Map(named.map((tensor, index) => [nameOf(tensor)!, { shape: tensor.type.shape as number[], data: found[index]! }]));
    for (const [index, tensor] of leaves.entries()) {
      const expression = derivatives.derivative(graph.losses[0]!, tensor);
      const engine = found[named.length + index]!;
      const scale = Math.max(1, ...engine.map(Math.abs));
      for (const form of expression === undefined ? [] : formsOf(expression)) {
        const symbolic = evaluateExpression(form, symbols, tensor.type.shape as number[]);
        for (const [place, value] of engine.entries()) expect(Math.abs(symbolic[place]! - value) / scale, `${nameOf(tensor)!}: ${printExpression(form)}`).toBeLessThan(1e-9);
      }
    }
  });
});

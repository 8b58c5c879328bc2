// Derivatives as expressions: what a person would write, and equal to the engine's wherever they are evaluated.

import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Lowering, nameLeaves } from '../../server/src/check/lower';
import { drawValues } from '../../server/src/check/values';
import { run } from '../../server/src/engine/execute';
import { spellDerivative, spellLossGradient } from '../../server/src/features/derivatives';
import { Derivatives } from '../../server/src/semantics/derivative/derive';
import { formsOf } from '../../server/src/semantics/derivative/forms';
import { printExpression } from '../../server/src/semantics/derivative/print';
import type { Graph, Tensor } from '../../server/src/semantics/graph';
import { documentOf } from '../support/fixture';
import { evaluateExpression, type Values } from './support/evaluate-expression';

/** The derivative of the loss by one name of a model's text. */
function derivativeIn(body: string, by: string): string | undefined {
  const document = documentOf(`model M {\n${body}\n}\n`);
  const [model] = document.analysis.models;
  expect(document.analysis.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  const tensor = [...model!.graph.inputs, ...model!.graph.parameters].find(({ source }) => 'name' in source && source.name === by)!;
  return spellLossGradient(model!, tensor, document);
}

describe('the derivative of a loss reads', () => {
  const vectors = ' input x: [4]\n target y: []\n param w: [4]\n param b: []\n';
  it.each([
    ['a square', 'loss (dot(w, x) + b - y) ^ 2', 'w', '2·(dot(w, x) + b − y)·x'],
    ['a named unit', 'z = dot(w, x) + b\nyhat = relu(z)\nloss (yhat - y) ^ 2', 'w', '2·(yhat − y)·step(z)·x'],
    ['logistic regression', 'z = dot(w, x) + b\np = sigmoid(z)\nloss -(y * log(p) + (1 - y) * log(1 - p))', 'b', 'p − y'],
    ['logistic regression from logits', 'z = dot(w, x) + b\nloss binary_cross_entropy_with_logits(z, y)', 'w', '(σ(z) − y)·x'],
    ['a penalty', 'loss sum(w ^ 2)', 'w', '2·w'],
    ['another penalty', 'loss sum(abs(w))', 'w', 'sign(w)'],
    ['a norm', 'loss norm(w)', 'w', 'w/‖w‖'],
    ['a mean', 'loss mean(w * x)', 'w', 'x/4'],
    ['a hinge', 'loss relu(1 - y * dot(w, x))', 'w', '−step(1 − y·dot(w, x))·y·x'],
    ['a maximum', 'loss maximum(b, y)', 'b', '[b > y]'],
    ['softplus written out', 'loss log(1 + exp(b))', 'b', 'σ(b)'],
    ['an activation without a short form', 'loss gelu(b)', 'b', 'gelu′(b)'],
    ['nothing that depends on it', 'loss y', 'b', '0'],
    ['a sign, through which nothing flows', 'loss sign(b)', 'b', '0'],
    ['a square root', 'loss sqrt(b)', 'b', '1/(2·√b)'],
    ['a tensor that is spread', 'loss sum(b * x)', 'b', 'sum(x)'],
    ['a number that is spread over tensors', 'loss sum(b + x)', 'b', '4'],
    ['a bias that is spread over rows', 'input h: [3, 4]\nloss sum((h + w) ^ 2)', 'w', '2·sum(h + w, dim = 0)'],
    ['a matrix', 'param A: [4, 4]\nr = A @ x - w\nloss dot(r, r)', 'A', '2·r·xᵀ'],
    ['the vector behind a matrix', 'param A: [4, 4]\nr = A @ x - w\nloss dot(r, r)', 'x', '2·Aᵀ·r'],
    ['cross entropy', 'target label: int\nparam A: [3, 4]\nlogits = A @ x\nloss cross_entropy(logits, label)', 'A', '(softmax(logits) − onehot(label))·xᵀ'],
    ['logistic regression, by its weights', 'p = sigmoid(dot(w, x) + b)\nloss -(y * log(p) + (1 - y) * log(1 - p))', 'w', '(p − y)·x'],
    ['a sigmoid written out', 'loss 1 / (1 + exp(-b))', 'b', 'σ(b)·(1 − σ(b))'],
    ['the length of a vector, written out', 'loss sqrt(sum(w ^ 2))', 'w', 'w/‖w‖'],
    ['the logarithm of a magnitude', 'loss log(abs(b))', 'b', '1/b'],
    ['a mean over many', 'input h: [3, 5]\nparam A: [4, 5]\nloss mean((h @ transpose(A)) ^ 2)', 'A', 'A·hᵀ·h/6'],
    ['a clamp', 'loss sum(clamp(w, -1, 1) * x)', 'w', 'x ⊙ [−1 ≤ w ≤ 1]'],
    ['a leaky ReLU', 'loss leaky_relu(b, 0.2)', 'b', '0.2 + 0.8·step(b)'],
    ['a leaky ReLU by a maximum', 'loss maximum(b, 0.1 * b)', 'b', '0.1·[b < 0] + [b > 0]'],
    ['pieces', 'loss sum(where(w > 0, w ^ 2, 3 * w))', 'w', '2·[w > 0] ⊙ w + 3·[w ≤ 0]'],
    ['a Huber loss', 'loss huber_loss(dot(w, x), y)', 'w', 'clamp(dot(w, x) − y, −1, 1)·x'],
    ['both penalties', 'loss 0.1 * l1() + 0.2 * l2()', 'w', '0.1·sign(w) + 0.4·w'],
    ['a log-likelihood', 'target label: int\nparam A: [3, 4]\nloss nll_loss(log_softmax(A @ x), label)', 'A', '(softmax(A·x) − onehot(label))·xᵀ'],
    ['the error function', 'loss erf(b)', 'b', '2·exp(−b²)/√π'],
    ['a swish', 'loss silu(b)', 'b', 'σ(b)·(1 + b·(1 − σ(b)))'],
    ['a linear layer', 'f = Linear(3)\nh = x -> f\nloss sum(h ^ 2)', 'weight', '2·h·xᵀ'],
  ])('of %s', (_, body, by, expected) => {
    expect(derivativeIn(vectors + body, by)).toBe(expected);
  });

  it('nothing where it would be long or takes a picture', () => {
    expect(derivativeIn('input x: [1, 8, 8]\nparam b: []\nloss sum(b * (x -> MaxPool2d(2)))', 'x')).toBeUndefined();
    const factors = Array.from({ length: 9 }, (_, index) => `sin(${String(index)} * b)`).join(' * ');
    expect(derivativeIn(`param b: []\nloss ${factors}`, 'b')).toBeUndefined();
  });
});

it('all derivatives of the exam', async () => {
  const document = documentOf(readFileSync(path.join(import.meta.dirname, '../../examples/exam.nn'), 'utf8'));
  const lines = document.analysis.models.flatMap((model) => [
    ...[...model.graph.inputs, ...model.graph.parameters].flatMap((tensor) => {
      const text = spellLossGradient(model, tensor, document);
      const name = nameLeaves(model.graph).get(tensor)!;
      return text === undefined ? [] : [`${model.name}: ∂loss/∂${name} = ${text}`];
    }),
    ...model.graph.nodes.flatMap((node) =>
      node.kind === 'gradient' ? [`${model.name}: ${document.text.slice(node.place.span.start, node.place.span.end)} = ${spellDerivative(model, ...node.inputs, document) ?? '?'}`] : []),
  ]);
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('golden/exam-derivatives.txt');
});

// ── Against the engine ───────────────────────────────────────────────────────

/** Random expressions of numbers (s), vectors of 3 (v) and of 2 (q) over the names of a model. */
const { s: scalars } = fc.letrec<{ s: string; v: string; q: string }>((tie) => {
  const [s, v, q] = [tie('s'), tie('v'), tie('q')];
  const from = (template: string, ...parts: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
    fc.tuple(...parts).map((made) => made.reduce((text, part, index) => text.replaceAll(`$${String(index)}`, part), template));
  const smooth = fc.constantFrom('sin', 'cos', 'tanh', 'sigmoid', 'softplus', 'square', 'relu', 'abs', 'sign', 'step');
  const bent = fc.constantFrom('silu', 'softsign', 'tanhshrink', 'hardtanh', 'relu6', 'softshrink');
  return {
    s: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom('u', 'b', 'k', '2', '0.5'),
      from('($0 + $1)', s, s),
      from('($0 - $1)', s, s),
      from('($0 * $1)', s, s),
      from('(-$0)', s),
      from('($0 / (1 + $1 ^ 2))', s, s),
      from('$1($0)', s, smooth),
      from('$1($0 + b)', s, bent),
      from('exp(tanh($0))', s),
      from('log(2 + sin($0))', s),
      from('sqrt(1 + $0 ^ 2)', s),
      from('((2 + sin($0)) ^ $1)', s, fc.constantFrom('2', '3', '-1', '0.5', 'b')),
      from('maximum($0, $1)', s, s),
      from('maximum($0 + b, $1 * ($0 + b))', s, fc.constantFrom('0.1', '-0.5')),
      from('clamp($0 + b, -0.5, 0.7)', s),
      from('leaky_relu($0 + b, 0.2)', s),
      from('where($0 > $1 + b, $0, sin($1))', s, s),
      from('sqrt($0 ^ 2)', from('(3 + $0)', s)),
      from('huber_loss($0 + b, $1 + u)', s, s),
      from('sum($0)', v),
      from('mean($0)', v),
      from('norm($0 + x)', v),
      from('dot($0, $1)', v, v),
      from('logsumexp($0)', v),
      from('($0 @ $1)', q, q),
      from('sum($0)', q),
    ),
    v: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom('x', 'w'),
      from('($0 + $1)', v, v),
      from('($0 - $1)', v, s),
      from('($0 * $1)', v, v),
      from('($0 * $1)', s, v),
      from('($0 / (2 + sin($1)))', v, v),
      from('$1($0)', v, smooth),
      from('softmax($0)', v),
      from('($0 @ A)', q),
      from('(B @ $0)', v),
    ),
    q: fc.oneof({ maxDepth: 4, withCrossShrink: true }, from('(A @ $0)', v), from('($0 * $1)', s, q), from('tanh($0)', q)),
  };
});

const declarations = ' input x: [3]\n input u: []\n param w: [3]\n param b: []\n param A: [2, 3]\n param B: [3, 3]\n';

function valuesAt(graph: Graph, tensors: readonly Tensor[], seed: number): Map<Tensor, { shape: number[]; data: Float64Array }> {
  const names = nameLeaves(graph);
  const lowering = new Lowering(1, names);
  const refs = tensors.map((tensor) => lowering.ref(tensor));
  const leaves = new Map([...lowering.leaves].map(([tensor, ref]) => [ref, drawValues(graph, tensor, names.get(tensor)!, lowering.shapeOf(tensor).reduce((a, b) => a * b, 1), seed)]));
  const values = run(lowering.builder.program, leaves, refs);
  return new Map(tensors.map((tensor, index) => [tensor, { shape: tensor.type.shape as number[], data: values[index]! }]));
}

describe('a derivative as an expression', () => {
  it('equals that of the engine at random points', () => {
    let written = 0;
    let all = 0;
    fc.assert(
      fc.property(scalars, scalars, fc.integer({ min: 1, max: 1000 }), (first, second, seed) => {
        // The first part has a name, so that derivatives pass through it.
        const text = `model M(k = 3) {\n${declarations} t = ${first} + 0 * b\n loss t * t + ${second}\n ${['x', 'u', 'w', 'b', 'A', 'B'].map((name) => `g${name} = grad(loss, ${name})`).join('\n ')}\n}\n`;
        const document = documentOf(text);
        const [model] = document.analysis.models;
        if (document.analysis.diagnostics.some(({ severity }) => severity === 'error')) throw new Error(document.analysis.diagnostics[0]!.message);
        const { graph } = model!;
        const bindings = model!.declaration.body!.statements.flatMap((statement) => (statement.kind === 'binding' && statement.names[0]!.text === 't' ? [statement.names[0]!] : []));
        const named = document.analysis.observations(bindings[0]!)!.first[0]!.value as { tensor: Tensor };
        const names = new Map<Tensor, string>([[named.tensor, 't']]);
        for (const tensor of [...graph.inputs, ...graph.parameters]) if ('name' in tensor.source) names.set(tensor, tensor.source.name);
        const derivatives = new Derivatives(graph, (tensor) => names.get(tensor));
        const gradients = graph.nodes.flatMap((node) => (node.kind === 'gradient' ? [node] : []));
        const values = valuesAt(graph, [...names.keys(), ...gradients.map(({ outputs }) => outputs[0]!)], seed);
        const symbols: Values = new Map([...names].map(([tensor, name]) => [name, values.get(tensor)!]));
        for (const { inputs: [y, by], outputs } of gradients) {
          all++;
          const expression = derivatives.derivative(y, by);
          if (expression === undefined) continue;
          written++;
          const engine = values.get(outputs[0]!)!.data;
          const scale = Math.max(1, ...engine.map(Math.abs));
          for (const form of formsOf(expression)) {
            const symbolic = evaluateExpression(form, symbols, by.type.shape as number[]);
            for (const [place, value] of engine.entries()) {
              if (Number.isFinite(value)) expect(Math.abs(symbolic[place]! - value) / scale, `${text}\nby ${names.get(by)!}: ${printExpression(form)}`).toBeLessThan(1e-9);
            }
          }
        }
      }),
      { numRuns: 60, seed: 1 },
    );
    expect(written / all).toBeGreaterThan(0.9);
  });
});

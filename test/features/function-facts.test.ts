// What hovers on functions say of values, zeros, gaps and kinks, against the engine at many places.

import { describe, expect, it } from 'vitest';
import { Lowering, nameLeaves } from '../../server/src/check/lower';
import { run } from '../../server/src/engine/execute';
import { hover } from '../../server/src/features/hover';
import { documentOf } from '../support/fixture';

const bodies = [
  'x ^ 3', '1 / x', 'sqrt(x)', 'log(1 + exp(x))', 'abs(x)', 'maximum(x, 0.1 * x)', 'x * sigmoid(x)', 'sin(x)', 'relu(x)', '1 - x ^ 2', 'exp(-x ^ 2)', 'log(x)', 'tanh(x)', 'x / (1 + abs(x))',
  'sigmoid(x) * (1 - sigmoid(x))', 'x ^ 2 + 1', 'where(x > 0, x, exp(x) - 1)', 'clamp(x, -1, 1)', 'clamp(x, min = 0)', 'maximum(0, 1 - x)', '1 / (1 + exp(-x))', 'x ^ 0.5', 'x ^ -2', 'sqrt(1 - x ^ 2)', 'log(abs(x))',
  'sin(x) ^ 2', 'relu(x) ^ 2', 'minimum(relu(x), 6)', 'x ^ 2 - 2 * x', '0.5 * x * (1 + erf(x / sqrt(2)))', 'cos(x) / x', 'sign(x)', 'step(x)', 'exp(x) / (exp(x) + 1)', 'log(sigmoid(x))', '1 / (x ^ 2 - 1)',
  'abs(x) ^ 1.5', 'sqrt(x ^ 2)', '1 / sqrt(x)', 'log(x) / x', '3 * x - 6', 'log(x ^ 2 - 4)', 'x * abs(x)', 'relu(x - 2)', 'relu(2 - x)', 'abs(x - 1)', 'x * (x - 2)', 'sign(x) * x', 'x / abs(x)', 'exp(x) * (x - 1)',
  ...['elu', 'selu', 'celu', 'gelu', 'silu', 'mish', 'hardswish', 'hardsigmoid', 'hardtanh', 'relu6', 'softsign', 'tanhshrink', 'hardshrink', 'softshrink', 'softplus', 'logsigmoid'].map((name) => `${name}(x)`),
  'x ^ 4 - 2 * x ^ 2', 'x ^ 3 - 3 * x', '1 / (1 - x)', '1 / (x * (x - 1))', '(x - 1) / (x + 1)', '1 / (x ^ 2 + 1)', 'x / (x ^ 2 + 1)', 'sin(x) / x', 'sin(2 * x) + cos(x)', 'exp(sin(x))',
  'sqrt(x - 1)', 'sqrt(abs(x))', 'sqrt(x ^ 2 + 1)', 'log(1 + x)', 'log(1 - x ^ 2)', 'log(x + sqrt(x ^ 2 + 1))', 'log(sin(x))', 'exp(-abs(x))', '(exp(x) - exp(-x)) / (exp(x) + exp(-x))',
  '(exp(x) - exp(-x)) / 2', 'x % 1', 'floor(x)', 'ceil(x) - x', 'round(x)', 'x - floor(x)', 'where(x > 1, 2, 3)', 'where(x > 0, x ^ 2, 0)', 'where(abs(x) < 1, 0.5 * x ^ 2, abs(x) - 0.5)',
  'maximum(x, 0) + minimum(x, 0)', 'maximum(-1, minimum(1, x))', 'maximum(x - 1, 1 - x)', 'minimum(x ^ 2, 1)', 'abs(abs(x) - 1)', 'relu(x) - relu(x - 1)', 'step(x) * step(1 - x)',
  'tanh(x / 2)', 'softplus(-x)', 'relu(1 - abs(x))', 'clamp(x, 0, 1) ^ 2', 'elu(x, 0.5)', 'celu(x, 2)', 'x ^ (1 / 3)', 'abs(x) ^ (2 / 3)', '2 ^ x', 'x ^ -1.5', '(x - 2) ^ 2',
  '1 - 2 * sigmoid(-x)', 'log(sigmoid(x)) + log(sigmoid(-x))', 'sign(x) * sqrt(abs(x))', 'silu(x) / x', 'erf(x) * exp(-x ^ 2)', 'sqrt(sin(x))', '1 / sin(x)', 'sin(x) / cos(x)', '1 / (exp(x) - 1)',
  'sqrt(1 - x)', 'log(log(x))', 'sqrt(4 - x ^ 2)', 'x * log(x)', 'threshold(x, 0.5, 0)', 'hardshrink(x, 1)', 'x / x', 'sin(x) ^ 2 + cos(x) ^ 2', '1 / relu(x)',
  '1 / abs(x)', 'tanh(x) ^ 2', 'abs(x) / x', 'relu(x) / x', '-x ^ 2', '1 / (1 + abs(x))', 'log(abs(x - 1))',
  'leaky_relu(x)', 'leaky_relu(x, 0.2)', 'hardtanh(x, -0.5, 2)', 'softshrink(x, 1)',
];

/** The facts of the page on a function. */
function factsOf(body: string): ReadonlyMap<string, string> {
  const text = `function f(x) = ${body}\nmodel M { input x: []; f(x) }\n`;
  const page = hover(documentOf(text), text.indexOf('f(x)'))!.markdown;
  return new Map(page.split('\n').flatMap((line) => {
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'));
    return cells.length === 4 && !cells[1]!.startsWith(':') && cells[1] !== '' ? [[cells[1]!, cells[2]!] as const] : [];
  }));
}

/** f and its derivative. */
function valuesOf(body: string, places: readonly number[]): { readonly values: Float64Array; readonly slopes: Float64Array } {
  const [model] = documentOf(`model M { input x: [${String(places.length)}]; y = ${body}; loss sum(y); output y }\n`).analysis.models;
  const { graph } = model!;
  const lowering = new Lowering(1, nameLeaves(graph));
  const [x, y] = [lowering.ref(graph.inputs[0]!), lowering.ref(graph.outputs[0]!.tensors[0]!)];
  const [slope] = lowering.builder.gradient(lowering.builder.sum(y), [x]);
  const [values, slopes] = run(lowering.builder.program, new Map([[x, Float64Array.from(places)]]), [y, slope!]);
  return { values: values!, slopes: slopes! };
}

const places = [...Array.from({ length: 1601 }, (_, i) => (i - 800) / 100), -60, -30, -1e-3, 1e-3, 30, 60, 0.123456, -2.345678];

/** Whether a number lies in an interval as it is printed, up to rounding. */
function lies(value: number, interval: string): boolean {
  const match = /^([[({])(\S+?)(?:, (\S+))?([\])}])$/.exec(interval)!;
  const numberOf = (text: string): number => (text.includes('∞') ? (text.startsWith('−') ? -Infinity : Infinity) : text === '1/4' ? 1 / 4 : Number(text.replace('−', '-')));
  const [low, high] = [numberOf(match[2]!), numberOf(match[3] ?? match[2]!)];
  return value >= low - 1e-12 && value <= high + 1e-12;
}

/** Whether a condition such as `x = 2`, `x ≤ 0` or `|x| ≤ 0.5` holds at a place; undefined for others. */
function holdsAt(condition: string, x: number): boolean | undefined {
  const match = /^(\|?)x(?:\||²)? (=|≤|≥|<|>|≠) (−?[\d.]+)$/.exec(condition);
  if (match === null) return undefined;
  const [value, bound] = [match[1] === '|' ? Math.abs(x) : condition.startsWith('x²') ? x * x : x, Number(match[3]!.replace('−', '-'))];
  const near = Math.abs(value - bound) < 1e-12;
  return { '=': near, '≤': value < bound || near, '≥': value > bound || near, '<': value < bound, '>': value > bound, '≠': !near }[match[2] as '='];
}

const conditionsIn = (text: string): readonly string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, condition]) => condition!);

describe.each(bodies)('of %s', (body) => {
  const facts = factsOf(body);
  const { values, slopes } = valuesOf(body, places);

  it.each([['Values within', values], ['Derivative within', slopes]] as const)('%s is true', (name, found) => {
    const [interval] = conditionsIn(facts.get(name) ?? '');
    if (interval !== undefined) for (const [i, value] of found.entries()) if (Number.isFinite(value)) expect(lies(value, interval), `${String(value)} at ${String(places[i])} in ${interval}`).toBe(true);
  });

  it.each([['Zero', values], ['Derivative zero', slopes]] as const)('%s is true', (name, found) => {
    const text = facts.get(name);
    if (text === undefined) return;
    const conditions = conditionsIn(text);
    for (const [i, value] of found.entries()) {
      // Far out, exponentials are lost to rounding.
      if (Math.abs(places[i]!) > 5 || !Number.isFinite(value)) continue;
      const said = text.startsWith('everywhere') || conditions.some((condition) => holdsAt(condition, places[i]!) === true);
      expect(value === 0, `${String(value)} at ${String(places[i])}: ${text}`).toBe(said);
    }
    for (const condition of conditions.filter((each) => each.startsWith('x = '))) expect(Math.abs(valuesOf(body, [Number(condition.split(' = ')[1]!.replace('−', '-'))])[name === 'Zero' ? 'values' : 'slopes'][0]!)).toBeLessThan(1e-12);
  });

  it('it is defined where it is said to be', () => {
    const conditions = conditionsIn(facts.get('Defined') ?? '');
    for (const [i, value] of values.entries()) {
      const said = conditions.map((condition) => holdsAt(condition, places[i]!));
      if (!said.includes(undefined)) expect(Number.isFinite(value), `at ${String(places[i])}`).toBe(said.every(Boolean));
    }
  });

  it('its derivative is defined where it is said to be', () => {
    const conditions = [...conditionsIn(facts.get('Defined') ?? ''), ...conditionsIn(facts.get('Derivative defined') ?? '')];
    if (facts.get('Derivative') === undefined) return;
    for (const [i, value] of slopes.entries()) {
      const said = conditions.map((condition) => holdsAt(condition, places[i]!));
      // Outside of where the function is defined, its derivative means nothing.
      if (!said.includes(undefined) && Number.isFinite(values[i]!)) expect(Number.isFinite(value), `at ${String(places[i])}`).toBe(said.every(Boolean));
    }
  });

  it('its slopes differ on both sides of its kinks, and nowhere else', () => {
    const kinks = conditionsIn(facts.get('Kink') ?? '').map((condition) => /^x = (−?[\d.]+)$/.exec(condition)?.[1]);
    if (kinks.includes(undefined) || facts.get('Derivative') === undefined || facts.has('Jump')) return;
    const told = kinks.map((kink) => Number(kink!.replace('−', '-')));
    for (const at of new Set([...told, -3, -1, -0.5, 0, 0.5, 1, 2, 3, 6])) {
      const h = 1e-7;
      const [left, right] = valuesOf(body, [at - h, at + h]).slopes;
      const [below, above] = valuesOf(body, [at - h, at + h]).values;
      if (!Number.isFinite(valuesOf(body, [at]).values[0]!) || ![left, right, below, above].every((each) => Number.isFinite(each))) continue;
      const bends = Math.abs(left! - right!) > 1e-4 * Math.max(1, Math.abs(left!)) || Math.abs(below! - above!) > 1e-2;
      // Of x·|x| and powers of |x|, the kinks of the parts meet smoothly.
      if (bends) expect(told, `at ${String(at)}`).toContain(at);
    }
  });
});

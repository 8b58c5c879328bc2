// Places of a function of one number: where it is defined, where it is zero, where its pieces meet.

import { coefficientOf, subtract } from './algebra';
import { constant, everyPart, type Expression, isApplied } from './expression';
import { printExpression } from './print';
import { holds, rangeOf } from './range';
import { valueAt } from './value';

/** Where these have zeros, beside those of their operand. */
const zeroWhere: Readonly<Record<string, (x: string) => string>> = {
  relu6: (x) => `${x} ≤ 0`,
  hardsigmoid: (x) => `${x} ≤ −3`,
  hardshrink: (x) => `|${x}| ≤ 0.5`,
  softshrink: (x) => `|${x}| ≤ 0.5`,
};

/** Where these jump. */
const whole: Readonly<Record<string, (x: string, of?: string) => string>> = {
  floor: (x) => `${x} is whole`,
  ceil: (x) => `${x} is whole`,
  round: (x) => `${x} + 1/2 is whole`,
  remainder: (x, of) => (of === '1' ? `${x} is whole` : `${x} is a multiple of ${of!}`),
};

/** Where these have kinks or jumps, for the numbers that they have where none are given. */
const kinksOf: Readonly<Record<string, readonly number[]>> = {
  relu6: [0, 6],
  hardtanh: [-1, 1],
  hardsigmoid: [-3, 3],
  hardswish: [-3, 3],
  hardshrink: [-0.5, 0.5],
  softshrink: [-0.5, 0.5],
  selu: [0],
  leaky_relu: [0],
};

/** The conditions that must hold for the expression to have a value, as far as bounds do not already say so. */
export function domainOf(...expressions: readonly Expression[]): readonly string[] {
  const found = new Set<string>();
  const solvedConditions = new Map<string, string>();
  /** `x ≥ 1` for x − 1 ≥ 0, once it is clear that nothing stronger holds. */
  const demand = (operand: Expression, relation: '>' | '≥'): void => {
    const condition = `${printExpression(operand)} ${relation} 0`;
    const line = lineOf(operand);
    if (line !== undefined) solvedConditions.set(condition, `${line.name} ${line.slope > 0 ? relation : relation === '>' ? '<' : '≤'} ${spellZero(line)}`);
    found.add(condition);
  };
  const visit = (each: Expression): void => {
    if (each.kind === 'sum') each.terms.forEach(visit);
    else if (each.kind === 'product') each.factors.forEach(visit);
    else if (each.kind === 'applied') {
      each.operands.forEach(visit);
      const [operand] = each.operands;
      if (each.name === 'log' && rangeOf(operand!).low < 0) demand(operand!, '>');
      else if (each.name === 'log' && holds(rangeOf(operand!), 0)) notZero(operand!).forEach((condition) => found.add(condition));
    } else if (each.kind === 'power') {
      visit(each.base);
      if (each.exponent.kind !== 'number') {
        if (rangeOf(each.base).low < 0) demand(each.base, '>');
        return;
      }
      const { value } = each.exponent;
      const base = rangeOf(each.base);
      if (!Number.isInteger(value) && base.low < 0) demand(each.base, value < 0 ? '>' : '≥');
      else if (value < 0 && holds(base, 0)) notZero(each.base).forEach((condition) => found.add(condition));
    }
  };
  expressions.forEach(visit);
  const all = [...new Set([...found].map((condition) => solvedConditions.get(condition) ?? condition))];
  const isWeaker = (condition: string): boolean => [['≠', '>'], ['≠', '<'], ['≥', '>'], ['≤', '<']].some(([weak, strong]) => condition.includes(` ${weak!} `) && all.includes(condition.replace(` ${weak!} `, ` ${strong!} `)));
  return all.filter((condition) => !isWeaker(condition));
}

/** `x ≠ 0` for |x| ≠ 0. */
function notZero(expression: Expression): readonly string[] {
  const zeros = candidateZeros(expression) ?? [];
  return zeros.length > 0 && zeros.every((zero) => zero.includes(' = ')) ? zeros.map((zero) => zero.replace(' = ', ' ≠ ')) : [`${printExpression(expression)} ≠ 0`];
}

/** Where the expression takes another branch, as conditions of which one must hold. */
export function branchesOf(expression: Expression): readonly string[] {
  const found = new Set<string>();
  for (const part of everyPart(expression)) {
    if (part.kind !== 'applied') continue;
    const [a, b] = part.operands;
    if (['relu', 'abs', 'sign', 'step'].includes(part.name) && holds(rangeOf(a!), 0)) found.add(zerosOf(a!)?.join(' or ') ?? `${printExpression(a!)} = 0`);
    if (['maximum', 'minimum', 'exceeds', 'atMost', 'greater'].includes(part.name)) found.add(meeting(a!, b!));
    if (whole[part.name] !== undefined) found.add(whole[part.name]!(printExpression(a!), b && printExpression(b)));
    for (const place of kinksIn(part.name, part.operands.slice(1))) found.add(`${printExpression(a!)} = ${printExpression(constant(place))}`);
  }
  return [...found].filter((condition) => condition !== '');
}

const step = 1e-6;

/** Whether the pieces that meet at a place have one slope there; false where that is not known. */
export function isSmoothAt(expression: Expression, condition: string): boolean {
  const places = placesOf(condition);
  return places !== undefined && places.every((at) => {
    const [left, middle, right] = [at - step, at, at + step].map((x) => valueAt(expression, x) ?? NaN) as [number, number, number];
    const [before, behind] = [(middle - left) / step, (right - middle) / step];
    return Math.abs(right - left) < 1e-3 && Math.abs(before - behind) < 1e-4 * Math.max(1, Math.abs(before));
  });
}

/** Where two sides are equal. */
function meeting(a: Expression, b: Expression): string {
  const [left, right] = a.kind === 'number' ? [b, a] : [a, b];
  return zerosOfLine(subtract(a, b))?.[0] ?? `${printExpression(left)} = ${printExpression(right)}`;
}

/** The places of a function's kinks, by the numbers that it was given. */
function kinksIn(name: string, given: readonly Expression[]): readonly number[] {
  const numbers = given.flatMap((each) => (each.kind === 'number' ? [each.value] : []));
  if (name === 'clamp') return numbers;
  if (name === 'threshold') return numbers.slice(0, 1);
  if (name === 'elu') return numbers.length > 0 ? [0] : [];
  if (numbers.length === 0 || name === 'leaky_relu') return kinksOf[name] ?? [];
  return name === 'hardtanh' ? numbers : ['hardshrink', 'softshrink'].includes(name) ? numbers.flatMap((width) => [-width, width]) : [];
}

/** Where it is zero: conditions of which one must hold; none: it never is. Undefined where that is not known. */
export function zerosOf(expression: Expression): readonly string[] | undefined {
  const found = candidateZeros(expression);
  // A factor may be 0 where another one has no value.
  return found?.every((condition) => placesOf(condition) !== undefined || condition === 'everywhere' || !/[≤≥]/.test(condition) || domainOf(expression).length === 0) === true
    ? found.filter((condition) => isDefinedAt(expression, condition))
    : undefined;
}

/** The places that a condition `x = 2`, `|x| = 2` or `x² = 2` names. */
function placesOf(condition: string): readonly number[] | undefined {
  const match = /^(?:[\p{L}_][\p{L}\w]*(²?)|(\|)[\p{L}_][\p{L}\w]*\|) = (−?[\d.]+)$/u.exec(condition);
  if (match === null) return undefined;
  const value = Number(match[3]!.replace('−', '-'));
  if (match[1] !== '²' && match[2] === undefined) return [value];
  const size = match[2] === undefined ? Math.sqrt(value) : value;
  return [-size, size];
}

/** Whether there is a value where a condition holds, as far as that is known. */
export function isDefinedAt(expression: Expression, condition: string): boolean {
  return (placesOf(condition) ?? []).every((place) => Number.isFinite(valueAt(expression, place) ?? 0));
}

function candidateZeros(expression: Expression): readonly string[] | undefined {
  if (!holds(rangeOf(expression), 0)) return [];
  switch (expression.kind) {
    case 'number':
      return ['everywhere'];
    case 'symbol':
      return [`${printExpression(expression)} = 0`];
    case 'sum':
      return zerosOfLine(expression);
    case 'product': {
      const parts = expression.factors.map(zerosOf);
      return parts.includes(undefined) ? undefined : [...new Set(parts.flatMap((part) => part!))];
    }
    case 'power':
      return expression.exponent.kind === 'number' && expression.exponent.value > 0 ? zerosOf(expression.base) : undefined;
    case 'applied': {
      const [operand] = expression.operands;
      if (['relu', 'step'].includes(expression.name)) return [solved(operand!, '≤')];
      const where = zeroWhere[expression.name];
      if (where !== undefined) return expression.operands.length === 1 && operand!.kind === 'symbol' ? [where(printExpression(operand!))] : undefined;
      return ['abs', 'sign', 'tanh', 'erf', 'softsign', 'tanhshrink', 'gelu', 'silu', 'mish', 'elu', 'selu', 'celu', 'leaky_relu', 'hardtanh'].includes(expression.name) ? zerosOf(operand!) : undefined;
    }
  }
}

/** x, |x| and x² are names that conditions can be solved for. */
function isSimple(x: Expression): boolean {
  const inner = x.kind === 'power' && x.exponent.key === '2' ? x.base : isApplied(x, 'abs') ? x.operands[0]! : x;
  return inner.kind === 'symbol';
}

/** a·x + b with numbers a and b, of x, |x| or x². */
function lineOf(expression: Expression): { readonly slope: number; readonly shift: number; readonly name: string } | undefined {
  const slopeOf = (term: Expression): readonly [number, string] | undefined => {
    const [factor, x] = coefficientOf(term);
    return isSimple(x) ? [factor, printExpression(x)] : undefined;
  };
  const terms: readonly Expression[] = expression.kind === 'sum' ? expression.terms : [expression];
  const numbers = terms.filter((term) => term.kind === 'number');
  const others = terms.filter((term) => term.kind !== 'number').map(slopeOf);
  const [line] = others;
  if (others.length !== 1 || line === undefined) return undefined;
  return { slope: line[0], shift: numbers.reduce((sum, term) => sum + (term as { value: number }).value, 0), name: line[1] };
}

function zerosOfLine(expression: Expression): readonly string[] | undefined {
  const line = lineOf(expression);
  return line && [`${line.name} = ${spellZero(line)}`];
}

function spellZero({ slope, shift }: { readonly slope: number; readonly shift: number }): string {
  return String(Number((-shift / slope).toPrecision(6)) + 0).replace('-', '−');
}

/** `x ≤ 1` for x − 1 ≤ 0. */
function solved(expression: Expression, relation: '≤'): string {
  const line = lineOf(expression);
  if (line === undefined) return `${printExpression(expression)} ${relation} 0`;
  return `${line.name} ${line.slope > 0 ? relation : '≥'} ${spellZero(line)}`;
}

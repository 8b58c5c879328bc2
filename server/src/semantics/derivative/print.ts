// Expressions in the notation of a blackboard: 2·(ŷ − y)·step(z)·x, g/‖v‖·dw, (p − onehot(y))·xᵀ.

import { multiply } from '../../symbolic/dimension';
import { coefficientOf, power, product } from './algebra';
import { type Applied, applied, constant, type Expression, type Numeral, one } from './expression';

const greek: Readonly<Record<string, string>> = {
  alpha: 'α', beta: 'β', gamma: 'γ', delta: 'δ', epsilon: 'ε', eta: 'η', theta: 'θ', lambda: 'λ', mu: 'μ', rho: 'ρ', tau: 'τ', phi: 'φ', omega: 'ω',
};

/** λ for lambda. */
export function greekName(name: string): string {
  return greek[name] ?? name;
}

/** How tightly what is written holds together. */
enum Binding {
  Sum,
  Product,
  Power,
  Atom,
}

interface Written {
  readonly text: string;
  readonly binding: Binding;
}

/** The expression in one line. */
export function printExpression(expression: Expression): string {
  return write(expression).text;
}

function atom(text: string): Written {
  return { text, binding: Binding.Atom };
}

function within(expression: Expression, binding: Binding): string {
  const written = write(expression);
  return written.binding < binding ? `(${written.text})` : written.text;
}

function write(expression: Expression): Written {
  switch (expression.kind) {
    case 'number':
      return writeProduct([expression]);
    case 'symbol':
      return atom(greekName(expression.name));
    case 'sum':
      return { text: expression.terms.map(writeTerm).join(''), binding: Binding.Sum };
    case 'product':
      return writeProduct(expression.factors);
    case 'power':
      return writePower(expression.base, expression.exponent);
    case 'applied':
      return writeApplied(expression.name, expression.operands, expression.options);
  }
}

function writeTerm(term: Expression, index: number): string {
  const negative = coefficientOf(term)[0] < 0;
  const text = within(negative ? product([constant(-1), term]) : term, Binding.Product);
  if (index === 0) return negative ? `−${text}` : text;
  return negative ? ` − ${text}` : ` + ${text}`;
}

/** Numbers first, then what is a single number, then tensors; what is divided by stands below a stroke. */
function writeProduct(factors: readonly Expression[]): Written {
  const { number, others } = withMeans(factors);
  const isBelow = (factor: Expression): boolean => factor.kind === 'power' && factor.exponent.kind === 'number' && factor.exponent.value < 0;
  const part = (scalar: boolean, below: boolean): readonly Expression[] =>
    others.filter((factor) => (factor.shape.length === 0) === scalar && isBelow(factor) === below).map((factor) => (below ? power(factor, constant(-1)) : factor));
  const { above, below } = fractionOf(Math.abs(number.value), number.below);
  const scalarsAbove = [...above, ...part(true, false).map((factor) => within(factor, Binding.Power))];
  const scalarsBelow = [...below, ...part(true, true).map((factor) => within(factor, Binding.Power))];
  const tensors = part(false, false);
  // c·(A·b) is written c·A·b.
  const tensorsAbove = tensors.map((factor) => (tensors.length === 1 && isMatrixProduct(factor) ? printExpression(factor) : within(factor, Binding.Power)));
  const tensorsBelow = part(false, true).map((factor) => within(factor, Binding.Power));
  const sign = number.value < 0 ? '−' : '';
  const binding = sign === '' ? Binding.Product : Binding.Sum;
  if (others.length === 0) return { text: `${sign}${fraction(above.join('·') || '1', 1, below)}`, binding: sign === '' && below.length === 0 ? Binding.Atom : binding };
  // Numbers that only divide stand below the same stroke: x/(2·y) rather than 1/2·x/y.
  const isOneFraction = scalarsAbove.length === 0 || tensorsAbove.length === 0;
  const parts = isOneFraction
    ? [fraction(tensorsAbove.length > 0 ? tensorsAbove.join(' ⊙ ') : scalarsAbove.join('·') || '1', tensorsAbove.length, [...scalarsBelow, ...tensorsBelow])]
    : [
        ...(scalarsAbove.length + scalarsBelow.length === 0 ? [] : [fraction(scalarsAbove.join('·') || '1', 1, scalarsBelow)]),
        fraction(tensorsAbove.join(' ⊙ '), tensorsBelow.length === 0 ? 1 : tensorsAbove.length, tensorsBelow),
      ];
  return { text: `${sign}${parts.join('·')}`, binding };
}

/** Σ/n of n entries is their mean. */
function withMeans(factors: readonly Expression[]): { readonly number: Numeral; readonly others: readonly Expression[] } {
  const [first] = factors;
  const number = first?.kind === 'number' ? first : (one as Numeral);
  const others = factors.filter(({ kind }) => kind !== 'number');
  const at = others.findIndex((factor) => factor.kind === 'applied' && factor.name === 'sum' && number.below > 1 && number.below % (summedBy(factor) ?? NaN) === 0);
  const sum = others[at];
  if (sum?.kind !== 'applied' || summedBy(sum) === 1) return { number, others };
  return { number: product([number, constant(summedBy(sum)!)]) as Numeral, others: others.map((factor, index) => (index === at ? applied('mean', sum.operands, sum.shape, sum.options) : factor)) };
}

/** How many entries a sum makes one; undefined where that is not known. */
function summedBy({ operands, shape }: Applied): number | undefined {
  const [all, left] = [operands[0]!.shape, shape].map((sizes) => multiply(...sizes));
  return typeof all === 'number' && typeof left === 'number' ? all / left : undefined;
}

function fraction(above: string, parts: number, below: readonly string[]): string {
  if (below.length === 0) return above;
  const numerator = parts > 1 ? `(${above})` : above;
  return `${numerator}/${below.length > 1 ? `(${below.join('·')})` : below[0]!}`;
}

const mostOfFraction = 10_000;

/** Fractions as such, numbers as they were written; what is no short decimal becomes a fraction: 0.1333… is 2/15. */
function fractionOf(coefficient: number, denominator: number): { readonly above: readonly string[]; readonly below: readonly string[] } {
  const short = (above: number, below: number): { above: string[]; below: string[] } => ({ above: above === 1 ? [] : [spellNumber(above)], below: below === 1 ? [] : [String(below)] });
  if (denominator > 1) return short(Math.round(coefficient * denominator), denominator);
  if (Math.abs(Number(coefficient.toPrecision(6)) - coefficient) > 1e-12 * coefficient) {
    for (let above = 1; above <= 12; above++) {
      const below = Math.round(above / coefficient);
      const isNear = below > 1 && below <= mostOfFraction && Math.abs(above / below - coefficient) < 1e-14 * coefficient;
      if (isNear) return short(above, below);
    }
  }
  return short(coefficient, 1);
}

const raised: Readonly<Record<string, string>> = { 0: '⁰', 1: '¹', 2: '²', 3: '³', 4: '⁴', 5: '⁵', 6: '⁶', 7: '⁷', 8: '⁸', 9: '⁹', '-': '⁻' };

function writePower(base: Expression, exponent: Expression): Written {
  if (exponent.kind === 'number') {
    const { value } = exponent;
    if (value < 0) return { text: `1/${within(power(base, constant(-value)), Binding.Power)}`, binding: Binding.Product };
    if (value === 1 / 2) return { text: `√${within(base, Binding.Atom)}`, binding: Binding.Power };
    if (Number.isInteger(value)) {
      const digits = [...String(value)].map((digit) => raised[digit] ?? digit).join('');
      return { text: `${within(base, Binding.Atom)}${digits}`, binding: Binding.Power };
    }
  }
  return { text: `${within(base, Binding.Atom)}^${within(exponent, Binding.Atom)}`, binding: Binding.Power };
}

const shownAs: Readonly<Record<string, string>> = { sigmoid: 'σ' };

function writeApplied(name: string, operands: readonly Expression[], options: string | undefined): Written {
  const [a, b] = operands;
  switch (name) {
    case 'abs':
      return atom(`|${printExpression(a!)}|`);
    case 'norm':
      return options === undefined ? atom(`‖${printExpression(a!)}‖`) : called(name, operands, options);
    case 'transpose':
      return atom(`${within(a!, Binding.Atom)}ᵀ`);
    case 'matmul':
      return { text: `${matrixFactor(a!)}·${matrixFactor(b!)}`, binding: Binding.Product };
    case 'outer':
      return { text: `${matrixFactor(a!)}·${within(b!, Binding.Atom)}ᵀ`, binding: Binding.Product };
    case 'greater':
    case 'exceeds':
      return atom(compared(a!, b!, '>', '<'));
    case 'atMost':
      return atom(compared(a!, b!, '≤', '≥'));
    case 'between':
      return atom(`[${printExpression(a!)} < ${printExpression(b!)} < ${printExpression(operands[2]!)}]`);
    case 'within':
      return atom(`[${printExpression(a!)} ≤ ${printExpression(b!)} ≤ ${printExpression(operands[2]!)}]`);
    case 'ones':
      return atom('𝟏');
    case 'equal':
      return atom(`[${printExpression(a!)} = ${printExpression(b!)}]`);
    case 'remainder':
      return { text: `${within(a!, Binding.Atom)} % ${within(b!, Binding.Atom)}`, binding: Binding.Product };
    case 'pick':
      return atom(`${within(a!, Binding.Atom)}[${printExpression(b!)}]`);
    case 'unsqueeze':
    case 'slice':
      return atom(`${within(a!, Binding.Atom)}[${options!}]`);
    default:
      return called(shownAs[name] ?? name, operands, options);
  }
}

function called(name: string, operands: readonly Expression[], options: string | undefined): Written {
  return atom(`${name}(${[...operands.map(printExpression), ...(options === undefined ? [] : [options])].join(', ')})`);
}

/** `[x < 1]` rather than `[1 > x]`. */
function compared(a: Expression, b: Expression, sign: string, turned: string): string {
  return a.kind === 'number' ? `[${printExpression(b)} ${turned} ${printExpression(a)}]` : `[${printExpression(a)} ${sign} ${printExpression(b)}]`;
}

/** Matrix products follow each other without parentheses; products entry by entry do not. */
function matrixFactor(operand: Expression): string {
  return isMatrixProduct(operand) ? printExpression(operand) : within(operand, Binding.Power);
}

function isMatrixProduct(expression: Expression): boolean {
  return expression.kind === 'applied' && (expression.name === 'matmul' || expression.name === 'outer');
}

function spellNumber(value: number): string {
  const text = Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
  return text.replace('-', '−');
}

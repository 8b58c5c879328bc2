// Expressions in the notation of a blackboard: 2·(ŷ − y)·step(z)·x, g/‖v‖·dw, (p − onehot(y))·xᵀ.

import { coefficientOf, constant, type Expression, power, product } from './expression';

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
      return { text: spellNumber(expression.value), binding: expression.value < 0 ? Binding.Sum : Binding.Atom };
    case 'symbol':
      return atom(greekName(expression.name));
    case 'sum':
      return { text: expression.terms.map(writeTerm).join(''), binding: Binding.Sum };
    case 'product':
      return writeProduct(expression.factors);
    case 'power':
      return writePower(expression.base, expression.exponent);
    case 'applied':
      return writeApplied(expression.name, expression.operands);
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
  const [first] = factors;
  const coefficient = first?.kind === 'number' ? first.value : 1;
  const others = factors.filter(({ kind }) => kind !== 'number');
  const isBelow = (factor: Expression): boolean => factor.kind === 'power' && factor.exponent.kind === 'number' && factor.exponent.value < 0;
  const part = (scalar: boolean, below: boolean): readonly Expression[] =>
    others.filter((factor) => (factor.shape.length === 0) === scalar && isBelow(factor) === below).map((factor) => (below ? power(factor, constant(-1)) : factor));
  const { above, below } = fractionOf(Math.abs(coefficient));
  const scalarsAbove = [...above, ...part(true, false).map((factor) => within(factor, Binding.Power))];
  const scalarsBelow = [...below, ...part(true, true).map((factor) => within(factor, Binding.Power))];
  const tensors = part(false, false);
  // c·(A·b) is written c·A·b.
  const tensorsAbove = tensors.map((factor) => (tensors.length === 1 && isMatrixProduct(factor) ? printExpression(factor) : within(factor, Binding.Power)));
  const tensorsBelow = part(false, true).map((factor) => within(factor, Binding.Power));
  const sign = coefficient < 0 ? '−' : '';
  const onlyScalarsBelow = scalarsAbove.length === 0 && tensorsAbove.length > 0 && tensorsBelow.length === 0;
  const parts = onlyScalarsBelow
    ? [fraction(tensorsAbove.join(' ⊙ '), tensorsAbove.length, scalarsBelow)]
    : [
        ...(scalarsAbove.length + scalarsBelow.length === 0 ? [] : [fraction(scalarsAbove.join('·') || '1', 1, scalarsBelow)]),
        ...(tensorsAbove.length + tensorsBelow.length === 0 ? [] : [fraction(tensorsAbove.join(' ⊙ ') || '1', 1, tensorsBelow)]),
      ];
  return { text: `${sign}${parts.join('·')}`, binding: sign === '' ? Binding.Product : Binding.Sum };
}

function fraction(above: string, parts: number, below: readonly string[]): string {
  if (below.length === 0) return above;
  const numerator = parts > 1 ? `(${above})` : above;
  return `${numerator}/${below.length > 1 ? `(${below.join('·')})` : below[0]!}`;
}

const mostOfFraction = 10_000;

/** 0.25 goes below the stroke as 4, and what is no short decimal becomes a fraction: 0.1333… is 2/15. */
function fractionOf(coefficient: number): { readonly above: readonly string[]; readonly below: readonly string[] } {
  const inverse = 1 / coefficient;
  if (Number(coefficient.toPrecision(6)) !== coefficient) {
    for (let above = 1; above <= 12; above++) {
      const below = Math.round(above * inverse);
      const isNear = below > 1 && below <= mostOfFraction && Math.abs(above / below - coefficient) < 1e-14 * coefficient;
      if (isNear) return { above: above === 1 ? [] : [String(above)], below: [String(below)] };
    }
  }
  if (coefficient < 1 && Math.abs(inverse - Math.round(inverse)) < 1e-9 * inverse && inverse > 1) return { above: [], below: [String(Math.round(inverse))] };
  return { above: coefficient === 1 ? [] : [spellNumber(coefficient)], below: [] };
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

const shownAs: Readonly<Record<string, string>> = { sigmoid: 'σ', 'sum₀': 'sum' };

function writeApplied(name: string, operands: readonly Expression[]): Written {
  const [a, b] = operands;
  switch (name) {
    case 'abs':
      return atom(`|${printExpression(a!)}|`);
    case 'norm':
      return atom(`‖${printExpression(a!)}‖`);
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
    case 'sum₀':
      return atom(`sum(${printExpression(a!)}, dim = 0)`);
    default:
      return atom(`${shownAs[name] ?? name}(${operands.map(printExpression).join(', ')})`);
  }
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

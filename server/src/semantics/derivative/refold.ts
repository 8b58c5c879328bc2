// Names in place of what they stand for, wherever it is found in an expression.

import { factorOf, negate, power, product, sum } from './algebra';
import { applied, constant, type Expression } from './expression';

/** The expression with a name for a definition, for its opposite, and for its factors among others. */
export function refolded(expression: Expression, definition: Expression, name: Expression): Expression {
  if (definition.kind === 'number' || definition.kind === 'symbol') return expression;
  if (expression.key === definition.key) return name;
  if (expression.kind === 'sum' && definition.kind === 'sum' && expression.key === negate(definition).key) return negate(name);
  const inner = (each: Expression): Expression => refolded(each, definition, name);
  switch (expression.kind) {
    case 'sum':
      return sum(expression.terms.map(inner));
    case 'product': {
      const rest = definition.kind === 'product' ? withoutFactors(expression.factors, definition.factors) : undefined;
      return rest === undefined ? product(expression.factors.map(inner)) : inner(product([...rest, name]));
    }
    case 'power':
      return power(inner(expression.base), inner(expression.exponent));
    case 'applied':
      return applied(expression.name, expression.operands.map(inner), expression.shape, expression.options);
    default:
      return expression;
  }
}

/** What is left of a product without others' factors; undefined unless it has all of them. */
function withoutFactors(factors: readonly Expression[], others: readonly Expression[]): readonly Expression[] | undefined {
  const left = factors.map(factorOf);
  for (const other of others) {
    const { base, exponent } = factorOf(other);
    if (other.kind === 'number') {
      left.push({ base: power(other, constant(-1)), exponent: 1 });
      continue;
    }
    const own = left.find((each) => each.base.key === base.key);
    if (own === undefined || Math.sign(own.exponent) !== Math.sign(exponent) || Math.abs(own.exponent) < Math.abs(exponent)) return undefined;
    own.exponent -= exponent;
  }
  return left.map(({ base, exponent }) => power(base, constant(exponent)));
}

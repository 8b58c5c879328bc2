// Arbitrary trees: whatever the language can say, without places.

import fc from 'fast-check';
import type * as ast from '../../grammar/ast';
import { floatValue, integerValue } from '../../grammar/literals';
import { keywords } from '../../grammar/tokens';

const span = { start: 0, end: 0 };

type Tree<T> = fc.Arbitrary<T>;

const word = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,4}$/);
const plainWord = word.filter((text) => !(keywords as readonly string[]).includes(text));

function named(text: Tree<string>): Tree<ast.Name> {
  return text.map((its) => ({ kind: 'name', text: its, span }));
}

const name = named(plainWord);
const anyWord = named(fc.oneof(plainWord, fc.constantFrom(...keywords)));

const integer = fc.stringMatching(/^[0-9]{1,3}(_[0-9]{3})?[kMG]?$/).map((text): ast.IntegerLiteral => ({ kind: 'integer', value: integerValue(text), text, span }));
const float = fc
  .stringMatching(/^[0-9]{1,2}(\.[0-9]{1,2}(e[+-]?[0-9])?|e-?[0-9])$/)
  .map((text): ast.FloatLiteral => ({ kind: 'float', value: floatValue(text), text, span }));
const string = fc
  .string({ unit: fc.constantFrom('a', ' ', '"', '\\', '\n', '\t', 'n', '#', '{', 'é') })
  .map((value): ast.StringLiteral => ({ kind: 'string', value, span }));

function few<T>(item: Tree<T>, minLength = 0): Tree<T[]> {
  return fc.array(item, { minLength, maxLength: 3 });
}

function maybe<T>(item: Tree<T>): Tree<T | undefined> {
  return fc.option(item, { nil: undefined });
}

const comparisonOperator = fc.constantFrom<ast.ComparisonOperator>('==', '!=', '<', '<=', '>', '>=');
const binaryOperator = fc.constantFrom<ast.BinaryOperator>('+', '-', '*', '/', '//', '%', '@', '^');
const operation = fc.constantFrom<ast.Parallel['operation']>('concat', 'add', 'multiply');

const trees = fc.letrec<{ expression: ast.Expression; block: ast.Block; statement: ast.Statement; argument: ast.Argument }>((tie) => {
  const value = tie('expression');
  const block = tie('block');
  const two = { left: value, right: value };
  const item = fc.oneof(
    { weight: 3, arbitrary: value },
    fc.record({ kind: fc.constant('slice' as const), start: maybe(value), stop: maybe(value), step: maybe(value), span: fc.constant(span) }),
    fc.constant<ast.Ellipsis>({ kind: 'ellipsis', span }),
  );
  const dimension = fc.oneof({ weight: 4, arbitrary: value }, fc.constant<ast.Ellipsis>({ kind: 'ellipsis', span }));
  const shape = few(dimension);
  const element = fc.constantFrom('int' as const, 'float' as const);
  const type: Tree<ast.Type> = fc
    .oneof(fc.record({ element, shape: maybe(shape) }), fc.record({ element: maybe(element), shape }))
    .map((its) => ({ kind: 'type', ...its, span }));
  const args = few(tie('argument'));
  const branch = fc.record({ condition: value, body: block }).map((its): ast.IfBranch => ({ kind: 'if-branch', ...its, span }));
  const simple = fc.oneof(
    name,
    integer,
    float,
    string,
    fc.boolean().map((its): ast.BooleanLiteral => ({ kind: 'boolean', value: its, span })),
    fc.constant<ast.NoneLiteral>({ kind: 'none', span }),
    fc.constant<ast.Name>({ kind: 'name', text: 'loss', span }),
  );
  const compound: Tree<ast.Expression> = fc.oneof(
    block,
    few(value).map((items): ast.List => ({ kind: 'list', items, span })),
    fc.record({ branches: few(branch, 1), otherwise: maybe(block) }).map((its): ast.If => ({ kind: 'if', ...its, span })),
    fc.record({ count: value, body: block }).map((its): ast.Repeat => ({ kind: 'repeat', ...its, span })),
    fc.record({ names: few(name, 1), iterable: value, body: block }).map((its): ast.For => ({ kind: 'for', ...its, span })),
    block.map((body): ast.Residual => ({ kind: 'residual', body, span })),
    fc.record({ operation, arguments: args, body: block }).map((its): ast.Parallel => ({ kind: 'parallel', ...its, span })),
    fc.record(two).map((its): ast.Pipe => ({ kind: 'pipe', ...its, span })),
    fc.record({ operator: fc.constantFrom('and' as const, 'or' as const), ...two }).map((its): ast.Logical => ({ kind: 'logical', ...its, span })),
    value.map((operand): ast.Not => ({ kind: 'not', operand, span })),
    few(value, 1).chain((rest) =>
      fc
        .record({ first: value, operators: fc.array(comparisonOperator, { minLength: rest.length, maxLength: rest.length }) })
        .map(({ first, operators }): ast.Comparison => ({ kind: 'comparison', operands: [first, ...rest], operators, span })),
    ),
    fc.record({ operator: binaryOperator, ...two }).map((its): ast.Binary => ({ kind: 'binary', ...its, operatorSpan: span, span })),
    value.map((operand): ast.Negate => ({ kind: 'negate', operand, span })),
    fc
      .record({ callee: fc.oneof({ weight: 4, arbitrary: value }, named(operation)), arguments: args })
      .map((its): ast.Call => ({ kind: 'call', ...its, span })),
    fc.record({ object: value, items: few(item, 1) }).map((its): ast.Index => ({ kind: 'index', ...its, span })),
    fc.record({ object: value, name: anyWord }).map((its): ast.Member => ({ kind: 'member', ...its, span })),
  );
  return {
    expression: fc.oneof({ depthSize: 'small', withCrossShrink: true }, simple, compound),
    block: few(tie('statement')).map((statements): ast.Block => ({ kind: 'block', statements, span })),
    argument: fc.record({ name: maybe(anyWord), value }).map((its): ast.Argument => ({ kind: 'argument', ...its, span })),
    statement: fc.oneof(
      { depthSize: 'small' },
      name.map((its): ast.Output => ({ kind: 'output', name: its, span })),
      value.map((its): ast.ExpressionStatement => ({ kind: 'expression-statement', value: its, span })),
      fc.record({ kind: fc.constantFrom('input' as const, 'target' as const), name, type: maybe(type) }).map((its): ast.Input | ast.Target => ({ ...its, span })),
      fc.record({ name, type, value: maybe(value) }).map((its): ast.Param => ({ kind: 'param', ...its, span })),
      value.map((its): ast.Loss => ({ kind: 'loss', value: its, span })),
      value.map((its): ast.Optimizer => ({ kind: 'optimizer', value: its, span })),
      value.map((condition): ast.Assert => ({ kind: 'assert', condition, span })),
      fc.record({ names: few(name, 1), value }).map((its): ast.Binding => ({ kind: 'binding', ...its, span })),
    ),
  };
});

const documentationLine = fc.string({ unit: fc.constantFrom('a', ' ', '#', '*', '`', 'é'), maxLength: 8 }).map((line) => line.trimEnd());
const documentation = maybe(fc.array(documentationLine, { minLength: 1, maxLength: 3 }).map((lines) => lines.join('\n')));
const parameters = few(fc.record({ name, default: maybe(trees.expression) }).map((its): ast.Parameter => ({ kind: 'parameter', ...its, span })));
const importedName = fc.record({ name, alias: maybe(name) }).map((its): ast.ImportedName => ({ kind: 'imported-name', ...its, span }));

const declaration: Tree<ast.Declaration> = fc.oneof(
  fc.record({ path: string, names: few(importedName, 1) }).map((its): ast.Import => ({ kind: 'import', ...its, span })),
  fc.record({ documentation, name, value: trees.expression }).map((its): ast.Let => ({ kind: 'let', ...its, span })),
  fc.record({ documentation, name, parameters, body: trees.expression }).map((its): ast.FunctionDeclaration => ({ kind: 'function', ...its, span })),
  fc.record({ documentation, name, parameters, body: trees.block }).map((its): ast.Stack => ({ kind: 'stack', ...its, span })),
  fc.record({ documentation, name, parameters, body: trees.block }).map((its): ast.Model => ({ kind: 'model', ...its, span })),
  fc.record({ documentation, name, parameters, variant: trees.expression }).map((its): ast.Model => ({ kind: 'model', ...its, span })),
  trees.expression.map((condition): ast.Assert => ({ kind: 'assert', condition, span })),
);

/** Any expression. */
export const anyExpression: Tree<ast.Expression> = trees.expression;

/** Any file. */
export const anyFile: Tree<ast.File> = fc
  .record({ documentation, declarations: fc.array(declaration, { maxLength: 4 }) })
  .map((its) => ({ kind: 'file', ...its, span }));

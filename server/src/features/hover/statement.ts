// The hovers on statements: inputs, targets, parameters, outputs, the loss, asserts.

import type * as ast from '../../../../grammar/ast';
import { elements, printType } from '../../layers/tensor';
import type { Judgement, Tensor } from '../../semantics/graph';
import { requirementsOf } from '../../semantics/requirements';
import { derivativeLine } from '../derivatives';
import { modelOf } from '../figures';
import { code, codeBlock, escaped, paragraphs } from '../markdown';
import { counted, grouped } from '../numbers';
import { spellValue, textOf } from '../spelling';
import type { Document } from '../workspace';
import { computationOf } from './computation';
import { lossSentence } from './loss';
import { requirementList, valuePage } from './value';

/** `input` and `target`: the type, and what the model requires of its free dimensions. */
export function tensorStatementPage(statement: ast.Input | ast.Target, declaration: ast.Declaration | undefined, document: Document): string | undefined {
  const observed = document.analysis.observations(statement.name)?.first ?? [];
  const page = valuePage(statement.name.text, observed, document);
  const evaluated = modelOf(document, declaration) ?? (declaration && document.analysis.understood(declaration)?.run);
  if (evaluated === undefined) return page;
  const requirements = requirementsOf(evaluated).filter(({ input }) => input.place.span.start === statement.name.span.start);
  return paragraphs(page, requirements.length === 0 ? undefined : requirementList(requirements, document));
}

/** `param`: the shape, the number of entries, the first values and the gradient. */
export function paramPage(statement: ast.Param, declaration: ast.Declaration | undefined, document: Document): string | undefined {
  for (const { value } of document.analysis.observations(statement.name)?.first ?? []) {
    if (value.kind !== 'tensor') continue;
    const { type } = value.tensor;
    const model = modelOf(document, declaration);
    return paragraphs(
      codeBlock(`param ${statement.name.text}: ${printType(type)}`),
      `${counted(elements(type.shape) as number, 'trainable entry', 'trainable entries')}, at first ${initialText(value.tensor)}.`,
      model?.graph.parameters.includes(value.tensor) === true ? derivativeLine(value.tensor, model.run, document) : undefined,
    );
  }
  return undefined;
}

function initialText(tensor: Tensor): string {
  if (tensor.source.kind !== 'parameter') return 'not set';
  const { initial } = tensor.source;
  if ('constant' in initial) return code(String(initial.constant));
  return 'uniform' in initial ? `uniform in ±${grouped(initial.uniform)}` : `normal with deviation ${grouped(initial.normal)}`;
}

export function outputPage(statement: ast.Output, document: Document): string | undefined {
  return valuePage(statement.name.text, document.analysis.observations(statement.name)?.first ?? [], document);
}

/** `loss`: what is minimized. */
export function lossPage(statement: ast.Loss, declaration: ast.Declaration | undefined, document: Document): string {
  const value = document.analysis.observations(statement.value)?.first[0]?.value;
  const node = value?.kind === 'tensor' && value.tensor.source.kind === 'node' && value.tensor.source.node.kind === 'operation' ? value.tensor.source.node : undefined;
  return paragraphs(
    codeBlock(`loss ${textOf(statement.value, document.text)}`),
    node !== undefined && statement.value.kind === 'call' ? code(node.operation.formula) : undefined,
    value?.kind === 'tensor' ? lossSentence(value.tensor) : undefined,
    'One number per example, averaged over the batch; several `loss` statements add up. Its gradient is what trains the parameters.',
    computationOf(modelOf(document, declaration), document),
  );
}

const outcomes: Readonly<Record<Judgement['outcome'], string>> = {
  holds: '✓ Holds.',
  fails: '✗ Fails.',
  assumed: 'An assumption: it bounds what is fed to the model, in checks as in applications.',
  waits: 'On tensors or gradients: it is judged at random points with **Check gradients**.',
  unknown: 'Not decided: what it speaks of is not known.',
};

/** `assert`: its outcome in each model, with the values of both sides. */
export function assertPage(statement: ast.Assert, document: Document): string {
  const judged = [
    ...document.analysis.judgements.map((judgement) => ({ model: undefined, judgement })),
    ...document.analysis.models.flatMap((model) => model.graph.judgements.map((judgement) => ({ model: model.name, judgement }))),
  ].filter(({ judgement: { place } }) => place.file === document.uri && place.span.start === statement.span.start);
  const groups = new Map<Judgement['outcome'], string[]>();
  for (const { model, judgement } of judged) groups.set(judgement.outcome, [...(groups.get(judgement.outcome) ?? []), ...(model === undefined ? [] : [model])]);
  const lines = [...groups].map(([outcome, models]) => (groups.size > 1 ? `${escaped(models.join(', '))}: ${outcomes[outcome]}` : outcomes[outcome]));
  return paragraphs(codeBlock(`assert ${textOf(statement.condition, document.text)}`), lines.length === 0 ? 'Not evaluated.' : lines.join('\n\n'), sidesOf(statement, document));
}

/** What the operands of the condition were worth, where that says more than the text. */
function sidesOf({ condition }: ast.Assert, document: Document): string | undefined {
  if (condition.kind !== 'comparison') return undefined;
  const lines = condition.operands.flatMap((operand) => {
    const text = textOf(operand, document.text);
    const values = (document.analysis.observations(operand)?.first ?? []).map(({ value }) => value).filter((value) => value.kind !== 'unknown');
    const spelled = [...new Set(values.map((value) => (value.kind === 'size' ? grouped(value.value) : value.kind === 'tensor' ? printType(value.tensor.type) : spellValue(value))))];
    return spelled.length === 0 || spelled[0] === text ? [] : [`- ${code(text)}${values[0]!.kind === 'tensor' ? ': ' : ' = '}${spelled.slice(0, 4).map(code).join(', ')}`];
  });
  return lines.length === 0 ? undefined : lines.join('\n');
}

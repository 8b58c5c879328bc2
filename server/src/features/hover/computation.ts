// The computational graph of a small loss: its operations in order, with their local derivatives and what the backward pass keeps.

import { sum } from '../../semantics/derivative/algebra';
import { one, symbol } from '../../semantics/derivative/expression';
import { greekName, printExpression } from '../../semantics/derivative/print';
import type { GraphNode, Tensor } from '../../semantics/graph';
import { keptBy, neededIn, type OtherKept, storageOf } from '../../semantics/kept';
import type { EvaluatedModel } from '../../semantics/model';
import { derivativesOf, namesOf } from '../derivatives';
import { code, paragraphs, table } from '../markdown';
import type { Document } from '../workspace';

/** Larger graphs are not read as a table. */
const mostOperations = 15;

/** The graph of a model's only loss as a table; undefined where it is large, or where something in it cannot be written well. */
export function computationOf(model: EvaluatedModel | undefined, document: Document): string | undefined {
  const [loss, ...others] = model?.graph.losses ?? [];
  if (model === undefined || loss === undefined || others.length > 0 || loss.type.shape.length > 0) return undefined;
  const nodes = operationsOf(loss);
  if (nodes === undefined || nodes.length === 0) return undefined;
  const derivatives = derivativesOf(model, document);
  const naming = namesOf(model, document);
  const needsGradient = neededIn(model.graph);
  const derived = new Set<Tensor>();
  const isDerived = (tensor: Tensor): boolean => derived.has(tensor) || (tensor.type.element === 'float' && (tensor.source.kind === 'parameter' || tensor.source.kind === 'input'));
  const spell = (tensor: Tensor): string | undefined => {
    const value = derivatives.value(tensor);
    return value && printExpression(value);
  };

  const rows: { readonly value: string; readonly slopes: readonly string[]; readonly kept: readonly OtherKept[]; readonly tensors: readonly Tensor[] }[] = [];
  let usesCotangent = false;
  for (const node of nodes) {
    const [output] = node.outputs as [Tensor];
    const definition = derivatives.definition(output);
    if (definition === undefined) return undefined;
    const name = naming(output) ?? (output === loss ? 'loss' : undefined);
    const value = `${name === undefined ? '' : `${greekName(name)} = `}${printExpression(definition)}`;
    const operands = [...node.inputs, ...node.parameters];
    if (!operands.some(isDerived)) {
      rows.push({ value, slopes: [], kept: [], tensors: [] });
      continue;
    }
    derived.add(output);
    const { shape } = output.type;
    const isPlain = shape.length === 0 || (node.operation.pointwise === true && node.inputs.length === 1);
    const flows = derivatives.local(node, isPlain ? one : symbol('g', shape), isDerived);
    if (flows === undefined) return undefined;
    usesCotangent ||= !isPlain;
    const slopes: string[] = [];
    for (const [position, operand] of operands.entries()) {
      if (!isDerived(operand) || operands.indexOf(operand) !== position) continue;
      const by = spell(operand);
      const parts = flows.filter((_, at) => operands[at] === operand);
      if (by === undefined || parts.includes(undefined)) return undefined;
      const flow = parts.flatMap((part) => (typeof part === 'object' ? [part] : []));
      slopes.push(`∂/∂${/^[\p{L}\p{M}\w.]+$/u.test(by) ? by : `(${by})`} = ${flow.length === 0 ? '0' : printExpression(sum(flow))}`);
    }
    const { tensors, others } = keptBy(node, needsGradient);
    rows.push({ value, slopes, kept: others, tensors });
  }

  const seen = new Set<Tensor>();
  const keptText = (tensor: Tensor): string | undefined => {
    const text = spell(tensor);
    if (text === undefined) return undefined;
    const remark = tensor.source.kind === 'parameter' ? ' (a parameter, there anyway)' : seen.has(storageOf(tensor)) ? ' (the same, kept once)' : '';
    seen.add(storageOf(tensor));
    return `${code(text)}${remark}`;
  };
  const lines = rows.map(({ value, slopes, kept, tensors }) => [code(value), slopes.map(code).join('<br>'), [...tensors.flatMap((tensor) => keptText(tensor) ?? []), ...kept.map((what) => otherWords[what])].join(', ')]);
  return paragraphs(
    `The computational graph${usesCotangent ? `; ${code('g')} is the gradient of the row's result` : ''}:`,
    table(['Operation', 'Local derivative', 'Kept for the backward pass'], lines),
  );
}

const otherWords: Readonly<Record<OtherKept, string>> = { mask: 'a mask', indices: 'the places that were picked', statistics: 'intermediate values' };

/** The operations that a tensor is computed by, in order; undefined where they are too many or not all plain operations. */
function operationsOf(tensor: Tensor): readonly GraphNode[] | undefined {
  const found = new Set<GraphNode>();
  const pending = [tensor];
  while (pending.length > 0) {
    const { source } = pending.pop()!;
    if (source.kind !== 'node') continue;
    if (source.node.kind !== 'operation' || source.node.outputs.length !== 1) return undefined;
    if (found.has(source.node)) continue;
    found.add(source.node);
    if (found.size > mostOperations) return undefined;
    for (const input of source.node.inputs) pending.push(input);
  }
  return [...found].sort((a, b) => a.id - b.id);
}

// Derivatives of a model's scalars in words: the names of its text, and expressions that are short enough to read.

import { Derivatives, type Naming } from '../semantics/derivative/derive';
import { type Expression, formsOf } from '../semantics/derivative/expression';
import { greekName, printExpression } from '../semantics/derivative/print';
import type { Graph, Place, Tensor } from '../semantics/graph';
import { namingOf } from '../semantics/derivative/naming';
import type { EvaluatedModel } from '../semantics/model';
import { code } from './markdown';
import type { Document } from './workspace';

/** Longer expressions help nobody. */
const longest = 100;

const known = new WeakMap<Document, Map<Graph, Derivatives>>();

/** The derivatives of a model of the document, in its names. */
export function derivativesOf(model: EvaluatedModel, document: Document): Derivatives {
  let ofDocument = known.get(document);
  if (ofDocument === undefined) known.set(document, (ofDocument = new Map()));
  let made = ofDocument.get(model.graph);
  if (made === undefined) ofDocument.set(model.graph, (made = new Derivatives(model.graph, namesOf(model, document))));
  return made;
}

/** What the tensors of a model are called in its text. */
export function namesOf(model: EvaluatedModel, document: Document): Naming {
  return namingOf(model, { observations: (node) => document.analysis.observations(node), textAt: (place) => textAt(place, document) });
}

/** ∂y/∂x in the names of the text; undefined where it is not known or too long to read. */
export function spellDerivative(model: EvaluatedModel, y: Tensor, x: Tensor, document: Document): string | undefined {
  const expression = derivativesOf(model, document).derivative(y, x);
  return expression && spellExpression(expression);
}

/** The shortest of the ways in which it is known; undefined where all are too long to read. */
export function spellExpression(expression: Expression): string | undefined {
  const [first] = formsOf(expression).map((form) => ({ form, text: printExpression(form) })).sort((a, b) => weightOf(a) - weightOf(b));
  const { text } = first!;
  return text.length <= longest ? text : undefined;
}

/** So many signs more are read gladly where factors stand in front of a sum: σ(x)·(1 − σ(x)). */
const factorSigns = 3;

function weightOf({ form, text }: { readonly form: Expression; readonly text: string }): number {
  const isFactored = form.kind === 'product' && form.factors.some(({ kind }) => kind === 'sum') && form.factors.some(({ kind }) => kind !== 'sum' && kind !== 'number');
  return text.length - (isFactored ? factorSigns : 0);
}

/** The derivative of the sum of a model's losses. */
export function spellLossGradient(model: EvaluatedModel, x: Tensor, document: Document): string | undefined {
  const { losses } = model.graph;
  const [only] = losses;
  if (losses.length !== 1 || only!.type.shape.length > 0) return undefined;
  return spellDerivative(model, only!, x, document);
}

/** What a gradient is as an expression, or what the gradient of the loss in any other named tensor is; undefined where it does not read well. */
export function derivativeLine(tensor: Tensor, run: object, document: Document): string | undefined {
  const model = document.analysis.models.find((each) => each.run === run);
  const { source } = tensor;
  if (model === undefined || tensor.type.element === 'int') return undefined;
  if (source.kind === 'node' && source.node.kind === 'gradient') {
    const text = spellDerivative(model, ...source.node.inputs, document);
    return text && code(`${textAt(source.node.place, document)} = ${text}`);
  }
  const name = namesOf(model, document)(tensor);
  const text = name === undefined ? undefined : spellLossGradient(model, tensor, document);
  // Where nothing comes back, other pages say why.
  return text === undefined || (text === '0' && source.kind === 'node') ? undefined : `Gradient for one example: ${code(`∂loss/∂${greekName(name!)} = ${text}`)}`;
}

/** The text at a place, in one line. */
export function textAt({ file, span }: Place, document: Document): string {
  const source = file === document.uri ? document : document.dependencies.get(file);
  return (source?.text.slice(span.start, span.end) ?? '').replace(/\s+/g, ' ');
}

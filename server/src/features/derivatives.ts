// Derivatives of a model's scalars in words: the names of its text, and expressions that are short enough to read.

import { nameLeaves } from '../check/lower';
import { Derivatives, type Naming, type Obstacle } from '../semantics/derivative/derive';
import type { Expression } from '../semantics/derivative/expression';
import { greekName } from '../semantics/derivative/print';
import { spell, type Spelled } from '../semantics/derivative/spelling';
import type { Graph, Place, Tensor } from '../semantics/graph';
import { namingOf } from '../semantics/derivative/naming';
import type { EvaluatedModel } from '../semantics/model';
import { code } from './markdown';
import type { Document } from './workspace';

const known = new WeakMap<Document, Map<Graph, Derivatives>>();

/** The derivatives of a model of the document, in its names. */
export function derivativesOf(model: EvaluatedModel, document: Document): Derivatives {
  let ofDocument = known.get(document);
  if (ofDocument === undefined) known.set(document, (ofDocument = new Map()));
  let made = ofDocument.get(model.graph);
  if (made === undefined) ofDocument.set(model.graph, (made = new Derivatives(model.graph, namesWithLayers(model, document))));
  return made;
}

/** What the tensors of a model are called in its text. */
export function namesOf(model: EvaluatedModel, document: Document): Naming {
  return namingOf(model, { observations: (node) => document.analysis.observations(node), textAt: (place) => textAt(place, document) });
}

/** The same, with weights of layers without a name called as in reports: `Linear_1.weight`. */
function namesWithLayers(model: EvaluatedModel, document: Document): Naming {
  const [names, leaves] = [namesOf(model, document), nameLeaves(model.graph)];
  return (tensor) => names(tensor) ?? (tensor.source.kind === 'parameter' ? leaves.get(tensor) : undefined);
}

/** ∂y/∂x in the names of the text, in one line; undefined where it is not known or too long to read. */
export function spellDerivative(model: EvaluatedModel, y: Tensor, x: Tensor, document: Document): string | undefined {
  const expression = derivativesOf(model, document).derivative(y, x);
  return expression && spellExpression(expression, document);
}

/** An expression in one line. */
export function spellExpression(expression: Expression, document: Document): string | undefined {
  const spelled = spell(expression, takenIn(document));
  return spelled && [spelled.text, ...spelled.where.map(([name, text], index) => `${index === 0 ? 'where ' : ''}${name} = ${text}`)].join(', ');
}

/** The words of a text are no free names. */
function takenIn(document: Document): (name: string) => boolean {
  return (name) => new RegExp(`\\b${name}\\b`).test(document.text);
}

/** The loss of a model with one. */
function onlyLoss({ graph: { losses } }: EvaluatedModel): Tensor | undefined {
  return losses.length === 1 && losses[0]!.type.shape.length === 0 ? losses[0] : undefined;
}

/** The derivative of a model's loss. */
export function spellLossGradient(model: EvaluatedModel, x: Tensor, document: Document): string | undefined {
  const loss = onlyLoss(model);
  return loss && spellDerivative(model, loss, x, document);
}

/** What a gradient is as an expression, or what the gradient of the loss in any other named tensor is; else why there is none. Undefined where there is nothing to say. */
export function derivativeLine(tensor: Tensor, run: object, document: Document): string | undefined {
  const model = document.analysis.models.find((each) => each.run === run);
  const { source } = tensor;
  if (model === undefined || tensor.type.element === 'int') return undefined;
  if (source.kind === 'node' && source.node.kind === 'gradient') {
    const what = textAt(source.node.place, document);
    return spelledLine(model, ...source.node.inputs, what, document) ?? obstacleLine(model, ...source.node.inputs, what, document);
  }
  const name = namesOf(model, document)(tensor);
  const loss = onlyLoss(model);
  if (name === undefined || loss === undefined) return undefined;
  const what = `∂loss/∂${greekName(name)}`;
  const line = spelledLine(model, loss, tensor, what, document);
  // Of what lies in between, only what can be said is; and where nothing comes back, other pages say why.
  if (source.kind === 'node') return line === undefined || line.startsWith(code(`${what} = 0`)) ? undefined : `Gradient for one example: ${line}`;
  return line === undefined ? obstacleLine(model, loss, tensor, what, document) : `Gradient for one example: ${line}`;
}

function spelledLine(model: EvaluatedModel, y: Tensor, x: Tensor, what: string, document: Document): string | undefined {
  const expression = derivativesOf(model, document).derivative(y, x);
  const spelled = expression && spell(expression, takenIn(document));
  return spelled && [code(`${what} = ${spelled.text}`), ...notesOf(spelled)].join('');
}

function obstacleLine(model: EvaluatedModel, y: Tensor, x: Tensor, what: string, document: Document): string {
  const obstacle = derivativesOf(model, document).obstacle(y, x);
  return `${code(what)} has no short expression${obstacle === undefined ? '' : `: ${spellObstacle(obstacle)}`}.`;
}

/** What the names in an expression stand for. */
export function notesOf({ where, legend }: Spelled): readonly string[] {
  const parts = where.map(([name, text]) => code(`${name} = ${text}`)).join(' and ');
  return [...(where.length === 0 ? [] : [`, where ${parts}`]), ...legend.map((line) => `; ${line}`)];
}

function spellObstacle(obstacle: Obstacle): string {
  if (obstacle.kind === 'steps') return `${String(obstacle.count)} operations lie between`;
  const { node } = obstacle;
  return `the way back goes through ${code(node.kind === 'gradient' ? 'grad' : node.operation.name)}`;
}

/** The text at a place, in one line. */
export function textAt({ file, span }: Place, document: Document): string {
  const source = file === document.uri ? document : document.dependencies.get(file);
  return (source?.text.slice(span.start, span.end) ?? '').replace(/\s+/g, ' ');
}

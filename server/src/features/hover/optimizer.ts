// The hover on an optimizer: its rule with the numbers put in, for each parameter of its own, how far it steps, and what it remembers.

import type * as ast from '../../../../grammar/ast';
import type { Arguments } from '../../layers/definition';
import type { Optimizer } from '../../layers/optimizers';
import { elements } from '../../layers/tensor';
import { greekName } from '../../semantics/derivative/print';
import type { EvaluatedModel } from '../../semantics/model';
import { namesOf, spellLossGradient } from '../derivatives';
import { modelOf } from '../figures';
import { code, codeBlock, escaped, paragraphs, sourceLinks, table } from '../markdown';
import { bytes, counted, grouped } from '../numbers';
import { type Curve, plotImage } from '../plot';
import { spellCall } from '../spelling';
import type { Document } from '../workspace';

/** `optimizer`: the update rule with the numbers put in, and the state that it keeps. */
export function optimizerPage(statement: ast.Optimizer, declaration: ast.Declaration | undefined, document: Document): string | undefined {
  const model = modelOf(document, declaration) ?? document.analysis.models.find((each) => isPlaceOf(each, statement, document));
  const chosen = model?.optimizer;
  if (model === undefined || chosen === undefined) return undefined;
  const { definition, arguments: given } = chosen;
  return paragraphs(
    codeBlock(spellCall(definition, given)),
    definition.summary,
    rulesOfParameters(definition, given, model, document),
    isPlain(definition, given) ? undefined : paragraphs('With the numbers put in:', ruleBlock(ruleWithNumbers(definition, given))),
    stateText(definition, given, model),
    stepPlots(definition, given),
    stepTable(definition, given),
    paragraphs('In general:', ruleBlock(definition.rule(given))),
    sourceLinks(definition.source),
  );
}

function isPlaceOf(model: EvaluatedModel, statement: ast.Optimizer, document: Document): boolean {
  const place = model.optimizer?.place;
  return place?.file === document.uri && place.span.start === statement.value.span.start;
}

function stateText(definition: Optimizer, given: Arguments, model: EvaluatedModel): string {
  const each = definition.state(given);
  if (each === 0) return 'Keeps no state.';
  const parameters = model.graph.parameters.reduce((total, tensor) => total + (elements(tensor.type.shape) as number), 0);
  return `Keeps ${counted(each, 'number')} for each parameter: ${grouped(each * parameters)} for the ${grouped(parameters)} of ${escaped(model.name)}, ${bytes(4 * each * parameters)} in float32.`;
}

// ── The rule ─────────────────────────────────────────────────────────────────

/** For how many parameters the rule is written out. */
const mostParameters = 4;

/** `w ← w − 0.01·(λ·sign(w))`: plain gradient descent with the gradients put in; of other rules the gradients. */
function rulesOfParameters(definition: Optimizer, given: Arguments, model: EvaluatedModel, document: Document): string | undefined {
  const nameOf = namesOf(model, document);
  const lines = model.graph.parameters.flatMap((tensor) => {
    const name = nameOf(tensor);
    const gradient = name === undefined ? undefined : spellLossGradient(model, tensor, document);
    if (gradient === undefined) return [];
    const w = greekName(name!);
    return [isPlain(definition, given) ? `${w} ← ${w} − ${String(given.lr)}·(${gradient}${decayOf(given, w)})` : `∂loss/∂${w} = ${gradient}`];
  });
  if (lines.length === 0 || lines.length > mostParameters) return undefined;
  return paragraphs(isPlain(definition, given) ? 'Each example moves:' : 'With the gradient of each example, g:', codeBlock(...lines));
}

function isPlain({ name }: Optimizer, { momentum }: Arguments): boolean {
  return name === 'SGD' && momentum === 0;
}

function decayOf({ weight_decay: decay }: Arguments, w: string): string {
  return decay === 0 ? '' : ` + ${String(decay)}·${w}`;
}

const greek: Readonly<Record<string, string>> = { α: 'alpha', μ: 'momentum' };

/** The rule with the values of the arguments in place of their names, and without what they make vanish. */
export function ruleWithNumbers(definition: Optimizer, given: Arguments): readonly string[] {
  const betas = Array.isArray(given.betas) ? (given.betas as readonly number[]) : [];
  const values: readonly (readonly [string, unknown])[] = [...Object.entries(given), ...Object.entries(greek).map(([sign, name]) => [sign, given[name]] as const), ['β₁', betas[0]], ['β₂', betas[1]]];
  return definition.rule(given).flatMap((line) => {
    let filled = line;
    for (const [name, value] of values) {
      if (typeof value === 'number') filled = filled.replaceAll(new RegExp(`(?<![\\p{L}_])${name}(?![\\p{Ll}\\p{Lu}_₁₂])`, 'gu'), String(value));
    }
    const rest = withoutNothing(filled);
    return rest === undefined ? [] : [rest];
  });
}

/** `(1 − 0.9)·g` is `0.1·g`, `(1 − 0)·g` is `g`, and `g + 0·w` is `g`; undefined for a line that does nothing. */
function withoutNothing(line: string): string | undefined {
  if (/\(1 − (?:0·[\d.e-]+|[\d.e-]+·0)\)·w$/.test(line)) return undefined;
  return line
    .replaceAll(/\(1 − ([\d.e-]+)·([\d.e-]+)\)/g, (_, a: string, b: string) => `(1 − ${String(Number((Number(a) * Number(b)).toPrecision(12)))})`)
    .replaceAll(/\(1 − ([\d.e-]+)\)·/g, (_, value: string) => {
      const rest = Number((1 - Number(value)).toPrecision(12));
      return rest === 1 ? '' : `${String(rest)}·`;
    })
    .replaceAll(/ \+ 0·\p{L}+/gu, '')
    .replaceAll(/(?<= )0·\p{L}+ \+ /gu, '')
    .replaceAll(/ \+ 0(?=\))/g, '');
}

function ruleBlock(lines: readonly string[]): string {
  return `\`\`\`\n${lines.join('\n')}\n\`\`\``;
}

// ── How far it steps ─────────────────────────────────────────────────────────

const longRun = 100;

/** The steps against a constant gradient; weight decay, which depends on the weight, is left out. */
function stepsUnder(gradient: number, count: number, definition: Optimizer, given: Arguments): readonly number[] {
  const next = definition.start({ ...given, weight_decay: 0 });
  return Array.from({ length: count }, () => -next(gradient, 0));
}

function stepTable(definition: Optimizer, given: Arguments): string {
  const rows = [0.01, 1, 100].map((gradient) => {
    const steps = stepsUnder(gradient, longRun, definition, given);
    return [code(String(gradient)), code(spell(steps[0]!)), code(spell(steps.at(-1)!))];
  });
  const decays = typeof given.weight_decay === 'number' && given.weight_decay > 0 ? ', weight decay aside' : '';
  return paragraphs(`How far a weight moves under a constant gradient${decays}:`, table(['Gradient', 'First step', `Step ${String(longRun)}`], rows));
}

function spell(value: number): string {
  return String(Number(value.toPrecision(4))).replace('-', '−');
}

const plottedGradient = 3;
const plottedSteps = 50;
/** From here on the damping shows, and the plot has the undamped rule beside it. */
const visibleEps = 1e-3;

function stepPlots(definition: Optimizer, given: Arguments): string {
  const compared = typeof given.eps === 'number' && given.eps >= visibleEps;
  const curves = (points: (arguments_: Arguments) => Curve['points']): Curve[] => [
    { label: compared ? `eps = ${String(given.eps)}` : 'step', points: points(given) },
    ...(compared ? [{ label: 'eps = 0', points: points({ ...given, eps: 0 }), faint: true }] : []),
  ];
  const gradients = Array.from({ length: 120 }, (_, index) => plottedGradient * ((2 * index) / 119 - 1));
  return plotImage(`the first step of ${definition.name} by the gradient, and its steps under a constant gradient of 1`, [
    { x: 'gradient', title: 'first step', curves: curves((arguments_) => gradients.map((gradient) => [gradient, stepsUnder(gradient, 1, definition, arguments_)[0]!])) },
    { x: 'steps with gradient 1', curves: curves((arguments_) => stepsUnder(1, plottedSteps, definition, arguments_).map((step, index) => [index + 1, step])) },
  ]);
}

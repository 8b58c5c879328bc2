// What stands above models and stacks: the figures in one line, the gradient check with its state, comparisons, and uses.

import type * as ast from '../../../grammar/ast';
import type { Span } from '../base/span';
import type { EvaluatedModel } from '../semantics/model';
import { outcomeOf } from './check-report';
import type { CheckState, GradientChecks } from './checks';
import { costOfModel, fieldBefore, fieldSize, globalSince, lastOutput, receptiveFieldsOf } from './figures';
import { counted, duration, freeNames, grouped, written } from './numbers';
import { defaultSettings, type Settings } from './settings';
import type { Document } from './workspace';

export type LensCommand = 'nn.checkGradients' | 'nn.checkAgain' | 'nn.cancelCheck' | 'nn.showReport' | 'nn.compareModels' | 'nn.showUses';

export interface CodeLens {
  readonly span: Span;
  readonly title: string;
  readonly tooltip?: string;
  /** What a click does, with the document and the name of the declaration as arguments; without one the lens is text. */
  readonly command?: LensCommand;
  /** The model or stack. */
  readonly name: string;
  /** The title is not known yet: it is computed when the lens comes into sight. */
  readonly pending?: true;
}

export interface LensOptions {
  readonly settings?: Settings;
  readonly checks?: Pick<GradientChecks, 'stateOf'>;
}

/** The lenses of all models and stacks, in the order of the text. */
export function codeLenses(document: Document, { settings = defaultSettings, checks }: LensOptions = {}): readonly CodeLens[] {
  const { models, templates } = document.analysis;
  const ofModels = models.flatMap((model): CodeLens[] => {
    const base = { span: model.declaration.name.span, name: model.name };
    return [
      ...(settings['codeLens.figures'] ? [{ ...base, ...factsOf(model, settings) }] : []),
      ...(settings['codeLens.check'] ? lensesOf(checks?.stateOf(document, model.name)).map((lens) => ({ ...base, ...lens })) : []),
      ...(settings['codeLens.compare'] ? [{ ...base, title: 'Compare with …', tooltip: 'Shows the differences to another model, layer by layer', command: 'nn.compareModels' as const }] : []),
    ];
  });
  const ofTemplates = !settings['codeLens.figures'] ? [] : templates.map(({ declaration, missing }): CodeLens => ({
    span: declaration.name.span,
    name: declaration.name.text,
    title: `template · needs ${missing.join(', ')}`,
    tooltip: `model Name = ${declaration.name.text}(…) gives the arguments`,
  }));
  const stacks = !settings['codeLens.uses'] ? [] : document.tree.declarations.filter((each): each is ast.Stack => each.kind === 'stack' && each.name.text !== '');
  const ofStacks = stacks.map(({ name }): CodeLens => ({ span: name.span, name: name.text, title: '', command: 'nn.showUses', pending: true }));
  return [...ofModels, ...ofTemplates, ...ofStacks].sort((a, b) => a.span.start - b.span.start);
}

/** `5 uses`; a stack that is never used has nothing to click on. */
export function usesLens(count: number): Pick<CodeLens, 'title' | 'command'> {
  return count === 0 ? { title: 'no uses' } : { title: counted(count, 'use'), command: 'nn.showUses' };
}

interface Facts {
  readonly title: string;
  readonly tooltip?: string;
}

/** Of each model, whose evaluation is kept while nothing changes that it asks of the text: the facts by the style of numbers. */
const facts = new WeakMap<EvaluatedModel['graph'], Map<Settings['numbers.style'], Facts>>();

/** `11,689,512 params · 1.81 G MACs · receptive field 435×435` */
export function factsOf(model: EvaluatedModel, settings: Settings = defaultSettings): Facts {
  const style = settings['numbers.style'];
  let ofModel = facts.get(model.graph);
  if (ofModel === undefined) facts.set(model.graph, (ofModel = new Map<Settings['numbers.style'], Facts>()));
  let known = ofModel.get(style);
  if (known === undefined) ofModel.set(style, (known = workOutFacts(model, style)));
  return known;
}

function workOutFacts(model: EvaluatedModel, style: Settings['numbers.style']): Facts {
  if (!model.graph.finished) return { title: 'incomplete: the model has errors' };
  const { parameters, macs } = costOfModel(model);
  const parts = [counted(parameters, 'param')];
  const notes = [];
  if (typeof macs !== 'number') {
    const names = freeNames([macs]).join(', ');
    parts.push(`MACs depend on ${names}`);
    notes.push(`MACs: ${grouped(macs)}`);
  } else if (macs > 0) parts.push(`${written(macs, style)} ${macs === 1 ? 'MAC' : 'MACs'}`);
  const field = fieldText(model);
  if (field !== undefined) parts.push(`receptive field ${field}`);
  return { title: parts.join(' · '), tooltip: notes.length === 0 ? undefined : notes.join('\n') };
}

/** `12×12`, or `435×435 → global` where the last map is averaged. */
function fieldText({ graph, ...model }: EvaluatedModel): string | undefined {
  const output = lastOutput({ graph, ...model })?.tensors[0];
  const fields = output === undefined ? [] : receptiveFieldsOf(graph, output);
  const [field] = fields;
  if (field === undefined || fields.length > 1) return undefined;
  const compact = (text: string | undefined): string | undefined => text?.replaceAll(' × ', '×');
  if (!field.global) return compact(fieldSize(field));
  const since = globalSince(field);
  const before = since && fieldBefore(graph, since, field);
  return before === undefined ? 'global' : `${compact(fieldSize(before))!} → global`;
}

type LensText = Pick<CodeLens, 'title' | 'tooltip' | 'command'>;

const start: LensText = { title: 'Check gradients', command: 'nn.checkGradients', tooltip: 'Compares the derivatives with central differences' };
const again: LensText = { title: 'Check again', command: 'nn.checkAgain', tooltip: 'At other random values' };

function lensesOf(known: { readonly state: CheckState; readonly stale: boolean } | undefined): readonly LensText[] {
  if (known === undefined) return [start];
  const { state, stale } = known;
  switch (state.kind) {
    case 'waiting':
      return [{ title: '$(clock) waiting · cancel', command: 'nn.cancelCheck', tooltip: 'Other checks are before it' }];
    case 'running':
      return [{ title: `$(sync~spin) checking ${progressText(state)} · cancel`, command: 'nn.cancelCheck', tooltip: stageText(state) }];
    case 'failed':
      return stale ? [start] : [{ title: `✗ the check failed: ${state.reason}` }, { ...start, title: 'Check again' }];
    case 'done': {
      const outcome = outcomeOf(state.report);
      const result: LensText = { title: stale ? `$(history) before the last change: ${outcome}` : outcome, command: 'nn.showReport', tooltip: 'Shows the report' };
      return [result, stale ? start : again];
    }
  }
}

/** `42 %`, and how long it will take where that is worth knowing. */
export function progressText({ fraction, secondsLeft }: Extract<CheckState, { kind: 'running' }>): string {
  const percent = `${String(Math.floor(fraction * 100))} %`;
  return secondsLeft === undefined || secondsLeft < 1 ? percent : `${percent}, ${duration(secondsLeft)} left`;
}

/** What the check does at the moment, with the entries that it has compared. */
export function stageText({ progress: { stage, entries, remark } }: Extract<CheckState, { kind: 'running' }>): string {
  return remark ?? (entries === undefined ? stage : `${grouped(entries.done)} of ${grouped(entries.total)} entries compared`);
}

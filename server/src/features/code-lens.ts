// What stands above each model: its figures in one line, and the gradient check with its state.

import type { Span } from '../base/span';
import type { EvaluatedModel } from '../semantics/model';
import { outcomeOf } from './check-report';
import type { CheckState, GradientChecks } from './checks';
import { costOfModel, fieldBefore, fieldSize, globalSince, lastOutput, receptiveFieldsOf } from './figures';
import { counted, freeNames, grouped, shortened } from './numbers';
import type { Document } from './workspace';

export type LensCommand = 'nn.checkGradients' | 'nn.cancelCheck' | 'nn.showReport';

export interface CodeLens {
  readonly span: Span;
  readonly title: string;
  readonly tooltip?: string;
  /** What a click does, with the document and the model as arguments; without one the lens is text. */
  readonly command?: LensCommand;
  readonly model: string;
}

/** The lenses of all models, in the order of the text. */
export function codeLenses(document: Document, checks?: Pick<GradientChecks, 'stateOf'>): readonly CodeLens[] {
  const { models, templates } = document.analysis;
  const ofModels = models.flatMap((model): CodeLens[] => {
    const base = { span: model.declaration.name.span, model: model.name };
    const state = checks?.stateOf(document, model.name);
    return [{ ...base, ...factsOf(model) }, ...lensesOf(state).map((lens) => ({ ...base, ...lens }))];
  });
  const ofTemplates = templates.map(({ declaration, missing }): CodeLens => ({
    span: declaration.name.span,
    model: declaration.name.text,
    title: `template · needs ${missing.join(', ')}`,
    tooltip: `model Name = ${declaration.name.text}(…) gives the arguments`,
  }));
  return [...ofModels, ...ofTemplates].sort((a, b) => a.span.start - b.span.start);
}

/** `11,689,512 params · 1.81 G MACs · receptive field 435×435` */
export function factsOf(model: EvaluatedModel): { readonly title: string; readonly tooltip?: string } {
  if (model.run.errors > 0) return { title: 'incomplete: the model has errors' };
  const { parameters, macs } = costOfModel(model);
  const parts = [counted(parameters, 'param')];
  const notes = [];
  if (typeof macs !== 'number') {
    const names = freeNames([macs]).join(', ');
    parts.push(`MACs depend on ${names}`);
    notes.push(`MACs: ${grouped(macs)}`);
  } else if (macs > 0) parts.push(`${shortened(macs)} MACs`);
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

function lensesOf(known: { readonly state: CheckState; readonly stale: boolean } | undefined): readonly LensText[] {
  const start: LensText = { title: 'Check gradients', command: 'nn.checkGradients', tooltip: 'Compares the derivatives with central differences' };
  if (known === undefined) return [start];
  const { state, stale } = known;
  switch (state.kind) {
    case 'running':
      return [{ title: `$(sync~spin) checking ${String(Math.floor(state.fraction * 100))} % · cancel`, command: 'nn.cancelCheck', tooltip: state.stage }];
    case 'failed':
      return [{ title: `✗ the check failed: ${state.reason}` }, { ...start, title: 'Check again' }];
    case 'done': {
      const outcome = outcomeOf(state.report);
      const result: LensText = { title: stale ? `before the last change: ${outcome}` : outcome, command: 'nn.showReport', tooltip: 'Shows the report' };
      return [result, { ...start, title: stale ? 'Check gradients' : 'Check again' }];
    }
  }
}

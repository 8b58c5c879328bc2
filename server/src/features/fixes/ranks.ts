// Fixes of inputs of another rank: the batch or the channel in what an input declares, or the layer of that rank.

import type * as ast from '../../../../grammar/ast';
import type { Fix } from '../../base/diagnostic';
import { layers } from '../../layers/catalog';
import { around, marked, replace, type Site, textOf } from './site';

/** The layer for the rank that there is. */
export function* fittingLayer(site: Site): Iterable<Fix> {
  const wanted = site.diagnostic.data?.names?.[0];
  const marking = marked(site, 'call', 'name');
  const callee = marking?.kind === 'call' ? marking.callee : marking;
  if (wanted !== undefined && callee?.kind === 'name' && layers.has(callee.text) && layers.has(wanted)) yield replace(`Change to ${wanted}`, callee.span, wanted);
}

/** A declared shape of the rank that is asked for, where that was probably meant. */
export function* probableShape(site: Site): Iterable<Fix> {
  for (const { fix, isProbable } of declaredWithRank(site)) if (isProbable) yield fix;
}

/** The same where the layer is more probably the wrong one. */
export function* possibleShape(site: Site): Iterable<Fix> {
  for (const { fix, isProbable } of declaredWithRank(site)) if (!isProbable) yield fix;
}

/** The inputs of the model with one size less, which was the batch, or with the one channel that is missing. */
function* declaredWithRank(site: Site): Iterable<{ readonly fix: Fix; readonly isProbable: boolean }> {
  const rank = site.diagnostic.data?.sizes?.[0];
  const model = around(site, 'model');
  if (rank === undefined || model?.body?.kind !== 'block') return;
  for (const input of model.body.statements) {
    const shape = input.kind === 'input' ? input.type?.shape : undefined;
    if (input.kind !== 'input' || shape === undefined) continue;
    const written = shape.map((dimension) => textOf(site, dimension));
    const [start, end] = [shape[0]?.span.start ?? 0, shape.at(-1)?.span.end ?? 0];
    if (shape.length === rank + 1) {
      // Images are square, sequences are not: three sizes for Conv1d may well be an image.
      const isImage = rank === 2 && sameSize(shape.slice(-2));
      const text = written.slice(1).join(', ');
      yield { fix: replace(`Declare ${input.name.text} as [${text}], without the batch`, { start, end }, text), isProbable: !isImage };
    } else if (shape.length === rank - 1 && shape.length > 0) {
      const [channels] = shape;
      const isImage = rank === 4 && channels?.kind === 'integer' && channels.value <= 4;
      const text = ['1', ...written].join(', ');
      yield { fix: replace(`Declare ${input.name.text} as [${text}], with one channel`, { start, end }, text), isProbable: !isImage };
    }
  }
}

/** `[224, 224, 3]` as `[3, 224, 224]`. */
export function* channelsFirst(site: Site): Iterable<Fix> {
  const model = around(site, 'model');
  for (const input of model?.body?.kind === 'block' ? model.body.statements : []) {
    const shape = input.kind === 'input' ? input.type?.shape : undefined;
    const channels = shape?.[2];
    if (input.kind !== 'input' || shape?.length !== 3 || channels?.kind !== 'integer' || channels.value > 4) continue;
    const text = [channels, shape[0]!, shape[1]!].map((size) => textOf(site, size)).join(', ');
    yield replace(`Declare ${input.name.text} as [${text}], the channels first`, { start: shape[0]!.span.start, end: channels.span.end }, text);
  }
}

function sameSize([a, b]: NonNullable<ast.Type['shape']>): boolean {
  return a?.kind === 'integer' && b?.kind === 'integer' && a.value === b.value;
}

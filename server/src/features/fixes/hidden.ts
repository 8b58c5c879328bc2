// What an error hides: behind it nothing is known, so that what is wrong there comes to light only with a fix, which has not caused it.

import { type Node, nodePathAt } from '../../../../grammar/walk';
import type { Diagnostic, Fix } from '../../base/diagnostic';
import type { Value } from '../../semantics/values';
import type { Site } from './site';

/** The places of a text about which nothing could be said because of an error at a site. */
export class Hidden {
  private readonly byPlace = new Map<number, boolean>();

  constructor(private readonly site: Site) {}

  /** Whether an error of the text with edits stands where nothing was known before. What is claimed is not to break. */
  covers({ code, span }: Diagnostic, edits: Fix['edits']): boolean {
    if (code === 'assert-fails') return false;
    const place = placeBefore(span.start, edits);
    if (place === undefined || place < this.site.diagnostic.span.end) return false;
    const known = this.byPlace.get(place) ?? this.isUnknown(place);
    this.byPlace.set(place, known);
    return known;
  }

  private isUnknown(place: number): boolean {
    const { document, diagnostic } = this.site;
    const outer = nodePathAt(document.tree, place).find((node) => isExpression(node) && diagnostic.span.end <= node.span.start);
    const seen = outer && document.analysis.applied(outer);
    return outer !== undefined && (seen === undefined || seen.first.every(({ value }) => saysNothing(value)));
  }
}

/** Whether a value tells nothing of tensors: it is unknown, or a layer by itself. */
function saysNothing({ kind }: Value): boolean {
  return kind === 'unknown' || kind === 'layer' || kind === 'constructor' || kind === 'function';
}

function isExpression({ kind }: Node): boolean {
  return kind === 'call' || kind === 'name' || kind === 'pipe' || kind === 'binary' || kind === 'residual' || kind === 'parallel' || kind === 'index' || kind === 'member';
}

/** Where an offset of the edited text stood before the edits; undefined within what they wrote. */
function placeBefore(offset: number, edits: Fix['edits']): number | undefined {
  let shift = 0;
  for (const { span, text } of [...edits].sort((a, b) => a.span.start - b.span.start)) {
    const start = span.start + shift;
    if (offset < start) break;
    if (offset < start + text.length) return undefined;
    shift += text.length - (span.end - span.start);
  }
  return offset - shift;
}

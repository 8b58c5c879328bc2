// What an analysis notes while it runs: diagnostics by file, and what each expression of the text was worth.

import type { Diagnostic, RelatedPlace, Severity } from '../base/diagnostic';
import type { Place } from './graph';
import type { Scope } from './scope';
import type { Value } from './values';

/** The applications that lead to a place inside a stack, the innermost first. */
export interface Chain {
  readonly place: Place;
  /** What is applied there. */
  readonly name: string;
  readonly outer?: Chain;
  /** Of a stack or model: its declaration, and the names that are bound in this application. */
  readonly declaration?: object;
  readonly scope?: Scope;
}

export interface Finding extends Omit<Diagnostic, 'span' | 'severity' | 'related'> {
  readonly severity?: Severity;
  readonly place: Place;
  readonly related?: readonly (Omit<RelatedPlace, 'file' | 'span'> & { readonly place: Place })[];
}

/** One evaluation of an expression, or one application of the layer that it makes. */
export interface Observation {
  readonly value: Value;
  /** Set for an application: what came in, and the range of graph nodes that it added. */
  readonly application?: { readonly inputs: readonly Value[]; readonly from: number; readonly to: number };
  readonly chain?: Chain;
  /** The evaluation of a model that it belongs to. */
  readonly run: object;
}

export interface Observations {
  readonly first: Observation[];
  count: number;
}

export class Findings {
  private readonly diagnostics = new Map<string, Map<string, Diagnostic>>();
  private readonly observations = new Map<object, Observations>();
  private muted = 0;

  constructor(private readonly remembered: number) {}

  /** Notes a diagnostic; one that an earlier evaluation of the same text already gave is not repeated. */
  report(finding: Finding, chain: Chain | undefined): void {
    if (this.muted > 0) return;
    const { place, severity = 'error', related = [], ...rest } = finding;
    const applications: RelatedPlace[] = [];
    for (let link = chain; link !== undefined && applications.length < 8; link = link.outer) {
      applications.push({ message: `in ${link.name}, applied here`, span: link.place.span, file: link.place.file });
    }
    this.add(place, {
      ...rest,
      severity,
      span: place.span,
      related: [...related.map(({ message, place: { span, file } }) => ({ message, span, file })), ...applications],
    });
    if (severity !== 'error' || chain === undefined) return;
    let outermost = chain;
    while (outermost.outer !== undefined) outermost = outermost.outer;
    this.add(outermost.place, {
      code: 'error-in-application',
      severity,
      message: `${outermost.name} cannot be applied like this: ${finding.message}`,
      span: outermost.place.span,
      related: [{ message: finding.message, span: place.span, file: place.file }],
    });
  }

  private add(place: Place, diagnostic: Diagnostic): void {
    let ofFile = this.diagnostics.get(place.file);
    if (ofFile === undefined) this.diagnostics.set(place.file, (ofFile = new Map()));
    const key = `${String(place.span.start)}:${String(place.span.end)}:${diagnostic.code}`;
    if (!ofFile.has(key)) ofFile.set(key, diagnostic);
  }

  /** Notes what an expression was worth. */
  observe(node: object, observation: Observation): void {
    if (this.muted > 0) return;
    let known = this.observations.get(node);
    if (known === undefined) this.observations.set(node, (known = { first: [], count: 0 }));
    known.count++;
    if (known.first.length < this.remembered) known.first.push(observation);
  }

  /** Evaluates on trial: nothing is noted. */
  quietly<T>(trial: () => T): T {
    this.muted++;
    try {
      return trial();
    } finally {
      this.muted--;
    }
  }

  diagnosticsOf(file: string): readonly Diagnostic[] {
    return [...(this.diagnostics.get(file)?.values() ?? [])];
  }

  observationsOf(node: object): Observations | undefined {
    return this.observations.get(node);
  }
}

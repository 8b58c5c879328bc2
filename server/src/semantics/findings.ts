// What an evaluation notes while it runs: diagnostics by file, and what each expression of the text was worth.

import { type Code, codes, registeredCode } from '../base/codes';
import { type Diagnostic, type RelatedPlace, type Severity, withSpans } from '../base/diagnostic';
import { type Anchor, anchorOf, type Span } from '../base/span';
import { sameType } from './again';
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

/** One round of a loop. */
export interface Round {
  /** What the rounds are counted by. */
  readonly place: Place;
  /** How many went before. */
  readonly done: number;
  readonly all: number;
  /** The applications around the loop. */
  readonly chain: Chain | undefined;
  readonly outer: Round | undefined;
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
  /** How often what it makes was applied. */
  applied: number;
  /** Of those that were not remembered: how many, applications if there are any, have other types than the last one that was. */
  others: number;
  /** Of several evaluations: those of each. */
  readonly each?: readonly Observations[];
}

/** The parameters that one evaluation of a statement, or of what flows into a step, brought into being: a range of those of its graph. */
export interface Creation {
  readonly run: object;
  readonly from: number;
  readonly to: number;
}

/** A node of a tree. */
interface Node {
  readonly span: Span;
}

const nothing: readonly Diagnostic[] = [];

export class Findings {
  /** By file; most evaluations find nothing. */
  private diagnostics: Map<string, Map<string, Diagnostic>> | undefined;
  private readonly observations = new Map<Node, Observations>();
  private readonly creations = new Map<Node, Creation[]>();
  private muted = 0;

  constructor(
    private readonly remembered: number,
    /** The span of a file as one that moves with the text. */
    private readonly moving: (file: string, span: Span) => Span = (_, span) => span,
  ) {}

  /** Notes a diagnostic; one that an earlier evaluation of the same text already gave is not repeated. */
  report(finding: Finding, chain: Chain | undefined, round?: Round): void {
    if (this.muted > 0) return;
    const { place, severity = 'error', related = [], ...rest } = finding;
    const applications: RelatedPlace[] = [];
    // What goes wrong in the first round has nothing to do with the loop.
    let loop = severity === 'error' ? round : undefined;
    const data = loop?.chain === chain && loop !== undefined && loop.done > 0 ? { ...rest.data, rounds: loop.done } : rest.data;
    const tellRounds = (link: Chain | undefined): void => {
      for (; loop !== undefined && loop.chain === link; loop = loop.outer) {
        if (loop.done > 0) applications.push({ message: `in round ${String(loop.done + 1)} of ${String(loop.all)}`, span: loop.place.span, file: loop.place.file });
      }
    };
    // A recursion applies itself at one place again and again; an error at an application says so itself.
    let before = place;
    for (let link = chain; link !== undefined; link = link.outer) {
      tellRounds(link);
      // Of a long chain the beginning and the end are told.
      if (!samePlace(link.place, before) && (applications.length < 7 || link.outer === undefined)) {
        applications.push({ message: `in ${link.name}, applied here`, span: link.place.span, file: link.place.file });
      }
      before = link.place;
    }
    tellRounds(undefined);
    this.add(place, {
      ...rest,
      data,
      severity,
      span: place.span,
      related: [...related.map(({ message, place: { span, file } }) => ({ message, span, file })), ...applications],
    });
    if (severity !== 'error' || chain === undefined) return;
    let outermost = chain;
    while (outermost.outer !== undefined) outermost = outermost.outer;
    if (samePlace(outermost.place, place)) return;
    // What runs away is told at its cause alone, if that stands in the same file.
    if (isLimit(finding.code) && outermost.place.file === place.file) return;
    this.add(outermost.place, {
      code: 'error-in-application',
      severity,
      message: `${outermost.name} cannot be applied like this: ${finding.message}`,
      span: outermost.place.span,
      related: [{ message: finding.message, span: place.span, file: place.file }],
    });
  }

  /** Takes over what was found elsewhere. */
  adopt(file: string, diagnostics: readonly Diagnostic[]): void {
    for (const diagnostic of diagnostics) this.add({ file, span: diagnostic.span }, diagnostic);
  }

  private add({ file }: Place, diagnostic: Diagnostic): void {
    let ofFile = this.diagnostics?.get(file);
    if (ofFile === undefined) (this.diagnostics ??= new Map<string, Map<string, Diagnostic>>()).set(file, (ofFile = new Map()));
    const key = placeKey(diagnostic);
    if (!ofFile.has(key)) ofFile.set(key, withSpans(diagnostic, (span, other) => (anchorOf(span) === undefined ? this.moving(other ?? file, span) : span)));
  }

  /** Notes what an expression was worth, or what its layer made of something. */
  observe(node: Node, value: Value, { chain, run }: Pick<Observation, 'chain' | 'run'>, application?: Observation['application']): void {
    if (this.muted > 0) return;
    let known = this.observations.get(node);
    if (known === undefined) this.observations.set(node, (known = { first: [], count: 0, applied: 0, others: 0 }));
    known.count++;
    if (application !== undefined) known.applied++;
    if (known.first.length < this.remembered) known.first.push({ value, application, chain, run });
    else if ((application !== undefined || known.applied === 0) && !isAsTheLast(known.first, value, application)) known.others++;
  }

  /** Notes which parameters came into being while a node was evaluated; most evaluations make none. */
  noteCreation(node: Node, creation: Creation): void {
    if (creation.to === creation.from || this.muted > 0) return;
    const known = this.creations.get(node);
    if (known === undefined) this.creations.set(node, [creation]);
    else known.push(creation);
  }

  creationsAt(node: object): readonly Creation[] {
    return this.creations.get(node as Node) ?? [];
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
    const ofFile = this.diagnostics?.get(file);
    return ofFile === undefined ? nothing : [...ofFile.values()];
  }

  /** Whether anything of this kind was found, in whatever file. */
  has(code: Code): boolean {
    for (const ofFile of this.diagnostics?.values() ?? []) for (const diagnostic of ofFile.values()) if (diagnostic.code === code) return true;
    return false;
  }

  observationsOf(node: object): Observations | undefined {
    return this.observations.get(node as Node);
  }

  /** The pieces of text that it has observed something in. */
  get observedPieces(): ReadonlySet<Anchor | undefined> {
    return (this.pieces ??= new Set([...this.observations.keys()].map(({ span }) => anchorOf(span))));
  }
  private pieces: ReadonlySet<Anchor | undefined> | undefined;
}

/** Whether a value, or what an application gives and takes, is of the types of the last one that was remembered. */
function isAsTheLast(remembered: readonly Observation[], value: Value, application: Observation['application']): boolean {
  const last = remembered.findLast((each) => (each.application === undefined) === (application === undefined));
  if (last === undefined || !sameTypes(last.value, value)) return false;
  const [before, now] = [last.application?.inputs ?? [], application?.inputs ?? []];
  return before.length === now.length && now.every((input, index) => sameTypes(before[index]!, input));
}

function sameTypes(a: Value, b: Value): boolean {
  if (a.kind === 'list' && b.kind === 'list') return a.items.length === b.items.length && a.items.every((item, index) => sameTypes(item, b.items[index]!));
  return a.kind === 'tensor' && b.kind === 'tensor' && sameType(a.tensor.type, b.tensor.type);
}

/** Of several diagnostics of one kind at one place the first counts. */
function placeKey({ span, code }: Diagnostic): string {
  return `${String(span.start)}:${String(span.end)}:${code}`;
}

/** Whether two diagnostics that begin together are of one kind at one place: the first one counts. */
function isAtPlace(a: Diagnostic, b: Diagnostic): boolean {
  return a.code === b.code && a.span.end === b.span.end;
}

/** The findings of several evaluations in their order, as if one had made them. */
export class JoinedFindings {
  private byPiece: ReadonlyMap<Anchor | undefined, readonly Findings[]> | undefined;
  private readonly joined = new Map<object, Observations | undefined>();

  constructor(
    private readonly all: readonly Findings[],
    private readonly remembered: number,
  ) {}

  diagnosticsOf(file: string): readonly Diagnostic[] {
    const found: Diagnostic[] = [];
    /** By where they begin: at most places there is one. */
    const first = new Map<number, Diagnostic>();
    const further = new Map<number, Diagnostic[]>();
    for (const findings of this.all) {
      for (const diagnostic of findings.diagnosticsOf(file)) {
        const { start } = diagnostic.span;
        const known = first.get(start);
        if (known === undefined) first.set(start, diagnostic);
        else {
          const others = further.get(start);
          if (isAtPlace(known, diagnostic) || others?.some((other) => isAtPlace(other, diagnostic)) === true) continue;
          if (others === undefined) further.set(start, [diagnostic]);
          else others.push(diagnostic);
        }
        found.push(diagnostic);
      }
    }
    return found;
  }

  /** Whether some findings are among these. */
  includes(findings: Findings): boolean {
    return (this.members ??= new Set(this.all)).has(findings);
  }
  private members: ReadonlySet<Findings> | undefined;

  observationsOf(node: object): Observations | undefined {
    if (this.joined.has(node)) return this.joined.get(node);
    const observations = this.join(node as Node);
    this.joined.set(node, observations);
    return observations;
  }

  creationsAt(node: object): readonly Creation[] {
    return this.in(anchorOf((node as Node).span)).flatMap((findings) => findings.creationsAt(node));
  }

  /** Those that have observed something in a piece of text. */
  in(piece: Anchor | undefined): readonly Findings[] {
    this.byPiece ??= this.index();
    return this.byPiece.get(piece) ?? [];
  }

  private join(node: Node): Observations | undefined {
    const known = this.in(anchorOf(node.span)).flatMap((findings) => findings.observationsOf(node) ?? []);
    if (known.length <= 1) return known[0];
    const first: Observation[] = [];
    let [count, applied, others] = [0, 0, 0];
    for (const observations of known) {
      count += observations.count;
      applied += observations.applied;
      others += observations.others;
      for (const observation of observations.first) {
        if (first.length < this.remembered) first.push(observation);
      }
    }
    return { first, count, applied, others, each: known };
  }

  private index(): ReadonlyMap<Anchor | undefined, readonly Findings[]> {
    const found = new Map<Anchor | undefined, Findings[]>();
    for (const findings of this.all) {
      for (const piece of findings.observedPieces) {
        const others = found.get(piece);
        if (others === undefined) found.set(piece, [findings]);
        else others.push(findings);
      }
    }
    return found;
  }
}

function isLimit(code: Code): boolean {
  const registered = registeredCode(code);
  return registered !== undefined && codes.get(registered)!.category === 'limits';
}

function samePlace(a: Place, b: Place): boolean {
  return a.file === b.file && a.span.start === b.span.start && a.span.end === b.span.end;
}

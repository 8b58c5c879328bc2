// The texts that are open or imported, with their trees and analyses, each computed once for each state of the texts,
// from what is known of the state before.

import type * as ast from '../../../grammar/ast';
import { type Comment, parse, type ParseResult, parsing } from '../../../grammar/parse';
import type { Diagnostic } from '../base/diagnostic';
import { LineIndex } from '../base/span';
import { atOnce } from '../base/search';
import { Analyser, type Analysis } from '../semantics/analyse';

/** A text with its tree. */
export class Source {
  constructor(
    readonly uri: string,
    readonly text: string,
    readonly parsed: ParseResult,
    readonly lines: LineIndex = new LineIndex(text),
  ) {}

  get tree(): ast.File {
    return this.parsed.file;
  }

  get comments(): readonly Comment[] {
    return this.parsed.comments;
  }

  /** What is wrong with the syntax. */
  get problems(): readonly Diagnostic[] {
    return this.parsed.diagnostics;
  }

  /** Lets the places in the tree be those in this text, if they are those of another state. */
  settle(): void {
    this.parsed.settle();
  }
}

/** A text with its tree, by itself: no state of the file before counts. */
export function sourceOf(uri: string, text: string): Source {
  return new Source(uri, text, parse(text));
}

/** An open text with everything that is known of it. */
export class Document extends Source {
  constructor(
    source: Source,
    readonly version: number,
    private readonly analysed: Analysis,
    /** The texts that the analysis has read, this one included, by address; undefined for a file that is missing. */
    readonly dependencies: ReadonlyMap<string, Source | undefined>,
    /** The same object for all states of one open file. */
    readonly history: object,
  ) {
    super(source.uri, source.text, source.parsed, source.lines);
  }

  /** What is known of this state of the texts, with places in it, whatever has become of them since. */
  get analysis(): Analysis {
    for (const source of this.dependencies.values()) source?.settle();
    return this.analysed;
  }
}

/** Reads a file that is not open, at once or later; undefined for one that cannot be read. */
export type ReadFile = (uri: string) => string | undefined | Promise<string | undefined>;

interface OpenText {
  readonly uri: string;
  readonly version: number;
  readonly text: string;
}

export class Workspace {
  private readonly open = new Map<string, OpenText>();
  private readonly sources = new Map<string, Source>();
  private readonly documents = new Map<string, Document>();
  private readonly analysers = new Map<string, Analyser>();
  /** Files that are not open, as they were read. */
  private readonly files = new Map<string, string | undefined>();
  private readonly loads = new Map<string, Promise<void>>();

  constructor(private readonly readFile: ReadFile) {}

  /** Takes the newest text of an open document. */
  update(uri: string, version: number, text: string): void {
    this.open.set(addressKey(uri), { uri, version, text });
  }

  close(uri: string): void {
    const key = addressKey(uri);
    for (const map of [this.open, this.sources, this.documents, this.analysers, this.files]) map.delete(key);
  }

  /** A file has changed where it is stored, so that it is read again when it is next asked for. */
  forget(uri: string): void {
    this.files.delete(addressKey(uri));
  }

  /** The addresses of all open documents. */
  get openUris(): readonly string[] {
    return [...this.open.values()].map(({ uri }) => uri);
  }

  isOpen(uri: string): boolean {
    return this.open.has(addressKey(uri));
  }

  /** Works out, step by step, a file as it is stored with its analysis, which is not kept; undefined for one that cannot be read. */
  *stored(uri: string): Generator<undefined, Document | undefined> {
    const analyser = new Analyser(uri);
    for (;;) {
      const source = yield* this.reading(uri);
      if (source === undefined) return undefined;
      if (yield* this.ahead(analyser, () => this.text(uri) === source.text)) return this.analysed({ uri: source.uri, version: 0, text: source.text }, analyser);
    }
  }

  /** The addresses of all files that were read. */
  get knownUris(): readonly string[] {
    return [...this.sources.values()].map(({ uri }) => uri);
  }

  /** An open document with its analysis; undefined for one that is not open. */
  document(uri: string): Document | undefined {
    const key = addressKey(uri);
    const opened = this.open.get(key);
    if (opened === undefined) return undefined;
    const known = this.documents.get(key);
    if (known?.version === opened.version && this.isCurrent(known)) return known;
    const document = this.analysed(opened);
    this.documents.set(key, document);
    return document;
  }

  /**
   * Works towards the analysis of an open document, step by step, so that its user may do something else between two.
   * Gives whether nothing is left to do; false where the texts have changed meanwhile.
   */
  *prepare(uri: string): Generator<undefined, boolean> {
    const key = addressKey(uri);
    const opened = this.open.get(key);
    const known = this.documents.get(key);
    if (opened === undefined || (known?.version === opened.version && this.isCurrent(known))) return true;
    yield* this.reading(uri);
    return yield* this.ahead(this.analyserOf(uri), () => this.open.get(key) === opened);
  }

  /** Evaluates ahead of an analysis; false where the texts have changed meanwhile. */
  private *ahead(analyser: Analyser, isWanted: () => boolean): Generator<undefined, boolean> {
    const dependencies = new Map<string, Source | undefined>();
    if (!isWanted()) return false;
    for (const step of analyser.ahead(this.readerInto(dependencies))) {
      yield step;
      if (!isWanted() || !this.isCurrent({ dependencies })) return false;
      for (const source of dependencies.values()) source?.settle();
    }
    return true;
  }

  /** The version of an open document. */
  versionOf(uri: string): number | undefined {
    return this.open.get(addressKey(uri))?.version;
  }

  /** Resolves when the files that analyses have asked for so far are there; undefined where none is awaited. */
  get loading(): Promise<unknown> | undefined {
    return this.loads.size === 0 ? undefined : Promise.all(this.loads.values());
  }

  /** The newest text of a file with its tree. */
  source(uri: string): Source | undefined {
    return atOnce(this.reading(uri));
  }

  /** The same step by step. */
  *reading(uri: string): Generator<undefined, Source | undefined> {
    const key = addressKey(uri);
    for (;;) {
      const text = this.text(uri);
      if (text === undefined) return undefined;
      const before = this.sources.get(key);
      if (before?.text === text) return before;
      const parsed = yield* parsing(text, before?.parsed);
      // Somebody else may have been faster, or the text have changed.
      if (this.sources.get(key) !== before || this.text(uri) !== text) continue;
      const source = new Source(before?.uri ?? this.open.get(key)?.uri ?? uri, text, parsed);
      this.sources.set(key, source);
      return source;
    }
  }

  private analyserOf(uri: string): Analyser {
    const key = addressKey(uri);
    let analyser = this.analysers.get(key);
    if (analyser === undefined) this.analysers.set(key, (analyser = new Analyser(uri)));
    return analyser;
  }

  private analysed({ uri, version, text }: OpenText, analyser = this.analyserOf(uri)): Document {
    const source = this.source(uri) ?? sourceOf(uri, text);
    // The analysis keeps what it has read, so that it stays one state of all texts.
    const dependencies = new Map<string, Source | undefined>([[uri, source]]);
    const analysis = analyser.analyse(this.readerInto(dependencies));
    return new Document(source, version, analysis!, dependencies, analyser);
  }

  /** Reads texts, and notes which. */
  private readerInto(dependencies: Map<string, Source | undefined>): (address: string) => Source | undefined {
    return (address) => {
      if (!dependencies.has(address)) dependencies.set(address, this.source(address));
      return dependencies.get(address);
    };
  }

  private isCurrent({ dependencies }: Pick<Document, 'dependencies'>): boolean {
    return [...dependencies].every(([uri, source]) => this.text(uri) === source?.text);
  }

  private text(uri: string): string | undefined {
    const key = addressKey(uri);
    const opened = this.open.get(key);
    if (opened !== undefined) return opened.text;
    if (!this.files.has(key)) this.load(uri, key);
    return this.files.get(key);
  }

  private load(uri: string, key: string): void {
    this.files.set(key, undefined);
    const read = this.readFile(uri);
    if (!(read instanceof Promise)) {
      this.files.set(key, read);
      return;
    }
    const loaded = read
      .catch(() => undefined)
      .then((text) => {
        this.files.set(key, text);
        this.loads.delete(key);
      });
    this.loads.set(key, loaded);
  }
}

/** One spelling of an address: editors and URLs escape it differently. */
export function addressKey(uri: string): string {
  try {
    return decodeURIComponent(uri);
  } catch {
    return uri;
  }
}

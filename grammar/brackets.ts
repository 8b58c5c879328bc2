// Which bracket closes which, also where some are missing or too many: statements, declarations and indentation say where they belong.

import type { IToken } from 'chevrotain';
import { limits } from './limits';
import { before, beginsDeclaration, beginsHeader, beginsStatement, indentOf, isPlainName, lastOfLine, missingBraceAfter, startsLine } from './lines';
import type { closers, openers } from './tokens';
import { Newline } from './tokens';

export type Opener = keyof typeof openers;
type Closer = keyof typeof closers;

/** What is wrong with a bracket, at the index of its token. */
export type Fault =
  | { readonly kind: 'unclosed'; readonly index: number; readonly endsAfter: number }
  | { readonly kind: 'unopened' | 'too-deep'; readonly index: number }
  | { readonly kind: 'missing-opener'; readonly index: number; readonly opener: Opener };

/** What must be done to the tokens of a text so that its brackets match; all numbers are indices of tokens. */
export class Repairs {
  readonly faults = new Map<number, Fault>();
  /** How many open brackets end after a token, though nothing closes them there. */
  readonly closeAfter = new Map<number, number>();
  /** After these tokens a bracket opens, though none is written. */
  readonly openAfter = new Map<number, Opener>();
  /** For each token whether it is a closing bracket that closes nothing. */
  readonly dropped: Uint8Array;
  /** Brackets that are nested too deeply, with the last token that is left aside with them. */
  readonly tooDeep = new Map<number, number>();

  constructor(tokenCount: number) {
    this.dropped = new Uint8Array(tokenCount);
  }

  add({ faults, ends, openAfter, dropped, tooDeep }: Matching): void {
    for (const fault of faults) this.faults.set(fault.index, fault);
    for (const index of ends) this.closeAfter.set(index, (this.closeAfter.get(index) ?? 0) + 1);
    for (const [index, opener] of openAfter) this.openAfter.set(index, opener);
    for (const index of dropped) this.dropped[index] = 1;
    for (const [index, last] of tooDeep) this.tooDeep.set(index, last);
  }
}

/** The repairs of one declaration. */
interface Matching {
  readonly faults: readonly Fault[];
  /** After each of these tokens one bracket ends. */
  readonly ends: readonly number[];
  readonly openAfter: readonly (readonly [number, Opener])[];
  readonly dropped: readonly number[];
  readonly tooDeep: readonly (readonly [number, number])[];
}

const pairs: Readonly<Record<Opener, Closer>> = { '(': ')', '[': ']', '{': '}' };
const openerOf: Readonly<Record<Closer, Opener>> = { ')': '(', ']': '[', '}': '{' };

/** The bracket that closes an opening one. */
export function closerOf(opener: string): string {
  return pairs[opener as Opener];
}

/** Finds the repairs that a text's brackets need; each declaration is repaired by itself. */
export function repairBrackets(tokens: readonly IToken[]): Repairs {
  const repairs = new Repairs(tokens.length);
  let from = 0;
  let indent = Infinity;
  for (let i = 0; i <= tokens.length; i++) {
    if (i < tokens.length && !(startsLine(tokens, i) && beginsDeclaration(tokens, i) && indentOf(tokens, i) <= indent))
      continue;
    if (i < tokens.length) indent = indentOf(tokens, i);
    repairs.add(repairDeclaration(tokens, from, i));
    from = i;
  }
  return repairs;
}

/**
 * Indentation decides only where brackets do not match without it,
 * and where it leaves no more faults: a text that nobody indented must not get worse by it.
 */
function repairDeclaration(tokens: readonly IToken[], from: number, to: number): Matching {
  const plain = new Matcher(tokens, from, to, false);
  plain.run();
  // Of a declaration that holds more faults than anybody reads, none is worth another look.
  if (plain.faults.length === 0 || plain.faults.length >= limits.diagnostics) return plain;
  const indented = new Matcher(tokens, from, to, true);
  indented.run();
  return indented.faults.length <= plain.faults.length ? indented : plain;
}

interface OpenBracket {
  readonly index: number;
  readonly type: Opener;
  /** The indentation of its line. */
  readonly indent: number;
  /** The first token of its line. */
  readonly line: number;
  /** Where it ends if nothing closes it: the last token before a header's `{`, or before a line that is indented no deeper. */
  softEnd?: number;
  /** How many `if` directly inside it may yet see their `else`. */
  ifs: number;
  /** A header directly inside it still waits for its `{`. */
  awaitsBrace: boolean;
}

/** A line that the following lines are indented under, so far as is known. */
interface OutlineLine {
  readonly indent: number;
  readonly first: number;
}

class Matcher implements Matching {
  readonly faults: Fault[] = [];
  readonly ends: number[] = [];
  readonly openAfter: [number, Opener][] = [];
  readonly dropped: number[] = [];
  readonly tooDeep: [number, number][] = [];
  private readonly open: OpenBracket[] = [];
  private readonly outline: OutlineLine[] = [];
  /** The current line is indented less than the one before it. */
  private hasDeeperLines = false;
  /** The last line whose missing bracket was looked for; another look would find no more. */
  private searched = -1;
  private line: number;
  /** Brackets that were ended unclosed. */
  private readonly unclosed = new Set<number>();
  /** How many of them there are: their closers, if they come late, are no second fault. */
  private readonly late: Record<Opener, number> = { '(': 0, '[': 0, '{': 0 };
  private cutShort = false;
  /** What is directly in the file, as if in a bracket. */
  private readonly file: OpenBracket = { index: -1, type: '{', indent: -1, line: -1, ifs: 0, awaitsBrace: false };

  constructor(
    private readonly tokens: readonly IToken[],
    private readonly from: number,
    private readonly to: number,
    private readonly byIndentation: boolean,
  ) {
    this.line = from;
  }

  run(): void {
    for (let i = this.from; i < this.to; i++) {
      const token = this.tokens[i]!;
      if (token.tokenType === Newline) continue;
      if (startsLine(this.tokens, i)) this.startLine(i);
      const image = token.image;
      if (image === '(' || image === '[' || image === '{') i = this.opens(i, image);
      else if (image === ')' || image === ']') this.closesInner(i, image);
      else if (image === '}') this.closesBrace(i);
      else if (image === ';') this.endAll(this.innermostBrace() + 1, i);
      else if (beginsHeader(this.tokens, i)) this.meetsHeader(image);
      else if (image === 'else' && !isPlainName(this.tokens, i)) this.meetsElse(i);
    }
    this.endAll(0, this.to);
  }

  private meetsHeader(word: string): void {
    const around = this.innermost();
    around.awaitsBrace = true;
    if (word === 'if') around.ifs++;
  }

  /** An `else` belongs to an `if` in the same bracket; brackets between them have no end. */
  private meetsElse(i: number): void {
    const holder = this.open.findLastIndex(({ ifs }) => ifs > 0);
    if (holder < 0 && this.file.ifs === 0) return;
    this.endAll(holder + 1, i);
    this.innermost().ifs--;
  }

  private startLine(i: number): void {
    this.line = i;
    const indent = indentOf(this.tokens, i);
    const image = this.tokens[i]!.image;
    const closes = image === ')' || image === ']' || image === '}';
    if (!closes) {
      for (let k = this.open.length - 1; k >= this.innermostBrace() + 1; k--) {
        const bracket = this.open[k]!;
        if (indent > bracket.indent) break;
        bracket.softEnd ??= before(this.tokens, i);
      }
    }
    if (beginsStatement(this.tokens, i)) this.endAll(this.innermostBrace() + 1, i);
    if (!this.byIndentation) return;
    if (image !== '}') {
      for (let brace = this.innermostBrace(); brace >= 0; brace = this.innermostBrace()) {
        if (this.open[brace]!.indent < indent) break;
        this.endAll(brace, i);
      }
    }
    this.hasDeeperLines = (this.outline.at(-1)?.indent ?? 0) > indent;
    while (this.outline.length > 0 && this.outline.at(-1)!.indent > indent) this.outline.pop();
    if (closes) return;
    if (this.outline.at(-1)?.indent === indent) this.outline.pop();
    this.outline.push({ indent, first: i });
  }

  /** Opens a bracket; of one that is too deep, everything up to its end is left aside. */
  private opens(i: number, type: Opener): number {
    if (this.open.length < limits.bracketNesting) {
      if (type === '{') this.meetsBody(i);
      const indent = indentOf(this.tokens, this.line);
      this.open.push({ index: i, type, indent, line: this.line, ifs: 0, awaitsBrace: false });
      return i;
    }
    let depth = 1;
    let last = i;
    while (depth > 0 && last + 1 < this.to) {
      if (startsLine(this.tokens, last + 1) && beginsStatement(this.tokens, last + 1)) break;
      last++;
      const image = this.tokens[last]!.image;
      if (image === '(' || image === '[' || image === '{') depth++;
      else if (image === ')' || image === ']' || image === '}') depth--;
    }
    while (this.tokens[last]!.tokenType === Newline) last--;
    this.cutShort ||= depth > 0;
    this.faults.push({ kind: 'too-deep', index: i });
    this.tooDeep.push([i, last]);
    return last;
  }

  /** The `{` that a header waits for, if it does; brackets that the header left open end before it unless they are closed. */
  private meetsBody(i: number): void {
    const brace = this.innermostBrace();
    let waits = this.open.length - 1;
    while (waits >= 0 && !(this.open[waits]!.awaitsBrace && waits >= brace)) waits--;
    if (waits < 0 && (brace >= 0 || !this.file.awaitsBrace)) return;
    for (const bracket of this.open.slice(waits + 1)) bracket.softEnd ??= before(this.tokens, i);
    (this.open[waits] ?? this.file).awaitsBrace = false;
  }

  private closesInner(i: number, closer: ')' | ']'): void {
    const type = openerOf[closer];
    const brace = this.innermostBrace();
    let opener = this.open.length - 1;
    while (opener > brace && this.open[opener]!.type !== type) opener--;
    if (opener === brace) opener = -1;
    // What a bracket at a line's end opens, one at a line's beginning closes.
    const isHanging = opener >= 0 && this.tokens[this.open[opener]!.index + 1]!.tokenType === Newline;
    if (this.byIndentation && isHanging && this.line !== i) return this.drop(i, type);
    if (opener >= 0) return this.close(opener, i);
    if (this.byIndentation && this.insertOpener(i, type)) return;
    // In `f({ a )` the brace is the one that nothing closes; in `model A(d {)` the two signs changed places.
    const isNext = brace >= 0 && this.open[brace]!.index === i - 1;
    const outer = brace > 0 && !isNext ? this.open[brace - 1]! : undefined;
    if (outer?.type === type && this.open[brace]!.line === this.line) this.close(brace - 1, i);
    else this.drop(i, type);
  }

  private closesBrace(i: number): void {
    const brace = this.byIndentation ? this.braceByIndentation(i) : this.innermostBrace();
    if (brace >= 0) this.close(brace, i);
    else if (!this.byIndentation || !this.insertOpener(i, '{')) this.drop(i, '{');
  }

  /** The brace whose line is indented as this closing one's, or that stands on the same line. */
  private braceByIndentation(i: number): number {
    if (this.line !== i) {
      const brace = this.innermostBrace();
      return brace >= 0 && this.open[brace]!.line === this.line ? brace : -1;
    }
    const indent = indentOf(this.tokens, i);
    const innermost = this.innermostBrace();
    if (innermost >= 0 && this.open[innermost]!.indent > indent)
      return Math.max(
        this.open.findLastIndex(({ type, indent: its }) => type === '{' && its === indent),
        this.open.findIndex(({ type, indent: its }) => type === '{' && its > indent),
      );
    return innermost >= 0 && this.open[innermost]!.indent === indent ? innermost : -1;
  }

  /**
   * Gives a closing bracket the opening one that it lacks: at the end of a line that is indented as this one, with
   * deeper lines between; a brace only after a header, but also after one on its own line.
   */
  private insertOpener(i: number, opener: Opener): boolean {
    const isFirst = this.line === i;
    const above = this.outline.at(-1);
    const isBelow = above?.indent === indentOf(this.tokens, this.line) && (this.hasDeeperLines || opener === '{');
    const line = isFirst ? (isBelow ? above?.first : undefined) : opener === '{' ? this.line : undefined;
    if (line === undefined || line === this.searched || (this.open[this.innermostBrace()]?.index ?? -1) > line) return false;
    this.searched = line;
    const after = opener === '{' ? missingBraceAfter(this.tokens, line, i, this.unclosed) : lastOfLine(this.tokens, line);
    if (after === undefined) return false;
    this.openAfter.push([after, opener]);
    this.fault({ kind: 'missing-opener', index: after, opener });
    const inside = this.open.findIndex(({ index }) => index > after);
    if (inside >= 0) this.endAll(inside, i);
    return true;
  }

  /** Closes a bracket; those inside it that are still open end before the closing one. */
  private close(opener: number, i: number): void {
    this.endAll(opener + 1, i);
    const softEnd = this.open.pop()!.softEnd;
    // A bracket that goes on past the place where those around it were thought to end takes them along.
    if (softEnd === undefined) return;
    for (let k = this.open.length - 1; k >= 0 && this.open[k]!.softEnd === softEnd; k--) delete this.open[k]!.softEnd;
  }

  /** Ends all brackets from a depth on, unclosed, before a token; of those that end at one place the innermost is named. */
  private endAll(depth: number, i: number): void {
    let named: number | undefined;
    while (this.open.length > depth) {
      const bracket = this.open.pop()!;
      const endsAfter = bracket.softEnd ?? before(this.tokens, i);
      this.ends.push(endsAfter);
      if (endsAfter !== named) this.fault({ kind: 'unclosed', index: bracket.index, endsAfter });
      named = endsAfter;
      this.unclosed.add(bracket.index);
      this.late[bracket.type]++;
    }
  }

  private drop(i: number, opener: Opener): void {
    this.dropped.push(i);
    // In `model A(d { )` the bracket that misses its end is already known by its header's brace.
    const isSwapped = opener !== '{' && this.open.some(({ type, softEnd }) => type === opener && softEnd !== undefined);
    if (this.late[opener] > 0) this.late[opener]--;
    else if (!isSwapped) this.fault({ kind: 'unopened', index: i });
  }

  /** Where nesting was cut short, the brackets around it miss their ends for that reason only. */
  private fault(fault: Fault): void {
    if (!this.cutShort && this.faults.length < limits.diagnostics) this.faults.push(fault);
  }

  private innermost(): OpenBracket {
    return this.open.at(-1) ?? this.file;
  }

  private innermostBrace(): number {
    let at = this.open.length - 1;
    while (at >= 0 && this.open[at]!.type !== '{') at--;
    return at;
  }
}

// Which bracket closes which, also where some are missing or too many: statements, declarations and indentation say where they belong.

import type { IToken } from 'chevrotain';
import { limits } from './limits';
import { closers, endOf, Equals, is, keyword, keywordGroups, Newline, openers } from './tokens';

type Opener = keyof typeof openers;
type Closer = keyof typeof closers;

/** What is wrong with a bracket, at the index of its token. */
export type Fault =
  | { readonly kind: 'unclosed'; readonly index: number; readonly endsAfter: number }
  | { readonly kind: 'unopened'; readonly index: number }
  | { readonly kind: 'missing-brace'; readonly index: number }
  | { readonly kind: 'too-deep'; readonly index: number };

/** What must be done to the tokens of a text so that its brackets match. Keys and members are indices of tokens. */
export interface Repairs {
  readonly faults: Fault[];
  /** How many open brackets end after a token, though nothing closes them there. */
  readonly closeAfter: Map<number, number>;
  /** After these tokens a `{` opens, though none is written. */
  readonly openAfter: Set<number>;
  /** Closing brackets that close nothing. */
  readonly dropped: Set<number>;
  /** Brackets that are nested too deeply, with the last token that is left aside with them. */
  readonly tooDeep: Map<number, number>;
}

const pairs: Readonly<Record<Opener, Closer>> = { '(': ')', '[': ']', '{': '}' };
const openerOf: Readonly<Record<Closer, Opener>> = { ')': '(', ']': '[', '}': '{' };

const declarationStarts = new Set(
  [...keywordGroups.declaration, 'from' as const].map(keyword),
);
const statementStarts = new Set(
  [...declarationStarts, ...keywordGroups.statement.filter((word) => word !== 'loss').map(keyword)],
);
const headers = new Set(
  (['stack', 'model', 'if', 'else', 'repeat', 'for', 'residual', 'concat', 'add', 'multiply'] as const).map(keyword),
);

/** The bracket that closes an opening one. */
export function closerOf(opener: string): string {
  return pairs[opener as Opener];
}

/** Whether a token begins a declaration or statement that no expression can hold. */
export function beginsStatement(tokens: readonly IToken[], index: number): boolean {
  return statementStarts.has(tokens[index]!.tokenType) && !is(tokens[index + 1], Equals);
}

/** Whether a token begins a declaration that only a file can hold. */
export function beginsDeclaration(tokens: readonly IToken[], index: number): boolean {
  return declarationStarts.has(tokens[index]!.tokenType) && !is(tokens[index + 1], Equals);
}

/** Finds the repairs that a text's brackets need; each declaration is repaired by itself. */
export function repairBrackets(tokens: readonly IToken[]): Repairs {
  const repairs = noRepairs();
  let from = 0;
  let indent = Infinity;
  for (let i = 0; i <= tokens.length; i++) {
    if (i < tokens.length && !(startsLine(tokens, i) && beginsDeclaration(tokens, i) && indentOf(tokens, i) <= indent))
      continue;
    if (i < tokens.length) indent = indentOf(tokens, i);
    merge(repairs, repairDeclaration(tokens, from, i));
    from = i;
  }
  return repairs;
}

/**
 * Indentation decides only where braces do not match without it,
 * and where it leaves no more faults: a text that nobody indented must not get worse by it.
 */
function repairDeclaration(tokens: readonly IToken[], from: number, to: number): Repairs {
  const plain = new Matcher(tokens, from, to, false);
  plain.run();
  if (plain.braceFaults === 0) return plain.repairs;
  const indented = new Matcher(tokens, from, to, true);
  indented.run();
  return indented.repairs.faults.length <= plain.repairs.faults.length ? indented.repairs : plain.repairs;
}

interface OpenBracket {
  readonly index: number;
  readonly type: Opener;
  /** The indentation of its line. */
  readonly indent: number;
  /** The first token of its line. */
  readonly line: number;
  /** Where it ends if nothing closes it: the last token before a line that is indented no deeper. */
  softEnd?: number;
}

/** A line that the following lines are indented under, so far as is known. */
interface OutlineLine {
  readonly indent: number;
  readonly first: number;
}

class Matcher {
  readonly repairs = noRepairs();
  braceFaults = 0;
  private readonly open: OpenBracket[] = [];
  private readonly outline: OutlineLine[] = [];
  private line: number;
  /** Brackets that were ended unclosed: their closers, if they come late, are no second fault. */
  private readonly late: Record<Opener, number> = { '(': 0, '[': 0, '{': 0 };
  private cutShort = false;

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
    }
    this.endAll(0, this.to);
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
        bracket.softEnd ??= this.before(i);
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
    while (this.outline.length > 0 && this.outline.at(-1)!.indent > indent) this.outline.pop();
    if (image !== '}') {
      if (this.outline.at(-1)?.indent === indent) this.outline.pop();
      this.outline.push({ indent, first: i });
    }
  }

  /** Opens a bracket; of one that is too deep, everything up to its end is left aside. */
  private opens(i: number, type: Opener): number {
    if (this.open.length < limits.bracketNesting) {
      this.open.push({ index: i, type, indent: indentOf(this.tokens, this.line), line: this.line });
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
    this.cutShort ||= depth > 0;
    this.repairs.faults.push({ kind: 'too-deep', index: i });
    this.repairs.tooDeep.set(i, last);
    return last;
  }

  private closesInner(i: number, closer: ')' | ']'): void {
    const brace = this.innermostBrace();
    const opener = this.open.findLastIndex((bracket, k) => k > brace && bracket.type === openerOf[closer]);
    if (opener >= 0) return this.close(opener, i);
    // `f({ a )`: the brace is the one that nothing closes.
    const outer = brace > 0 ? this.open[brace - 1]! : undefined;
    if (outer?.type === openerOf[closer] && this.open[brace]!.line === this.line) {
      this.close(brace - 1, i);
    } else this.drop(i, openerOf[closer]);
  }

  private closesBrace(i: number): void {
    const brace = this.byIndentation ? this.braceByIndentation(i) : this.innermostBrace();
    if (brace >= 0) this.close(brace, i);
    else if (this.byIndentation && this.line === i && this.insertBrace(i)) this.endAll(this.innermostBrace() + 1, i);
    else this.drop(i, '{');
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

  /** A header that is indented as this closing brace, with deeper lines between, lacks its opening one. */
  private insertBrace(i: number): boolean {
    const header = this.outline.at(-1);
    if (header === undefined || header.indent !== indentOf(this.tokens, i)) return false;
    if ((this.open[this.innermostBrace()]?.index ?? -1) > header.first) return false;
    let last = header.first;
    let waits = false;
    for (let k = header.first; k < i && this.tokens[k]!.tokenType !== Newline; k++) {
      if (headers.has(this.tokens[k]!.tokenType)) waits = true;
      else if (this.tokens[k]!.image === '{') waits = false;
      last = k;
    }
    if (!waits) return false;
    this.repairs.openAfter.add(last);
    this.fault({ kind: 'missing-brace', index: last });
    this.braceFaults++;
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
      const endsAfter = bracket.softEnd ?? this.before(i);
      this.repairs.closeAfter.set(endsAfter, (this.repairs.closeAfter.get(endsAfter) ?? 0) + 1);
      if (endsAfter !== named) this.fault({ kind: 'unclosed', index: bracket.index, endsAfter });
      named = endsAfter;
      if (bracket.type === '{') this.braceFaults++;
      this.late[bracket.type]++;
    }
  }

  private drop(i: number, opener: Opener): void {
    this.repairs.dropped.add(i);
    if (opener === '{') this.braceFaults++;
    if (this.late[opener] > 0) this.late[opener]--;
    else this.fault({ kind: 'unopened', index: i });
  }

  /** Where nesting was cut short, the brackets around it miss their ends for that reason only. */
  private fault(fault: Fault): void {
    if (!this.cutShort) this.repairs.faults.push(fault);
  }

  private innermostBrace(): number {
    return this.open.findLastIndex((bracket) => bracket.type === '{');
  }

  /** The last token before this one that is no newline. */
  private before(i: number): number {
    let k = i - 1;
    while (k > this.from && this.tokens[k]!.tokenType === Newline) k--;
    return k;
  }
}

function noRepairs(): Repairs {
  return { faults: [], closeAfter: new Map(), openAfter: new Set(), dropped: new Set(), tooDeep: new Map() };
}

function merge(all: Repairs, some: Repairs): void {
  for (const fault of some.faults) all.faults.push(fault);
  for (const [index, count] of some.closeAfter) all.closeAfter.set(index, count);
  for (const index of some.openAfter) all.openAfter.add(index);
  for (const index of some.dropped) all.dropped.add(index);
  for (const [index, last] of some.tooDeep) all.tooDeep.set(index, last);
}

/** Whether a token is the first of its line. */
export function startsLine(tokens: readonly IToken[], i: number): boolean {
  return i === 0 || tokens[i - 1]!.tokenType === Newline;
}

/** How far a token that starts a line is from the line's beginning. */
function indentOf(tokens: readonly IToken[], i: number): number {
  return tokens[i]!.startOffset - (i === 0 ? 0 : endOf(tokens[i - 1]!));
}


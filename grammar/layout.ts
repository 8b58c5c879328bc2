// From tokens to nested statements and items: where statements end, and each bracket with what is in it as one token.

import type { IToken, TokenType } from 'chevrotain';
import type { Diagnostic } from '../server/src/base/diagnostic';
import type { Opener, Repairs } from './brackets';
import { closerOf, repairBrackets } from './brackets';
import { limits } from './limits';
import { beginsBinding, beginsDeclaration, beginsLoss, beginsStatement, endOfLoopNames, precedesEquals, startsLine } from './lines';
import * as say from './messages';
import {
  BinaryOperator,
  Block,
  Body,
  BodyWord,
  Brackets,
  Comma,
  Dot,
  endOf,
  Equals,
  ForeignSign,
  ForeignWord,
  is,
  isKeyword,
  keyword,
  MalformedString,
  Minus,
  Name,
  Newline,
  Parens,
  Plus,
  retype,
  Semicolon,
  translate,
  typesOf,
  Unknown,
} from './tokens';

/** The tokens between two separators: a declaration, a statement, or an item between commas. Brackets are single tokens. */
export interface Segment {
  readonly tokens: IToken[];
  start: number;
  end: number;
  /** What is wrong for sure: nothing that the parser may find in this statement besides is news. */
  damage?: Diagnostic;
  /** What is wrong unless the parser finds the reason for it. */
  suspicion?: Diagnostic;
  /** No separator stands before it: if the one before has a diagnostic, what is wrong here may follow from that. */
  sharesLine?: boolean;
  /** It ends where a `}` is missing on its line: what is wrong in it follows from that. */
  isCut?: boolean;
}

/** A bracket with all that is in it. */
export interface Group extends IToken {
  readonly segments: Segment[];
  /** Left aside for being nested too deeply. */
  readonly skipped: boolean;
}

export interface Layout {
  /** The file's declarations. */
  readonly segments: Segment[];
  /** What is wrong beside the statements' own troubles. */
  readonly diagnostics: Diagnostic[];
}

/** Lays out the tokens of a text. */
export function layout(tokens: readonly IToken[], text: string): Layout {
  const builder = new LayoutBuilder(tokens, repairBrackets(tokens), text);
  return builder.build();
}

type FrameType = 'file' | Opener;

/** A bracket, or the file, whose contents are being collected. */
interface Frame {
  readonly type: FrameType;
  readonly opener: IToken | undefined;
  readonly tokenType: TokenType;
  readonly segments: Segment[];
  segment: Segment;
  /** The innermost statement: what is wrong in its brackets is wrong in it. */
  statement: Segment;
  /** A header in this statement still waits for its body. */
  awaitsBody: boolean;
  /** Before this token, commas stand between the names of a `for`. */
  namesEnd: number;
  /** The number of the line that it opened on. */
  readonly line: number;
}

const startsHeader = typesOf(['if', 'else', 'repeat', 'for']);
const takesNoOperator = typesOf(['input', 'target', 'output', 'optimizer']);
const groupTypes = { '(': Parens, '[': Brackets, '{': Block } as const;

class LayoutBuilder {
  private readonly frames: Frame[] = [];
  private readonly diagnostics: Diagnostic[] = [];
  private frame: Frame;
  private line = 0;

  constructor(
    private readonly tokens: readonly IToken[],
    private readonly repairs: Repairs,
    private readonly text: string,
  ) {
    this.frame = this.newFrame('file', undefined, Block, undefined);
  }

  build(): Layout {
    const { tokens, repairs } = this;
    const sound = repairs.closeAfter.size === 0 && repairs.openAfter.size === 0;
    for (let i = 0; i < tokens.length; i++) {
      const token = tokens[i]!;
      if (token.tokenType === Newline) {
        this.line++;
        continue;
      }
      const last = this.add(token, i);
      if (!sound) {
        for (let count = repairs.closeAfter.get(last) ?? 0; count > 0; count--) this.closeUnclosed(endOf(tokens[last]!));
        const opener = repairs.openAfter.get(last);
        if (opener !== undefined) this.openMissing(last, opener);
      }
      i = last;
    }
    this.finishSegment(undefined);
    return { segments: this.frame.segments, diagnostics: this.diagnostics };
  }

  /** Adds a token, or all that it opens if that is left aside; gives the index of the last one that it took. */
  private add(token: IToken, i: number): number {
    const { frame } = this;
    const inBody = frame.type === '{' || frame.type === 'file';
    if (token.tokenType === ForeignSign || token.tokenType === ForeignWord) {
      this.report(say.foreignSign(token, this.text));
      translate(token);
    }
    if (inBody && frame.segment.tokens.length > 0) this.separate(token, i);
    else if (frame.type === 'file' && frame.segment.suspicion && startsLine(this.tokens, i) && beginsDeclaration(this.tokens, i)) this.finishSegment(token);
    switch (token.image) {
      case '(':
      case '[':
      case '{':
        return this.open(token, i, token.image);
      case ')':
      case ']':
      case '}':
        if (this.repairs.dropped[i] === 1) this.noteFault(i);
        else this.close(endOf(token));
        return i;
    }
    if (token.tokenType === Semicolon && inBody) this.finishSegment(token);
    else if (token.tokenType === Comma && !inBody && i >= frame.namesEnd) this.finishSegment(token);
    else if (token.tokenType === Unknown) frame.statement.damage ??= say.unknownCharacters(token);
    else this.push(token, i);
    return i;
  }

  /** Adds an ordinary token to the current segment. */
  private push(token: IToken, i: number): void {
    const { frame } = this;
    const { tokens } = frame.segment;
    if (isKeyword(token)) {
      const isArgumentName = frame.type === '(' && tokens.length === 0 && precedesEquals(this.tokens, i);
      // A `loss` that begins no statement is the value of the loss.
      const isValue = token.tokenType === keyword.loss && (frame.type === '(' || frame.type === '[' || tokens.length > 0);
      if (isArgumentName || isValue || is(tokens.at(-1), Dot)) retype(token, Name);
      else if (startsHeader.has(token.tokenType)) {
        frame.awaitsBody = true;
        if (token.image === 'for') frame.namesEnd = endOfLoopNames(this.tokens, i + 1);
      } else if (is(token, BodyWord) && tokens.length === 0) frame.awaitsBody = true;
    } else if (token.tokenType === Equals && is(tokens[0], BodyWord)) frame.awaitsBody = false;
    else if (token.tokenType === MalformedString && say.isUnclosedString(token))
      frame.statement.damage ??= say.unclosedString(token);
    if (tokens.length === 0) frame.segment.start = token.startOffset;
    tokens.push(token);
    frame.segment.end = endOf(token);
  }

  /** Ends the statement before a token that begins a new one. */
  private separate(token: IToken, i: number): void {
    const { segment, awaitsBody } = this.frame;
    const previous = segment.tokens.at(-1)!;
    if (!startsLine(this.tokens, i)) {
      if (this.beginsInside(i, previous)) {
        segment.suspicion ??= say.missingSeparator(previous, token, this.frame.type === 'file');
        this.finishSegment(token);
        this.frame.segment.sharesLine = true;
      }
      return;
    }
    if (token.image === '{' && awaitsBody) return;
    if (!beginsStatement(this.tokens, i)) {
      const goesOn =
        is(previous, BinaryOperator) || is(previous, Comma) || is(previous, Equals) || is(previous, keyword.not);
      const begins = beginsLoss(this.tokens, i) || (beginsBinding(this.tokens, i) && !is(previous, Comma));
      if (goesOn && !begins) return;
      const isPlus = is(token, Plus);
      if (is(token, keyword.else) || (is(token, BinaryOperator) && !isPlus && !is(token, Minus))) return;
      const joins = !takesNoOperator.has(segment.tokens[0]!.tokenType);
      if (is(token, Minus) || (isPlus && joins)) this.signAtLineStart(token, previous, joins);
      if (isPlus && joins) return;
    }
    this.finishSegment(token);
  }

  /** A word that only a new statement or declaration can begin with, in the middle of a line. */
  private beginsInside(i: number, previous: IToken): boolean {
    const begins = this.frame.type === 'file' ? beginsDeclaration : beginsStatement;
    if (!begins(this.tokens, i) || is(previous, Dot)) return false;
    // `output input`: a name is due, and the keyword is not meant as one.
    return !(this.frame.segment.tokens.length === 1 && isKeyword(previous));
  }

  private signAtLineStart(sign: IToken, previous: IToken, joins: boolean): void {
    const between = this.text.slice(endOf(previous), sign.startOffset);
    this.report(say.signAtLineStart(sign, previous, joins, between.trim() === ''));
  }

  private open(token: IToken, i: number, type: Opener): number {
    this.noteFault(i);
    const { frame } = this;
    const isBody = type === '{' && frame.awaitsBody;
    if (isBody) frame.awaitsBody = false;
    const tokenType = isBody ? Body : groupTypes[type];
    if (this.holdsNothing(i, type)) {
      this.put(token, tokenType, [], endOf(this.tokens[i + 1]!), false);
      return i + 1;
    }
    this.newFrame(type, token, tokenType, frame);
    const last = this.repairs.tooDeep.get(i);
    if (last !== undefined) this.close(endOf(this.tokens[last]!), true);
    return last ?? i;
  }

  /** Whether a bracket closes right behind itself, and nothing is to be mended there. */
  private holdsNothing(i: number, type: Opener): boolean {
    const { dropped, tooDeep, closeAfter, openAfter } = this.repairs;
    return this.tokens[i + 1]?.image === closerOf(type) && dropped[i + 1] !== 1 && !tooDeep.has(i) && !closeAfter.has(i) && !openAfter.has(i);
  }

  /** Opens a bracket that is missing after a token. */
  private openMissing(after: number, type: Opener): void {
    this.noteFault(after);
    const end = endOf(this.tokens[after]!);
    const tokenType = type === '{' && this.frame.awaitsBody ? Body : groupTypes[type];
    const opener: IToken = { image: type, startOffset: end, endOffset: end - 1, tokenType, tokenTypeIdx: 0 };
    if (type === '{') this.frame.awaitsBody = false;
    this.newFrame(type, opener, tokenType, this.frame);
  }

  private closeUnclosed(end: number): void {
    if (this.frame.type === '{' && this.frame.line === this.line) this.frame.segment.isCut = true;
    this.close(end);
  }

  /** Ends the innermost bracket and puts it into the segment around it as one token. */
  private close(end: number, skipped = false): void {
    this.finishSegment(undefined);
    const { opener, tokenType, segments } = this.frames.pop()!;
    this.frame = this.frames.at(-1)!;
    this.put(opener!, tokenType, segments, end, skipped);
  }

  /** Adds a bracket with what is in it as one token. */
  private put({ image, startOffset }: IToken, tokenType: TokenType, segments: Segment[], end: number, skipped: boolean): void {
    const group: Group = { image, startOffset, endOffset: end - 1, tokenType, tokenTypeIdx: tokenType.tokenTypeIdx!, segments, skipped };
    const { segment } = this.frame;
    if (segment.tokens.length === 0) segment.start = group.startOffset;
    segment.tokens.push(group);
    segment.end = end;
  }

  private newFrame(type: FrameType, opener: IToken | undefined, tokenType: TokenType, parent: Frame | undefined): Frame {
    const segment = newSegment(opener === undefined ? 0 : endOf(opener));
    const isBody = type === '{' || type === 'file';
    const statement = isBody ? segment : parent!.statement;
    this.frame = { type, opener, tokenType, segments: [], segment, statement, awaitsBody: false, namesEnd: 0, line: this.line };
    this.frames.push(this.frame);
    return this.frame;
  }

  /** Ends the current segment, at a separator or at its bracket's end. */
  private finishSegment(separator: IToken | undefined): void {
    const { frame } = this;
    const { segment, segments } = frame;
    const isBody = frame.type === '{' || frame.type === 'file';
    const isEmpty = segment.tokens.length === 0;
    const isItem = !isBody && (separator !== undefined || segments.length > 0);
    if (!isEmpty || isItem || segment.damage || segment.suspicion) segments.push(segment);
    if (separator === undefined) return;
    if (isEmpty) segment.end = separator.startOffset;
    frame.segment = newSegment(isBody ? separator.startOffset : endOf(separator));
    if (isBody) frame.statement = frame.segment;
    frame.awaitsBody = false;
  }

  private report(diagnostic: Diagnostic): void {
    if (this.diagnostics.length < limits.diagnostics) this.diagnostics.push(diagnostic);
  }

  private noteFault(i: number): void {
    const fault = this.repairs.faults.get(i);
    if (fault === undefined) return;
    const { statement } = this.frame;
    if (fault.kind === 'unopened') statement.suspicion ??= say.bracketFault(fault, this.tokens);
    else statement.damage ??= say.bracketFault(fault, this.tokens);
  }
}

function newSegment(at: number): Segment {
  return { tokens: [], start: at, end: at, damage: undefined, suspicion: undefined };
}

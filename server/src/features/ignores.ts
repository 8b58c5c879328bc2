// `# nn: ignore CODE` silences a diagnostic on its line; on a line of its own, it speaks of the next line with code on it, and
// of all lines of a statement that begins there, but not of other statements in its blocks.

import { type Node, nodePathAt } from '../../../grammar/walk';
import { codes, registeredCode } from '../base/codes';
import type { Diagnostic, Fix } from '../base/diagnostic';
import { nearestName } from '../base/nearest';
import type { Span } from '../base/span';
import type { Source } from './workspace';

interface Ignore {
  readonly code: string;
  readonly span: Span;
  /** The line whose diagnostics it silences. */
  readonly line: number;
  /** Whether it stands above what it speaks of, by itself. */
  readonly standsAlone: boolean;
  /** What goes with it when it is taken away: the whole comment where it names nothing else. */
  readonly removal: Span;
}

const pattern = /^#+\s*nn:\s*ignore\b[\s:]*/;

/** What gradient checks find is not there before one has run. */
const foundByChecks = new Set(['gradient-mismatch', 'assert-fails']);

/** The diagnostics that no comment silences, and a hint for each comment that silences nothing. */
export function withoutIgnored(source: Source, diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const ignores = ignoresOf(source);
  if (ignores.length === 0) return diagnostics;
  const used = new Set<Ignore>();
  const byLine = new Map<number, Ignore[]>();
  for (const ignore of ignores) {
    const others = byLine.get(ignore.line);
    if (others === undefined) byLine.set(ignore.line, [ignore]);
    else others.push(ignore);
  }
  const kept = diagnostics.filter(({ code, span }) => {
    const { line } = source.lines.position(span.start);
    const begin = beginOfStatement(source, span.start);
    const above = begin === line ? [] : (byLine.get(begin) ?? []).filter(({ standsAlone }) => standsAlone);
    const silencing = [...(byLine.get(line) ?? []), ...above].filter((ignore) => ignore.code === code || ignore.code === registeredCode(code));
    for (const ignore of silencing) used.add(ignore);
    return silencing.length === 0;
  });
  return [...kept, ...ignores.filter((ignore) => !used.has(ignore) && !foundByChecks.has(ignore.code)).map(unused)];
}

/** A declaration with a body is none: an ignore above it speaks of its first line. */
const statements: ReadonlySet<Node['kind']> = new Set(['import', 'let', 'function', 'input', 'target', 'param', 'output', 'loss', 'optimizer', 'assert', 'binding', 'expression-statement']);

/** The line on which the innermost statement around an offset begins; that of the offset outside of statements. */
function beginOfStatement({ tree, lines }: Source, offset: number): number {
  const statement = nodePathAt(tree, offset).findLast(({ kind }) => statements.has(kind));
  return lines.position(statement?.span.start ?? offset).line;
}

function ignoresOf(source: Source): readonly Ignore[] {
  let nextWithCode = -1;
  return source.comments.flatMap(({ text, span }) => {
    const match = pattern.exec(text);
    if (match === null) return [];
    const own = source.lines.position(span.start);
    const standsAlone = source.lines.line(own.line).slice(0, own.character).trim() === '';
    // Of comments one below the other, all speak of the same line.
    if (standsAlone && nextWithCode <= own.line) nextWithCode = nextLineWithCode(source, own.line);
    const line = standsAlone ? nextWithCode : own.line;
    const whole = standsAlone ? lineAt(source, own.line) : { start: span.start - blanksBefore(source.text, span.start), end: span.end };
    const words = codesIn(text.slice(match[0].length));
    if (words.length === 0) return [{ code: '', span, line, standsAlone, removal: whole }];
    return words.map((word, index): Ignore => {
      const start = span.start + match[0].length + word.index;
      const end = start + word[0].length;
      const next = words[index + 1];
      const before = words[index - 1];
      const removal =
        next !== undefined
          ? { start, end: span.start + match[0].length + next.index }
          : before !== undefined
            ? { start: span.start + match[0].length + before.index + before[0].length, end }
            : whole;
      return { code: word[0], span: { start, end }, line, standsAlone, removal };
    });
  });
}

/** The codes that an ignore names; behind them may stand why, after a dash, a colon or a bracket, or in plain words. */
function codesIn(text: string): readonly RegExpExecArray[] {
  const [named] = /^(?:[\w-]+|[\s,])*/.exec(text.replace(/\s(?:-+|–|—)(?=\s)[^]*/, ''))!;
  const words = [...named.matchAll(/[\w-]+/g)];
  const reason = words.findIndex(({ 0: word, index }, at) => at > 0 && registeredCode(word) === undefined && !word.includes('-') && !/,\s*$/.test(named.slice(0, index)));
  return reason < 0 ? words : words.slice(0, reason);
}

/** A line with its end. */
function lineAt({ lines }: Source, line: number): Span {
  const start = lines.offset({ line, character: 0 });
  const next = lines.offset({ line: line + 1, character: 0 });
  return { start, end: next > start ? next : lines.offset({ line, character: Infinity }) };
}

function blanksBefore(text: string, offset: number): number {
  return /[ \t]*$/.exec(text.slice(Math.max(0, offset - 200), offset))![0].length;
}

function nextLineWithCode({ lines }: Source, from: number): number {
  let line = from + 1;
  while (line < lines.lineCount && /^\s*(?:#.*)?$/.test(lines.line(line))) line++;
  return line;
}

/** The comment that silences a diagnostic: behind its line, in the comment that silences others there, or on a line above where another comment is in the way. */
export function ignoring(source: Source, { code, span }: Diagnostic): Fix {
  const name = registeredCode(code) ?? code;
  const { line } = source.lines.position(span.start);
  const text = source.lines.line(line);
  const start = source.lines.offset({ line, character: 0 });
  const comment = source.comments.find((each) => each.span.start >= start && each.span.start < start + text.length);
  const title = `Ignore ${name} on this line`;
  const insertion = (at: number, inserted: string): Fix => ({ title, edits: [{ span: { start: at, end: at }, text: inserted }] });
  if (comment === undefined) return insertion(start + text.trimEnd().length, `  # nn: ignore ${name}`);
  const match = pattern.exec(comment.text);
  if (match === null) return insertion(start, `${/^[ \t]*/.exec(text)![0]}# nn: ignore ${name}\n`);
  const last = codesIn(comment.text.slice(match[0].length)).at(-1);
  const named = comment.span.start + match[0].trimEnd().length;
  return last === undefined ? insertion(named, ` ${name}`) : insertion(comment.span.start + match[0].length + last.index + last[0].length, `, ${name}`);
}

function unused({ code, span, removal }: Ignore): Diagnostic {
  const known = registeredCode(code) !== undefined;
  const nearest = known || code === '' ? undefined : nearestName(code, codes.keys());
  return {
    code: 'unused-ignore',
    severity: 'hint',
    message: code === '' ? 'an ignore names what it silences, as in `# nn: ignore bias-before-norm`' : known ? `there is no ${code} here to ignore` : `there is no diagnostic ${code}${nearest === undefined ? '' : `; did you mean ${nearest}?`}`,
    span,
    tags: ['unnecessary'],
    fixes: [
      ...(nearest === undefined ? [] : [{ title: `Change to ${nearest}`, edits: [{ span, text: nearest }] }]),
      { title: 'Remove the ignore', edits: [{ span: removal, text: '' }] },
    ],
  };
}

// `nn check`: diagnostics as a compiler prints them.

import type { Diagnostic, Severity } from '../base/diagnostic';
import { diagnosticsOf } from '../features/diagnostics';
import { counted } from '../features/numbers';
import type { Document, Source } from '../features/workspace';
import { openFile, pathOf } from './files';
import { type ExitCode, styled, type Terminal, UsageError } from './terminal';

const colours = { error: 'red', warning: 'yellow', information: 'cyan', hint: 'gray' } as const satisfies Record<Severity, string>;

export function check(files: readonly string[], options: { readonly json?: boolean }, terminal: Terminal): ExitCode {
  const found: { file: string; document: Document; diagnostic: Diagnostic }[] = [];
  let unreadable = false;
  for (const file of files) {
    try {
      const document = openFile(file);
      found.push(...diagnosticsOf(document).map((diagnostic) => ({ file, document, diagnostic })));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      terminal.error(`nn: ${error.message}\n`);
      unreadable = true;
    }
  }
  if (options.json === true) {
    terminal.out(`${JSON.stringify({ diagnostics: found.map(({ file, document, diagnostic }) => toJson(file, document, diagnostic)) }, undefined, 2)}\n`);
  } else {
    for (const { file, document, diagnostic } of found) terminal.out(`${draw(file, document, diagnostic, terminal)}\n`);
    if (found.length > 0 || !unreadable) terminal.out(`${totals(found.map(({ diagnostic }) => diagnostic.severity))}\n`);
  }
  if (unreadable) return 2;
  return found.some(({ diagnostic }) => diagnostic.severity === 'error') ? 1 : 0;
}

interface JsonDiagnostic {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly severity: Severity;
  readonly code: string;
  readonly message: string;
}

function toJson(file: string, source: Source, { span, severity, code, message }: Diagnostic): JsonDiagnostic {
  const [start, end] = [source.lines.position(span.start), source.lines.position(span.end)];
  return { file, line: start.line + 1, column: start.character + 1, endLine: end.line + 1, endColumn: end.character + 1, severity, code, message };
}

/** `file:line:column: severity[code]: message`, the line, and carets under the place. */
export function draw(file: string, document: Document, diagnostic: Diagnostic, terminal: Terminal): string {
  const { severity, code, message, span } = diagnostic;
  const start = document.lines.position(span.start);
  const title = `${file}:${String(start.line + 1)}:${String(start.character + 1)}: ${styled(terminal, [colours[severity], 'bold'], `${severity}[${code}]`)}: ${message}`;
  const line = document.lines.line(start.line);
  const number = String(start.line + 1);
  const end = document.lines.position(span.end);
  const last = end.line === start.line ? end.character : line.length;
  const before = line.slice(0, start.character).replace(/[^\t]/g, ' ');
  const carets = '^'.repeat(Math.max(1, last - start.character));
  const gutter = (text: string): string => styled(terminal, 'gray', `${text.padStart(number.length)} | `);
  const related = (diagnostic.related ?? []).flatMap(({ message: note, span: place, file: uri }) => {
    const source = uri === undefined ? document : document.dependencies.get(uri);
    if (source === undefined) return [];
    const position = source.lines.position(place.start);
    const where = source.uri === document.uri ? file : pathOf(source.uri);
    return [`${' '.repeat(number.length)} = ${note}: ${where}:${String(position.line + 1)}:${String(position.character + 1)}`];
  });
  return [title, gutter(number) + line, gutter('') + before + styled(terminal, colours[severity], carets), ...related, ''].join('\n');
}

function totals(severities: readonly Severity[]): string {
  const parts = [
    ['error', 'error', 'errors'],
    ['warning', 'warning', 'warnings'],
    ['information', 'note', 'notes'],
  ].flatMap(([severity, one, many]) => {
    const count = severities.filter((each) => each === severity).length;
    return count === 0 ? [] : [counted(count, one!, many)];
  });
  return parts.length === 0 ? 'no problems' : parts.join(', ');
}

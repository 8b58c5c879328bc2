// From offsets and plain data to the protocol's positions and types, and back.

import * as lsp from 'vscode-languageserver';
import { registeredCode } from '../base/codes';
import type { Diagnostic, Fix, Severity } from '../base/diagnostic';
import { LineIndex, type Span } from '../base/span';
import type { CallItem } from '../features/call-hierarchy';
import type { CodeAction } from '../features/code-actions';
import type { CodeLens } from '../features/code-lens';
import { documentationOf } from '../features/completion/layers';
import type { Completion, CompletionKind } from '../features/completion/item';
import type { Hover } from '../features/hover';
import type { InlayHint } from '../features/inlay-hints';
import type { SignatureHelp } from '../features/signature-help';
import type { Refactoring, Refused } from '../features/refactor/site';
import type { DocumentSymbol, SymbolKind } from '../features/symbols';
import { applied, type FileEdits, type Refusal } from '../features/text-edits';
import type { Document, Source } from '../features/workspace';
import type { WorkspaceSymbol } from '../features/workspace-symbols';
import type { Place } from '../semantics/graph';

type Lines = { readonly lines: LineIndex };

export function toRange({ lines }: Lines, span: Span): lsp.Range {
  return { start: lines.position(span.start), end: lines.position(span.end) };
}

export function toSpan({ lines }: Lines, range: lsp.Range): Span {
  return { start: lines.offset(range.start), end: lines.offset(range.end) };
}

function toMarkdown(value: string): lsp.MarkupContent {
  return { kind: lsp.MarkupKind.Markdown, value };
}

export function toHover(source: Lines, hover: Hover): lsp.Hover {
  return { contents: toMarkdown(hover.markdown), range: toRange(source, hover.span) };
}

/** What is sent along with a hint or a lens, so that the rest of it can be found. */
export interface ItemData {
  readonly uri: string;
  readonly offset: number;
}

/** A hint; with `lazily` its tooltip is left to `inlayHint/resolve`. */
export function toInlayHint(document: Document, hint: InlayHint, lazily: boolean): lsp.InlayHint {
  const isArgument = hint.kind === 'argument';
  return {
    position: document.lines.position(hint.offset),
    label: hint.label,
    kind: isArgument ? lsp.InlayHintKind.Parameter : lsp.InlayHintKind.Type,
    paddingLeft: !isArgument,
    paddingRight: isArgument,
    ...(hint.tooltip === undefined ? {} : lazily ? { data: { uri: document.uri, offset: hint.offset } satisfies ItemData } : { tooltip: toTooltip(hint) }),
  };
}

export function toTooltip(hint: InlayHint): lsp.MarkupContent | undefined {
  const text = hint.tooltip?.();
  return text === undefined ? undefined : toMarkdown(text);
}

const severities: Readonly<Record<Severity, lsp.DiagnosticSeverity>> = {
  error: lsp.DiagnosticSeverity.Error,
  warning: lsp.DiagnosticSeverity.Warning,
  information: lsp.DiagnosticSeverity.Information,
  hint: lsp.DiagnosticSeverity.Hint,
};

const tags = { unnecessary: lsp.DiagnosticTag.Unnecessary, deprecated: lsp.DiagnosticTag.Deprecated } as const;

/** What a diagnostic needs of the session: the other files that it speaks of, and where the pages on the codes are. */
export interface Surroundings {
  source(uri: string): Source | undefined;
  /** The address of the folder docs/diagnostics, with a slash at its end; undefined where it is not known. */
  readonly pages: string | undefined;
}

export function toDiagnostic(document: Document, diagnostic: Diagnostic, { source: sourceOf, pages }: Surroundings): lsp.Diagnostic {
  const page = registeredCode(diagnostic.code);
  return {
    range: toRange(document, diagnostic.span),
    severity: severities[diagnostic.severity],
    code: diagnostic.code,
    codeDescription: pages === undefined || page === undefined ? undefined : { href: `${pages}${page}.md` },
    source: 'nn',
    message: diagnostic.message,
    tags: diagnostic.tags?.map((tag) => tags[tag]),
    relatedInformation: (diagnostic.related ?? []).flatMap(({ message, span, file }) => {
      const source = file === undefined ? document : sourceOf(file);
      return source === undefined ? [] : [{ message, location: { uri: source.uri, range: toRange(source, span) } }];
    }),
  };
}

export function toTextEdits(document: Lines, edits: Fix['edits']): lsp.TextEdit[] {
  return edits.map(({ span, text }) => ({ range: toRange(document, span), newText: text }));
}

export function toCodeAction(document: Document, action: CodeAction, kind: lsp.CodeActionKind, surroundings: Surroundings): lsp.CodeAction {
  return {
    title: action.title,
    kind,
    isPreferred: action.preferred,
    diagnostics: action.diagnostics.map((diagnostic) => toDiagnostic(document, diagnostic, surroundings)),
    edit: { changes: { [document.uri]: toTextEdits(document, action.edits) } },
  };
}

/** A refactoring; behind it the client's command that asks for a better name than the one made up, with the document and the place of its last use. */
export function toRefactoring(document: Document, refactoring: Refactoring | Refused, renameCommand: string | undefined): lsp.CodeAction {
  if ('reason' in refactoring) return { title: refactoring.title, kind: `${lsp.CodeActionKind.Refactor}.${refactoring.kind}`, disabled: { reason: refactoring.reason } };
  const { title, kind, edits, madeUp } = refactoring;
  const action: lsp.CodeAction = { title, kind: `${lsp.CodeActionKind.Refactor}.${kind}`, edit: { changes: { [document.uri]: toTextEdits(document, edits) } } };
  if (madeUp === undefined || renameCommand === undefined) return action;
  const text = applied(document.text, edits);
  const [use] = [...text.matchAll(new RegExp(`\\b${madeUp}\\b`, 'g'))].slice(-1);
  return { ...action, command: { title: 'Rename', command: renameCommand, arguments: [document.uri, new LineIndex(text).position(use!.index)] } };
}

export function toCodeLens(document: Document, lens: CodeLens): lsp.CodeLens {
  const range = toRange(document, lens.span);
  if (lens.pending === true) return { range, data: { uri: document.uri, offset: lens.span.start } satisfies ItemData };
  return { range, command: toCommand(document, lens, lens.name) };
}

/** What a click on a lens does, with a model's name or a place; a command without a name is shown as plain text. */
export function toCommand(document: Document, { title, tooltip, command }: Pick<CodeLens, 'title' | 'tooltip' | 'command'>, subject: string | number): lsp.Command {
  const argument = typeof subject === 'number' ? document.lines.position(subject) : subject;
  return { title, tooltip, command: command ?? '', arguments: command === undefined ? undefined : [document.uri, argument] };
}

const symbolKinds: Readonly<Record<SymbolKind, lsp.SymbolKind>> = {
  model: lsp.SymbolKind.Class,
  stack: lsp.SymbolKind.Struct,
  function: lsp.SymbolKind.Function,
  constant: lsp.SymbolKind.Constant,
  input: lsp.SymbolKind.Interface,
  output: lsp.SymbolKind.Event,
  parameter: lsp.SymbolKind.Field,
  value: lsp.SymbolKind.Variable,
};

export function toDocumentSymbol(document: Lines, symbol: DocumentSymbol): lsp.DocumentSymbol {
  return {
    name: symbol.name,
    detail: symbol.detail,
    kind: symbolKinds[symbol.kind],
    range: toRange(document, symbol.span),
    selectionRange: toRange(document, symbol.selection),
    children: symbol.children.map((child) => toDocumentSymbol(document, child)),
  };
}

export function toWorkspaceSymbol({ name, kind, source, span }: WorkspaceSymbol): lsp.SymbolInformation {
  return { name, kind: symbolKinds[kind], location: { uri: source.uri, range: toRange(source, span) } };
}

export function toCallItem({ source, name, kind, span, selection }: CallItem): lsp.CallHierarchyItem {
  return { name, kind: symbolKinds[kind], detail: kind, uri: source.uri, range: toRange(source, span), selectionRange: toRange(source, selection) };
}

/** Each selection with the next larger one as its parent; an empty one at the position, where there is none. */
export function toSelectionRange(source: Lines, spans: readonly Span[], position: lsp.Position): lsp.SelectionRange {
  const selection = spans.reduceRight<lsp.SelectionRange | undefined>((parent, span) => ({ range: toRange(source, span), parent }), undefined);
  return selection ?? { range: { start: position, end: position } };
}

export function toWorkspaceEdit(edits: FileEdits, sourceOf: (uri: string) => Source | undefined): lsp.WorkspaceEdit {
  const changes: Record<string, lsp.TextEdit[]> = {};
  for (const [uri, ofFile] of edits) {
    const source = sourceOf(uri);
    if (source !== undefined) changes[uri] = toTextEdits(source, ofFile);
  }
  return { changes };
}

/** A refusal as the error that the editor shows. */
export function toError({ message }: Refusal): lsp.ResponseError {
  return new lsp.ResponseError(lsp.LSPErrorCodes.RequestFailed, message);
}

/** A place in whatever file; undefined where that file cannot be read. */
export function toLocation(place: Place | undefined, sourceOf: (uri: string) => Source | undefined): lsp.Location | undefined {
  const source = place && sourceOf(place.file);
  return source && { uri: source.uri, range: toRange(source, place.span) };
}

const completionKinds: Readonly<Record<CompletionKind, lsp.CompletionItemKind>> = {
  argument: lsp.CompletionItemKind.Property,
  value: lsp.CompletionItemKind.Value,
  name: lsp.CompletionItemKind.Variable,
  declaration: lsp.CompletionItemKind.Module,
  layer: lsp.CompletionItemKind.Class,
  function: lsp.CompletionItemKind.Function,
  keyword: lsp.CompletionItemKind.Keyword,
  member: lsp.CompletionItemKind.Field,
  file: lsp.CompletionItemKind.File,
};

/** What a client can show of a completion. */
export interface CompletionSupport {
  readonly snippets: boolean;
  readonly labelDetails: boolean;
  /** Its command that shows the signature of the call at the cursor; undefined for one that has none. */
  readonly argumentHints: string | undefined;
}

/** What is needed to complete an item later. */
export interface CompletionData {
  readonly uri: string;
}

/** An item; its place in the list is kept as the order. */
export function toCompletionItem(document: Document, completion: Completion, index: number, support: CompletionSupport): lsp.CompletionItem {
  const { label, kind, effect, origin, detail, further, replaces } = completion;
  const isSnippet = completion.isSnippet === true && support.snippets;
  const insert = completion.isSnippet === true && !support.snippets ? label : (completion.insert ?? label);
  const hasPage = kind === 'layer' || kind === 'function';
  return {
    label,
    kind: completionKinds[kind],
    ...(support.labelDetails && (effect !== undefined || origin !== undefined) ? { labelDetails: { detail: effect === undefined ? undefined : ` ${effect}`, description: origin } } : {}),
    detail: support.labelDetails || effect === undefined || effect === detail ? detail : `${effect}  ${detail ?? ''}`,
    documentation: completion.documentation === undefined ? undefined : toMarkdown(completion.documentation),
    sortText: String(index).padStart(5, '0'),
    ...(replaces === undefined ? insert !== label && { insertText: insert } : { textEdit: { range: toRange(document, replaces), newText: insert }, filterText: label }),
    ...(isSnippet && { insertTextFormat: lsp.InsertTextFormat.Snippet }),
    // Whoever gets arguments to fill in sees what each of them is.
    ...(isSnippet && support.argumentHints !== undefined && /^\w+\(\$/.test(insert) && { command: { title: 'Show the signature', command: support.argumentHints } }),
    ...(kind === 'name' && { commitCharacters: ['.'] }),
    ...(further !== undefined && { additionalTextEdits: toTextEdits(document, further) }),
    ...(hasPage && { data: { uri: document.uri } satisfies CompletionData }),
  };
}

/** An item with the page of its layer or function. */
export function withDocumentation(item: lsp.CompletionItem): lsp.CompletionItem {
  const page = documentationOf(item.label);
  return page === undefined ? item : { ...item, documentation: toMarkdown(page) };
}

export function toSignatureHelp(help: SignatureHelp): lsp.SignatureHelp {
  return {
    signatures: [
      {
        label: help.label,
        documentation: help.documentation === undefined ? undefined : toMarkdown(help.documentation),
        parameters: help.parameters.map(({ start, end, documentation }) => ({ label: [start, end], documentation })),
      },
    ],
    activeSignature: 0,
    // Behind the last argument none is marked.
    activeParameter: help.active ?? help.parameters.length,
  };
}

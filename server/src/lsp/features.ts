// The table of editor features: a row is a request, what it announces, and how it is answered.

import * as lsp from 'vscode-languageserver';
import { codeActions } from '../features/code-actions';
import { codeLenses } from '../features/code-lens';
import { completions } from '../features/completion';
import { definition, references } from '../features/definition';
import { diagnosticsOf } from '../features/diagnostics';
import { foldingRanges } from '../features/folding';
import { formatting } from '../features/formatting';
import { hover } from '../features/hover';
import { inlayHints } from '../features/inlay-hints';
import { signatureHelp } from '../features/signature-help';
import { documentSymbols } from '../features/symbols';
import type { Document } from '../features/workspace';
import { toCodeAction, toCodeLens, toCompletionItem, toDocumentSymbol, toHover, toInlayHint, toLocation, toRange, toSignatureHelp, toSpan, toTextEdits } from './convert';
import { guarded, takeTurn } from './guard';
import type { Session } from './session';

/** Registers one feature on a connection. */
export interface Feature {
  readonly capabilities: lsp.ServerCapabilities;
  register(session: Session): void;
}

interface WithDocument {
  readonly textDocument: lsp.TextDocumentIdentifier;
}

/** A row: the answer is computed on the document's newest text; undefined stands for none. */
function feature<P extends WithDocument, R, PR, RO>(
  type: lsp.ProtocolRequestType<P, R | null, PR, void, RO>,
  capabilities: lsp.ServerCapabilities,
  answer: (document: Document, parameters: P, session: Session) => R | undefined,
): Feature {
  return {
    capabilities,
    register(session) {
      session.connection.onRequest(type.method, async (parameters: P, token: lsp.CancellationToken) => {
        const cancelled = await takeTurn(token);
        if (cancelled !== undefined) return cancelled;
        return guarded(session.connection, type.method, async () => {
          const document = await session.document(parameters.textDocument.uri);
          return (document && answer(document, parameters, session)) ?? null;
        });
      });
    },
  };
}

export const features: readonly Feature[] = [
  feature(lsp.HoverRequest.type, { hoverProvider: true }, (document, { position }) => {
    const found = hover(document, document.lines.offset(position));
    return found && toHover(document, found);
  }),
  feature(lsp.InlayHintRequest.type, { inlayHintProvider: true }, (document, { range }) =>
    inlayHints(document, toSpan(document, range)).map((hint) => toInlayHint(document, hint)),
  ),
  feature(lsp.CodeLensRequest.type, { codeLensProvider: {} }, (document, _, { checks }) => codeLenses(document, checks).map((lens) => toCodeLens(document, lens))),
  feature(lsp.CodeActionRequest.type, { codeActionProvider: { codeActionKinds: [lsp.CodeActionKind.QuickFix] } }, (document, { range }, session) =>
    codeActions(diagnosticsOf(document, session.checks.diagnosticsOf(document)), toSpan(document, range)).map((action) => toCodeAction(document, action, session)),
  ),
  feature(lsp.DocumentSymbolRequest.type, { documentSymbolProvider: true }, (document) => documentSymbols(document).map((symbol) => toDocumentSymbol(document, symbol))),
  feature(lsp.FoldingRangeRequest.type, { foldingRangeProvider: true }, (document) => foldingRanges(document).map((range) => ({ ...range }))),
  feature(lsp.DefinitionRequest.type, { definitionProvider: true }, (document, { position }, { source }) =>
    toLocation(definition(document, document.lines.offset(position)), source),
  ),
  feature(lsp.ReferencesRequest.type, { referencesProvider: true }, (document, { position, context }) =>
    references(document, document.lines.offset(position), context.includeDeclaration).map((span) => ({ uri: document.uri, range: toRange(document, span) })),
  ),
  feature(lsp.DocumentHighlightRequest.type, { documentHighlightProvider: true }, (document, { position }) =>
    references(document, document.lines.offset(position)).map((span) => ({ range: toRange(document, span) })),
  ),
  feature(lsp.CompletionRequest.type, { completionProvider: { triggerCharacters: ['.', '(', ',', '='] } }, (document, { position }) =>
    completions(document, document.lines.offset(position)).map(toCompletionItem),
  ),
  feature(lsp.SignatureHelpRequest.type, { signatureHelpProvider: { triggerCharacters: ['(', ','] } }, (document, { position }) => {
    const help = signatureHelp(document, document.lines.offset(position));
    return help && toSignatureHelp(help);
  }),
  feature(lsp.DocumentFormattingRequest.type, { documentFormattingProvider: true }, (document) => {
    const edit = formatting(document);
    return edit === undefined ? [] : toTextEdits(document, [edit]);
  }),
];

/** What the server announces: what its features do. */
export const capabilities: lsp.ServerCapabilities = Object.assign({}, ...features.map((each) => each.capabilities)) as lsp.ServerCapabilities;

// The table of editor features: a row is a request, what it announces, and how it is answered.

import * as lsp from 'vscode-languageserver';
import { codeActions } from '../features/code-actions';
import { codeLenses } from '../features/code-lens';
import { completions } from '../features/completion';
import { definition, references } from '../features/definition';
import { foldingRanges } from '../features/folding';
import { formatting } from '../features/formatting';
import { hover } from '../features/hover';
import { inlayHints } from '../features/inlay-hints';
import { signatureHelp } from '../features/signature-help';
import { documentSymbols } from '../features/symbols';
import type { Document } from '../features/workspace';
import { toCodeAction, toCodeLens, toCompletionItem, toDocumentSymbol, toHover, toInlayHint, toLocation, toRange, toSignatureHelp, toSpan, toTextEdits, toTooltip, type HintData } from './convert';
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

/** A row for the second half of an answer: the rest of an item that the client has got already. */
function resolution<I>(type: lsp.ProtocolRequestType<I, I, never, void, void>, uriOf: (item: I) => string, complete: (document: Document, item: I, session: Session) => I): Feature {
  return {
    capabilities: {},
    register(session) {
      session.connection.onRequest(type.method, async (item: I, token: lsp.CancellationToken) => {
        const cancelled = await takeTurn(token);
        if (cancelled !== undefined) return cancelled;
        const completed = await guarded(session.connection, type.method, async () => {
          const document = await session.document(uriOf(item));
          return document && complete(document, item, session);
        });
        return completed ?? item;
      });
    },
  };
}

export const features: readonly Feature[] = [
  feature(lsp.HoverRequest.type, { hoverProvider: true }, (document, { position }) => {
    const found = hover(document, document.lines.offset(position));
    return found && toHover(document, found);
  }),
  feature(lsp.InlayHintRequest.type, { inlayHintProvider: { resolveProvider: true } }, (document, { range }, { settings, resolvesHints }) =>
    inlayHints(document, toSpan(document, range), settings).map((hint) => toInlayHint(document, hint, resolvesHints)),
  ),
  resolution(lsp.InlayHintResolveRequest.type, (hint: lsp.InlayHint) => (hint.data as HintData).uri, (document, hint, { settings }) => {
    const { offset } = hint.data as HintData;
    const found = inlayHints(document, { start: offset, end: offset }, settings).find((each) => each.offset === offset && each.label === hint.label);
    return { ...hint, tooltip: found && toTooltip(found) };
  }),
  feature(lsp.CodeLensRequest.type, { codeLensProvider: {} }, (document, _, { checks }) => codeLenses(document, checks).map((lens) => toCodeLens(document, lens))),
  feature(lsp.CodeActionRequest.type, { codeActionProvider: { codeActionKinds: [lsp.CodeActionKind.QuickFix] } }, (document, { range }, session) =>
    codeActions(session.diagnostics(document), toSpan(document, range)).map((action) => toCodeAction(document, action, session)),
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

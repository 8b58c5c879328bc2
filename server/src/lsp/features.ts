// The table of editor features: a row is a request, what it announces, and how it is answered.

import * as lsp from 'vscode-languageserver';
import { codeActions } from '../features/code-actions';
import { codeLenses } from '../features/code-lens';
import { diagnosticsOf } from '../features/diagnostics';
import { hover } from '../features/hover';
import { inlayHints } from '../features/inlay-hints';
import type { Document } from '../features/workspace';
import { toCodeAction, toCodeLens, toHover, toInlayHint, toSpan } from './convert';
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
  feature(lsp.CodeActionRequest.type, { codeActionProvider: { codeActionKinds: [lsp.CodeActionKind.QuickFix] } }, (document, { range }, { checks, source }) =>
    codeActions(diagnosticsOf(document, checks.diagnosticsOf(document)), toSpan(document, range)).map((action) => toCodeAction(document, action, source)),
  ),
];

/** What the server announces: what its features do. */
export const capabilities: lsp.ServerCapabilities = Object.assign({}, ...features.map((each) => each.capabilities)) as lsp.ServerCapabilities;

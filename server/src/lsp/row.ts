// What a row of the table of features is made of: a request, what it announces, and how it is answered.

import * as lsp from 'vscode-languageserver';
import type { Files } from '../features/entity';
import type { Document, Source } from '../features/workspace';
import { answered, guarded } from './guard';
import type { Session } from './session';

/** Registers one feature on a connection. */
export interface Feature {
  readonly capabilities: lsp.ServerCapabilities;
  register(session: Session): void;
}

export interface WithDocument {
  readonly textDocument: lsp.TextDocumentIdentifier;
}

type Answer<R> = R | undefined | lsp.ResponseError;

/** A row: an answer of undefined stands for none, an error is shown to the person. */
export function request<P extends object, R, PR, RO>(
  type: lsp.ProtocolRequestType<P, R | null, PR, void, RO>,
  capabilities: lsp.ServerCapabilities,
  answer: (parameters: P, session: Session, token: lsp.CancellationToken) => Answer<R> | Promise<Answer<R>>,
): Feature {
  return {
    capabilities,
    register(session) {
      session.connection.onRequest(type.method, (parameters: P, token: lsp.CancellationToken) =>
        answered(
          token,
          () => versionIn(parameters, session),
          () => guarded(session.connection, type.method, async () => (await answer(parameters, session, token)) ?? null),
        ),
      );
    },
  };
}

/** The version of the document that a request is about; undefined for one about none. */
function versionIn(parameters: Partial<WithDocument>, { workspace }: Session): number | undefined {
  return parameters.textDocument && workspace.versionOf(parameters.textDocument.uri);
}

/** A row for the second half of an answer: the rest of an item that the client has got already. */
export function resolution<I>(type: lsp.ProtocolRequestType<I, I, never, void, void>, uriOf: (item: I) => string, complete: (document: Document, item: I, session: Session, token: lsp.CancellationToken) => I | Promise<I>): Feature {
  return {
    capabilities: {},
    register(session) {
      session.connection.onRequest(type.method, (item: I, token: lsp.CancellationToken) =>
        answered(
          token,
          () => session.workspace.versionOf(uriOf(item)),
          async () => {
            const completed = await guarded(session.connection, type.method, async () => {
              const document = await session.document(uriOf(item), token);
              return document && complete(document, item, session, token);
            });
            return completed ?? item;
          },
        ),
      );
    },
  };
}

/** A row whose answer is computed on an open document's newest text. */
export function feature<P extends WithDocument, R, PR, RO>(
  type: lsp.ProtocolRequestType<P, R | null, PR, void, RO>,
  capabilities: lsp.ServerCapabilities,
  answer: (document: Document, parameters: P, session: Session) => R | undefined,
): Feature {
  return request(type, capabilities, async (parameters, session, token) => {
    const document = await session.document(parameters.textDocument.uri, token);
    return document && answer(document, parameters, session);
  });
}

/** A row whose answer looks at a place among all files, each in its newest text. */
export function acrossFiles<P extends WithDocument & { readonly position: lsp.Position }, R, PR, RO>(
  type: lsp.ProtocolRequestType<P, R | null, PR, void, RO>,
  capabilities: lsp.ServerCapabilities,
  answer: (files: Files, source: Source, offset: number, parameters: P) => Answer<R>,
): Feature {
  return request(type, capabilities, async (parameters, session, token) => {
    const files = await session.files(token);
    if (token.isCancellationRequested) return undefined;
    const source = files.source(parameters.textDocument.uri);
    return source && answer(files, source, source.lines.offset(parameters.position), parameters);
  });
}

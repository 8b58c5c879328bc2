// The language server on a connection: texts come in, features answer.

import { type Connection, DidChangeWatchedFilesNotification, TextDocuments, TextDocumentSyncKind } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { registerCheckRequests } from './check-requests';
import { registerCompareRequests } from './compare-requests';
import { capabilities, features } from './features';
import { guarded } from './guard';
import type { Runtime } from './runtime';
import { Session } from './session';
import { registerTestRequests } from './test-requests';

/** Serves a client until it says goodbye. */
export function startServer(connection: Connection, runtime: Runtime): void {
  const session = new Session(connection, runtime);
  const { workspace, publisher, checks } = session;

  connection.onInitialize(({ capabilities: client, initializationOptions, workspaceFolders }) => {
    session.initialize(client, initializationOptions);
    session.folders.set(workspaceFolders ?? []);
    return {
      capabilities: { ...capabilities, textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: true } },
      serverInfo: { name: 'nn' },
    };
  });
  connection.onInitialized(() => {
    void guarded(connection, 'reading settings', () => session.configuration.start());
    if (session.watchesFiles) void connection.client.register(DidChangeWatchedFilesNotification.type, { watchers: [{ globPattern: '**/*.nn' }] });
    if (session.followsFolders) connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => { session.folders.change(added, removed); publisher.schedule(); });
    publisher.schedule();
  });
  connection.onShutdown(() => { session.dispose(); });

  const documents = new TextDocuments(TextDocument);
  documents.onDidChangeContent(({ document }) => {
    workspace.update(document.uri, document.version, document.getText());
    publisher.schedule(document.uri);
    session.reviseChecks();
  });
  documents.onDidOpen(({ document: { uri } }) => void guarded(connection, 'warming up', async () => {
    // What a person looks at comes first.
    await session.document(uri);
    session.warmUp();
  }));
  documents.onDidSave(({ document: { uri } }) => void guarded(connection, 'checking what was saved', () => session.checkSaved(uri)));
  documents.onDidClose(({ document: { uri } }) => {
    checks.close(uri);
    workspace.close(uri);
    publisher.close(uri);
    publisher.schedule();
    void guarded(connection, 'revising checks', () => session.reviseChecksOfFiles());
  });
  connection.onDidChangeWatchedFiles(({ changes }) => {
    for (const { uri } of changes) workspace.forget(uri);
    void guarded(connection, 'following files', () => session.folders.follow(changes));
    publisher.schedule();
    void guarded(connection, 'revising checks', () => session.reviseChecksOfFiles());
  });

  for (const feature of features) feature.register(session);
  registerCheckRequests(session);
  registerTestRequests(session);
  registerCompareRequests(session);
  documents.listen(connection);
  connection.listen();
}

// A client in the same process: real JSON-RPC streams between it and the server, with whatever check worker a test wants.

import { PassThrough } from 'node:stream';
import {
  type ClientCapabilities,
  CodeLensRefreshRequest,
  ConfigurationRequest,
  createConnection,
  createProtocolConnection,
  type Diagnostic,
  DidChangeConfigurationNotification,
  DidChangeTextDocumentNotification,
  DidCloseTextDocumentNotification,
  DidOpenTextDocumentNotification,
  InitializedNotification,
  type InitializeResult,
  InitializeRequest,
  InlayHintRefreshRequest,
  LogMessageNotification,
  type Position,
  type ProgressToken,
  ProgressType,
  type ProtocolConnection,
  PublishDiagnosticsNotification,
  RegistrationRequest,
  ShowMessageNotification,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
  type WorkDoneProgressBegin,
  WorkDoneProgressCancelNotification,
  WorkDoneProgressCreateRequest,
  type WorkDoneProgressEnd,
  type WorkDoneProgressReport,
} from 'vscode-languageserver/node';
import type { CheckWorker } from '../../server/src/check/host';
import type { WorkerMessage } from '../../server/src/check/protocol';
import { serveRequest } from '../../server/src/check/serve';
import { analysedNotification } from '../../server/src/lsp/requests';
import { startServer } from '../../server/src/lsp/server';
import type { Runtime } from '../../server/src/lsp/runtime';

const WorkDoneProgressType = new ProgressType<WorkDoneProgress>();
type WorkDoneProgress = WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd;

export interface Options {
  readonly capabilities?: ClientCapabilities;
  readonly initializationOptions?: unknown;
  /** The addresses of the opened folders. */
  readonly folders?: readonly string[];
  readonly runtime?: Partial<Runtime>;
}

/** Runs checks in this thread, one message later. */
export function workerInThisThread(): CheckWorker {
  let listener: (message: WorkerMessage) => void = () => undefined;
  let alive = true;
  return {
    post: (request) => {
      setImmediate(() => {
        if (alive) serveRequest(request, (message) => { listener(message); });
      });
    },
    onMessage: (added) => { listener = added; },
    onFailure: () => undefined,
    terminate: () => { alive = false; },
  };
}

export class LanguageClient {
  readonly connection: ProtocolConnection;
  readonly diagnostics = new Map<string, { version: number | undefined; diagnostics: Diagnostic[] }>();
  /** What diagnostics were sent for, in their order. */
  readonly published: { readonly uri: string; readonly version: number | undefined }[] = [];
  /** The methods of all requests that the server has made. */
  readonly requested: string[] = [];
  /** What the server has logged. */
  readonly logged: string[] = [];
  /** The documents of which the server has said that something else is known. */
  readonly analysed: string[] = [];
  /** The warnings that the server has shown. */
  readonly warnings: string[] = [];
  /** The section `nn` of the configuration, for a server that pulls it. */
  configuration: unknown = {};
  /** What the server has registered for. */
  readonly registered: string[] = [];
  /** The values of work-done progress, in their order. */
  readonly progress: WorkDoneProgress[] = [];
  private readonly waiting: (() => void)[] = [];
  private progressToken: ProgressToken | undefined;
  initialized!: InitializeResult;

  private constructor(readonly options: Options) {
    const [toServer, toClient] = [new PassThrough(), new PassThrough()];
    startServer(createConnection(new StreamMessageReader(toServer), new StreamMessageWriter(toClient)), {
      readFile: () => undefined,
      spawnCheckWorker: workerInThisThread,
      ...options.runtime,
    });
    this.connection = createProtocolConnection(new StreamMessageReader(toClient), new StreamMessageWriter(toServer));
    this.connection.onNotification(PublishDiagnosticsNotification.type, ({ uri, version, diagnostics }) => {
      this.diagnostics.set(uri, { version, diagnostics });
      this.published.push({ uri, version });
      this.wake();
    });
    this.connection.onNotification(LogMessageNotification.type, ({ message }) => { this.logged.push(message); });
    this.connection.onNotification(analysedNotification, ({ uri }) => {
      this.analysed.push(uri);
      this.wake();
    });
    this.connection.onNotification(ShowMessageNotification.type, ({ message }) => {
      this.warnings.push(message);
      this.wake();
    });
    this.connection.onRequest(ConfigurationRequest.type, ({ items }) => items.map(() => this.configuration));
    this.connection.onRequest(RegistrationRequest.type, ({ registrations }) => {
      this.registered.push(...registrations.map(({ method }) => method));
      this.wake();
    });
    this.connection.onRequest(WorkDoneProgressCreateRequest.type, ({ token }) => {
      this.connection.onProgress(WorkDoneProgressType, token, (value) => {
        this.progress.push(value);
        this.progressToken = token;
        this.wake();
      });
    });
    for (const { method } of [CodeLensRefreshRequest.type, InlayHintRefreshRequest.type]) {
      this.connection.onRequest(method, () => {
        this.requested.push(method);
        this.wake();
        return null;
      });
    }
    this.connection.listen();
  }

  /** A client after the handshake. */
  static async start(options: Options = {}): Promise<LanguageClient> {
    const client = new LanguageClient(options);
    client.initialized = await client.connection.sendRequest(InitializeRequest.type, {
      processId: null,
      rootUri: null,
      capabilities: options.capabilities ?? {},
      initializationOptions: options.initializationOptions,
      workspaceFolders: options.folders?.map((uri) => ({ uri, name: uri })) ?? null,
    });
    await client.connection.sendNotification(InitializedNotification.type, {});
    return client;
  }

  async open(uri: string, text: string, version = 1): Promise<void> {
    await this.connection.sendNotification(DidOpenTextDocumentNotification.type, { textDocument: { uri, languageId: 'nn', version, text } });
  }

  async change(uri: string, version: number, text: string): Promise<void> {
    await this.connection.sendNotification(DidChangeTextDocumentNotification.type, { textDocument: { uri, version }, contentChanges: [{ text }] });
  }

  /** Changes the settings, and tells the server. */
  async configure(configuration: unknown): Promise<void> {
    this.configuration = configuration;
    await this.connection.sendNotification(DidChangeConfigurationNotification.type, { settings: { nn: configuration } });
  }

  async close(uri: string): Promise<void> {
    await this.connection.sendNotification(DidCloseTextDocumentNotification.type, { textDocument: { uri } });
  }

  /** The diagnostics of a document once they satisfy a condition. */
  async diagnosticsWhere(uri: string, condition: (diagnostics: readonly Diagnostic[], version: number | undefined) => boolean): Promise<readonly Diagnostic[]> {
    return this.when(() => {
      const known = this.diagnostics.get(uri);
      return known !== undefined && condition(known.diagnostics, known.version) ? known.diagnostics : undefined;
    });
  }

  /** The first value that is not undefined; looked for again whenever the server says something. */
  async when<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** Cancels what the newest progress is about, as a person does. */
  async cancelProgress(): Promise<void> {
    await this.connection.sendNotification(WorkDoneProgressCancelNotification.type, { token: this.progressToken! });
  }

  private wake(): void {
    for (const wake of this.waiting.splice(0)) wake();
  }

  async stop(): Promise<void> {
    await this.connection.sendRequest(ShutdownRequest.type);
    this.connection.dispose();
  }
}

/** The position of a piece of text, or of `$0` in it. */
export function positionOf(text: string, needle: string): Position {
  const mark = Math.max(0, needle.indexOf('$0'));
  const start = text.indexOf(needle.replace('$0', ''));
  if (start < 0) throw new Error(`${needle} is not in the text`);
  const before = text.slice(0, start + mark).split('\n');
  return { line: before.length - 1, character: before.at(-1)!.length };
}

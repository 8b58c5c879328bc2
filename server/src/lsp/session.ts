// One connection's state: what the client can do, the texts, and the gradient checks.

import { type CancellationToken, CodeLensRefreshRequest, type ClientCapabilities, type Connection, InlayHintRefreshRequest } from 'vscode-languageserver';
import type { Diagnostic } from '../base/diagnostic';
import type { Search } from '../base/search';
import { CheckHost } from '../check/host';
import { workersFor } from '../check/pool';
import { type CheckChoices, GradientChecks } from '../features/checks';
import { diagnosticsOf } from '../features/diagnostics';
import type { Files } from '../features/entity';
import { addressKey, type Document, type Source, Workspace } from '../features/workspace';
import type { Settings } from '../features/settings';
import { Configuration } from './configuration';
import type { CompletionSupport } from './convert';
import { Folders } from './folders';
import { collected, guarded, Pace, stepwise, Turns, unlessCancelled } from './guard';
import { Publisher } from './publish';
import { Refresher } from './refresh';
import { analysedNotification, listFilesRequest, readFileRequest } from './requests';
import type { Runtime } from './runtime';

/** Milliseconds between two messages about a check while it runs. */
const stateInterval = 200;
/** Milliseconds between a keystroke and the look whether it has changed a model that is being checked. */
const reviseDelay = 20;

export class Session {
  readonly workspace: Workspace;
  readonly checks: GradientChecks;
  readonly publisher: Publisher;
  readonly configuration: Configuration;
  readonly folders: Folders;
  private readonly host: CheckHost;
  private capabilities: ClientCapabilities = {};
  private clientReadsFiles = false;
  /** The address of the folder with the pages on the diagnostics' codes. */
  pages: string | undefined;
  private followsAnalysis = false;
  /** The client's command that shows the signature of the call at the cursor. */
  private argumentHintsCommand: string | undefined;
  /** The client's command that lets the person rename what stands at a place. */
  renameCommand: string | undefined;
  /** Has the client ask for the lenses again. */
  readonly lenses = new Refresher(() => {
    if (this.capabilities.workspace?.codeLens?.refreshSupport !== true) return;
    void guarded(this.connection, 'refreshing lenses', () => this.connection.sendRequest(CodeLensRefreshRequest.type));
  });
  private stateTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly stateOf = new Set<string>();
  /** Trials of fixes share a workspace. */
  private readonly trials = new Turns();
  private readonly preparing = new Map<string, Promise<boolean>>();
  private reviseTimer: ReturnType<typeof setTimeout> | undefined;
  private isDisposed = false;

  constructor(
    readonly connection: Connection,
    private readonly runtime: Runtime,
  ) {
    this.pages = runtime.diagnosticPages;
    this.workspace = new Workspace((uri) => this.readFile(uri));
    this.folders = new Folders(connection, (folder) => this.listFiles(folder));
    this.host = new CheckHost(() => runtime.spawnCheckWorker(), workersFor(runtime.processors ?? 1));
    this.checks = new GradientChecks(
      this.workspace,
      this.host,
      (uri, isOver) => {
        if (this.isDisposed) return;
        this.tellStateSoon(uri);
        if (isOver) {
          this.lenses.now();
          this.publisher.schedule(uri);
        } else {
          this.lenses.changed();
        }
      },
      () => choicesOf(this.settings),
    );
    this.publisher = new Publisher(this);
    this.configuration = new Configuration(connection, () => {
      this.refreshHints();
      this.lenses.now();
      this.publisher.scheduleAll();
    });
  }

  get settings(): Settings {
    return this.configuration.settings;
  }

  initialize(capabilities: ClientCapabilities, options: unknown): void {
    this.capabilities = capabilities;
    this.configuration.initialize(capabilities, options);
    if (typeof options !== 'object' || options === null) return;
    this.clientReadsFiles = 'readFile' in options && options.readFile === true;
    this.followsAnalysis = 'followsAnalysis' in options && options.followsAnalysis === true;
    if ('argumentHintsCommand' in options && typeof options.argumentHintsCommand === 'string') this.argumentHintsCommand = options.argumentHintsCommand;
    if ('renameCommand' in options && typeof options.renameCommand === 'string') this.renameCommand = options.renameCommand;
    if ('diagnosticPages' in options && typeof options.diagnosticPages === 'string') this.pages = options.diagnosticPages;
  }

  /** Whether the client shows the progress of what the server does. */
  get showsProgress(): boolean {
    return this.capabilities.window?.workDoneProgress === true;
  }

  /** Whether the client asks for the tooltip of a hint when it shows it. */
  get resolvesHints(): boolean {
    return this.capabilities.textDocument?.inlayHint?.resolveSupport?.properties.includes('tooltip') === true;
  }

  /** Whether it shows why an action cannot be taken. */
  get showsDisabledActions(): boolean {
    return this.capabilities.textDocument?.codeAction?.disabledSupport === true;
  }

  /** Whether the client asks for the edits of an action when it is chosen. */
  get resolvesActions(): boolean {
    const actions = this.capabilities.textDocument?.codeAction;
    return actions?.dataSupport === true && actions.resolveSupport?.properties.includes('edit') === true;
  }

  /** Whether the client watches files on the server's behalf. */
  get watchesFiles(): boolean {
    return this.capabilities.workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
  }

  /** What the client shows of completions. */
  get completionSupport(): CompletionSupport {
    const item = this.capabilities.textDocument?.completion?.completionItem;
    return { snippets: item?.snippetSupport === true, labelDetails: item?.labelDetailsSupport === true, argumentHints: this.argumentHintsCommand };
  }

  /** Whether the client tells when folders are opened or closed. */
  get followsFolders(): boolean {
    return this.capabilities.workspace?.workspaceFolders === true;
  }

  /**
   * An open document in its newest text, once the files that it imports are there; undefined, too, where the request is
   * cancelled before. Others have their turn while it is analysed.
   */
  async document(uri: string, token?: CancellationToken): Promise<Document | undefined> {
    const { workspace } = this;
    while (workspace.isOpen(uri)) {
      const prepared = this.prepare(uri);
      await (token === undefined ? prepared : unlessCancelled(prepared, token));
      if (token?.isCancellationRequested === true) return undefined;
      if (!(await prepared)) continue;
      const document = workspace.document(uri);
      if (workspace.loading === undefined) return document;
      await workspace.loading;
    }
    return undefined;
  }

  /** Works towards the newest analysis of a document, once for all who wait for it. */
  private prepare(uri: string): Promise<boolean> {
    const key = addressKey(uri);
    let running = this.preparing.get(key);
    if (running === undefined) {
      running = stepwise(this.workspace.prepare(uri)).then((done) => done!).finally(() => this.preparing.delete(key));
      this.preparing.set(key, running);
    }
    return running;
  }

  /** What a search of fixes finds in some time, as long as it is asked for and speaks of the newest text. */
  async search<T>(document: Document, search: Search<T>, token: CancellationToken, milliseconds = Infinity): Promise<readonly T[]> {
    return this.trials.take(async () => {
      const end = Date.now() + milliseconds;
      const isOver = (): boolean => token.isCancellationRequested || this.workspace.versionOf(document.uri) !== document.version || Date.now() > end;
      return isOver() ? [] : collected(search, isOver);
    });
  }

  /** All diagnostics of a document, as the settings want them. */
  diagnostics(document: Document): readonly Diagnostic[] {
    return diagnosticsOf(document, this.checks.diagnosticsOf(document), this.settings['diagnostics.severity']);
  }

  /** All files that are open, stored in the opened folders, or imported by others, once they are read; some of them where the request is cancelled. */
  async files(token?: CancellationToken): Promise<Files> {
    const { workspace } = this;
    const inFolders = [...(await this.folders.files())];
    const pace = new Pace();
    for (const uri of inFolders) {
      await stepwise(workspace.reading(uri), () => token?.isCancellationRequested === true);
      await pace.step();
      if (token?.isCancellationRequested === true) break;
    }
    while (workspace.loading !== undefined) await workspace.loading;
    const all = new Map<string, Source>();
    for (const uri of [...workspace.openUris, ...inFolders, ...workspace.knownUris]) {
      const source = workspace.source(uri);
      if (source !== undefined) all.set(source.uri, source);
    }
    return { source: this.source, all: [...all.values()] };
  }

  readonly source = (uri: string): Source | undefined => this.workspace.source(uri);

  /** Asks the client to ask for the hints again. */
  refreshHints(): void {
    if (this.capabilities.workspace?.inlayHint?.refreshSupport !== true) return;
    void guarded(this.connection, 'refreshing hints', () => this.connection.sendRequest(InlayHintRefreshRequest.type));
  }

  dispose(): void {
    this.isDisposed = true;
    clearTimeout(this.stateTimer);
    this.lenses.dispose();
    clearTimeout(this.reviseTimer);
    this.publisher.dispose();
    this.host.dispose();
  }

  /** Tells a client that wants to know that something else is known of a document. */
  tellAnalysed(uri: string, onlyCheck = false): void {
    if (this.followsAnalysis) void this.connection.sendNotification(analysedNotification, { uri, onlyCheck });
  }

  /** Ends the checks of models that an edit has changed: soon, but not within the keystroke. */
  reviseChecks(): void {
    if (!this.checks.busy) return;
    this.reviseTimer ??= setTimeout(() => {
      this.reviseTimer = undefined;
      void guarded(this.connection, 'revising checks', () => { this.checks.revise(); });
    }, reviseDelay);
  }

  /** Ends the checks of models that come from a file that is now another one where it is stored. */
  async reviseChecksOfFiles(): Promise<void> {
    // Some hosts read files later than they are asked to.
    for (const uri of this.checks.documents) await this.document(uri);
    this.reviseChecks();
  }

  /** Checks all models of a document that was saved, if the settings want that. */
  async checkSaved(uri: string): Promise<void> {
    if (!this.settings['check.onSave']) return;
    const document = await this.document(uri);
    for (const { name, graph } of document?.analysis.models ?? []) if (graph.finished) void this.checks.start(uri, name);
  }

  /** Starts what checks run in, so that the first one need not wait. */
  warmUp(): void {
    this.host.warm();
  }

  private tellStateSoon(uri: string): void {
    this.stateOf.add(uri);
    this.stateTimer ??= setTimeout(() => {
      this.stateTimer = undefined;
      for (const each of this.stateOf) this.tellAnalysed(each, true);
      this.stateOf.clear();
    }, stateInterval);
  }

  private listFiles(folder: string): readonly string[] | undefined | Promise<readonly string[] | undefined> {
    const listed = this.runtime.listFiles?.(folder);
    if (listed !== undefined || !this.clientReadsFiles) return listed;
    return this.connection.sendRequest(listFilesRequest, { folder }).then((answer) => answer.uris ?? undefined);
  }

  /** The host's own files first; the client may have others, such as those of a remote repository. */
  private readFile(uri: string): string | undefined | Promise<string | undefined> {
    const text = this.runtime.readFile?.(uri);
    if (text !== undefined || !this.clientReadsFiles) return text;
    return this.connection.sendRequest(readFileRequest, { uri }).then((answer) => answer.text ?? undefined);
  }
}

function choicesOf(settings: Settings): CheckChoices {
  return {
    seed: settings['check.seed'],
    second: settings['check.secondDerivatives'],
    batch: settings['check.batch'],
    budgetMilliseconds: settings['check.timeBudget'] * 1000,
    memoryBytes: settings['check.memoryBudget'] * 1e9,
  };
}

// The settings as the client has them now: pulled where it answers, else as it pushes them; what is wrong is said once.

import { type ClientCapabilities, type Connection, DidChangeConfigurationNotification, MessageType, ShowMessageNotification } from 'vscode-languageserver';
import { defaultSettings, readSettings, type Settings } from '../features/settings';
import { guarded } from './guard';

/** The section of the client's configuration. */
const section = 'nn';

export class Configuration {
  settings: Settings = defaultSettings;
  private capabilities: ClientCapabilities['workspace'];
  private said = new Set<string>();

  constructor(
    private readonly connection: Connection,
    /** Called after settings have got other values. */
    private readonly onChange: () => void,
  ) {
    connection.onDidChangeConfiguration(({ settings }: { settings?: unknown }) => {
      void guarded(connection, 'reading settings', () => this.update(settings));
    });
  }

  /** Takes what the client can do, and the settings that it may have sent along. */
  initialize(capabilities: ClientCapabilities, options: unknown): void {
    this.capabilities = capabilities.workspace;
    if (isRecord(options) && 'settings' in options) this.take(options.settings);
  }

  /** Asks to be told of changes, and for the settings as they are. */
  async start(): Promise<void> {
    if (this.capabilities?.didChangeConfiguration?.dynamicRegistration === true) {
      await this.connection.client.register(DidChangeConfigurationNotification.type, { section });
    }
    if (this.pulls) await this.update(undefined);
  }

  private get pulls(): boolean {
    return this.capabilities?.configuration === true;
  }

  private async update(pushed: unknown): Promise<void> {
    if (this.pulls) this.take(await this.connection.workspace.getConfiguration(section));
    else if (isRecord(pushed)) this.take(section in pushed ? pushed[section] : pushed);
  }

  private take(given: unknown): void {
    const { settings, problems } = readSettings(given);
    for (const problem of problems) if (!this.said.has(problem)) void this.connection.sendNotification(ShowMessageNotification.type, { type: MessageType.Warning, message: problem });
    this.said = new Set(problems);
    const changed = JSON.stringify(settings) !== JSON.stringify(this.settings);
    this.settings = settings;
    if (changed) this.onChange();
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

// Sends diagnostics a moment after the last change, so that typing is never waited for: of what was edited first, and never
// of a text that is not the newest any more. What else may be done while nobody types is done behind.

import { warmNames } from '../features/completion/layers';
import type { Document } from '../features/workspace';
import { toDiagnostic } from './convert';
import { FolderDiagnostics } from './folder-diagnostics';
import { guarded, pause, stepwise } from './guard';
import type { Session } from './session';

/** Milliseconds without a change before a document is analysed. */
const delay = 100;

export class Publisher {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly published = new Map<string, Document>();
  /** In the order of the changes. */
  private readonly changed = new Set<string>();
  /** Tells a running publication that there is a newer change. */
  private generation = 0;
  /** What an imported file has changed is not asked for again by the client. */
  private movedByOthers = false;
  private readonly folders: FolderDiagnostics;

  constructor(private readonly session: Session) {
    this.folders = new FolderDiagnostics(session, (uri, document) => this.send(uri, document));
  }

  /** All open documents are looked at again, as any may import the changed one; this one is sent in any case. */
  schedule(uri?: string): void {
    if (uri !== undefined) {
      this.changed.delete(uri);
      this.changed.add(uri);
    }
    this.stop();
    this.timer = setTimeout(() => {
      void guarded(this.session.connection, 'diagnostics', async () => {
        if (!(await this.publish())) return;
        await this.folders.scan();
        const { generation } = this;
        await stepwise(warmNames, () => generation !== this.generation);
      });
    }, delay);
  }

  /** All diagnostics are sent anew, as when the settings have changed. */
  scheduleAll(): void {
    this.folders.reset();
    for (const uri of this.session.workspace.openUris) this.changed.add(uri);
    this.schedule();
  }

  /** A file of the folders keeps its diagnostics, as it is stored; any other loses them. */
  close(uri: string): void {
    this.published.delete(uri);
    this.changed.delete(uri);
    void guarded(this.session.connection, 'diagnostics', async () => {
      if (!(await this.folders.covers(uri)) && !this.session.workspace.isOpen(uri)) await this.send(uri, undefined);
    });
  }

  dispose(): void {
    this.stop();
  }

  private stop(): void {
    this.generation++;
    this.folders.pause();
    clearTimeout(this.timer);
  }

  private async send(uri: string, document: Document | undefined, version?: number): Promise<void> {
    const diagnostics = document === undefined ? [] : this.session.diagnostics(document).map((each) => toDiagnostic(document, each, this.session));
    await this.session.connection.sendDiagnostics({ uri, version, diagnostics });
  }

  /** False where a newer change has ended it. */
  private async publish(): Promise<boolean> {
    const { generation } = this;
    const { openUris } = this.session.workspace;
    const changed = [...this.changed].reverse().filter((uri) => openUris.includes(uri));
    for (const uri of [...changed, ...openUris.filter((each) => !changed.includes(each))]) {
      const document = await this.session.document(uri);
      if (generation !== this.generation) return false;
      if (document === undefined) continue;
      const before = this.published.get(uri);
      if (before === document && !this.changed.has(uri)) continue;
      if (before !== undefined && before !== document && before.version === document.version) this.movedByOthers = true;
      this.published.set(uri, document);
      this.changed.delete(uri);
      await this.send(uri, document, document.version);
      this.session.tellAnalysed(uri);
      await pause();
      if (generation !== this.generation) return false;
    }
    // The client asks again by itself where the text has changed, but not where an imported one has.
    if (!this.movedByOthers) return true;
    this.movedByOthers = false;
    this.session.refreshHints();
    this.session.lenses.now();
    return true;
  }
}

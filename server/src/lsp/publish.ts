// Sends diagnostics a moment after the last change, so that typing is never waited for.

import type { Document } from '../features/workspace';
import { toDiagnostic } from './convert';
import { guarded } from './guard';
import type { Session } from './session';

/** Milliseconds without a change before a document is analysed. */
const delay = 100;

export class Publisher {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly published = new Map<string, Document>();
  private readonly changed = new Set<string>();

  constructor(private readonly session: Session) {}

  /** All open documents are looked at again, as any may import the changed one; this one is sent in any case. */
  schedule(uri?: string): void {
    if (uri !== undefined) this.changed.add(uri);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      void guarded(this.session.connection, 'diagnostics', () => this.publish());
    }, delay);
  }

  close(uri: string): void {
    this.published.delete(uri);
    this.changed.delete(uri);
    void this.session.connection.sendDiagnostics({ uri, diagnostics: [] });
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  private async publish(): Promise<void> {
    const { workspace, connection } = this.session;
    let movedByOthers = false;
    for (const uri of workspace.openUris) {
      const document = await this.session.document(uri);
      if (document === undefined) continue;
      const before = this.published.get(uri);
      if (before === document && !this.changed.has(uri)) continue;
      if (before !== undefined && before !== document && before.version === document.version) movedByOthers = true;
      this.published.set(uri, document);
      this.changed.delete(uri);
      const diagnostics = this.session.diagnostics(document).map((each) => toDiagnostic(document, each, this.session));
      await connection.sendDiagnostics({ uri, version: document.version, diagnostics });
      this.session.tellAnalysed(uri);
    }
    // The client asks again by itself where the text has changed, but not where an imported one has.
    if (!movedByOthers) return;
    this.session.refreshHints();
    this.session.refreshLenses();
  }
}

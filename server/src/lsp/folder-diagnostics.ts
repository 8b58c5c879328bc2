// Diagnostics of the files in the opened folders that are not open: looked at one by one, when nothing else is to be done.

import type { Document } from '../features/workspace';
import { addressKey } from '../features/workspace';
import { pause, stepwise } from './guard';
import type { Session } from './session';

/** What was sent for a file, and the texts that it speaks of. */
interface Sent {
  readonly uri: string;
  readonly texts: ReadonlyMap<string, string | undefined>;
  readonly isEmpty: boolean;
}

export class FolderDiagnostics {
  private readonly sent = new Map<string, Sent>();
  /** Tells a running scan that a newer one has been asked for. */
  private generation = 0;

  constructor(
    private readonly session: Session,
    private readonly send: (uri: string, document: Document | undefined) => Promise<void>,
  ) {}

  /** Looks again at the files whose texts, or those that they import, are others than when they were sent. */
  async scan(): Promise<void> {
    const generation = ++this.generation;
    const { workspace, folders } = this.session;
    const files = [...(await folders.files())];
    const keys = new Set(files.map(addressKey));
    for (const [key, { uri, isEmpty }] of this.sent) {
      if (keys.has(key) || workspace.isOpen(uri)) continue;
      this.sent.delete(key);
      if (!isEmpty) await this.send(uri, undefined);
    }
    for (const uri of files) {
      // Requests and edits that have come in meanwhile go first.
      await pause();
      if (generation !== this.generation) return;
      await this.look(uri, () => generation !== this.generation);
    }
  }

  /** Ends a running scan; the next one goes on where it was. */
  pause(): void {
    this.generation++;
  }

  /** Lets all files be looked at again. */
  reset(): void {
    for (const [key, { uri, isEmpty }] of this.sent) this.sent.set(key, { uri, isEmpty, texts: new Map([[uri, undefined]]) });
  }

  /** Whether a file, once it is closed, goes on to have diagnostics. */
  async covers(uri: string): Promise<boolean> {
    const key = addressKey(uri);
    return [...(await this.session.folders.files())].some((each) => addressKey(each) === key);
  }

  private async look(uri: string, isOver: () => boolean): Promise<void> {
    const { workspace } = this.session;
    const key = addressKey(uri);
    if (workspace.isOpen(uri)) {
      // What is open is sent as it is in the editor; closed, it is looked at again.
      this.sent.delete(key);
      return;
    }
    const before = this.sent.get(key);
    if (before !== undefined && [...before.texts].every(([address, text]) => workspace.source(address)?.text === text)) return;
    let document = await stepwise(workspace.stored(uri), isOver);
    while (workspace.loading !== undefined) {
      await workspace.loading;
      document = await stepwise(workspace.stored(uri), isOver);
    }
    if (isOver() || workspace.isOpen(uri)) return;
    const texts = document === undefined ? new Map([[uri, undefined]]) : new Map([...document.dependencies].map(([address, source]) => [address, source?.text]));
    this.sent.set(key, { uri, texts, isEmpty: document === undefined || this.session.diagnostics(document).length === 0 });
    await this.send(uri, document);
  }
}

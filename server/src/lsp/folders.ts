// The .nn files of the opened folders: listed once, and followed from then on.

import { type Connection, FileChangeType, type FileEvent, type WorkspaceFolder } from 'vscode-languageserver';
import { guarded } from './guard';

/** Lists the files of a folder. */
export type ListFiles = (folder: string) => readonly string[] | undefined | Promise<readonly string[] | undefined>;

export class Folders {
  private folders: readonly string[] = [];
  private listed: Promise<Set<string>> | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly list: ListFiles,
  ) {}

  set(folders: readonly WorkspaceFolder[]): void {
    this.folders = folders.map(({ uri }) => uri);
    this.listed = undefined;
  }

  /** Takes folders that were added and forgets others. */
  change(added: readonly WorkspaceFolder[], removed: readonly WorkspaceFolder[]): void {
    const gone = new Set(removed.map(({ uri }) => uri));
    this.set([...this.folders.filter((uri) => !gone.has(uri)).map((uri) => ({ uri, name: '' })), ...added]);
  }

  /** The addresses of all files. */
  async files(): Promise<ReadonlySet<string>> {
    return (this.listed ??= this.listAll());
  }

  /** Files that were made or deleted on the disk. */
  async follow(events: readonly FileEvent[]): Promise<void> {
    if (this.listed === undefined) return;
    const files = await this.listed;
    for (const { uri, type } of events) {
      if (type === FileChangeType.Deleted) files.delete(uri);
      else if (this.folders.some((folder) => uri.startsWith(folder.endsWith('/') ? folder : `${folder}/`))) files.add(uri);
    }
  }

  private async listAll(): Promise<Set<string>> {
    const lists = await Promise.all(this.folders.map((folder) => guarded(this.connection, 'listing files', () => this.list(folder))));
    return new Set(lists.flatMap((list) => list ?? []));
  }
}

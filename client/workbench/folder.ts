// The folder that the workbench shows: its files, and nothing outside it, by paths relative to it; and what changes in it.

import { promises as fs, watch as watchDirectory, type FSWatcher } from 'node:fs';
import path from 'node:path';
import type { Change, DirectoryEntry, FileKind, FileStat } from './protocol';

/** A refused or failed file operation, with the code that the page turns into VS Code's own. */
export class FolderError extends Error {
  constructor(readonly code: string, message: string) {
    super(message);
  }
}

/** Directories whose content is never watched: large, and never edited by hand. */
const unwatched = new Set(['node_modules', '.git']);

/** How many directories are watched at most; each costs a handle of the operating system. */
const watchLimit = 4096;

/** How long changes are gathered before they are told, in milliseconds: one save is often several events. */
const gatherTime = 50;

/** The operations on one folder. Every path is relative, with `/`; one that leads outside, also through a symbolic link, is refused. */
export class Folder {
  private constructor(readonly root: string) {}

  static async open(directory: string): Promise<Folder> {
    const root = await fs.realpath(directory);
    if (!(await fs.stat(root)).isDirectory()) throw new FolderError('ENOTDIR', `${directory} is not a folder`);
    return new Folder(root);
  }

  async stat(relative: string): Promise<FileStat> {
    const stats = await fs.stat(await this.target(relative));
    return { kind: kindOf(stats), size: stats.size, created: stats.birthtimeMs, modified: stats.mtimeMs };
  }

  /** The entries of a directory. A link shows as what it leads to; one that leads outside or nowhere is left out. */
  async list(relative: string): Promise<DirectoryEntry[]> {
    const directory = await this.target(relative);
    const entries: DirectoryEntry[] = [];
    for (const entry of await fs.readdir(directory, { withFileTypes: true })) {
      if (!entry.isSymbolicLink()) {
        entries.push({ name: entry.name, kind: kindOf(entry) });
        continue;
      }
      const target = await this.stat(path.posix.join(relative, entry.name)).catch(() => undefined);
      if (target !== undefined) entries.push({ name: entry.name, kind: target.kind });
    }
    return entries;
  }

  async read(relative: string): Promise<Uint8Array> {
    return await fs.readFile(await this.target(relative));
  }

  /** Writes a file; `create` allows a new one, `overwrite` an existing one. */
  async write(relative: string, content: Uint8Array, options: { create: boolean; overwrite: boolean }): Promise<void> {
    const target = await this.target(relative);
    const exists = await fs.stat(target).then(() => true, () => false);
    if (exists && !options.overwrite) throw new FolderError('EEXIST', `${relative} exists`);
    if (!exists && !options.create) throw new FolderError('ENOENT', `${relative} does not exist`);
    await fs.writeFile(target, content);
  }

  async createDirectory(relative: string): Promise<void> {
    await fs.mkdir(await this.target(relative));
  }

  /** Deletes a file, a directory, or a link itself (never what a link leads to). */
  async remove(relative: string, options: { recursive: boolean }): Promise<void> {
    const place = await this.place(relative);
    if ((await fs.lstat(place)).isDirectory()) {
      await (options.recursive ? fs.rm(place, { recursive: true }) : fs.rmdir(place));
    } else {
      await fs.unlink(place);
    }
  }

  async rename(from: string, to: string, options: { overwrite: boolean }): Promise<void> {
    const [source, destination] = [await this.place(from), await this.place(to)];
    const taken = await fs.lstat(destination).then(() => true, () => false);
    if (taken && !options.overwrite) throw new FolderError('EEXIST', `${to} exists`);
    await fs.rename(source, destination);
  }

  /**
   * Tells of every change below the folder, whoever made it, until the returned function is called.
   * @param listener gets the changes of a short while together
   */
  async watch(listener: (changes: Change[]) => void): Promise<() => void> {
    const watchers = new Map<string, FSWatcher>();
    const pending = new Map<string, Change['kind']>();
    let timer: NodeJS.Timeout | undefined;
    let closed = false;

    const tell = (relative: string, kind: Change['kind']): void => {
      // A new file is created and then filled; that it is new must not get lost.
      if (kind !== 'changed' || !pending.has(relative)) pending.set(relative, kind);
      timer ??= setTimeout(() => {
        timer = undefined;
        const changes = [...pending].map(([path, kind]) => ({ path, kind }));
        pending.clear();
        listener(changes);
      }, gatherTime);
    };

    const add = async (relative: string): Promise<void> => {
      const absolute = path.join(this.root, relative);
      if (closed || watchers.has(relative) || watchers.size >= watchLimit) return;
      const watcher = watchDirectory(absolute, (event, name) => {
        if (name !== null) void changed(path.posix.join(relative, name), event);
      });
      watchers.set(relative, watcher);
      watcher.on('error', () => { drop(relative); });
      for (const entry of await fs.readdir(absolute, { withFileTypes: true })) {
        if (entry.isDirectory() && !unwatched.has(entry.name)) await add(path.posix.join(relative, entry.name)).catch(() => undefined);
      }
    };

    const drop = (relative: string): void => {
      for (const [directory, watcher] of watchers) {
        if (directory !== relative && !directory.startsWith(`${relative}/`)) continue;
        watcher.close();
        watchers.delete(directory);
      }
    };

    const changed = async (relative: string, event: string): Promise<void> => {
      const stats = await fs.lstat(path.join(this.root, relative)).catch(() => undefined);
      if (closed) return;
      if (stats === undefined) drop(relative);
      else if (stats.isDirectory() && !unwatched.has(path.basename(relative))) await add(relative).catch(() => undefined);
      tell(relative, stats === undefined ? 'deleted' : event === 'rename' ? 'created' : 'changed');
    };

    await add('');
    return () => {
      closed = true;
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
    };
  }

  /** Where an entry itself is: its parent, followed through links, must be inside. */
  private async place(relative: string): Promise<string> {
    const lexical = this.lexical(relative);
    if (lexical === this.root) throw new FolderError('EACCES', 'The opened folder itself stays');
    const parent = await fs.realpath(path.dirname(lexical));
    this.insist(parent, relative);
    return path.join(parent, path.basename(lexical));
  }

  /** What a path leads to, through all links; it need not exist, but then its parent must. */
  private async target(relative: string): Promise<string> {
    const lexical = this.lexical(relative);
    if (lexical === this.root) return lexical;
    const place = await this.place(relative);
    if (!(await fs.lstat(place).then((stats) => stats.isSymbolicLink(), () => false))) return place;
    // A link that leads nowhere fails here: writing through it could make a file outside.
    const real = await fs.realpath(place);
    this.insist(real, relative);
    return real;
  }

  private lexical(relative: string): string {
    if (relative.includes('\0')) throw new FolderError('EACCES', 'A path cannot contain a zero character');
    const absolute = path.resolve(this.root, `./${relative}`);
    this.insist(absolute, relative);
    return absolute;
  }

  private insist(absolute: string, relative: string): void {
    const inside = path.relative(this.root, absolute);
    if (inside === '..' || inside.startsWith(`..${path.sep}`) || path.isAbsolute(inside)) {
      throw new FolderError('EACCES', `${relative} is outside the opened folder`);
    }
  }
}

function kindOf(entry: { isDirectory(): boolean }): FileKind {
  return entry.isDirectory() ? 'directory' : 'file';
}

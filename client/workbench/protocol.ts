// What the workbench page and its local server say to each other.

export type FileKind = 'file' | 'directory';

export interface FileStat {
  kind: FileKind;
  size: number;
  /** Milliseconds since 1970, as is `modified`. */
  created: number;
  modified: number;
}

export interface DirectoryEntry {
  name: string;
  kind: FileKind;
}

/** A change in the opened folder; the path is relative to it, with `/`. */
export interface Change {
  path: string;
  kind: 'created' | 'changed' | 'deleted';
}

/** Why a file operation failed: the code of the operating system (`ENOENT`, `EACCES` …) and a sentence. */
export interface Failure {
  code: string;
  message: string;
}

/** What the server writes into the page. */
export interface PageConfiguration {
  /** Proves to the server that a request comes from its own page. */
  token: string;
  /** The opened folder as the path of a `file:` address. */
  folder: string;
  /** The extension's files by their path in the package, all served below `/extension/`. */
  extensionFiles: string[];
}

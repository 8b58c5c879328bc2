// VS Code's file system over the opened folder: every read and write goes through the local server to the disk.

import { Emitter } from '@codingame/monaco-vscode-api/vscode/vs/base/common/event';
import { Disposable, type IDisposable } from '@codingame/monaco-vscode-api/vscode/vs/base/common/lifecycle';
import { URI } from '@codingame/monaco-vscode-api/vscode/vs/base/common/uri';
import {
  FileChangeType, FileSystemProviderCapabilities, FileSystemProviderError, FileSystemProviderErrorCode, FileType,
  type IFileChange, type IFileDeleteOptions, type IFileOverwriteOptions, type IFileSystemProviderWithFileReadWriteCapability, type IFileWriteOptions, type IStat,
} from '@codingame/monaco-vscode-api/vscode/vs/platform/files/common/files';
import type { Change, DirectoryEntry, Failure, FileKind, FileStat, PageConfiguration } from './protocol';

const fileTypes: Record<FileKind, FileType> = { file: FileType.File, directory: FileType.Directory };

const changeTypes: Record<Change['kind'], FileChangeType> = {
  created: FileChangeType.ADDED,
  changed: FileChangeType.UPDATED,
  deleted: FileChangeType.DELETED,
};

const errorCodes: Record<string, FileSystemProviderErrorCode> = {
  ENOENT: FileSystemProviderErrorCode.FileNotFound,
  ENOTDIR: FileSystemProviderErrorCode.FileNotADirectory,
  EISDIR: FileSystemProviderErrorCode.FileIsADirectory,
  EEXIST: FileSystemProviderErrorCode.FileExists,
  EACCES: FileSystemProviderErrorCode.NoPermissions,
  EPERM: FileSystemProviderErrorCode.NoPermissions,
  EROFS: FileSystemProviderErrorCode.NoPermissions,
  EFBIG: FileSystemProviderErrorCode.FileExceedsStorageQuota,
};

/** The `file:` file system of the page. Whatever is not in the opened folder does not exist. */
export class FolderFileSystem implements IFileSystemProviderWithFileReadWriteCapability {
  readonly capabilities = FileSystemProviderCapabilities.FileReadWrite | FileSystemProviderCapabilities.PathCaseSensitive;
  private readonly capabilitiesChanged = new Emitter<void>();
  readonly onDidChangeCapabilities = this.capabilitiesChanged.event;
  private readonly filesChanged = new Emitter<readonly IFileChange[]>();
  readonly onDidChangeFile = this.filesChanged.event;

  constructor(private readonly configuration: PageConfiguration) {
    const changes = new EventSource(this.address('changes', {}, configuration.token));
    changes.onmessage = ({ data }: MessageEvent<string>) => {
      this.filesChanged.fire((JSON.parse(data) as Change[]).map(({ path, kind }) => ({
        type: changeTypes[kind],
        resource: URI.joinPath(URI.file(configuration.folder), path),
      })));
    };
  }

  /** The server watches the whole folder. */
  watch(): IDisposable {
    return Disposable.None;
  }

  async stat(resource: URI): Promise<IStat> {
    const { kind, size, created, modified } = await this.json<FileStat>('stat', { path: this.relative(resource) });
    return { type: fileTypes[kind], size, ctime: created, mtime: modified };
  }

  async readdir(resource: URI): Promise<[string, FileType][]> {
    const entries = await this.json<DirectoryEntry[]>('list', { path: this.relative(resource) });
    return entries.map(({ name, kind }) => [name, fileTypes[kind]]);
  }

  async readFile(resource: URI): Promise<Uint8Array> {
    const response = await this.request('GET', 'file', { path: this.relative(resource) });
    return new Uint8Array(await response.arrayBuffer());
  }

  async writeFile(resource: URI, content: Uint8Array, { create, overwrite }: IFileWriteOptions): Promise<void> {
    await this.request('PUT', 'file', { path: this.relative(resource), create, overwrite }, content as Uint8Array<ArrayBuffer>);
  }

  async mkdir(resource: URI): Promise<void> {
    await this.request('POST', 'directory', { path: this.relative(resource) });
  }

  async delete(resource: URI, { recursive }: IFileDeleteOptions): Promise<void> {
    await this.request('DELETE', 'file', { path: this.relative(resource), recursive });
  }

  async rename(from: URI, to: URI, { overwrite }: IFileOverwriteOptions): Promise<void> {
    await this.request('POST', 'rename', { path: this.relative(from), to: this.relative(to), overwrite });
  }

  private relative(resource: URI): string {
    const { folder } = this.configuration;
    if (resource.path === folder) return '';
    const prefix = folder.endsWith('/') ? folder : `${folder}/`;
    if (resource.path.startsWith(prefix)) return resource.path.slice(prefix.length);
    throw FileSystemProviderError.create(`${resource.path} is not in the opened folder`, FileSystemProviderErrorCode.FileNotFound);
  }

  private address(operation: string, query: Record<string, string | boolean>, token?: string): string {
    const parameters = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
    if (token !== undefined) parameters.set('token', token);
    return `/api/${operation}?${parameters.toString()}`;
  }

  private async json<T>(operation: string, query: Record<string, string | boolean>): Promise<T> {
    const response = await this.request('GET', operation, query);
    return await response.json() as T;
  }

  private async request(method: string, operation: string, query: Record<string, string | boolean>, body?: BodyInit): Promise<Response> {
    const response = await fetch(this.address(operation, query), { method, body, headers: { 'x-nn-token': this.configuration.token } })
      .catch(() => { throw FileSystemProviderError.create('The local server does not answer; is npm start still running?', FileSystemProviderErrorCode.Unavailable); });
    if (response.ok) return response;
    const failure: Failure = response.headers.get('Content-Type')?.startsWith('application/json') === true
      ? await response.json() as Failure
      : { code: '', message: await response.text() };
    throw FileSystemProviderError.create(failure.message, errorCodes[failure.code] ?? FileSystemProviderErrorCode.Unknown);
  }
}

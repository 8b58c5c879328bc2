// Files for a server that has none of its own: in a web worker, or of a folder that is not on the disk.

import { FileType, Uri, workspace } from 'vscode';
import type { ListFilesResult, ReadFileResult } from './protocol';

/** More files than these are not looked for, and not in more folders. */
const limits = { files: 5_000, folders: 20_000 };

export async function readFile(uri: string): Promise<ReadFileResult> {
  try {
    return { text: new TextDecoder().decode(await workspace.fs.readFile(Uri.parse(uri))) };
  } catch {
    return { text: null };
  }
}

/** The .nn files in a folder and the folders in it, but for hidden ones and installed packages. */
export async function listFiles(folder: string): Promise<ListFilesResult> {
  const pending = [Uri.parse(folder)];
  const uris: string[] = [];
  for (let index = 0; index < pending.length && index < limits.folders && uris.length < limits.files; index++) {
    for (const [name, type] of await entriesOf(pending[index]!)) {
      const place = Uri.joinPath(pending[index]!, name);
      if (type === FileType.Directory && !name.startsWith('.') && name !== 'node_modules') pending.push(place);
      else if ((type & FileType.File) !== 0 && name.endsWith('.nn')) uris.push(place.toString());
    }
  }
  return { uris };
}

async function entriesOf(folder: Uri): Promise<[string, FileType][]> {
  try {
    return (await workspace.fs.readDirectory(folder)).sort(([a], [b]) => (a < b ? -1 : 1));
  } catch {
    return [];
  }
}

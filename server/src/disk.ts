// Files on the disk by their addresses, for whatever runs on Node.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** More files than these are not looked for, and not at more places. */
const limits = { files: 5_000, folders: 50_000 };

/** The text of a file; undefined for one that cannot be read. */
export function readUri(uri: string): string | undefined {
  try {
    return readFileSync(fileURLToPath(uri), 'utf8');
  } catch {
    return undefined;
  }
}

/** The .nn files in a folder and the folders in it, but for hidden ones and installed packages. */
export function listUris(folder: string): readonly string[] | undefined {
  const pending: string[] = [];
  try {
    pending.push(fileURLToPath(folder));
  } catch {
    return undefined;
  }
  const found: string[] = [];
  for (let index = 0; index < pending.length && index < limits.folders && found.length < limits.files; index++) {
    for (const entry of entriesOf(pending[index]!)) {
      const place = path.join(pending[index]!, entry.name);
      if (entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules') pending.push(place);
      else if (entry.isFile() && entry.name.endsWith('.nn')) found.push(pathToFileURL(place).href);
    }
  }
  return found.slice(0, limits.files);
}

function entriesOf(folder: string): { readonly name: string; isDirectory(): boolean; isFile(): boolean }[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

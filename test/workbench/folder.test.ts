// The opened folder of the workbench: what it reads and writes, and that nothing leads out of it.

import { mkdir, mkdtemp, readFile, readlink, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Folder } from '../../client/workbench/folder';
import type { Change } from '../../client/workbench/protocol';

let base: string;
let folder: Folder;

beforeEach(async () => {
  base = await realpath(await mkdtemp(path.join(tmpdir(), 'nn-folder-')));
  await mkdir(path.join(base, 'open/inner'), { recursive: true });
  await writeFile(path.join(base, 'open/a.nn'), 'text of a');
  await writeFile(path.join(base, 'secret.txt'), 'secret');
  await mkdir(path.join(base, 'open-beside'));
  folder = await Folder.open(path.join(base, 'open'));
});

afterEach(async () => { await rm(base, { recursive: true }); });

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const create = { create: true, overwrite: false };
const overwrite = { create: false, overwrite: true };

/** How each operation ended: its error's code, or "done". */
async function outcomes(operations: Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(operations);
  return settled.map((result) => result.status === 'fulfilled' ? 'done' : (result.reason as NodeJS.ErrnoException).code ?? 'no code');
}

describe('inside the folder', () => {
  it('lists, reads and tells kinds and sizes', async () => {
    expect(await folder.list('')).toEqual(expect.arrayContaining([{ name: 'a.nn', kind: 'file' }, { name: 'inner', kind: 'directory' }]));
    expect(new TextDecoder().decode(await folder.read('a.nn'))).toBe('text of a');
    expect(await folder.stat('a.nn')).toMatchObject({ kind: 'file', size: 9 });
    expect(await folder.stat('')).toMatchObject({ kind: 'directory' });
  });

  it('creates and overwrites a file only as allowed', async () => {
    await folder.write('inner/new.nn', bytes('new'), create);
    expect(await readFile(path.join(base, 'open/inner/new.nn'), 'utf8')).toBe('new');
    await expect(folder.write('a.nn', bytes('other'), create)).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(folder.write('absent.nn', bytes('other'), overwrite)).rejects.toMatchObject({ code: 'ENOENT' });
    await folder.write('a.nn', bytes('other'), overwrite);
    expect(await readFile(path.join(base, 'open/a.nn'), 'utf8')).toBe('other');
  });

  it('makes, renames and deletes', async () => {
    await folder.createDirectory('made');
    await folder.rename('a.nn', 'made/b.nn', { overwrite: false });
    await writeFile(path.join(base, 'open/a.nn'), 'again');
    await expect(folder.rename('a.nn', 'made/b.nn', { overwrite: false })).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(folder.remove('made', { recursive: false })).rejects.toMatchObject({ code: 'ENOTEMPTY' });
    await folder.remove('made', { recursive: true });
    expect((await folder.list('')).map(({ name }) => name).sort()).toEqual(['a.nn', 'inner']);
  });

  it('follows a link that stays inside', async () => {
    await symlink('a.nn', path.join(base, 'open/link.nn'));
    await folder.write('link.nn', bytes('through'), overwrite);
    expect(await readFile(path.join(base, 'open/a.nn'), 'utf8')).toBe('through');
    expect(await folder.list('')).toContainEqual({ name: 'link.nn', kind: 'file' });
  });
});

describe('outside the folder', () => {
  const everyOperation = (target: string): Promise<unknown>[] => [
    folder.stat(target),
    folder.read(target),
    folder.list(target),
    folder.write(target, bytes('stolen'), { create: true, overwrite: true }),
    folder.createDirectory(`${target}/deep`),
  ];

  it.each(['../secret.txt', '/../secret.txt', 'inner/../../secret.txt', '../open-beside', 'a\0b'])('refuses the path %j', async (target) => {
    const operations = [...everyOperation(target), folder.remove(target, { recursive: true }), folder.rename('a.nn', target, { overwrite: true }), folder.rename(target, 'b', { overwrite: true })];
    expect(new Set(await outcomes(operations))).toEqual(new Set(['EACCES']));
    expect(await readFile(path.join(base, 'secret.txt'), 'utf8')).toBe('secret');
  });

  it('takes an absolute path as one inside', async () => {
    await expect(folder.read(path.join(base, 'secret.txt'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuses links that lead out, to files and through directories', async () => {
    await symlink('../secret.txt', path.join(base, 'open/file-link'));
    await symlink('..', path.join(base, 'open/directory-link'));
    for (const target of ['file-link', 'directory-link/secret.txt']) {
      expect(new Set(await outcomes(everyOperation(target)))).toEqual(new Set(['EACCES']));
    }
    await expect(folder.remove('directory-link/secret.txt', { recursive: true })).rejects.toMatchObject({ code: 'EACCES' });
    await expect(folder.rename('a.nn', 'directory-link/a.nn', { overwrite: true })).rejects.toMatchObject({ code: 'EACCES' });
    expect((await folder.list('')).map(({ name }) => name).sort()).toEqual(['a.nn', 'inner']);
    expect(await readFile(path.join(base, 'secret.txt'), 'utf8')).toBe('secret');
  });

  it('does not create a file outside through a link that leads nowhere', async () => {
    await symlink('../created.txt', path.join(base, 'open/dangling'));
    await expect(folder.write('dangling', bytes('x'), { create: true, overwrite: true })).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(readFile(path.join(base, 'created.txt'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('deletes a link, not what it leads to', async () => {
    await symlink('../secret.txt', path.join(base, 'open/link'));
    await folder.remove('link', { recursive: true });
    await expect(readlink(path.join(base, 'open/link'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readFile(path.join(base, 'secret.txt'), 'utf8')).toBe('secret');
  });

  it('never deletes or moves the folder itself', async () => {
    await expect(folder.remove('', { recursive: true })).rejects.toMatchObject({ code: 'EACCES' });
    await expect(folder.rename('.', 'b', { overwrite: true })).rejects.toMatchObject({ code: 'EACCES' });
  });
});

describe('watching', () => {
  it('tells of new, changed and deleted files, also in directories made later', async () => {
    const seen: Change[] = [];
    const waiting = new Map<string, () => void>();
    const stop = await folder.watch((changes) => {
      seen.push(...changes);
      for (const { path, kind } of changes) waiting.get(`${kind} ${path}`)?.();
    });
    const until = (change: string, act: () => Promise<void>): Promise<void> => new Promise((resolve, reject) => {
      waiting.set(change, resolve);
      act().catch(reject);
    });
    await until('created made', () => mkdir(path.join(base, 'open/made')));
    await until('created made/b.nn', () => writeFile(path.join(base, 'open/made/b.nn'), 'content'));
    await until('changed made/b.nn', () => writeFile(path.join(base, 'open/made/b.nn'), 'more'));
    await until('deleted made', () => rm(path.join(base, 'open/made'), { recursive: true }));
    await until('changed a.nn', () => writeFile(path.join(base, 'open/a.nn'), 'changed'));
    stop();
    expect(seen.every(({ path }) => path.startsWith('made') || path === 'a.nn')).toBe(true);
  });
});

// The local server of the workbench: whom it answers, and with what.

import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PageConfiguration } from '../../client/workbench/protocol';
import { serve, type RunningServer } from '../../client/workbench/server';

const project = path.resolve(import.meta.dirname, '../..');
let root: string;
let server: RunningServer;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'nn-server-'));
  await mkdir(path.join(root, 'dist/workbench/page'), { recursive: true });
  await mkdir(path.join(root, 'client/workbench'), { recursive: true });
  await cp(path.join(project, 'client/workbench/index.html'), path.join(root, 'client/workbench/index.html'));
  await writeFile(path.join(root, 'package.json'), '{}');
  await writeFile(path.join(root, 'dist/client.js'), 'client');
  await writeFile(path.join(root, 'dist/workbench/page/page.js'), 'page');
  await mkdir(path.join(root, '<b>folder'));
  await writeFile(path.join(root, '<b>folder/a.nn'), 'text');
  server = await serve({ root, folder: path.join(root, '<b>folder'), port: 0, fallback: false });
});

afterEach(async () => {
  await server.close();
  await rm(root, { recursive: true });
});

async function configuration(): Promise<PageConfiguration> {
  const page = await (await fetch(server.address)).text();
  return JSON.parse(/<script id="configuration"[^>]*>(.*?)<\/script>/s.exec(page)![1]!) as PageConfiguration;
}

async function api(method: string, operation: string, token: string, body?: string): Promise<Response> {
  return await fetch(`${server.address}api/${operation}`, { method, body, headers: { 'x-nn-token': token } });
}

/** The status of an answer to a path sent as it is; fetch would resolve the dots itself. */
async function rawStatus(path: string, host?: string): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    request(server.address, { path, headers: host === undefined ? {} : { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject).end();
  });
}

describe('the local server', () => {
  it('serves the page, its scripts and the files of the extension', async () => {
    const { folder, extensionFiles } = await configuration();
    expect(path.basename(folder)).toBe('<b>folder');
    expect(extensionFiles).toEqual(['package.json', 'dist/client.js']);
    expect(await (await fetch(`${server.address}page.js`)).text()).toBe('page');
    expect(await (await fetch(`${server.address}extension/dist/client.js`)).text()).toBe('client');
  });

  it.each(['/../package.json', '/%2e%2e/%2e%2e/server.cjs', '/extension/../package.json', '/extension/%2e%2e/secret', '/extension/client/workbench/index.html', '/absent'])('has nothing at %s', async (path) => {
    expect(await rawStatus(path)).toBe(404);
  });

  it('reads and writes the folder for its own page', async () => {
    const { token } = await configuration();
    expect(await (await api('GET', 'list?path=', token)).json()).toEqual([{ name: 'a.nn', kind: 'file' }]);
    expect((await api('PUT', 'file?path=b.nn&create=true', token, 'written')).status).toBe(204);
    expect(await (await api('GET', 'file?path=b.nn', token)).text()).toBe('written');
    expect((await api('POST', 'rename?path=b.nn&to=c.nn', token)).status).toBe(204);
    expect((await api('DELETE', 'file?path=c.nn', token)).status).toBe(204);
    expect(await (await api('GET', 'stat?path=c.nn', token)).json()).toMatchObject({ code: 'ENOENT' });
  });

  it('answers what leads outside with a refusal', async () => {
    const { token } = await configuration();
    const response = await api('GET', 'file?path=..%2Fpackage.json', token);
    expect([response.status, await response.json()]).toEqual([403, { code: 'EACCES', message: '../package.json is outside the opened folder' }]);
  });

  it('refuses a request without the token, and one with another', async () => {
    const { token } = await configuration();
    for (const wrong of ['', 'x', token.slice(1), `${token.slice(1)}x`, `${token}0`]) {
      expect((await api('GET', 'list?path=', wrong)).status).toBe(401);
      expect((await api('PUT', 'file?path=b.nn&create=true', wrong, 'x')).status).toBe(401);
    }
    expect(await rawStatus('/api/changes?token=wrong')).toBe(401);
  });

  it('gives nothing, and no token, to another host name that leads here', async () => {
    expect(await rawStatus('/', 'evil.example')).toBe(403);
    expect(await rawStatus('/', 'evil.example:80')).toBe(403);
    expect(await rawStatus('/', new URL(server.address).host)).toBe(200);
  });

  it('tells its page of changes on the disk', async () => {
    const { token } = await configuration();
    const stream = (await fetch(`${server.address}api/changes?token=${token}`)).body!.getReader();
    await stream.read();
    // One event: writing it there would be two, that it is new and that it is filled.
    await writeFile(path.join(root, 'new.nn'), 'x');
    await rename(path.join(root, 'new.nn'), path.join(root, '<b>folder/new.nn'));
    const { value } = await stream.read();
    expect(new TextDecoder().decode(value)).toBe('data: [{"path":"new.nn","kind":"created"}]\n\n');
    await stream.cancel();
  });

  it('takes another port only if it may', async () => {
    const port = Number(new URL(server.address).port);
    const options = { root, folder: path.join(root, '<b>folder'), port };
    await expect(serve({ ...options, fallback: false })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    const second = await serve({ ...options, fallback: true });
    expect(second.address).not.toBe(server.address);
    await second.close();
  });
});

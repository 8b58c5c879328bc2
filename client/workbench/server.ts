// The local server of `npm start`: serves the page, the extension's files and the opened folder, to its own page alone.

import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createReadStream, promises as fs } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Folder } from './folder';
import type { Failure, PageConfiguration } from './protocol';

export interface ServeOptions {
  /** The package's root: where `package.json` and `dist/` are. */
  root: string;
  /** The folder to open. */
  folder: string;
  /** The wanted port; if another program has it and `fallback` is set, a free one is taken. 0 is any free one. */
  port: number;
  fallback: boolean;
}

export interface RunningServer {
  address: string;
  close(): Promise<void>;
}

const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
  '.woff': 'font/woff',
  '.md': 'text/markdown; charset=utf-8',
};

const statusOf: Record<string, number> = { ENOENT: 404, ENOTDIR: 404, EEXIST: 409, ENOTEMPTY: 409, EACCES: 403, EPERM: 403, EROFS: 403, EISDIR: 400 };

/** The largest file that is written, in bytes. */
const writeLimit = 64 * 1024 * 1024;

/** Serves the workbench on 127.0.0.1 until it is closed. */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const folder = await Folder.open(options.folder);
  const token = randomBytes(32).toString('hex');
  const streams = new Set<ServerResponse>();
  const stopWatching = await folder.watch((changes) => {
    for (const stream of streams) stream.write(`data: ${JSON.stringify(changes)}\n\n`);
  });
  const handle = requestHandler({ root: options.root, folder, token, streams });
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => { fail(response, error); });
  });
  const port = await listen(server, options);
  return {
    address: `http://127.0.0.1:${port}/`,
    close: async () => {
      stopWatching();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listen(server: Server, { port, fallback }: ServeOptions): Promise<number> {
  const attempt = (wanted: number) => new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(wanted, '127.0.0.1', () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
  try {
    return await attempt(port);
  } catch (error) {
    if (fallback && (error as NodeJS.ErrnoException).code === 'EADDRINUSE') return await attempt(0);
    throw error;
  }
}

interface Context {
  root: string;
  folder: Folder;
  token: string;
  streams: Set<ServerResponse>;
}

function requestHandler(context: Context) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // A foreign site that points its own name at 127.0.0.1 must get nothing, least of all the token.
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    if (host !== '127.0.0.1' && host !== 'localhost') { reply(response, 403, 'This server answers to 127.0.0.1 only'); return; }
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Content-Security-Policy', "frame-ancestors 'self'");
    response.setHeader('Cache-Control', 'no-cache');
    if (url.pathname.startsWith('/api/')) { await answerApi(context, request, response, url); return; }
    if (request.method !== 'GET' && request.method !== 'HEAD') { reply(response, 405, 'Only GET here'); return; }
    if (url.pathname === '/') { await sendPage(context, response); return; }
    if (url.pathname.startsWith('/extension/')) {
      const wanted = decodeURIComponent(url.pathname.slice('/extension/'.length));
      const known = (await extensionFiles(context.root)).includes(wanted);
      await sendFile(response, known ? path.join(context.root, wanted) : undefined);
      return;
    }
    const page = path.join(context.root, 'dist/workbench/page');
    const file = path.join(page, decodeURIComponent(url.pathname));
    await sendFile(response, file.startsWith(page + path.sep) ? file : undefined);
  };
}

async function sendPage({ root, folder, token }: Context, response: ServerResponse): Promise<void> {
  const configuration: PageConfiguration = {
    token,
    folder: decodeURIComponent(pathToFileURL(folder.root).pathname),
    extensionFiles: await extensionFiles(root),
  };
  const template = await fs.readFile(path.join(root, 'client/workbench/index.html'), 'utf8');
  const text = JSON.stringify(configuration).replaceAll('<', '\\u003c');
  response.setHeader('Content-Type', contentTypes['.html']!);
  response.end(template.replace('{{configuration}}', () => text));
}

/** The files of the package that a web editor loads: the manifest and what is built, without the workbench itself. */
async function extensionFiles(root: string): Promise<string[]> {
  const built = await fs.readdir(path.join(root, 'dist'), { withFileTypes: true });
  return ['package.json', ...built.filter((entry) => entry.isFile()).map((entry) => `dist/${entry.name}`)];
}

async function sendFile(response: ServerResponse, file: string | undefined): Promise<void> {
  const stats = file === undefined ? undefined : await fs.stat(file).catch(() => undefined);
  if (file === undefined || stats?.isFile() !== true) { reply(response, 404, 'No such file'); return; }
  response.setHeader('Content-Type', contentTypes[path.extname(file)] ?? 'application/octet-stream');
  response.setHeader('Content-Length', stats.size);
  createReadStream(file).on('error', () => response.destroy()).pipe(response);
}

async function answerApi(context: Context, request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const query = (name: string): string => url.searchParams.get(name) ?? '';
  // The browser's EventSource cannot send a header of its own, hence the token in the address there.
  const token = Buffer.from(String(request.headers['x-nn-token'] ?? query('token')));
  const expected = Buffer.from(context.token);
  if (token.length !== expected.length || !timingSafeEqual(token, expected)) { reply(response, 401, 'The server was started anew: reload the page'); return; }

  const { folder } = context;
  const operation = `${request.method} ${url.pathname.slice('/api/'.length)}`;
  switch (operation) {
    case 'GET changes': openStream(context, response); return;
    case 'GET stat': replyJson(response, await folder.stat(query('path'))); return;
    case 'GET list': replyJson(response, await folder.list(query('path'))); return;
    case 'GET file': {
      const content = await folder.read(query('path'));
      response.setHeader('Content-Type', 'application/octet-stream');
      response.end(content);
      return;
    }
    case 'PUT file':
      await folder.write(query('path'), await body(request), { create: query('create') === 'true', overwrite: query('overwrite') === 'true' });
      break;
    case 'POST directory': await folder.createDirectory(query('path')); break;
    case 'POST rename': await folder.rename(query('path'), query('to'), { overwrite: query('overwrite') === 'true' }); break;
    case 'DELETE file': await folder.remove(query('path'), { recursive: query('recursive') === 'true' }); break;
    default: reply(response, 404, `No operation ${operation}`); return;
  }
  response.statusCode = 204;
  response.end();
}

function openStream({ streams }: Context, response: ServerResponse): void {
  response.setHeader('Content-Type', 'text/event-stream');
  response.write('\n');
  streams.add(response);
  response.on('close', () => streams.delete(response));
}

async function body(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > writeLimit) throw Object.assign(new Error(`More than ${writeLimit} bytes`), { code: 'EFBIG' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function fail(response: ServerResponse, error: unknown): void {
  const { code = 'EIO', message } = error as NodeJS.ErrnoException;
  if (response.headersSent) { response.destroy(); return; }
  response.statusCode = statusOf[code] ?? 500;
  replyJson(response, { code, message } satisfies Failure);
}

function reply(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(`${text}\n`);
}

function replyJson(response: ServerResponse, value: unknown): void {
  response.setHeader('Content-Type', contentTypes['.json']!);
  response.end(JSON.stringify(value));
}

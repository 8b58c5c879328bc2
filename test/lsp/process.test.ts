// The bundles as processes of their own: the server with its check worker in a thread, and the command line.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createProtocolConnection,
  DidOpenTextDocumentNotification,
  ExitNotification,
  HoverRequest,
  InitializedNotification,
  InitializeRequest,
  type ProtocolConnection,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node';
import { cancelCheckRequest, checkGradientsRequest } from '../../server/src/lsp/requests';
import { positionOf } from '../support/language-client';

const root = path.join(import.meta.dirname, '../..');
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'nn-process-'));
  const common = { bundle: true, platform: 'node', format: 'cjs', absWorkingDir: root, logLevel: 'warning' } as const;
  await Promise.all([
    build({ ...common, entryPoints: ['server/src/node.ts'], outfile: path.join(folder, 'server.js') }),
    build({ ...common, entryPoints: ['server/src/cli.ts'], outfile: path.join(folder, 'cli.js') }),
    build({ ...common, entryPoints: ['server/src/check-worker-node.ts'], outfile: path.join(folder, 'check-worker.cjs') }),
  ]);
});
afterAll(() => { rmSync(folder, { recursive: true }); });

interface Server {
  readonly connection: ProtocolConnection;
  readonly process: ChildProcess;
}

async function serve(...given: string[]): Promise<Server> {
  const server = spawn(process.execPath, given.map((each, index) => (index === 0 ? path.join(folder, each) : each)), { stdio: ['pipe', 'pipe', 'inherit'] });
  const connection = createProtocolConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin));
  connection.listen();
  await connection.sendRequest(InitializeRequest.type, { processId: process.pid, rootUri: null, capabilities: {}, initializationOptions: { settings: { check: { timeBudget: 3_600 } } } });
  await connection.sendNotification(InitializedNotification.type, {});
  return { connection, process: server };
}

async function stop({ connection, process: server }: Server): Promise<number | null> {
  const ended = new Promise<number | null>((resolve) => server.on('exit', resolve));
  await connection.sendRequest(ShutdownRequest.type);
  await connection.sendNotification(ExitNotification.type);
  return ended;
}

describe('the server as a process', () => {
  const file = path.join(root, 'examples/exam.nn');
  const uri = pathToFileURL(file).href;
  /** With a model whose check takes minutes on any machine. */
  const text = `${readFileSync(file, 'utf8')}\nmodel Endless { input x: [64, 32, 32]; repeat 8 { Conv2d(64, 3, padding = 1); ReLU } }\n`;

  async function open(...given: string[]): Promise<Server> {
    const server = await serve(...given);
    await server.connection.sendNotification(DidOpenTextDocumentNotification.type, { textDocument: { uri, languageId: 'nn', version: 1, text } });
    return server;
  }

  it.each([[['server.js', '--stdio']], [['cli.js', 'lsp', '--stdio']]])('%j checks gradients in its worker, and ends with 0', async (given) => {
    const server = await open(...given);
    expect(await server.connection.sendRequest(checkGradientsRequest, { uri, model: 'Perceptron' })).toMatchObject({ ok: true });
    expect(await stop(server)).toBe(0);
  });

  it('answers hovers while a check runs, and ends the check when it is cancelled', async () => {
    const server = await open('server.js', '--stdio');
    const { connection } = server;
    const check = { ended: false };
    const outcome = connection.sendRequest(checkGradientsRequest, { uri, model: 'Endless' }).finally(() => { check.ended = true; });
    expect(await connection.sendRequest(HoverRequest.type, { textDocument: { uri }, position: positionOf(text, 'Conv$02d(32') })).not.toBeNull();
    expect(check.ended).toBe(false);
    await connection.sendRequest(cancelCheckRequest, { uri, model: 'Endless' });
    expect(await outcome).toMatchObject({ cancelled: true });
    expect(await connection.sendRequest(checkGradientsRequest, { uri, model: 'Perceptron' })).toMatchObject({ ok: true });
    expect(await stop(server)).toBe(0);
  });
});

describe('the command line as a process', () => {
  const run = (...given: string[]): { status: number | null; stdout: string; stderr: string } => spawnSync(process.execPath, [path.join(folder, 'cli.js'), ...given], { cwd: folder, encoding: 'utf8' });

  it('ends with 1 where there are errors, writes no colours into a pipe, and names files as they were given', () => {
    writeFileSync(path.join(folder, 'bad.nn'), 'model Net { input x: [3]; Linear(0) }\n');
    const { status, stdout } = run('check', 'bad.nn');
    expect(status).toBe(1);
    expect(stdout).toMatch(/^bad\.nn:1:34: error\[invalid-out-features\]: /);
  });

  it('ends with 2 and a line on the error stream where it cannot do what is asked', () => {
    expect(run('summary', 'nowhere.nn')).toMatchObject({ status: 2, stdout: '', stderr: 'nn: cannot read nowhere.nn: there is no such file\n' });
    expect(run()).toMatchObject({ status: 2 });
    expect(run('--help')).toMatchObject({ status: 0, stderr: '' });
  });

  it('ends quietly when its reader has had enough', () => {
    const { status, stderr } = spawnSync('sh', ['-c', `"${process.execPath}" cli.js summary --json "${path.join(root, 'examples/resnet.nn')}" | head -c 10`], { cwd: folder, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

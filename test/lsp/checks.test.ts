// Gradient checks through the protocol: lens, progress, cancelling, reports, and what an edit does to a result.

import { afterEach, describe, expect, it } from 'vitest';
import { CodeLensRequest, DidChangeWatchedFilesNotification, DidSaveTextDocumentNotification, FileChangeType, HoverRequest, ShutdownRequest } from 'vscode-languageserver/node';
import { cancelCheckRequest, checkGradientsRequest, modelsRequest, reportRequest } from '../../server/src/lsp/requests';
import { LanguageClient, type Options, positionOf } from '../support/language-client';
import { ScriptedWorker } from '../support/scripted-worker';

const uri = 'file:///net.nn';
const text = `model Net {
  input x: [4]
  target y: []
  Linear(3)
  Tanh
  Linear(1)
  output p
  loss mean((p - y) ^ 2)
}

model Other { input x: [2]; ReLU }
`;
const net = { uri, model: 'Net' };

let client: LanguageClient;
afterEach(async () => { await client.stop(); });

/** Time for every entry, however slow the machine is. */
const patient: Options = { initializationOptions: { settings: { check: { timeBudget: 3_600 } } } };

async function start(options?: Options): Promise<void> {
  client = await LanguageClient.start(options);
  await client.open(uri, text);
}

async function startScripted(options: Options = {}): Promise<ScriptedWorker[]> {
  const workers: ScriptedWorker[] = [];
  await start({
    ...options,
    runtime: {
      spawnCheckWorker: () => {
        workers.push(new ScriptedWorker());
        return workers.at(-1)!;
      },
    },
  });
  return workers;
}

async function lenses(): Promise<string[]> {
  const found = await client.connection.sendRequest(CodeLensRequest.type, { textDocument: { uri } });
  return found!.filter(({ range }) => range.start.line === found![0]!.range.start.line).map(({ command }) => command!.title).slice(1, -1);
}

/** A check that has reached its worker. */
async function begin(workers: ScriptedWorker[]): Promise<{ worker: ScriptedWorker; ended: Promise<unknown> }> {
  const ended = client.connection.sendRequest(checkGradientsRequest, net);
  await client.connection.sendRequest(modelsRequest, { uri });
  return { worker: workers.at(-1)!, ended };
}

const disagreement = {
  model: 'Net',
  ok: false,
  worst: { tensor: 'Linear_1.weight', index: [2, 3], analytic: 0.25, numeric: 0.5, relativeError: 0.5 },
  tensors: [
    {
      name: 'Linear_1.weight',
      shape: [3, 4],
      entries: 12,
      checked: 12,
      directions: 1,
      kinks: 0,
      ok: false,
      worst: { tensor: 'Linear_1.weight', index: [2, 3], analytic: 0.25, numeric: 0.5, relativeError: 0.5 },
      place: { file: uri, span: { start: text.indexOf('Linear(3)'), end: text.indexOf('Linear(3)') + 9 } },
    },
  ],
  asserts: [],
  culprits: [],
  sizes: {},
  batch: 2,
  seconds: 0.1,
  notes: [],
};

describe('a gradient check', () => {
  it('ends with the worst error and the number of tensors, in the lens and in the answer', async () => {
    await start(patient);
    expect(await lenses()).toEqual(['Check gradients']);
    const outcome = await client.connection.sendRequest(checkGradientsRequest, net);
    expect(outcome).toMatchObject({ ok: true, cancelled: false });
    expect(outcome.message).toMatch(/^✓ gradients agree · worst relative error \S+ · \d+ tensors$/);
    expect(await lenses()).toEqual([outcome.message, 'Check again']);
  });

  it('writes a report that names every tensor', async () => {
    await start(patient);
    expect((await client.connection.sendRequest(reportRequest, net)).markdown).toContain('not been checked');
    await client.connection.sendRequest(checkGradientsRequest, net);
    const { markdown } = await client.connection.sendRequest(reportRequest, net);
    for (const tensor of ['Linear_1.weight', 'Linear_1.bias', 'Linear_2.weight', 'Linear_2.bias']) expect(markdown).toContain(`\`${tensor}\``);
  });

  it('shows its progress in the lens, and answers hovers meanwhile', async () => {
    const workers = await startScripted();
    const { worker, ended } = await begin(workers);
    worker.answer({ progress: { done: 42, total: 100, stage: 'entries' } });
    expect(await lenses()).toEqual(['$(sync~spin) checking 42 % · cancel']);
    const hover = await client.connection.sendRequest(HoverRequest.type, { textDocument: { uri }, position: positionOf(text, 'Lin$0ear(3)') });
    expect(hover).not.toBeNull();
    worker.answer({ report: disagreement });
    await ended;
  });

  it('names the entry that does not agree, in the lens and at its layer wherever that moves, until the model changes', async () => {
    const workers = await startScripted();
    const { worker, ended } = await begin(workers);
    worker.answer({ report: disagreement });
    expect(await ended).toMatchObject({ ok: false });
    expect((await lenses())[0]).toBe('✗ Linear_1.weight[2,3]: analytic 0.25, numeric 0.5');
    const [diagnostic] = await client.diagnosticsWhere(uri, (all) => all.some(({ code }) => code === 'gradient-mismatch'));
    expect(diagnostic!.range.start).toEqual(positionOf(text, 'Linear(3)'));
    await client.change(uri, 2, `# moved\n${text}`);
    const [moved] = await client.diagnosticsWhere(uri, (_, version) => version === 2);
    expect(moved!.range.start).toEqual(positionOf(`# moved\n${text}`, 'Linear(3)'));
    await client.change(uri, 3, text.replace('Tanh', 'ReLU'));
    expect(await client.diagnosticsWhere(uri, (_, version) => version === 3)).toEqual([]);
  });

  it('is cancelled by request: the worker ends, and the lens is as before', async () => {
    const workers = await startScripted();
    const { worker, ended } = await begin(workers);
    await client.connection.sendRequest(cancelCheckRequest, net);
    expect(await ended).toMatchObject({ cancelled: true });
    expect(worker.terminated).toBe(true);
    expect(await lenses()).toEqual(['Check gradients']);
  });

  it('reports progress to the client, who can cancel it there', async () => {
    const workers = await startScripted({ capabilities: { window: { workDoneProgress: true } } });
    const { ended } = await begin(workers);
    const begun = await client.when(() => client.progress[0]);
    expect(begun).toMatchObject({ kind: 'begin', title: 'Checking the gradients of Net', cancellable: true });
    await client.cancelProgress();
    expect(await ended).toMatchObject({ cancelled: true });
    await client.when(() => client.progress.find(({ kind }) => kind === 'end'));
  });

  it('asks for the lenses again while it runs', async () => {
    const workers = await startScripted({ capabilities: { workspace: { codeLens: { refreshSupport: true } } } });
    const { worker, ended } = await begin(workers);
    await client.when(() => (client.requested.includes('workspace/codeLens/refresh') ? true : undefined));
    worker.answer({ report: disagreement });
    await ended;
  });

  it('stays valid when another model changes, and is marked when its own does', async () => {
    await start(patient);
    const { message } = await client.connection.sendRequest(checkGradientsRequest, net);
    await client.change(uri, 2, text.replace('input x: [2]', 'input x: [3]'));
    expect(await lenses()).toEqual([message, 'Check again']);
    await client.change(uri, 3, text.replace('Linear(3)', 'Linear(5)'));
    expect(await lenses()).toEqual([`$(history) before the last change: ${message}`, 'Check gradients']);
    const { markdown } = await client.connection.sendRequest(reportRequest, net);
    expect(markdown).toContain('has changed since');
    expect(markdown).toContain('opacity');
    await client.change(uri, 4, `# undone\n${text}`);
    expect(await lenses()).toEqual([message, 'Check again']);
  });

  it('says so when its worker dies, and can be run again', async () => {
    const workers = await startScripted();
    const { worker, ended } = await begin(workers);
    worker.fail('out of memory');
    expect(await ended).toMatchObject({ ok: false, message: 'out of memory' });
    expect(await lenses()).toEqual(['✗ the check failed: out of memory', 'Check again']);
    const again = await begin(workers);
    again.worker.answer({ report: { ...disagreement, ok: true, tensors: [], worst: undefined } });
    expect(await again.ended).toMatchObject({ ok: true });
  });

  it('of an unchanged model needs no second run, also after its file was closed; only asked for, it is done at other values', async () => {
    const workers = await startScripted();
    const { worker, ended } = await begin(workers);
    worker.answer({ report: disagreement });
    await ended;
    await client.close(uri);
    await client.open(uri, text.replace('  Tanh', '\n  Tanh  # squashes'), 7);
    expect(await client.connection.sendRequest(checkGradientsRequest, net)).toMatchObject({ ok: false });
    expect(workers.flatMap(({ requests }) => requests)).toHaveLength(1);
    const again = client.connection.sendRequest(checkGradientsRequest, { ...net, again: true });
    await client.connection.sendRequest(modelsRequest, { uri });
    expect(workers.at(-1)!.requests.map(({ request }) => request.seed)).toEqual([0, 1]);
    workers.at(-1)!.answer({ report: disagreement });
    await again;
  });

  it('ends when an edit changes its model, and goes on through all other edits', async () => {
    const workers = await startScripted();
    const { worker, ended } = await begin(workers);
    await client.change(uri, 2, `# comment\n${text.replace('input x: [2]', 'input x: [3]').replace('  Tanh', '  Tanh   ')}`);
    await client.diagnosticsWhere(uri, (_, version) => version === 2);
    expect(worker.terminated).toBe(false);
    await client.change(uri, 3, text.replace('Linear(3)', 'Linear(5)'));
    expect(await ended).toEqual({ ok: false, cancelled: true, message: 'cancelled, as the model has changed' });
    expect(worker.terminated).toBe(true);
    expect(await lenses()).toEqual(['Check gradients']);
  });

  it('of several models is done one after the other, and takes its choices from the settings', async () => {
    const workers = await startScripted();
    await client.configure({ check: { seed: 5, batch: 3, timeBudget: 9, memoryBudget: 2 } });
    const { worker, ended } = await begin(workers);
    const other = client.connection.sendRequest(checkGradientsRequest, { uri, model: 'Other' });
    const entries = await client.connection.sendRequest(modelsRequest, { uri });
    expect(entries.map(({ check }) => check)).toEqual([expect.objectContaining({ state: 'waiting' }), expect.objectContaining({ state: 'waiting' })]);
    expect(worker.requests[0]!.request).toMatchObject({ model: 'Net', seed: 5, batch: 3, budgetMilliseconds: 9000, memoryBytes: 2e9 });
    worker.answer({ report: { ...disagreement, ok: true, tensors: [] } });
    await ended;
    expect(worker.requests[1]!.request.model).toBe('Other');
    worker.answer({ report: { ...disagreement, ok: true, tensors: [], model: 'Other' } });
    await other;
  });

  it('runs when a file is saved, if the settings want that', async () => {
    const workers = await startScripted({ initializationOptions: { settings: { check: { onSave: true } }, followsAnalysis: true } });
    await client.connection.sendNotification(DidSaveTextDocumentNotification.type, { textDocument: { uri } });
    const told = client.analysed;
    await client.when(() => (told.includes(uri) && workers.at(-1)?.requests.length === 1 ? true : undefined));
    expect(workers.at(-1)!.requests[0]!.request.model).toBe('Net');
  });

  it('ends when its document is closed, and can be run when that is open again', async () => {
    const workers = await startScripted();
    const { worker, ended } = await begin(workers);
    await client.close(uri);
    expect(await ended).toEqual({ ok: false, cancelled: true, message: 'cancelled' });
    expect(worker.terminated).toBe(true);
    await client.open(uri, text, 2);
    expect(await lenses()).toEqual(['Check gradients']);
    const again = await begin(workers);
    again.worker.answer({ report: { ...disagreement, ok: true, tensors: [], worst: undefined } });
    expect(await again.ended).toMatchObject({ ok: true });
  });

  it('of the same text in two documents is done for each, and closing one leaves the other alone', async () => {
    const workers = await startScripted();
    const twin = 'file:///twin.nn';
    await client.open(twin, text);
    const { worker, ended } = await begin(workers);
    const other = client.connection.sendRequest(checkGradientsRequest, { uri: twin, model: 'Net' });
    await client.connection.sendRequest(modelsRequest, { uri: twin });
    await client.close(uri);
    expect(await ended).toMatchObject({ cancelled: true });
    expect(worker.terminated).toBe(true);
    expect(workers.at(-1)!.requests.map(({ request }) => request.file)).toEqual([twin]);
    workers.at(-1)!.answer({ report: disagreement });
    expect(await other).toMatchObject({ ok: false, cancelled: false });
  });

  it('ends with the server: it counts as cancelled, and nothing more is asked or logged', async () => {
    const workers = await startScripted({ capabilities: { workspace: { codeLens: { refreshSupport: true } } } });
    const { worker, ended } = await begin(workers);
    const waiting = client.connection.sendRequest(checkGradientsRequest, { uri, model: 'Other' });
    await client.connection.sendRequest(modelsRequest, { uri });
    await client.connection.sendRequest(ShutdownRequest.type);
    expect([await ended, await waiting]).toEqual([expect.objectContaining({ cancelled: true }), expect.objectContaining({ cancelled: true })]);
    expect(worker.terminated).toBe(true);
    const started = workers.length;
    // What comes after is not checked.
    expect(await client.connection.sendRequest(checkGradientsRequest, net)).toMatchObject({ cancelled: true });
    expect(workers).toHaveLength(started);
    expect(client.logged).toEqual([]);
  });

  it('ends when a file changes on the disk that its model comes from', async () => {
    const layers = { current: 'stack Head { Linear(2); Tanh }\n' };
    const workers: ScriptedWorker[] = [];
    client = await LanguageClient.start({
      runtime: {
        readFile: (address) => (address.endsWith('layers.nn') ? layers.current : undefined),
        spawnCheckWorker: () => {
          workers.push(new ScriptedWorker());
          return workers.at(-1)!;
        },
      },
    });
    await client.open(uri, 'from "./layers.nn" import Head\nmodel Net { input x: [4]; Head }\n');
    const { worker, ended } = await begin(workers);
    layers.current = 'stack Head { Linear(3); Tanh }\n';
    await client.connection.sendNotification(DidChangeWatchedFilesNotification.type, { changes: [{ uri: 'file:///layers.nn', type: FileChangeType.Changed }] });
    expect(await ended).toEqual({ ok: false, cancelled: true, message: 'cancelled, as the model has changed' });
    expect(worker.terminated).toBe(true);
  });

  it('ends when another document is closed without its edits being kept, which its model was made with', async () => {
    const workers: ScriptedWorker[] = [];
    client = await LanguageClient.start({
      runtime: {
        readFile: (address) => (address.endsWith('layers.nn') ? 'stack Head { Linear(2); Tanh }\n' : undefined),
        spawnCheckWorker: () => {
          workers.push(new ScriptedWorker());
          return workers.at(-1)!;
        },
      },
    });
    await client.open('file:///layers.nn', 'stack Head { Linear(3); Tanh }\n');
    await client.open(uri, 'from "./layers.nn" import Head\nmodel Net { input x: [4]; Head }\n');
    const { ended } = await begin(workers);
    await client.close('file:///layers.nn');
    expect(await ended).toEqual({ ok: false, cancelled: true, message: 'cancelled, as the model has changed' });
  });

  it('fails with the reason where the host starts no worker, and is tried again when asked for', async () => {
    let refuses = true;
    const worker = new ScriptedWorker();
    await start({
      runtime: {
        spawnCheckWorker: () => {
          if (refuses) throw new Error('workers are not allowed here');
          return worker;
        },
      },
    });
    expect(await client.connection.sendRequest(checkGradientsRequest, net)).toMatchObject({ ok: false, message: 'workers are not allowed here' });
    expect(await lenses()).toEqual(['✗ the check failed: workers are not allowed here', 'Check again']);
    refuses = false;
    const ended = client.connection.sendRequest(checkGradientsRequest, net);
    await client.connection.sendRequest(modelsRequest, { uri });
    worker.answer({ report: disagreement });
    expect(await ended).toMatchObject({ ok: false, cancelled: false });
    expect(client.logged).toEqual([]);
  });

  it('of a model that is not there is refused', async () => {
    await start();
    expect(await client.connection.sendRequest(checkGradientsRequest, { uri, model: 'Nowhere' })).toMatchObject({ ok: false, message: expect.stringContaining('Nowhere') as string });
  });

  it('lists the models of a document with their ranges and figures', async () => {
    await start();
    expect(await client.connection.sendRequest(modelsRequest, { uri })).toEqual([
      { name: 'Net', range: { start: { line: 0, character: 0 }, end: { line: 8, character: 1 } }, facts: '19 params · 15 MACs' },
      { name: 'Other', range: { start: { line: 10, character: 0 }, end: { line: 10, character: 34 } }, facts: '0 params' },
    ]);
  });
});

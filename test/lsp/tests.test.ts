// The tests of the Test Explorer through the protocol: which there are, and what becomes of them.

import { afterEach, describe, expect, it } from 'vitest';
import { CancellationTokenSource } from 'vscode-languageserver/node';
import { allModelsRequest, compareRequest, runTestsRequest, testsRequest, type TestGroupEntry, type TestResultEntry } from '../../server/src/lsp/requests';
import { LanguageClient, type Options, positionOf } from '../support/language-client';
import { ScriptedWorker } from '../support/scripted-worker';

const uri = 'file:///net.nn';
const text = `model Net(n = 3) {
  input x: [4]
  param w: [4]
  assert n <= 10
  head = Linear(n)
  x -> head
  loss dot(w, x)
  assert params(head) == 15
  assert params(head) == 16
  assert grad(loss, w) == x
  assert grad(loss, w) == 2 * x
}

model Broken { input x: [4]; Linear(0) }

assert params(Net) == 19
`;

let client: LanguageClient;
afterEach(async () => { await client.stop(); });

async function start(options?: Options): Promise<void> {
  client = await LanguageClient.start(options);
  await client.open(uri, text);
}

const tests = (): Promise<TestGroupEntry[]> => client.connection.sendRequest(testsRequest, { uri });
const run = (model: string | null, ids: string[]): Promise<TestResultEntry[]> => client.connection.sendRequest(runTestsRequest, { uri, model, ids });

describe('the tests of a document', () => {
  it('are the claims and the gradients of each model, and the asserts of the file', async () => {
    await start();
    const groups = await tests();
    expect(groups.map(({ model, tests: each }) => [model, each.map(({ label }) => label)])).toEqual([
      ['Net', ['n <= 10', 'params(head) == 15', 'params(head) == 16', 'grad(loss, w) == x', 'grad(loss, w) == 2 * x', 'gradients']],
      ['Broken', ['gradients']],
      [null, ['params(Net) == 19']],
    ]);
    expect(groups[0]!.tests[2]!.range.start).toEqual(positionOf(text, 'assert params(head) == 16'));
  });

  it('have another content when what they speak of changes, and the same after other edits', async () => {
    await start();
    const contents = async (): Promise<string[]> => (await tests()).map(({ content }) => content);
    const [net, broken] = await contents();
    await client.change(uri, 2, `# comment\n${text.replace('Linear(0)', 'Linear(2)')}`);
    const [netAfter, brokenAfter] = await contents();
    expect(netAfter).toBe(net);
    expect(brokenAfter).not.toBe(broken);
  });
});

describe('running tests', () => {
  it('tells what holds, and of what fails the place and both values', async () => {
    await start();
    const [group] = await tests();
    const results = await run('Net', group!.tests.map(({ id }) => id));
    expect(results.map(({ outcome }) => outcome)).toEqual(['passed', 'passed', 'failed', 'passed', 'failed', 'passed']);
    expect(results[2]!.messages).toEqual([
      {
        text: expect.stringContaining('15 is not 16') as string,
        actual: '15',
        expected: '16',
        location: { uri, range: { start: positionOf(text, 'assert params(head) == 16'), end: positionOf(text, 'assert params(head) == 16$0') } },
      },
    ]);
    const { actual, expected } = results[4]!.messages[0]!;
    expect(Number(expected) / Number(actual)).toBeCloseTo(2, 4);
    expect(results[4]!.messages[0]).toMatchObject({ location: { range: { start: positionOf(text, 'assert grad(loss, w) == 2 * x') } } });
  });

  it('needs no check where sizes decide', async () => {
    const workers: ScriptedWorker[] = [];
    await start({ runtime: { spawnCheckWorker: () => (workers.push(new ScriptedWorker()), workers.at(-1)!) } });
    expect(await run('Net', ['assert params(head) == 15'])).toEqual([{ id: 'assert params(head) == 15', outcome: 'passed', messages: [] }]);
    expect(await run(null, ['assert params(Net) == 19'])).toEqual([{ id: 'assert params(Net) == 19', outcome: 'passed', messages: [] }]);
    expect(workers.flatMap(({ requests }) => requests)).toEqual([]);
  });

  it('says why gradients cannot be checked', async () => {
    await start();
    expect(await run('Broken', ['gradients'])).toEqual([{ id: 'gradients', outcome: 'errored', messages: [{ text: expect.stringContaining('Broken has errors') as string }] }]);
  });

  it('is cancelled with its request', async () => {
    const workers: ScriptedWorker[] = [];
    await start({ runtime: { spawnCheckWorker: () => (workers.push(new ScriptedWorker()), workers.at(-1)!) } });
    const cancelling = new CancellationTokenSource();
    const results = client.connection.sendRequest(runTestsRequest, { uri, model: 'Net', ids: ['gradients', 'assert params(head) == 15'] }, cancelling.token);
    await tests();
    cancelling.cancel();
    expect(await results).toEqual([
      { id: 'assert params(head) == 15', outcome: 'passed', messages: [] },
      { id: 'gradients', outcome: 'skipped', messages: [] },
    ]);
    expect(workers[0]!.terminated).toBe(true);
  });
});

describe('comparisons', () => {
  it('are between the models of all files', async () => {
    await start();
    await client.open('file:///other.nn', 'model Other { input x: [4]; Linear(3) }\n');
    const all = await client.connection.sendRequest(allModelsRequest);
    expect(all.map(({ model }) => model)).toEqual(['Net', 'Broken', 'Other']);
    const { markdown } = await client.connection.sendRequest(compareRequest, { left: { uri, model: 'Net' }, right: { uri: 'file:///other.nn', model: 'Other' } });
    expect(markdown).toContain('# Net compared with Other');
    expect(markdown).toContain('| **Parameters** | `19` | `15` | −4\u00a0(×0.789) |');
    const gone = await client.connection.sendRequest(compareRequest, { left: { uri, model: 'Nowhere' }, right: all[0]! });
    expect(gone.markdown).toBe('There is no model Nowhere any more.');
  });
});

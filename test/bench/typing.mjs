// Typing, as a person's editor sees it: fifty edits a second of a large file over stdio, with a hover, a completion and the
// visible hints asked for behind each, and the older ones cancelled. By the clock, from the request to its answer.

import { spawn } from 'node:child_process';
import path from 'node:path';
import protocol from 'vscode-languageserver/node';

const { createProtocolConnection, StreamMessageReader, StreamMessageWriter, CancellationTokenSource } = protocol;
const uri = 'file:///large.nn';
const edits = 500;
const interval = 20;
const cancelled = -32800;
const modified = -32801;

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A table of the answers' times; `dist` holds the built server. */
export async function typing(dist, text) {
  const server = spawn(process.execPath, [path.join(dist, 'server.js'), '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const connection = createProtocolConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin));
  let published;
  connection.onNotification('textDocument/publishDiagnostics', ({ version }) => published?.(version));
  connection.listen();
  await connection.sendRequest('initialize', { processId: null, rootUri: null, capabilities: {} });
  await connection.sendNotification('initialized', {});
  const opened = performance.now();
  await connection.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId: 'nn', version: 1, text } });
  await connection.sendRequest('textDocument/hover', { textDocument: { uri }, position: { line: 5_000, character: 4 } });
  const first = performance.now() - opened;

  const lines = text.split('\n');
  let line = lines.length >> 1;
  while (!lines[line].startsWith('  Block(')) line++;
  const requests = {
    hover: (at) => ['textDocument/hover', { textDocument: { uri }, position: { line, character: at } }],
    completion: () => ['textDocument/completion', { textDocument: { uri }, position: { line, character: 2 } }],
    'hints of 60 lines': () => ['textDocument/inlayHint', { textDocument: { uri }, range: { start: { line: line - 30, character: 0 }, end: { line: line + 30, character: 0 } } }],
  };
  const times = new Map(Object.keys(requests).map((name) => [name, []]));
  let superseded = 0;
  let failed = 0;
  let open = [];
  for (let version = 2; version < 2 + edits; version++) {
    const due = performance.now() + interval;
    open.forEach((source) => source.cancel());
    open = [];
    const character = lines[line].length;
    lines[line] = `  Block(${8 + (version % 9)})`;
    const change = { range: { start: { line, character: 0 }, end: { line, character } }, text: lines[line] };
    void connection.sendNotification('textDocument/didChange', { textDocument: { uri, version }, contentChanges: [change] });
    for (const [name, request] of Object.entries(requests)) {
      const source = new CancellationTokenSource();
      open.push(source);
      const asked = performance.now();
      connection.sendRequest(...request(4), source.token).then(
        () => times.get(name).push(performance.now() - asked),
        ({ code }) => (code === cancelled || code === modified ? superseded++ : failed++),
      );
    }
    await sleep(Math.max(0, due - performance.now()));
  }
  const stopped = performance.now();
  const last = new Promise((resolve) => { published = (version) => { if (version === 1 + edits) resolve(performance.now() - stopped); }; });
  const quiet = await last;
  server.kill();
  const rows = [...times].map(([name, all]) => {
    const sorted = all.sort((a, b) => a - b);
    const at = (part) => (sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN).toFixed(1);
    return `| ${name} | ${all.length} | ${at(0.5)} | ${at(0.95)} | ${at(0.99)} | ${at(1)} |`;
  });
  return [
    `Milliseconds by the clock, over stdio: ${edits} edits of a file of ${lines.length.toLocaleString('en-US')} lines, one every ${interval} ms, with three requests behind each.`,
    '',
    '| answers to | answered | median | 95 of 100 | 99 of 100 | worst |',
    '| --- | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
    '',
    `${superseded} requests were superseded by the next edit before they were answered, ${failed} failed. The first answer after opening the file took ${first.toFixed(0)} ms, ` +
      `the diagnostics after the last edit ${quiet.toFixed(0)} ms, of which 100 ms are waiting for another edit.`,
  ].join('\n');
}

// Settings through the protocol: at the start, as they change, and what is said of wrong ones.

import { afterEach, describe, expect, it } from 'vitest';
import { type ClientCapabilities, DiagnosticSeverity, InlayHintRequest, InlayHintResolveRequest } from 'vscode-languageserver/node';
import { LanguageClient, type Options } from '../support/language-client';

const uri = 'file:///net.nn';
const text = 'model Net { input x: [3, 8, 8]\n  Conv2d(4, 3)\n}\n';
const everything = { start: { line: 0, character: 0 }, end: { line: 3, character: 0 } };

let client: LanguageClient;
afterEach(async () => { await client.stop(); });

async function start(capabilities: ClientCapabilities, options?: Partial<Options>): Promise<void> {
  client = await LanguageClient.start({ capabilities: { workspace: { inlayHint: { refreshSupport: true }, ...capabilities.workspace }, ...capabilities }, ...options });
  await client.open(uri, text);
}

async function hints(): Promise<unknown[]> {
  return (await client.connection.sendRequest(InlayHintRequest.type, { textDocument: { uri }, range: everything }))!.map(({ label }) => label);
}

async function refreshed(): Promise<void> {
  await client.when(() => (client.requested.includes('workspace/inlayHint/refresh') ? true : undefined));
}

const pulling: ClientCapabilities = { workspace: { configuration: true, didChangeConfiguration: { dynamicRegistration: true }, inlayHint: { refreshSupport: true } } };

describe('settings', () => {
  it('are pulled again when they change, and the hints follow', async () => {
    await start(pulling);
    expect(await hints()).toEqual(['out_channels:', 'kernel_size:', '[4, 6, 6]']);
    expect(client.registered).toContain('workspace/didChangeConfiguration');
    await client.configure({ inlayHints: { argumentNames: 'off', receptiveField: true } });
    await refreshed();
    expect(await hints()).toEqual(['[4, 6, 6] · field 3×3']);
  });

  it('are taken as they are pushed by a client that cannot be asked', async () => {
    await start({});
    await client.configure({ inlayHints: { argumentNames: 'off' } });
    await refreshed();
    expect(await hints()).toEqual(['[4, 6, 6]']);
  });

  it('change how grave a diagnostic is', async () => {
    await start(pulling);
    await client.open('file:///pool.nn', 'model Net { input x: [1, 7]; MaxPool1d(2) }\n');
    await client.diagnosticsWhere('file:///pool.nn', (all) => all.some(({ severity }) => severity === DiagnosticSeverity.Warning));
    await client.configure({ diagnostics: { severity: { 'unread-border': 'error' } } });
    await client.diagnosticsWhere('file:///pool.nn', (all) => all.some(({ code, severity }) => code === 'unread-border' && severity === DiagnosticSeverity.Error));
    await client.configure({ diagnostics: { severity: { 'unread-border': 'off' } } });
    await client.diagnosticsWhere('file:///pool.nn', (all) => all.length === 0);
  });

  it('may come with the handshake', async () => {
    await start({}, { initializationOptions: { settings: { inlayHints: { shapes: false, argumentNames: 'off' } } } });
    expect(await hints()).toEqual([]);
  });

  it('that are wrong are reported once, and have their defaults', async () => {
    await start(pulling);
    await client.configure({ inlayHints: { argumentNames: 'maybe' } });
    await client.when(() => client.warnings[0]);
    await client.configure({ inlayHints: { argumentNames: 'maybe', parameters: true } });
    await refreshed();
    expect(await hints()).toEqual(['out_channels:', 'kernel_size:', '[4, 6, 6] · 112 params']);
    expect(client.warnings).toEqual(['The setting nn.inlayHints.argumentNames must be one of "off", "several", "all", but is "maybe"; its default "several" is used.']);
  });
});

describe('tooltips of hints', () => {
  it('are computed when they are asked for, by clients that can ask', async () => {
    await start({ textDocument: { inlayHint: { resolveSupport: { properties: ['tooltip'] } } } });
    const all = await client.connection.sendRequest(InlayHintRequest.type, { textDocument: { uri }, range: everything });
    expect(all!.map(({ tooltip }) => tooltip)).toEqual([undefined, undefined, undefined]);
    const resolved = await client.connection.sendRequest(InlayHintResolveRequest.type, all![2]!);
    expect(resolved.tooltip).toMatchObject({ value: expect.stringContaining('Receptive field 3 × 3') as string });
  });
});

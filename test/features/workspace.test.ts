// The workspace computes once for each state of the texts, and notices every change of one.

import { describe, expect, it } from 'vitest';
import { Workspace } from '../../server/src/features/workspace';

const main = 'file:///folder/main.nn';
const text = 'from "./blocks.nn" import Block\nmodel Net { input x: [3]; Block }\n';
const block = (width: number): string => `stack Block { Linear(${String(width)}) }\n`;

function outputOf(workspace: Workspace): unknown {
  return workspace.document(main)!.analysis.models[0]!.graph.outputs[0]?.tensors[0]!.type.shape;
}

describe('a workspace', () => {
  it('gives the same document until a text changes', () => {
    const workspace = new Workspace(() => block(4));
    workspace.update(main, 1, text);
    const first = workspace.document(main);
    expect(workspace.document(main)).toBe(first);
    workspace.update(main, 2, `${text}\n`);
    expect(workspace.document(main)).not.toBe(first);
    expect(workspace.document(main)!.version).toBe(2);
  });

  it('notices a change of an imported file that is open, and of one that is not', () => {
    let width = 4;
    const workspace = new Workspace(() => block(width));
    workspace.update(main, 1, text);
    expect(outputOf(workspace)).toEqual([4]);
    width = 5;
    expect(outputOf(workspace)).toEqual([4]);
    workspace.forget('file:///folder/blocks.nn');
    expect(outputOf(workspace)).toEqual([5]);
    workspace.update('file:///folder/blocks.nn', 1, block(6));
    expect(outputOf(workspace)).toEqual([6]);
    workspace.close('file:///folder/blocks.nn');
    expect(outputOf(workspace)).toEqual([5]);
  });

  it('does not care how an address is escaped', () => {
    const workspace = new Workspace(() => undefined);
    workspace.update('file:///c%3A/a%20folder/main.nn', 1, 'from "./blocks.nn" import Block\nmodel Net { input x: [3]; Block }\n');
    workspace.update('file:///c:/a%20folder/blocks.nn', 1, block(7));
    expect(workspace.document('file:///c:/a folder/main.nn')!.analysis.diagnostics).toEqual([]);
  });

  it('waits for files that are read later, and takes failures for missing files', async () => {
    const workspace = new Workspace((uri) => (uri.endsWith('blocks.nn') ? Promise.resolve(block(4)) : Promise.reject(new Error('no'))));
    workspace.update(main, 1, `from "./nowhere.nn" import Other\n${text}`);
    expect(outputOf(workspace)).toBeUndefined();
    await workspace.loading;
    expect(workspace.loading).toBeUndefined();
    expect(outputOf(workspace)).toEqual([4]);
    expect(workspace.document(main)!.analysis.diagnostics.map(({ code }) => code)).toContain('missing-file');
  });

  it('knows nothing of what is not open', () => {
    const workspace = new Workspace(() => block(4));
    expect(workspace.document(main)).toBeUndefined();
    workspace.update(main, 1, text);
    workspace.close(main);
    expect(workspace.document(main)).toBeUndefined();
    expect(workspace.openUris).toEqual([]);
  });

  it('keeps an analysis on the texts that it was made of', () => {
    const workspace = new Workspace(() => block(4));
    workspace.update(main, 1, text);
    const { analysis } = workspace.document(main)!;
    workspace.update('file:///folder/blocks.nn', 1, block(9));
    expect(analysis.modelAt('Net', new Map())!.graph.outputs[0]!.tensors[0]!.type.shape).toEqual([4]);
  });
});

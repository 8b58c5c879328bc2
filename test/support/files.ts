// Several files by their names, as features that look across files take them.

import type { Files } from '../../server/src/features/entity';
import { type Source, Workspace } from '../../server/src/features/workspace';
import { readFixture } from './fixture';

/** The files of `file:///`. */
export function filesOf(texts: Readonly<Record<string, string>>): Files {
  const workspace = new Workspace((uri) => texts[uri.slice('file:///'.length)]);
  const source = (uri: string): Source | undefined => workspace.source(uri);
  return { source, all: Object.keys(texts).map((name) => source(`file:///${name}`)!) };
}

/** Texts without their `$0`, and where those stood. */
export function readFiles(marked: Readonly<Record<string, string>>): { readonly texts: Readonly<Record<string, string>>; readonly cursors: readonly { readonly file: string; readonly offset: number }[] } {
  const read = Object.entries(marked).map(([file, text]) => ({ file, ...readFixture(text) }));
  return {
    texts: Object.fromEntries(read.map(({ file, text }) => [file, text])),
    cursors: read.flatMap(({ file, text, cursors }) => cursors.filter((offset) => offset < text.length || marked[file] !== text).map((offset) => ({ file, offset }))),
  };
}

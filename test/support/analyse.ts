// Analyses a text, or several files of one program, for tests.

import { parse } from '../../grammar/parse';
import { type Analysis, analyse } from '../../server/src/semantics/analyse';

/** The analysis of a text that imports nothing. */
export function analyseText(text: string): Analysis {
  return analyseFiles({ 'main.nn': text });
}

/** The analysis of `main.nn` among other files, by their paths. */
export function analyseFiles(files: Readonly<Record<string, string>>): Analysis {
  const root = 'file:///program/';
  return analyse(`${root}main.nn`, (uri) => {
    const text = uri.startsWith(root) ? files[uri.slice(root.length)] : undefined;
    return text === undefined ? undefined : { uri, text, tree: parse(text).file };
  })!;
}

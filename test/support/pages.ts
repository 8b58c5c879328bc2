// The pages on the codes of diagnostics, in docs/diagnostics: their blocks, and the files that these import.

import { readdirSync, readFileSync } from 'node:fs';

export const pagesFolder = new URL('../../docs/diagnostics/', import.meta.url);

/** What the examples on the pages import. */
export const pageFiles: Readonly<Record<string, string>> = {
  'blocks.nn': 'let base = 16\n\nstack Block {\n  Linear(8)\n}\n',
  'circle.nn': 'from "./main.nn" import M\n\nlet width = 16\n',
};

export interface Page {
  readonly code: string;
  readonly text: string;
  /** The blocks of nn code: what fails, and the same mended; none on pages that only describe. */
  readonly failing: string | undefined;
  readonly mended: string | undefined;
}

export function readPages(): readonly Page[] {
  return readdirSync(pagesFolder)
    .filter((name) => name !== 'README.md')
    .map((name) => {
      const text = readFileSync(new URL(name, pagesFolder), 'utf8');
      const [failing, mended] = [...text.matchAll(/```nn\n([\s\S]*?)```/g)].map((match) => match[1]!);
      return { code: name.replace(/\.md$/, ''), text, failing, mended };
    });
}

// Hovers as VS Code draws them: without room between the columns of a table, which a wide blank makes up for.

import { MarkdownString, type Hover } from 'vscode';

/** The same hover with a blank that does not collapse before each column but the first. */
export function withSpacedTables(hover: Hover | null | undefined): Hover | null | undefined {
  for (const content of hover?.contents ?? []) {
    if (content instanceof MarkdownString) content.value = content.value.replaceAll(/^\| (?!:--).*\|$/gm, (row) => row.replaceAll(/ \| (?=\S)/g, ' | &ensp;'));
  }
  return hover;
}

// Hovers on their way from the server to the editor.

import { MarkdownString, type Hover } from 'vscode';
import { spacedTables } from './tables';

/** The same hover with room between the columns of its tables. */
export function withSpacedTables(hover: Hover | null | undefined): Hover | null | undefined {
  for (const content of hover?.contents ?? []) {
    if (content instanceof MarkdownString) content.value = spacedTables(content.value);
  }
  return hover;
}

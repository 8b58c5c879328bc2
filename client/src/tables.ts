// Tables as VS Code draws them in hovers: without room between the columns, which a wide blank makes up for.

/** The same Markdown with a blank that does not collapse before each column but the first; the line below a head stays as it is. */
export function spacedTables(markdown: string): string {
  return markdown.replaceAll(/^\| (?!:?-+:? ).*\|$/gm, (row) => row.replaceAll(/ \| (?=\S)/g, ' | &ensp;'));
}

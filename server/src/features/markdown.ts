// The few pieces of Markdown that hovers and reports are made of.

/** A block in the language's own colours. */
export function codeBlock(...lines: readonly string[]): string {
  return `\`\`\`nn\n${lines.join('\n')}\n\`\`\``;
}

/** Text in code letters, whatever it contains. */
export function code(text: string): string {
  const fence = text.includes('`') ? '``' : '`';
  return `${fence}${text}${fence}`;
}

/** Text in code letters that stays on one line. */
export function unbroken(text: string): string {
  return code(text.replaceAll(' ', '\u00a0'));
}

/** Text that is shown as it is. */
export function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|~]/g, '\\$&');
}

/** A number as tables have them, with what it becomes or how often the other it is; or that there is none. */
const numeric = /^(?:[−+]?[\d,.]+(?:e[-+]?\d+)?(?: → [\d,.]+)?(?: \(×[\d.]+\))?|[–=]?)$/;

/** Whether a column holds numbers, which stand one below the other by their last digits. */
function isNumeric(cells: readonly string[]): boolean {
  const plain = cells.map((cell) => cell.replace(/[*`]/g, '').replaceAll('\u00a0', ' '));
  return plain.some((cell) => /\d/.test(cell)) && plain.every((cell) => numeric.test(cell));
}

/** A table whose first row is its head; a head of empty strings stays out of sight. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (isNumeric(rows.map((row) => row[column] ?? '')) ? '--:' : ':--'))), ...rows.map(line)].join('\n');
}

/** Paragraphs below each other; those that are undefined or empty are left out. */
export function paragraphs(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join('\n\n');
}

/** The link to a page, named by where it leads. */
export function sourceLinks(source: string): string {
  return source
    .split(' · ')
    .map((part) => {
      const address = /https?:\/\/[^\s,]+/.exec(part)?.[0];
      if (address === undefined) return escaped(part);
      const title = part.replace(address, '').replace(/(?:,\s*)+/g, ', ').replace(/[,\s]+$/, '');
      return `[${title === '' ? titleOf(address) : escaped(title)}](${address})`;
    })
    .join(' · ');
}

function titleOf(address: string): string {
  const page = /([\w.]+)\.html$/.exec(address)?.[1];
  return page === undefined ? address.replace(/^https?:\/\//, '') : page;
}

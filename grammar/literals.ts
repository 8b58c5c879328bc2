// What the spelling of a number or a string stands for, and how a string is spelled.

const suffixes: Readonly<Record<string, number>> = { k: 1e3, M: 1e6, G: 1e9 };
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', '"': '"', '\\': '\\' };

/** The value of an integer such as `50_257` or `25M`. */
export function integerValue(text: string): number {
  const factor = suffixes[text.at(-1)!];
  const digits = text.replaceAll('_', '');
  return factor === undefined ? Number(digits) : Number(digits.slice(0, -1)) * factor;
}

/** The value of a float such as `1e-3`. */
export function floatValue(text: string): number {
  return Number(text.replaceAll('_', ''));
}

/** What stands between the quotes; as in Python, a backslash before any other character than `n t " \` is itself. */
export function unescape(inner: string): string {
  return inner.replace(/\\([nt"\\])/g, (_, letter: string) => escapes[letter]!);
}

/** The spelling of a string with its quotes. */
export function quote(value: string): string {
  const inner = value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t');
  return `"${inner}"`;
}

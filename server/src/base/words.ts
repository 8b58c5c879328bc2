// Numbers and long names in sentences.

/** `1 axis`, `3 axes` */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${String(count)} ${count === 1 ? one : many}`;
}

/** A text of any length as one that people read: its beginning and its end. */
export function shortened(text: string, most = 500): string {
  return text.length <= most ? text : `${text.slice(0, Math.floor(most * 0.7))} … ${text.slice(text.length - Math.floor(most * 0.25))}`;
}

/** A number as one writes it in a call; small ones by their power of ten: `1e-5`. */
export function writtenNumber(value: number): string {
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value);
}

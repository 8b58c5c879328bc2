// Numbers in sentences.

/** `1 axis`, `3 axes` */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${String(count)} ${count === 1 ? one : many}`;
}

// The nearest numbers and lists of numbers: what is written is changed a little, and tried.

import type * as ast from '../../../../grammar/ast';
import { type Node, nodePathAt, walk } from '../../../../grammar/walk';
import type { Fix } from '../../base/diagnostic';
import { calleeOf, nameOfArgument } from '../callee';
import { replace, type Site, textOf } from './site';

/** Numbers tried on either side of one that is written. */
const reach = 12;

/** A whole number as it is written, with a sign. */
export function wholeNumber(node: Node | undefined): number | undefined {
  if (node?.kind === 'integer') return node.value;
  if (node?.kind === 'float') return node.value;
  const inner = node?.kind === 'negate' ? wholeNumber(node.operand) : undefined;
  return inner === undefined ? undefined : -inner;
}

/** What is marked, or, of an argument with its name, the value. */
export function markedNode({ path, diagnostic: { span } }: Site): Node {
  const node = path.find((each) => each.span.start === span.start && each.span.end === span.end) ?? path.at(-1)!;
  return node.kind === 'argument' ? node.value : node.kind === 'expression-statement' ? node.value : node;
}

/** The numbers that are written in a node, the innermost signs included. */
function numbersIn(node: Node): readonly Node[] {
  const found: Node[] = [];
  walk(node, {
    enter(each) {
      if (wholeNumber(each) === undefined) return undefined;
      found.push(each);
      return false;
    },
  });
  return found;
}

/** `kernel_size = 3`, or the value alone where no argument takes it. */
export function setting(site: Site, node: Node, text: string): string {
  const path = nodePathAt(site.document.tree, node.span.start);
  const at = path.findLastIndex(({ kind }) => kind === 'argument');
  const argument = path[at];
  const call = path[at - 1];
  if (argument?.kind !== 'argument' || call?.kind !== 'call' || argument.value.span.start !== node.span.start || argument.value.span.end !== node.span.end) return `Use ${text}`;
  const callee = calleeOf(call, site.document);
  const name = argument.name?.text ?? (callee && nameOfArgument(call, argument, callee));
  return name === undefined ? `Use ${text}` : `Use ${name} = ${text}`;
}

/** Numbers near one, the nearest first, among them those that are known to fit or to bound what fits. */
export function near(value: number, known: readonly number[] = []): readonly number[] {
  const whole = Math.round(value);
  const around = Array.from({ length: reach }, (_, step) => [whole + step + 1, whole - step - 1]).flat();
  const all = [...new Set([...around, ...known, -value, ...(whole === value ? [] : [whole])])];
  return all.filter((each) => each >= (value < 0 ? -Infinity : 0) && each !== value).sort((a, b) => Math.abs(a - value) - Math.abs(b - value));
}

/** The nearest number that fits, for each of those that are marked. */
export function* nearestNumber(site: Site): Iterable<Fix> {
  for (const list of listsIn(site)) {
    // One size for all axes stays one.
    const values = list.items.map(wholeNumber);
    const [first] = values;
    if (first === undefined || values.length < 2 || !values.every((value) => value === first)) continue;
    for (const value of near(first, site.diagnostic.data?.sizes)) {
      const text = `[${values.map(() => String(value)).join(', ')}]`;
      yield replace(setting(site, list, text), list.span, text);
    }
  }
  for (const each of numbersIn(markedNode(site))) {
    for (const value of near(wholeNumber(each)!, site.diagnostic.data?.sizes)) yield replace(setting(site, each, String(value)), each.span, String(value));
  }
}

/** The sizes of a square map that has about as many windows as come in. */
export function* sideOfWindows(site: Site): Iterable<Fix> {
  const windows = site.diagnostic.data?.sizes?.[0];
  const list = listsIn(site)[0];
  const side = Math.round(Math.sqrt(windows ?? NaN));
  if (list?.items.length !== 2 || side * side !== windows) return;
  for (let size = side; size < side + 32; size++) yield replace(setting(site, list, `[${String(size)}, ${String(size)}]`), list.span, `[${String(size)}, ${String(size)}]`);
}

/** The least positive number above one that is none. */
export function* positiveNumber(site: Site): Iterable<Fix> {
  const node = markedNode(site);
  for (const each of numbersIn(node)) {
    const value = wholeNumber(each)!;
    for (const text of [...new Set([Math.max(1, Math.round(value)), 1, Math.abs(value)])].map(String)) yield replace(setting(site, each, text), each.span, text);
  }
}

/** One number instead of what is marked. */
export function number(value: number): (site: Site) => Iterable<Fix> {
  return (site) => {
    const node = markedNode(site);
    return [replace(setting(site, node, String(value)), node.span, String(value))];
  };
}

/** The lists that are written in what is marked, or around it. */
function listsIn(site: Site): readonly ast.List[] {
  const node = markedNode(site);
  const lists: ast.List[] = [];
  walk(node, {
    enter(each) {
      if (each.kind === 'list') lists.push(each);
      return undefined;
    },
  });
  return lists;
}

/** A list with fewer items, or with the last one again. */
export function* otherLength(site: Site): Iterable<Fix> {
  for (const list of listsIn(site)) {
    const items = list.items.map((item) => textOf(site, item));
    for (let change = 1; change <= 4; change++) {
      for (const length of [items.length - change, items.length + change]) {
        if (length < 1) continue;
        const text = `[${Array.from({ length }, (_, index) => items[index] ?? items.at(-1)!).join(', ')}]`;
        yield replace(setting(site, list, text), list.span, text);
      }
    }
  }
}

/** A list without what it repeats. */
export function* withoutRepeats(site: Site): Iterable<Fix> {
  for (const list of listsIn(site)) {
    const items = [...new Set(list.items.map((item) => textOf(site, item)))];
    if (items.length < list.items.length) yield replace(setting(site, list, `[${items.join(', ')}]`), list.span, `[${items.join(', ')}]`);
  }
}

/** Parts whose last one is what the others leave of the whole. */
export function* addingUp(site: Site): Iterable<Fix> {
  for (const list of listsIn(site)) {
    const values = list.items.map(wholeNumber);
    if (!values.every((value) => value !== undefined)) continue;
    const others = values.slice(0, -1).reduce((sum, value) => sum + value, 0);
    for (const whole of site.diagnostic.data?.sizes ?? []) {
      const rest = whole - others;
      const text = `[${[...values.slice(0, -1), rest].join(', ')}]`;
      if (rest > 0) yield replace(setting(site, list, text), list.span, text);
    }
  }
}

/** Every axis once: one of those that are named twice becomes the one that is missing. */
export function* permutations(site: Site): Iterable<Fix> {
  const node = markedNode(site);
  const call = site.path.findLast((each): each is ast.Call => each.kind === 'call');
  const nodes: readonly Node[] = node.kind === 'list' ? node.items : (call?.arguments ?? []).filter(({ name, value }) => name === undefined && wholeNumber(value) !== undefined).map(({ value }) => value);
  const values = nodes.map((each) => wholeNumber(each)!);
  const missing = values.map((_, axis) => axis).filter((axis) => !values.includes(axis));
  for (const [index, value] of values.entries()) {
    const isWrong = value < 0 || value >= values.length || values.indexOf(value) !== values.lastIndexOf(value);
    if (isWrong && missing.length === 1) yield replace(`Use ${values.map((each, at) => (at === index ? missing[0]! : each)).join(', ')}`, nodes[index]!.span, String(missing[0]!));
  }
}

/** The sizes of a new shape, as they are written. */
function sizesOfShape(site: Site): readonly Node[] {
  const call = site.path.findLast((each): each is ast.Call => each.kind === 'call');
  const marked = markedNode(site);
  return marked.kind === 'list' ? marked.items : (call?.arguments ?? []).map(({ value }) => value).filter((value) => wholeNumber(value) !== undefined);
}

/** Of a map, the channels and a square of what is left; of a size beside one that is worked out, the nearest that divides all there is. */
export function* fittingSizes(site: Site): Iterable<Fix> {
  const total = site.diagnostic.data?.sizes?.[0];
  const nodes = sizesOfShape(site);
  const values = nodes.map(wholeNumber);
  const [channels] = values;
  if (total === undefined) return;
  const side = Math.sqrt(total / (channels ?? NaN));
  if (nodes.length === 3 && channels !== undefined && channels > 0 && Number.isInteger(side)) {
    const text = `${String(side)}, ${String(side)}`;
    yield replace(`Use ${String(channels)}, ${text}`, { start: nodes[1]!.span.start, end: nodes[2]!.span.end }, text);
  }
  if (!values.includes(-1)) return;
  for (const [index, node] of nodes.entries()) {
    const value = values[index];
    if (value === undefined || value < 1) continue;
    const others = values.reduce<number>((product, each, at) => (at === index || each === undefined || each < 1 ? product : product * each), 1);
    const fitting = (from: number, step: number): number | undefined => {
      for (let size = from; size >= 1 && size <= total; size += step) if (total % (size * others) === 0) return size;
      return undefined;
    };
    const nearest = [fitting(value - 1, -1), fitting(value + 1, 1)].filter((size) => size !== undefined).sort((a, b) => Math.abs(a - value) - Math.abs(b - value));
    for (const size of nearest) yield replace(`Use ${String(size)}`, node.span, String(size));
  }
}

/** One of the sizes left to be worked out from the others. */
export function* inferredSize(site: Site): Iterable<Fix> {
  const nodes = sizesOfShape(site);
  if (nodes.some((node) => wholeNumber(node) === -1)) return;
  for (const node of [...nodes].reverse()) {
    const shape = nodes.map((each) => (each === node ? '-1' : textOf(site, each))).join(', ');
    yield replace(`Use ${shape}`, node.span, '-1');
  }
}

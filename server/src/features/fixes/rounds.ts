// Fixes of loops that go on for too long: as many rounds as go well.

import type * as ast from '../../../../grammar/ast';
import type { Fix } from '../../base/diagnostic';
import { markedNode, wholeNumber } from './numbers';
import { around, replace, type Site, textOf } from './site';

export function* fewerRounds(site: Site): Iterable<Fix> {
  const rounds = site.diagnostic.data?.rounds;
  const loop = around(site, 'repeat', 'for');
  if (rounds === undefined || loop === undefined) return;
  if (loop.kind === 'repeat') {
    yield replace(`Repeat ${String(rounds)} times`, loop.count.span, String(rounds));
    return;
  }
  const { iterable } = loop;
  if (iterable.kind === 'list') {
    const kept = iterable.items.slice(0, rounds).map((item) => textOf(site, item));
    yield replace(`Use [${kept.join(', ')}]`, iterable.span, `[${kept.join(', ')}]`);
    return;
  }
  if (iterable.kind !== 'call' || iterable.callee.kind !== 'name' || iterable.callee.text !== 'range' || iterable.arguments.length > 2) return;
  const list = listAt(site, loop);
  if (list !== undefined && iterable.arguments.length === 1) yield replace(`Use range(len(${list}))`, iterable.span, `range(len(${list}))`);
  const bounds = iterable.arguments.map(({ value }) => wholeNumber(value));
  const end = iterable.arguments.at(-1)!;
  const start = bounds.length === 2 ? bounds[0] : 0;
  if (start === undefined) return;
  const text = `range(${[...(bounds.length === 2 ? [String(start)] : []), String(start + rounds)].join(', ')})`;
  yield replace(`Use ${text}`, end.value.span, String(start + rounds));
}

/** The list that the loop's name is an index of, where that is what is marked. */
function listAt(site: Site, loop: ast.For): string | undefined {
  const index = around(site, 'index');
  const marked = markedNode(site);
  const isIndex = marked.kind === 'name' && loop.names.some(({ text }) => text === marked.text);
  return isIndex && index?.object.kind === 'name' ? index.object.text : undefined;
}

// Writes the shape of an input of a stack, as it was observed.

import { nodePathAt } from '../../../../grammar/walk';
import { printShape } from '../../layers/tensor';
import { introductionsAround } from '../scopes';
import type { Offer } from './site';

/** Names for sizes, by rank. */
const usual: readonly (readonly string[])[] = [[], ['n'], ['t', 'd'], ['c', 'h', 'w'], ['c', 'd', 'h', 'w']];

export const typeInput: Offer = (document, selection) => {
  const path = nodePathAt(document.tree, selection.start);
  const statement = path.find((node) => node.kind === 'input');
  if (statement?.kind !== 'input' || statement.type !== undefined || path[path.indexOf(statement) - 2]?.kind === 'model') return undefined;
  const { first, count } = document.analysis.observations(statement.name) ?? { first: [], count: 0 };
  const types = first.map(({ value }) => (value.kind === 'tensor' ? value.tensor.type : undefined));
  const [type] = types;
  if (type === undefined || types.some((each) => each?.element !== type.element || each.shape.length !== type.shape.length)) return undefined;
  const isSame = count === first.length && types.every((each) => printShape(each!.shape) === printShape(type.shape)) && type.shape.every((size) => typeof size === 'number');
  const names = usual[type.shape.length] ?? type.shape.map((_, index) => `d${String(index)}`);
  const taken = new Set([...introductionsAround(path)].flat().map(({ name }) => name.text));
  if (!isSame && names.some((name) => taken.has(name))) return undefined;
  const shape = isSame ? printShape(type.shape) : `[${names.join(', ')}]`;
  const { end } = statement.name.span;
  return { title: `Write the shape of ${statement.name.text}`, kind: 'rewrite', edits: [{ span: { start: end, end }, text: `: ${type.element === 'int' ? 'int' : ''}${shape}` }] };
};

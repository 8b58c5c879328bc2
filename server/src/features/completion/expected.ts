// What belongs at a place, by the tokens in front of it; what is offered first there follows from that.

import type { IToken } from 'chevrotain';
import { Atom, is, isKeyword, keywordGroups } from '../../../../grammar/tokens';
import { families } from '../../layers/catalog';
import type { Ahead } from '../call-site';
import type { Completion } from './item';

/**
 * `nothing`: a new name, or the end of a value. `operator`: a value stands in front. `type`: behind the colon of an input.
 * `layer`: behind an arrow. `tensor`: where a function or an applied layer takes one. `number`: a size, a count, a condition. `question`: in an assert. `model`: what a variant is made of.
 */
export type Expected = 'nothing' | 'operator' | 'declaration' | 'statement' | 'type' | 'layer' | 'value' | 'tensor' | 'number' | 'question' | 'loss' | 'optimizer' | 'model';

const constants: ReadonlySet<string> = new Set(keywordGroups.constant);
const names: ReadonlySet<string> = new Set(['let', 'function', 'stack', 'model', 'input', 'target', 'param', 'as']);
const tensors: ReadonlySet<string> = new Set(['input', 'target', 'param']);

/** What the tokens in front ask for, so far as they alone decide it. */
export function expectedBehind({ open, last, isApart, statement }: Ahead): Expected {
  const bracket = open.at(-1);
  if (last === undefined) return bracket === undefined ? 'declaration' : bracket.opener === '{' ? 'statement' : 'value';
  const [first] = statement;
  const before = statement.at(-2);
  if (names.has(last.image) && isKeyword(last)) return 'nothing';
  if (endsValue(last)) {
    if (!isApart) return 'nothing';
    // What is declared has its name now.
    return before !== undefined && names.has(before.image) && isKeyword(before) ? 'nothing' : 'operator';
  }
  if (bracket?.isHeader === true && (last.image === '(' || last.image === ',')) return 'nothing';
  switch (last.image) {
    case '->':
      return 'layer';
    case ':':
      return first !== undefined && tensors.has(first.image) ? 'type' : 'number';
    case 'for':
      return 'nothing';
    case 'if':
    case 'repeat':
    case 'in':
      return 'number';
    case 'loss':
      return 'loss';
    case 'optimizer':
      return 'optimizer';
    case '=':
      if (first?.image === 'model' && bracket === undefined) return 'model';
  }
  if (last.image === ',' && first?.image === 'for' && statement.every(({ image }) => image !== 'in')) return 'nothing';
  if (bracket?.opener === '[' && bracket.behind !== undefined) return 'number';
  if (first?.image === 'assert' && bracket?.opener !== '(') return 'question';
  return (first?.image === 'if' || first?.image === 'repeat') && bracket?.opener !== '(' ? 'number' : 'value';
}

/** Whether a value ends with a token. */
function endsValue(token: IToken): boolean {
  return token.image === ')' || token.image === ']' || token.image === '}' || constants.has(token.image) || (is(token, Atom) && !isKeyword(token));
}

/** The words that go on behind a value. */
export function wordsBehind({ last, statement }: Ahead): readonly string[] {
  const [first] = statement;
  if (last?.image === '}') return ['else'];
  if (first?.image === 'from') return statement.some(({ image }) => image === 'import') ? ['as'] : ['import'];
  if (first?.image === 'for' && statement.every(({ image }) => image !== 'in')) return ['in'];
  return tensors.has(first?.image ?? '') ? [] : ['and', 'or'];
}

const losses: ReadonlySet<string> = new Set(families.find(({ name }) => name === 'losses')!.functions!.map(({ name }) => name));
/** Functions of numbers and lists. */
export const counting: ReadonlySet<string> = new Set(['min', 'max', 'sum', 'len', 'range', 'zip', 'enumerate', 'floor', 'ceil', 'round', 'sqrt']);
const questions: ReadonlySet<string> = new Set(['shape', 'params', 'macs', 'flops', 'memory', 'receptive_field', 'stride', 'grad']);

/** The items with those first that belong at the place; among equals they stay as they are. */
export function ordered(items: readonly Completion[], expected: Expected): readonly Completion[] {
  return items.map((item) => ({ item, rank: rankOf(item, expected) })).sort((a, b) => a.rank - b.rank).map(({ item }) => item);
}

function rankOf(item: Completion, expected: Expected): number {
  const { kind, worth, label } = item;
  if (item.unfit === true) return 9;
  if (item.further !== undefined) return expected === 'layer' || expected === 'statement' ? 5 : 8;
  const isName = kind === 'name';
  if (kind === 'argument' || kind === 'value') return expected === 'tensor' ? 2 : 0;
  switch (expected) {
    case 'tensor':
      if (isName) return worth === 'plain' || worth === 'layer' ? 4 : 1;
      return kind === 'declaration' ? 3 : kind === 'function' ? 5 : 6;
    case 'layer':
      if (isName) return worth === 'layer' ? 1 : 6;
      return kind === 'keyword' ? 4 : item.effect === undefined && kind === 'function' ? 5 : kind === 'declaration' ? 2 : 3;
    case 'statement':
      if (isName) return worth === 'plain' ? 6 : 1;
      return kind === 'keyword' ? 4 : item.effect === undefined && kind === 'function' ? 5 : kind === 'declaration' ? 2 : 3;
    case 'number':
      if (isName) return worth === 'tensor' || worth === 'layer' ? 3 : 1;
      return kind === 'function' && counting.has(label) ? 2 : 4;
    case 'question':
      if (kind === 'function') return questions.has(label) ? 1 : 3;
      return isName ? 2 : kind === 'declaration' ? 4 : 5;
    case 'loss':
      if (kind === 'function') return losses.has(label) ? 1 : 3;
      return isName && worth !== 'plain' ? 2 : 4;
    default:
      return 1;
  }
}

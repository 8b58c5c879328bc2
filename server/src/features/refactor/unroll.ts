// `repeat` and `for` written out, round for round.

import type * as ast from '../../../../grammar/ast';
import { type Node, walk } from '../../../../grammar/walk';
import type { Span } from '../../base/span';
import { statementSpan } from '../../semantics/text-spans';
import { toNumber, type Value } from '../../semantics/values';
import { introductionOf, introductionsAround } from '../scopes';
import { spellValue } from '../spelling';
import { applied, type TextEdit } from '../text-edits';
import type { Document } from '../workspace';
import { inPlaceOf } from './parentheses';
import { isSimple } from './simple';
import { hasComment, indentAt, type Offer, type Refused, reindented, runsInOrder, selectedStatements, separatorAt, written } from './site';

/** More rounds than these are not written out. */
const mostRounds = 32;

export const unroll: Offer = (document, selection) => {
  const found = loopAt(document, selection.start);
  if (found === undefined) return undefined;
  const { loop, node, around } = found;
  const inner = innerOf(document, loop.body);
  if (inner === undefined || loop.body.statements.length === 0) return undefined;
  const title = `Unroll the ${loop.kind}`;
  const refused = (reason: string): Refused => ({ title, kind: 'rewrite', reason });
  if (hasComment(document, { start: loop.span.start, end: loop.body.span.start })) return refused('a comment stands in the header of the loop');
  const rounds = roundsOf(document, loop);
  if (typeof rounds === 'string') return refused(rounds);
  const names = namesOf(document, loop, around);
  if (typeof names === 'string') return refused(names);
  const separator = separatorAt(document, node);
  const lists = names.published.map((name) => `${name} = [${rounds.map((_, round) => `${names.renamed.get(name)!}_${String(round + 1)}`).join(', ')}]`);
  // A comment reaches to the end of its line, whatever would stand there.
  const { lines, text: whole } = document;
  const behind = whole.slice(node.span.end, lines.offset({ line: lines.position(node.span.end).line, character: Infinity }));
  if (hasComment(document, inner) && (separator === '; ' || !/^\s*(?:#|$)/.test(behind))) return refused('something stands on one line with a comment of the loop');
  const indent = indentAt(document, node.span.start);
  const texts = rounds.map((values, round) => {
    const edits = [...values, ...names.editsOf(round + 1)];
    const length = edits.reduce((sum, { span, text }) => sum + text.length - (span.end - span.start), 0);
    const text = applied(document.text, edits).slice(inner.start, inner.end + length).trim();
    if (!names.needsBlock) return reindented(text, indentAt(document, loop.body.statements[0]!.span.start), indent);
    return text.includes('\n') || separator !== '; ' ? `{\n${indent}  ${reindented(text, indentAt(document, loop.body.statements[0]!.span.start), `${indent}  `)}\n${indent}}` : `{ ${text} }`;
  });
  return { title, kind: 'rewrite', edits: [{ span: node.span, text: [...texts, ...lists].join(separator) }] };
};

/** What stands between the braces of a block, comments included; undefined where it is not written on lines of its own, or on one. */
function innerOf({ text }: Document, block: ast.Block): { readonly start: number; readonly end: number } | undefined {
  const inner = { start: block.span.start + 1, end: block.span.end - 1 };
  return text[block.span.start] === '{' && text[inner.end] === '}' ? inner : undefined;
}

/** How the names of a round are told apart once all rounds stand in one body. */
interface RoundNames {
  /** Whether a round must stay a body of its own, since its names belong to what flows into it. */
  readonly needsBlock: boolean;
  /** The names that become lists behind the loop. */
  readonly published: readonly string[];
  readonly renamed: ReadonlyMap<string, string>;
  editsOf(round: number): readonly TextEdit[];
}

function namesOf(document: Document, loop: ast.Repeat | ast.For, around: readonly Node[]): RoundNames | string {
  const path = [...around, loop, loop.body];
  const [level] = introductionsAround(path);
  const introduced = level ?? [];
  let isAllowed = true;
  const outputs: ast.Output[] = [];
  const bound = new Set(introduced.filter(({ by }) => by.kind === 'binding').map(({ name }) => name.text));
  const needsBlock = introduced.some(({ by }) => by.kind === 'input' || by.kind === 'param' || by.kind === 'name');
  walk(loop.body, {
    enter(node) {
      if (node.kind === 'loss' || node.kind === 'target' || node.kind === 'optimizer' || node.kind === 'assert') isAllowed = false;
      if (node.kind === 'output') {
        if (loop.body.statements.includes(node)) outputs.push(node);
        else if (!introduced.every(({ name }) => name !== node.name)) isAllowed = false;
      }
      return node.kind === 'repeat' || node.kind === 'for' ? false : undefined;
    },
  });
  // What a round publishes of the flow can only be published again, which a model would have as outputs of its own.
  const isOfStack = around.at(-3)?.kind === 'stack';
  const ofFlow = outputs.find(({ name }) => !bound.has(name.text));
  if (ofFlow !== undefined && !isOfStack) return `each round would publish its ${ofFlow.name.text} as an output of its own; bind it in the round, as in ${ofFlow.name.text} = …, and it can be unrolled`;
  if (!isAllowed) return 'a loss, an assert or what a choice publishes would stand there once for each round';
  if (outputs.length > 0 && needsBlock) return 'a round both names what flows in and publishes';
  if (new Set(outputs.map(({ name }) => name.text)).size < outputs.length) return 'a round publishes a name twice';
  const renamed = new Map(introduced.map(({ name: { text } }) => [text, freshStem(document, text)]));
  return {
    needsBlock,
    published: outputs.map(({ name }) => name.text),
    renamed,
    editsOf(round) {
      if (needsBlock) return [];
      const edits: TextEdit[] = outputs.filter(({ name }) => bound.has(name.text)).map(({ span }) => ({ span: statementSpan(document.text, span), text: '' }));
      walk(loop.body, {
        enter(node, ancestors) {
          if (node.kind !== 'name' || edits.some(({ span }) => span.start <= node.span.start && node.span.end <= span.end)) return undefined;
          const introduction = introductionOf(node, [...around, loop, ...ancestors]);
          if (introduction !== undefined && introduced.some(({ name }) => name === introduction.name)) edits.push({ span: node.span, text: `${renamed.get(node.text)!}_${String(round)}` });
          return undefined;
        },
      });
      return edits;
    },
  };
}

/** A stem from which names with numbers behind them are free. */
function freshStem({ text }: Document, stem: string): string {
  let fresh = stem;
  while (new RegExp(`\\b${fresh}_\\d`).test(text)) fresh += '_';
  return fresh;
}

/** The loop whose header an offset is in, where it is a statement of a body. */
function loopAt(document: Document, offset: number): { readonly loop: ast.Repeat | ast.For; readonly node: ast.ExpressionStatement; readonly around: readonly Node[] } | undefined {
  const selected = selectedStatements(document, { start: offset, end: offset });
  const [node] = selected?.statements ?? [];
  if (selected === undefined || node?.kind !== 'expression-statement' || !runsInOrder(selected.around)) return undefined;
  const loop = node.value;
  return (loop.kind === 'repeat' || loop.kind === 'for') && offset < loop.body.span.start ? { loop, node, around: [...selected.around, selected.block, node] } : undefined;
}

/** For each round, the replacements of the loop's names, or why they are not known for all evaluations alike. */
function roundsOf(document: Document, loop: ast.Repeat | ast.For): readonly (readonly TextEdit[])[] | string {
  const problemOf = (count: number): string | undefined => (count < 1 ? 'there are no rounds' : count > mostRounds ? `${String(count)} rounds are more than the ${String(mostRounds)} that are written out` : undefined);
  if (loop.kind === 'repeat') {
    if (loop.count.kind !== 'integer') return `how many rounds there are depends on ${written(document, loop.count)}`;
    return problemOf(loop.count.value) ?? Array.from({ length: loop.count.value }, () => []);
  }
  const values = loop.names.map((name) => valuesOf(document, name, loop));
  const count = values[0]?.length;
  if (count === undefined || values.some((each) => each?.length !== count)) return `the values of ${loop.names.map(({ text }) => text).join(' and ')} are not the same numbers wherever the loop runs`;
  const problem = problemOf(count);
  if (problem !== undefined) return problem;
  return Array.from({ length: count }, (_, round) => loop.names.flatMap((name, index) => usesOf(document, loop, name).map(({ span, holder }) => ({ span, text: values[index]![round]!(holder) }))));
}

/** How the value of a name is written in one round, by what holds the name. */
type Spelling = (holder: Node | undefined) => string;

/** How the values of a name of a loop are written, round for round. */
function valuesOf(document: Document, name: ast.Name, loop: ast.For): readonly Spelling[] | undefined {
  const list = listOf(document, loop, loop.names.indexOf(name));
  if (list?.items.every(isSimple) === true) return list.items.map((item) => (holder) => inPlaceOf(holder, item, written(document, item)));
  const observations = document.analysis.observations(name);
  const observed = observations?.first ?? [];
  if (observed.length === 0 || observations!.count > observed.length) return undefined;
  const texts = observed.map(({ value }) => literalOf(value));
  if (!texts.every((text) => text !== undefined)) return undefined;
  // Every evaluation of the loop must have had the same rounds.
  const runs = new Set(observed.map(({ run, chain }) => `${String(idOf(run))} ${chain === undefined ? '' : String(idOf(chain))}`)).size;
  const length = texts.length / runs;
  return Number.isInteger(length) && texts.every((text, index) => text === texts[index % length]) ? texts.slice(0, length).map((text) => () => text) : undefined;
}

/** The list that a name of a loop goes through, where it is written out: that of the header, or one of those that it zips. */
function listOf(document: Document, { iterable, names }: ast.For, index: number): ast.List | undefined {
  if (names.length === 1) return iterable.kind === 'list' ? iterable : undefined;
  if (iterable.kind !== 'call' || iterable.callee.kind !== 'name' || iterable.callee.text !== 'zip' || document.tree.declarations.some((each) => 'name' in each && each.name.text === 'zip')) return undefined;
  const list = iterable.arguments[index]?.value;
  return iterable.arguments.length === names.length && list?.kind === 'list' ? list : undefined;
}

const ids = new WeakMap<object, number>();
let nextId = 0;

function idOf(key: object): number {
  let id = ids.get(key);
  if (id === undefined) ids.set(key, (id = nextId++));
  return id;
}

function literalOf(value: Value): string | undefined {
  if (value.kind === 'string' || value.kind === 'boolean') return spellValue(value);
  const number = toNumber(value);
  return number === undefined || !Number.isFinite(number) || number < 0 || /e/.test(String(number)) ? undefined : String(number);
}

function usesOf({ tree }: Document, loop: ast.For, name: ast.Name): readonly { readonly span: Span; readonly holder: Node | undefined }[] {
  const found: { span: Span; holder: Node | undefined }[] = [];
  walk(tree, {
    enter(node, ancestors) {
      if (node.span.end < loop.body.span.start || node.span.start > loop.body.span.end) return false;
      if (node.kind === 'name' && node.text === name.text && introductionOf(node, ancestors)?.name === name) found.push({ span: node.span, holder: ancestors.at(-1) });
      return undefined;
    },
  });
  return found;
}

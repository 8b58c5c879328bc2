// The hover on `if` and `else`: which side is taken, and what the names in the conditions are worth there.

import type * as ast from '../../../../grammar/ast';
import { children, type Node } from '../../../../grammar/walk';
import { toNumber, type Value } from '../../semantics/values';
import { code, codeBlock, paragraphs, table } from '../markdown';
import { grouped } from '../numbers';
import { spellValue, textOf } from '../spelling';
import type { Document } from '../workspace';

/** How many different outcomes are listed. */
const listed = 6;

/** One way that the `if` was decided: the values that decided, and the side. */
interface Outcome {
  readonly values: readonly string[];
  /** The index of the branch; the number of branches for `else`, or what is left out. */
  readonly side: number;
  count: number;
}

/** The page of an `if`; undefined where nothing ever came by. */
export function choicePage(node: ast.If, document: Document): string | undefined {
  const outcomes = outcomesOf(node, document);
  const [first] = outcomes;
  if (first === undefined) return undefined;
  const title = codeBlock(...node.branches.map(({ condition }, index) => `${index === 0 ? 'if' : 'else if'} ${textOf(condition, document.text)}`), ...(node.otherwise === undefined ? [] : ['else']));
  if (outcomes.length === 1) {
    const times = first.count === 1 ? '' : ` each of ${grouped(first.count)} times`;
    const reason = first.values.length === 0 ? '' : `${first.values.map(code).join(', ')}: `;
    return paragraphs(title, `${reason}${sentenceOf(node, first.side, document)}${times}.`);
  }
  const rows = outcomes.slice(0, listed).map(({ values, side, count }) => [`×${grouped(count)}`, values.map(code).join(', '), sideOf(node, side, document)]);
  const rest = outcomes.length - rows.length;
  return paragraphs(title, table(['', 'Values', 'Taken'], rows), rest > 0 ? `… and ${grouped(rest)} more` : undefined);
}

function sentenceOf(node: ast.If, side: number, document: Document): string {
  if (side < node.branches.length) return node.branches.length === 1 ? 'the condition holds, and its body is taken' : `${sideOf(node, side, document)} is taken`;
  if (node.otherwise !== undefined) return `${code('else')} is taken`;
  return `${node.branches.length === 1 ? 'the condition does not hold' : 'no condition holds'}, and nothing is done`;
}

function sideOf(node: ast.If, side: number, document: Document): string {
  const branch = node.branches[side];
  if (branch !== undefined && node.branches.length === 1) return code('if');
  if (branch !== undefined) return code(`${side === 0 ? 'if' : 'else if'} ${textOf(branch.condition, document.text)}`);
  return node.otherwise === undefined ? 'none' : code('else');
}

/** The ways that the `if` was decided, in the order of evaluation. */
function outcomesOf(node: ast.If, document: Document): readonly Outcome[] {
  const [first] = node.branches;
  const all = first && document.analysis.observations(first.condition)?.first;
  const found = new Map<string, Outcome>();
  const note = (values: readonly string[], side: number): void => {
    const key = `${values.join()}|${String(side)}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, { values, side, count: 1 });
    else known.count++;
  };
  if (all === undefined) {
    // `if true`: nothing is asked.
    if (first?.condition.kind === 'boolean') note([], first.condition.value ? 0 : node.branches.length);
    return [...found.values()];
  }
  for (const run of new Set(all.map((observation) => observation.run))) {
    const replay = new Replay(document, run);
    const times = all.filter((observation) => observation.run === run).length;
    for (let time = 0; time < times; time++) {
      const values = new Map<string, string>();
      let side = 0;
      for (; side < node.branches.length; side++) {
        const truth = truthOf(replay.evaluate(node.branches[side]!.condition, values));
        if (truth === undefined) return [...found.values()];
        if (truth) break;
      }
      note([...values].map(([name, value]) => `${name} = ${value}`), side);
    }
  }
  return [...found.values()];
}

function truthOf(value: Value | undefined): boolean | undefined {
  if (value?.kind === 'boolean') return value.value;
  const number = value && toNumber(value);
  return number === undefined ? undefined : number !== 0;
}

/** Goes through what was observed at the parts of an expression once more, in the order in which they were evaluated. */
class Replay {
  private readonly next = new Map<Node, number>();

  constructor(
    private readonly document: Document,
    private readonly run: object,
  ) {}

  /** What the expression was worth this time; notes the names and questions that it asked. */
  evaluate(node: ast.Expression, values: Map<string, string>): Value | undefined {
    switch (node.kind) {
      case 'boolean':
        return { kind: 'boolean', value: node.value };
      case 'logical': {
        const left = truthOf(this.evaluate(node.left, values));
        // The second operand is not looked at where the first decides.
        if (left !== (node.operator === 'or')) this.evaluate(node.right, values);
        return this.observed(node);
      }
      case 'name':
      case 'member':
      case 'index':
      case 'call': {
        const value = this.observed(node);
        if (value !== undefined) values.set(textOf(node, this.document.text), value.kind === 'size' ? grouped(value.value) : spellValue(value));
        return value;
      }
      default:
        for (const child of children(node)) this.evaluate(child as ast.Expression, values);
        return this.observed(node);
    }
  }

  private observed(node: Node): Value | undefined {
    const at = this.next.get(node) ?? 0;
    this.next.set(node, at + 1);
    return this.document.analysis.observations(node)?.first.filter(({ run }) => run === this.run)[at]?.value;
  }
}

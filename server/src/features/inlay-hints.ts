// What stands behind the text: shapes at the end of each line, and within a pipeline those on the way there;
// with them, on request, receptive fields and parameters; and the names of arguments that are given by their places.

import type * as ast from '../../../grammar/ast';
import { children, type Node } from '../../../grammar/walk';
import { overlaps, type Span } from '../base/span';
import { requirementsOf } from '../semantics/requirements';
import { type Application, costOf, countOf, fieldDetails, fieldSize, modelOf, ofOneRun, picturedApplications, receptiveFieldsOf, runOf, tensorsIn, typeOf } from './figures';
import { argumentHints } from './inlay-hints/arguments';
import { parameterColumn, type Resulting } from './inlay-hints/parameters';
import { counted, freeNames, grouped, shortened } from './numbers';
import { sidesOf } from './scopes';
import { defaultSettings, type Settings } from './settings';
import type { Document } from './workspace';

export interface InlayHint {
  readonly kind: 'type' | 'argument';
  readonly offset: number;
  readonly label: string;
  /** Markdown, computed when it is asked for. */
  readonly tooltip?: () => string | undefined;
}

/** What a hint shows: the types of all applications, in their order. */
interface Shown {
  readonly types: readonly string[];
  readonly applications: readonly Application[];
}

/** Labels end with an ellipsis where more would make them longer; those within a line, which push its text away, after one type. */
const longestLabel = 72;

/** The hints of all statements that touch the range. */
export function inlayHints(document: Document, range: Span, settings: Settings = defaultSettings): readonly InlayHint[] {
  const hints: InlayHint[] = [];
  const showsResults = settings['inlayHints.shapes'] || settings['inlayHints.receptiveField'] || settings['inlayHints.parameters'];
  for (const declaration of document.tree.declarations) {
    if (!overlaps(declaration.span, range)) continue;
    hints.push(...argumentHints(document, declaration, range, settings['inlayHints.argumentNames']));
    if (!showsResults || (declaration.kind !== 'stack' && declaration.kind !== 'model') || declaration.body === undefined) continue;
    const collector = new Collector(document, declaration, range, settings);
    collector.block(declaration.body);
    hints.push(...collector.hints.values());
  }
  return hints.filter(({ offset }) => range.start <= offset && offset <= range.end).sort((a, b) => a.offset - b.offset);
}

class Collector {
  /** By offset: the outermost construct that ends at a place decides. */
  readonly hints = new Map<number, InlayHint>();
  /** The parameters of the lines of the statement at hand, by where those end. */
  private columns: ReadonlyMap<number, string> = new Map();

  constructor(
    private readonly document: Document,
    private readonly declaration: ast.Declaration,
    private readonly range: Span,
    private readonly settings: Settings,
  ) {}

  block(block: ast.Block): void {
    for (const statement of block.statements) if (overlaps(statement.span, this.range)) this.statement(statement);
  }

  private statement(statement: ast.Statement): void {
    switch (statement.kind) {
      case 'input':
        if (this.declaration.kind === 'stack' && statement.name.text !== '') this.stackInput(statement);
        return;
      case 'binding':
        this.result(statement, this.observed(statement.names));
        return;
      case 'expression-statement':
        this.result(statement, this.valueOf(statement.value));
        return;
      case 'param':
      case 'loss':
        this.result(statement, undefined);
    }
  }

  /** The hints of a statement that gives something, or makes parameters. */
  private result(statement: Resulting, shown: Shown | undefined): void {
    const { value } = statement;
    if (value?.kind === 'if' && statement.kind === 'expression-statement' && !this.isOnOneLine(value)) {
      // Its sides are statements of this very body.
      for (const side of sidesOf(value)) this.block(side);
      return;
    }
    const outer = this.columns;
    if (this.settings['inlayHints.parameters']) {
      const run = shown?.applications[0]?.run ?? modelOf(this.document, this.declaration)?.run;
      this.columns = parameterColumn(this.document, statement, run, this.settings['numbers.style']);
    }
    this.add(statement.span.end, shown, 'end');
    if (value !== undefined) this.expression(value);
    // What makes parameters and has no shape to show says so alone.
    for (const [offset, label] of this.columns) if (!this.hints.has(offset)) this.hints.set(offset, { kind: 'type', offset, label });
    this.columns = outer;
  }

  private isOnOneLine({ span }: Node): boolean {
    return this.lineAt(span.start) === this.lineAt(span.end);
  }

  /** Of a stack that is understood by itself what it requires, since its type is written already. */
  private stackInput(statement: ast.Input): void {
    const stack = this.document.analysis.understood(this.declaration);
    if (stack === undefined) {
      this.add(statement.span.end, this.observed([statement.name]), 'input');
      return;
    }
    const required = requirementsOf(stack.run).filter(({ input }) => input.place.span.start === statement.name.span.start);
    if (required.length === 0) return;
    const label = `requires ${required.flatMap(({ conditions }) => conditions).join(' and ')}`;
    this.hints.set(statement.span.end, { kind: 'type', offset: statement.span.end, label });
  }

  /** The hints inside an expression: members of pipelines, and the bodies of blocks. */
  private expression(node: Node): void {
    if (node.kind === 'pipe') {
      this.pipeline(membersOf(node));
      return;
    }
    if (node.kind === 'block') {
      // On one line the end of the statement says it all.
      if (!this.isOnOneLine(node)) this.block(node);
      return;
    }
    for (const child of children(node)) this.expression(child);
  }

  /** Behind each member that ends its line, or changes the shape to another than the line ends with. */
  private pipeline(members: readonly ast.Expression[]): void {
    const all = members.map((member) => this.valueOf(member));
    const typesOf = all.map((shown) => shown?.types.join());
    const isUntilTheEnd = (from: number): boolean => {
      const line = this.lineAt(members[from]!.span.end);
      let last = from;
      while (last + 1 < members.length && this.lineAt(members[last + 1]!.span.start) === line) last++;
      // A pipeline within an expression has no hint at its end.
      const isShown = last < members.length - 1 || this.hints.has(members[last]!.span.end);
      return isShown && typesOf.slice(from + 1, last + 1).every((types) => types === typesOf[from]);
    };
    for (const [index, member] of members.entries()) {
      this.expression(member);
      const next = members[index + 1];
      if (next === undefined) continue;
      const shown = all[index];
      const endsLine = this.lineAt(member.span.end) !== this.lineAt(next.span.start);
      // What begins a pipeline may be a step itself, or a mere name.
      if (index === 0 && shown?.applications[0]?.nodes.length === 0) continue;
      const before = index === 0 ? shown?.applications.map(({ inputs }) => (inputs.length === 1 ? typeOf(inputs[0]!) : undefined)).join() : typesOf[index - 1];
      if (endsLine || (typesOf[index] !== before && !isUntilTheEnd(index))) this.add(member.span.end, shown, endsLine ? 'end' : 'within');
    }
  }

  /** What an expression gives: of an application its output, else the value of its name, call or operator. */
  private valueOf(node: ast.Expression): Shown | undefined {
    if (node.kind === 'pipe') return this.valueOf(node.right);
    if (node.kind === 'if') return this.picked(node);
    const applications = ofOneRun(picturedApplications(this.document, node, this.declaration));
    if (applications.length === 0) return node.kind === 'block' ? undefined : this.observed([node]);
    const types = applications.map((application) => typeOf(application.output));
    if (!allKnown(types)) return undefined;
    return { types, applications };
  }

  /** What the picked side of a one-line `if` gives; the other side was never evaluated. */
  private picked(node: ast.If): Shown | undefined {
    if (!this.isOnOneLine(node)) return undefined;
    for (const side of sidesOf(node)) {
      const last = side.statements.at(-1);
      const shown = last?.kind === 'expression-statement' ? this.valueOf(last.value) : undefined;
      if (shown !== undefined) return shown;
    }
    return undefined;
  }

  /** The types of names or other expressions that are worth tensors; several names stand side by side. */
  private observed(nodes: readonly ast.Expression[]): Shown | undefined {
    const columns: readonly (Shown | undefined)[] = nodes.map((node) => this.typesAt(node));
    const [first] = columns;
    if (first === undefined || !allKnown(columns) || columns.some(({ types }) => types.length !== first.types.length)) return undefined;
    const types = first.types.map((_, index) => sideBySide(columns.map((column) => column.types[index]!)));
    return { ...first, types };
  }

  private typesAt(node: ast.Expression): Shown | undefined {
    const known = this.document.analysis.observations(node);
    if (known === undefined) return undefined;
    const all = known.first.filter(({ application }) => application === undefined);
    const own = modelOf(this.document, this.declaration);
    const run = all.find((observation) => observation.run === own?.run)?.run ?? all[0]?.run;
    const observations = all.filter((observation) => observation.run === run);
    const types = observations.map(({ value }) => typeOf(value));
    const [first] = observations;
    if (first === undefined || !allKnown(types)) return undefined;
    const further = known.first.at(-1)?.run === run ? known.count - known.first.length : 0;
    const last = observations.length - 1;
    const applications = observations.map((each, index): Application => ({ inputs: [], output: each.value, graph: runOf(each).graph, nodes: [], model: '', run: each.run, times: index === last && known.others === 0 ? 1 + further : 1, unlisted: index === last && known.others > 0 ? further : 0 }));
    return { types, applications };
  }

  private lineAt(offset: number): number {
    return this.document.lines.position(offset).line;
  }

  /** Adds a hint; the columns of receptive field and parameters stand at the end of a line alone, of which they speak. */
  private add(offset: number, shown: Shown | undefined, place: 'end' | 'input' | 'within'): void {
    if (shown === undefined || shown.types.length === 0 || this.hints.has(offset)) return;
    const parts = this.settings['inlayHints.shapes'] ? [labelOf(shown, place === 'within' ? 0 : longestLabel)] : [];
    if (place === 'end' && this.settings['inlayHints.receptiveField']) parts.push(...fieldColumn(shown.applications));
    const parameters = this.columns.get(offset);
    if (parameters !== undefined) parts.push(parameters);
    if (parts.length === 0) return;
    const [example] = shown.applications;
    this.hints.set(offset, { kind: 'type', offset, label: parts.join(' · '), tooltip: example && (() => tooltipOf(example)) });
  }
}

/** `field 11×11`, or the first and the last where rounds differ. */
function fieldColumn(applications: readonly Application[]): readonly string[] {
  const fields = applications.map(({ graph, output }) => {
    const [tensor] = tensorsIn(output);
    const [field, ...others] = tensor === undefined ? [] : receptiveFieldsOf(graph, tensor);
    if (field === undefined || others.length > 0) return undefined;
    return field.global ? 'global' : fieldSize(field)?.replaceAll(' × ', '×');
  });
  if (fields.length === 0 || !allKnown(fields)) return [];
  const [first, last] = [fields[0]!, fields.at(-1)!];
  // Later rounds, which are not remembered, see more; but nothing sees more than all.
  if (countOf(applications) > applications.length && first !== 'global') return [`field ${first} …`];
  return [`field ${first === last ? first : `${first} … ${last}`}`];
}

function allKnown<T>(items: readonly (T | undefined)[]): items is T[] {
  return items.every((item) => item !== undefined);
}

function membersOf(node: ast.Expression): readonly ast.Expression[] {
  const members: ast.Expression[] = [];
  let rest = node;
  while (rest.kind === 'pipe') {
    members.push(rest.right);
    rest = rest.left;
  }
  return [rest, ...members.reverse()];
}

/** `[64], [2]`, or `3 × [64]`. */
function sideBySide(types: readonly string[]): string {
  return types.length > 1 && types.every((type) => type === types[0]) ? `${String(types.length)} × ${types[0]!}` : types.join(', ');
}

/** `[64, 56, 56]`, or `×3: [64, 56, 56], [128, 28, 28] …`: as many as fit, but one at least. */
function labelOf({ types, applications }: Shown, longest: number): string {
  const distinct = [...new Set(types)];
  const isAll = applications.every(({ unlisted }) => unlisted === 0);
  if (distinct.length === 1 && isAll) return withoutMiddle(distinct[0]!);
  let label = `×${String(countOf(applications))}: ${distinct[0]!}`;
  for (const type of distinct.slice(1)) {
    if (label.length + type.length > longest) return `${label} …`;
    label += `, ${type}`;
  }
  return isAll ? label : `${label} …`;
}

/** A list of several shapes in one line: `4: [256, 56, 56] … [256, 7, 7]`, where all of them would be too long. */
function withoutMiddle(type: string): string {
  if (type.length <= longestLabel || !type.startsWith('[[')) return type;
  const items = type.slice(1, -1).split(/(?<=\]), (?=\[)/);
  return items.length < 3 ? type : `${String(items.length)}: ${items[0]!} … ${items.at(-1)!}`;
}

/** The receptive field and the costs, in Markdown. */
function tooltipOf({ graph, output, nodes }: Application): string | undefined {
  const [tensor] = tensorsIn(output);
  if (tensor === undefined) return undefined;
  const lines: string[] = [];
  for (const field of receptiveFieldsOf(graph, tensor)) {
    const size = fieldSize(field);
    if (size !== undefined) lines.push([`Receptive field ${size}`, fieldDetails(field)].filter((part) => part !== '').join(', '));
  }
  const { parameters, macs } = costOf(nodes);
  if (parameters !== 0) lines.push(counted(parameters, 'parameter'));
  if (macs !== 0) lines.push(typeof macs === 'number' ? `${shortened(macs)} MACs` : `MACs depend on ${freeNames([macs]).join(', ')}: \`${grouped(macs)}\``);
  return lines.length === 0 ? undefined : lines.join('  \n');
}

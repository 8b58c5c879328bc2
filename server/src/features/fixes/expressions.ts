// Fixes of expressions and statements: parentheses around a flow, a pipe instead of a call, and what must be added or go.

import type * as ast from '../../../../grammar/ast';
import type { Fix } from '../../base/diagnostic';
import { functions } from '../../layers/catalog';
import { nearestName } from '../../base/nearest';
import { optimizers } from '../../layers/optimizers';
import { statementSpan } from '../../semantics/text-spans';
import { wordsOf } from '../names';
import { around, type Fixer, holderOf, indentationAt, insert, marked, needsParentheses, replace, type Site, tensorOf, textOf } from './site';

/** `x -> f + y` becomes `(x -> f) + y`. */
export const flowInParentheses: Fixer = (site) => {
  const sum = marked(site, 'binary');
  const pipe = sum && holderOf(site, sum);
  if (sum === undefined || pipe?.kind !== 'pipe' || pipe.right !== sum) return [];
  let first: ast.Expression = sum;
  while (first.kind === 'binary') first = first.left;
  const written = `(${site.document.text.slice(pipe.span.start, first.span.end)})`;
  return [{ title: `Write ${written} …`, edits: [insert(pipe.span.start, '('), insert(first.span.end, ')')] }];
};

/** `ReLU(x)` becomes `x -> ReLU`, and `CrossEntropyLoss(p, y)` the function of its name. */
export const pipeIntoLayer: Fixer = (site) => {
  const argument = around(site, 'argument');
  const call = site.path.findLast((node): node is ast.Call => node.kind === 'call' && argument !== undefined && node.arguments.includes(argument));
  if (argument === undefined || call === undefined) return [];
  const tensors = call.arguments.filter(({ name, value }) => name === undefined && tensorOf(site, value) !== undefined);
  const others = call.arguments.filter((each) => each !== argument && !tensors.includes(each)).map((each) => textOf(site, each));
  const name = textOf(site, call.callee);
  if (tensors.length > 1) {
    const asFunction = functionOfLayer(name);
    const given = tensors.map((each) => textOf(site, each));
    const text = asFunction === undefined ? `${name}(${others.join(', ')})(${given.join(', ')})` : `${asFunction}(${[...given, ...others].join(', ')})`;
    return [replace(`Write ${text}`, call.span, text)];
  }
  const layer = `${name}${others.length === 0 ? '' : `(${others.join(', ')})`}`;
  const value = textOf(site, argument.value);
  const loose = ['pipe', 'binary', 'comparison', 'logical', 'not', 'negate'].includes(argument.value.kind);
  const text = `${loose && argument.value.kind !== 'pipe' ? `(${value})` : value} -> ${layer}`;
  return [replace(`Write ${text}`, call.span, needsParentheses(holderOf(site, call), call) ? `(${text})` : text)];
};

/** `cross_entropy` for `CrossEntropyLoss`. */
function functionOfLayer(layer: string): string | undefined {
  const name = torchFunctions.get(layer) ?? layer.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase();
  return [name, name.replace(/_loss$/, '')].find((each) => functions.has(each));
}

/** Losses whose function has another name than the layer's in small letters. */
const torchFunctions: ReadonlyMap<string, string> = new Map([
  ['BCELoss', 'binary_cross_entropy'],
  ['BCEWithLogitsLoss', 'binary_cross_entropy_with_logits'],
  ['KLDivLoss', 'kl_div'],
  ['L1Loss', 'l1_loss'],
  ['MSELoss', 'mse_loss'],
  ['NLLLoss', 'nll_loss'],
  ['SmoothL1Loss', 'smooth_l1_loss'],
]);

/** A loss is one number: its mean, or its sum. */
export const reduceLoss: Fixer = (site) =>
  (['mean', 'sum'] as const).map((name) => ({
    title: `Take the ${name}`,
    edits: [insert(site.diagnostic.span.start, `${name}(`), insert(site.diagnostic.span.end, ')')],
  }));

export const overRange: Fixer = (site) => {
  if (site.diagnostic.data?.names?.includes('range') !== true) return [];
  return [{ title: `Write range(${textOf(site, site.diagnostic)})`, edits: [insert(site.diagnostic.span.start, 'range('), insert(site.diagnostic.span.end, ')')] }];
};

export const removeStatement: Fixer = (site) => {
  const statement = around(site, 'expression-statement', 'binding', 'loss', 'optimizer', 'assert', 'output');
  return statement === undefined ? [] : [replace('Remove the statement', statementSpan(site.document.text, statement.span), '')];
};

/** An assumption that decides a choice, in front of the statement. */
export const assumeCondition: Fixer = (site) => {
  const condition = site.diagnostic.data?.condition;
  const statement = around(site, 'expression-statement', 'binding', 'loss', 'output');
  if (condition === undefined || statement === undefined) return [];
  return [{ title: `Add assert ${condition}`, edits: [insert(statement.span.start, `assert ${condition}\n${indentationAt(site, statement.span.start)}`)] }];
};

/** A block of what comes in, where one is missing. */
/** `for i in range(3):` with indented lines becomes a block of these lines. */
export function* blockOfIndented(site: Site): Iterable<Fix> {
  const { lines } = site.document;
  const { line } = lines.position(site.diagnostic.span.start);
  const indentOf = (text: string): number => /^[ \t]*/.exec(text)![0].length;
  const header = /^(.*?)\s*:?\s*(#.*)?$/.exec(lines.line(line))!;
  const own = indentOf(lines.line(line));
  let last = line;
  for (let next = line + 1; next < lines.lineCount; next++) {
    const text = lines.line(next);
    if (text.trim() === '') continue;
    if (indentOf(text) <= own) break;
    last = next;
  }
  if (last === line) return;
  const open = lines.offset({ line, character: header[1]!.length });
  const behind = lines.offset({ line, character: header[2] === undefined ? Infinity : lines.line(line).length - header[2].length });
  const end = lines.offset({ line: last, character: Infinity });
  const comment = header[2] === undefined ? '' : '  ';
  yield { title: 'Put the indented lines into { }', edits: [{ span: { start: open, end: behind }, text: ` {${comment}` }, insert(end, `\n${lines.line(line).slice(0, own)}}`)] };
}

export const addBlock: Fixer = (site) => [{ title: 'Add { Identity }', edits: [insert(site.diagnostic.span.end, ' { Identity }')] }];

/** A branch that gives on what comes in. */
export const addBranch: Fixer = (site) => {
  const block = marked(site, 'parallel')?.body;
  return block === undefined ? [] : [replace('Add the branch Identity', block.span, '{ Identity }')];
};

/** A name where one is missing: that of what the word before it most often names. */
export const addName: Fixer = (site) => {
  const name = { input: 'x', target: 'y', output: 'y' }[textOf(site, site.diagnostic)];
  return name === undefined ? [] : [{ title: `Add the name ${name}`, edits: [insert(site.diagnostic.span.end, ` ${name}`)] }];
};

/** The nearest of the members, outputs or optimizers that there are. */
export const nearestListed: Fixer = (site) => {
  const { data, span } = site.diagnostic;
  const written = site.document.text.slice(span.start, span.end);
  const listed = data?.names ?? [];
  const nearest = nearestName(written, listed) ?? (optimizers.has(written) || functions.has(written) ? undefined : listed.length === 1 ? listed[0] : undefined);
  return nearest === undefined ? [] : [replace(`Change to ${nearest}`, span, nearest)];
};

/** `x -> Linear(4) -> y` becomes `y = x -> Linear(4)`. */
export function* bindingForStep(site: Site): Iterable<Fix> {
  const name = marked(site, 'name');
  const pipe = name && holderOf(site, name);
  if (name === undefined || pipe?.kind !== 'pipe' || pipe.right !== name || holderOf(site, pipe)?.kind !== 'expression-statement') return;
  let first: ast.Expression = pipe.left;
  while (first.kind === 'pipe') first = first.left;
  // Without a tensor in front, the name would be that of a layer.
  if (first.kind !== 'name' || tensorOf(site, first) === undefined) return;
  const text = `${name.text} = ${textOf(site, pipe.left)}`;
  yield replace(`Write ${text}`, pipe.span, text);
}

/** A name of its own for what is declared a second time. */
export const anotherName: Fixer = (site) => {
  const written = textOf(site, site.diagnostic);
  const free = freeName(site, written, 2);
  return [replace(`Rename this one to ${free}`, site.diagnostic.span, free)];
};

/** `x_2`, `x_3` and so on: the first that the text does not have. */
export function freeName({ document }: Site, written: string, from: number): string {
  const words = wordsOf(document);
  let count = from;
  while (words.has(`${written}_${String(count)}`)) count++;
  return `${written}_${String(count)}`;
}

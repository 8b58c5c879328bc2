// What the editor shows where the mouse rests: the page of the innermost node that has something to say.

import type * as ast from '../../../grammar/ast';
import { type Node, nodePathAt } from '../../../grammar/walk';
import { touches, type Span } from '../base/span';
import { functions, layers } from '../layers/catalog';
import { builtins } from '../semantics/builtins';
import type { ConstructorValue, FunctionValue } from '../semantics/values';
import { importedDeclaration } from './definition';
import { picturedApplications } from './figures';
import { applicationPage } from './hover/application';
import { argumentPage } from './hover/argument';
import { choicePage } from './hover/choice';
import { declarationPage } from './hover/declaration';
import { pointwisePlot, usualArguments } from './hover/function';
import { optimizerPage } from './hover/optimizer';
import { assertPage, lossPage, outputPage, paramPage, tensorStatementPage } from './hover/statement';
import { valuePage } from './hover/value';
import { codeBlock, code, escaped, paragraphs, sourceLinks } from './markdown';
import { declarationNamed } from './names';
import { grouped } from './numbers';
import { parameterNotes } from './parameter-notes';
import { introductionOf, pathTo } from './scopes';
import { printSignature, signatureOfOperation, textOf } from './spelling';
import { defaultSettings, type Settings } from './settings';
import type { Document } from './workspace';

export interface Hover {
  readonly span: Span;
  readonly markdown: string;
}

/** Where in the tree the mouse rests: the node, and those around it, the innermost first. */
interface Site {
  readonly document: Document;
  readonly settings: Settings;
  readonly offset: number;
  readonly declaration: ast.Declaration | undefined;
  around(levels: number): Node | undefined;
}

/** The hover at an offset; undefined where there is nothing to say. */
export function hover(document: Document, offset: number, settings: Settings = defaultSettings): Hover | undefined {
  const path = nodePathAt(document.tree, offset);
  const declaration = path[1] as ast.Declaration | undefined;
  for (let index = path.length - 1; index > 0; index--) {
    const node = path[index]!;
    const site: Site = { document, settings, offset, declaration, around: (levels) => path[index - levels] };
    const page = pageOf(node, site);
    if (page !== undefined && page.markdown !== '') return page;
    // A body around the mouse is no answer to what is under it.
    if (node.kind === 'block') return undefined;
  }
  return undefined;
}

function pageOf(node: Node, site: Site): Hover | undefined {
  const { document, declaration, offset } = site;
  const page = (markdown: string | undefined, span: Span = node.span): Hover | undefined => (markdown === undefined ? undefined : { span, markdown });
  switch (node.kind) {
    case 'name':
      return nameHover(node, site);
    case 'integer':
      return page(paragraphs(argumentAround(site), /[kMG_]/.test(node.text) ? code(`${node.text} = ${grouped(node.value)}`) : undefined));
    case 'float':
    case 'string':
    case 'boolean':
    case 'none':
    case 'list':
      return page(argumentAround(site));
    case 'argument':
      return page(argumentOf(site, node));
    case 'call':
    case 'member':
    case 'index':
    case 'binary':
      return page(expressionPage(node, site));
    case 'comparison':
    case 'logical':
    case 'not':
    case 'negate':
      // An assert, an argument or an `if` around it says more.
      return isPartOf(site, ['assert', 'argument', 'if-branch']) ? undefined : page(expressionPage(node, site));
    case 'pipe':
      return page(expressionPage(node.right, site));
    case 'if-branch': {
      const around = site.around(1);
      return around?.kind === 'if' && touches(node.condition.span, offset) ? page(choicePage(around, document), node.condition.span) : undefined;
    }
    case 'if': {
      const word = wordAt(document.text, offset);
      return word.text === 'if' || word.text === 'else' ? page(choicePage(node, document), word.span) : undefined;
    }
    case 'repeat':
    case 'for':
    case 'residual':
    case 'parallel':
      return page(applicationPage(picturedApplications(document, node, declaration), node, document, site.settings), keyword(node.span, document));
    case 'input':
    case 'target':
      return page(tensorStatementPage(node, declaration, document));
    case 'param':
      return page(paramPage(node, declaration, document));
    case 'output':
      return page(outputPage(node, document));
    case 'loss':
      return page(lossPage(node, declaration, document), keyword(node.span, document));
    case 'optimizer':
      return page(optimizerPage(node, declaration, document));
    case 'assert':
      return page(assertPage(node, document));
    case 'stack':
    case 'model':
    case 'function':
      return touches({ start: node.span.start, end: node.name.span.end }, offset) ? page(declarationPage(node, document, document), node.name.span) : undefined;
    default:
      return undefined;
  }
}

/** The word at the beginning of a construct. */
function keyword(span: Span, document: Document): Span {
  const length = /^\w+/.exec(document.text.slice(span.start, span.end))?.[0].length ?? span.end - span.start;
  return { start: span.start, end: span.start + length };
}

/** Whether a node stands in one of these, with nothing but expressions between. */
function isPartOf(site: Site, kinds: readonly Node['kind'][]): boolean {
  for (let levels = 1; ; levels++) {
    const around = site.around(levels);
    if (around === undefined || around.kind === 'block') return false;
    if (kinds.includes(around.kind)) return true;
  }
}

/** The word around an offset. */
function wordAt(text: string, offset: number): { readonly text: string; readonly span: Span } {
  let [start, end] = [offset, offset];
  while (start > 0 && /\w/.test(text[start - 1]!)) start--;
  while (end < text.length && /\w/.test(text[end]!)) end++;
  return { text: text.slice(start, end), span: { start, end } };
}

/** A name: what it names, by where it stands. */
function nameHover(node: ast.Name, site: Site): Hover | undefined {
  const { document } = site;
  const parent = site.around(1);
  const page = (markdown: string | undefined): Hover | undefined => (markdown === undefined ? undefined : { span: node.span, markdown });
  switch (parent?.kind) {
    case 'call':
      if (parent.callee !== node) break;
      return page(site.around(2)?.kind === 'optimizer' ? undefined : (expressionPage(parent, site) ?? namePage(node, site)));
    case 'argument':
      if (parent.name === node) return page(argumentAround(site));
      return page(paragraphs(namePage(node, site), argumentAround(site)));
    case 'stack':
    case 'model':
    case 'function':
      return page(declarationPage(parent, document, document));
    case 'imported-name':
      return page(importedPage(parent, site.around(2), document));
    case 'parameter':
      return page(paragraphs(observedPage(node, document) ?? parameterPage(parent, site.around(2), document), noteOn(node, site.around(2), document)));
    case 'let':
    case 'binding':
    case 'for':
      return page(observedPage(node, document));
    case 'member':
      return parent.name === node ? page(expressionPage(parent, site)) : page(namePage(node, site));
    case 'input':
    case 'target':
    case 'param':
    case 'output':
    case 'optimizer':
      return undefined;
  }
  return page(namePage(node, site));
}

function observedPage(node: ast.Name, document: Document): string | undefined {
  return valuePage(node.text, document.analysis.observations(node)?.first ?? [], document);
}

/** An argument that no evaluation has given a value yet. */
function parameterPage(parameter: ast.Parameter, owner: Node | undefined, { text }: Document): string {
  const of = owner?.kind === 'stack' || owner?.kind === 'model' || owner?.kind === 'function' ? ` of the ${owner.kind} ${escaped(owner.name.text)}` : '';
  return paragraphs(codeBlock(textOf(parameter, text)), `An argument${of}${parameter.default === undefined ? '; it has no default' : ''}.`);
}

/** What is known of the argument that a declaration introduces. */
function noteOn({ text }: ast.Name, owner: Node | undefined, document: Document): string | undefined {
  return owner?.kind === 'stack' || owner?.kind === 'model' || owner?.kind === 'function' ? parameterNotes(owner, document, document).get(text) : undefined;
}

/** A name in an expression: an application, a declaration, a function, or a value. */
function namePage(node: ast.Name, site: Site): string | undefined {
  const { document, declaration } = site;
  const applied = applicationPage(picturedApplications(document, node, declaration), node, document, site.settings);
  if (applied !== undefined) return applied;
  const { first } = document.analysis.observations(node) ?? { first: [] };
  for (const { value } of first) {
    const declared = value.kind === 'constructor' || value.kind === 'function' ? declaredPage(value, document) : undefined;
    if (declared !== undefined) return declared;
  }
  const isStandard = first.length === 0 || first[0]!.value.kind === 'function' || first[0]!.value.kind === 'constructor';
  return (isStandard ? standardPage(node.text) : undefined) ?? observedPage(node, document) ?? introducedPage(node, site);
}

/** A name that no evaluation came by, as in a branch that is not picked: what introduces it. */
function introducedPage(node: ast.Name, { document }: Site): string | undefined {
  const introduction = introductionOf(node, pathTo(document.tree, node));
  if (introduction === undefined) return undefined;
  const { by, name } = introduction;
  switch (by.kind) {
    case 'stack':
    case 'model':
    case 'function':
      return declarationPage(by, document, document);
    case 'imported-name':
      return importedPage(by, pathTo(document.tree, by).at(-1), document);
    case 'let':
    case 'parameter':
      return observedPage(name, document) ?? (by.kind === 'parameter' ? parameterPage(by, pathTo(document.tree, by).at(-1), document) : codeBlock(textOf(by, document.text)));
    case 'name':
      return observedPage(name, document) ?? paragraphs(codeBlock(node.text), 'A size that whatever comes in decides.');
    default:
      return observedPage(name, document);
  }
}

/** The page of what a name declares: a variant has its own. */
function declaredPage(value: ConstructorValue | FunctionValue, document: Document): string | undefined {
  const { target, name } = value;
  if (target.kind !== 'declaration') return undefined;
  const { declaration, source } = declarationNamed(name, document, document) ?? { declaration: target.declaration, source: document.dependencies.get(target.file) ?? document };
  return declaration.kind === 'let' ? undefined : declarationPage(declaration, source, document);
}

function importedPage(imported: ast.ImportedName, statement: Node | undefined, document: Document): string | undefined {
  const found = importedDeclaration(imported, statement, document);
  if (found === undefined) return undefined;
  const { declaration, source } = found;
  if (declaration.kind !== 'let') return declarationPage(declaration, source, document);
  return paragraphs(codeBlock(`let ${declaration.name.text} = ${textOf(declaration.value, source.text)}`), declaration.documentation);
}

/** A layer or function that the language brings along. */
function standardPage(name: string): string | undefined {
  const builtin = builtins.get(name);
  const operation = layers.get(name) ?? functions.get(name);
  const page = paragraphs(
    builtin && paragraphs(codeBlock(builtin.signature), builtin.summary),
    operation && paragraphs(codeBlock(printSignature(signatureOfOperation(operation, functions.has(name)), true)), operation.summary, code(operation.formula), pointwisePlot(operation, usualArguments(operation)), sourceLinks(operation.source)),
  );
  return page === '' ? undefined : page;
}

/** A call, an operator or a member: what it applies, or else what it is worth. */
function expressionPage(node: ast.Expression, site: Site): string | undefined {
  const { document, declaration } = site;
  const applied = applicationPage(picturedApplications(document, node, declaration), node, document, site.settings);
  if (applied !== undefined) return applied;
  const value = valuePage(document.text.slice(node.span.start, node.span.end).replace(/\s+/g, ' '), document.analysis.observations(node)?.first ?? [], document);
  if (node.kind !== 'call' || node.callee.kind !== 'name') return value;
  return paragraphs(value, namePage(node.callee, site));
}

/** The page of an argument; `site` is its own. */
function argumentOf(site: Site, argument: ast.Argument): string | undefined {
  const call = site.around(1);
  return call?.kind === 'call' ? argumentPage(call, argument, site.document) : undefined;
}

/** What may stand between an argument and a plain value in it. */
const within: ReadonlySet<Node['kind']> = new Set(['list', 'negate', 'binary', 'if', 'if-branch', 'block', 'expression-statement']);

/** The argument whose value the mouse is on. */
function argumentAround(site: Site): string | undefined {
  for (let levels = 1; ; levels++) {
    const around = site.around(levels);
    if (around?.kind === 'argument') return argumentOf({ ...site, around: (more) => site.around(levels + more) }, around);
    if (around === undefined || !within.has(around.kind)) return undefined;
  }
}

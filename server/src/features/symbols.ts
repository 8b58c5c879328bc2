// The outline of a document: its declarations, and in them what has a name.

import type * as ast from '../../../grammar/ast';
import type { Span } from '../base/span';
import { shortened } from '../base/words';
import { modelOf, parameterCount, typeOf } from './figures';
import { counted } from './numbers';
import { sidesOf } from './scopes';
import { printSignature, signatureOfDeclaration, spellShortCall, spellValue } from './spelling';
import type { Document } from './workspace';

export type SymbolKind = 'model' | 'stack' | 'function' | 'constant' | 'input' | 'output' | 'parameter' | 'value';

export interface DocumentSymbol {
  readonly name: string;
  readonly kind: SymbolKind;
  readonly detail: string;
  readonly span: Span;
  readonly selection: Span;
  readonly children: readonly DocumentSymbol[];
}

/** The outline has little room. */
const longest = 48;

export function documentSymbols(document: Document): readonly DocumentSymbol[] {
  return document.tree.declarations.flatMap((declaration) => ofDeclaration(declaration, document));
}

function ofDeclaration(declaration: ast.Declaration, document: Document): DocumentSymbol[] {
  if (declaration.kind === 'import' || declaration.kind === 'assert' || declaration.name.text === '') return [];
  const { name, span } = declaration;
  const common = { name: name.text, span, selection: name.span };
  if (declaration.kind === 'let') return [{ ...common, kind: 'constant', detail: worthOf(name, document), children: [] }];
  const body = declaration.kind === 'function' ? undefined : declaration.body;
  return [{ ...common, kind: declaration.kind, detail: detailOf(declaration, document), children: body === undefined ? [] : ofBlock(body, document) }];
}

function detailOf(declaration: ast.Stack | ast.Model | ast.FunctionDeclaration, document: Document): string {
  const model = modelOf(document, declaration);
  if (model !== undefined) return counted(parameterCount(model.graph), 'param');
  return declaration.parameters.length === 0 ? '' : printSignature(signatureOfDeclaration(declaration, document.text)).slice(declaration.name.text.length);
}

const kinds = { input: 'input', target: 'input', param: 'parameter', output: 'output' } as const;

function ofBlock(block: ast.Block, document: Document): DocumentSymbol[] {
  return block.statements.flatMap((statement): DocumentSymbol[] => {
    switch (statement.kind) {
      case 'input':
      case 'target':
      case 'param':
      case 'output':
        return named([statement.name], kinds[statement.kind], statement.span, document);
      case 'binding':
        return [...named(statement.names, 'value', statement.span, document), ...inBlocksOf(statement.value, document)];
      case 'expression-statement':
        return inBlocksOf(statement.value, document);
      default:
        return [];
    }
  });
}

/** What has a name in the loops, branches and blocks that an expression consists of. */
function inBlocksOf(node: ast.Expression, document: Document): DocumentSymbol[] {
  switch (node.kind) {
    case 'block':
      return ofBlock(node, document);
    case 'if':
      return sidesOf(node).flatMap((side) => ofBlock(side, document));
    case 'for':
    case 'repeat':
    case 'residual':
    case 'parallel':
      return ofBlock(node.body, document);
    case 'pipe':
      return [...inBlocksOf(node.left, document), ...inBlocksOf(node.right, document)];
    default:
      return [];
  }
}

function named(names: readonly ast.Name[], kind: SymbolKind, span: Span, document: Document): DocumentSymbol[] {
  return names
    .filter(({ text }) => text !== '')
    .map((name) => ({ name: name.text, kind, detail: worthOf(name, document), span, selection: name.span, children: [] }));
}

/** The type of a tensor, or the value of anything else, where it is first known. */
function worthOf(name: ast.Name, document: Document): string {
  const value = document.analysis.observations(name)?.first[0]?.value;
  if (value === undefined || value.kind === 'unknown') return '';
  const spelled = value.kind === 'layer' && value.layer.kind === 'catalog' ? spellShortCall(value.layer.operation, value.layer.arguments) : spellValue(value);
  return typeOf(value) ?? shortened(spelled, longest);
}

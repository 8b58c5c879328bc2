// The outline of a document: its declarations, and in them what has a name.

import type * as ast from '../../../grammar/ast';
import type { Span } from '../base/span';
import { modelOf, parameterCount, typeOf } from './figures';
import { counted } from './numbers';
import { printSignature, signatureOfDeclaration } from './spelling';
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

export function documentSymbols(document: Document): readonly DocumentSymbol[] {
  return document.tree.declarations.flatMap((declaration) => ofDeclaration(declaration, document));
}

function ofDeclaration(declaration: ast.Declaration, document: Document): DocumentSymbol[] {
  if (declaration.kind === 'import' || declaration.kind === 'assert' || declaration.name.text === '') return [];
  const { name, span } = declaration;
  const common = { name: name.text, span, selection: name.span };
  if (declaration.kind === 'let') return [{ ...common, kind: 'constant', detail: '', children: [] }];
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
        return named(statement.names, 'value', statement.span, document);
      default:
        return [];
    }
  });
}

function named(names: readonly ast.Name[], kind: SymbolKind, span: Span, document: Document): DocumentSymbol[] {
  return names
    .filter(({ text }) => text !== '')
    .map((name) => {
      const value = document.analysis.observations(name)?.first[0]?.value;
      return { name: name.text, kind, detail: (value && typeOf(value)) ?? '', span, selection: name.span, children: [] };
    });
}

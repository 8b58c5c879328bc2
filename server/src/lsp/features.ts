// The table of editor features: a row is a request, what it announces, and how it is answered.

import * as lsp from 'vscode-languageserver';
import { codeLenses, usesLens } from '../features/code-lens';
import { completions } from '../features/completion';
import { callItem, type CallRelation, incomingCalls, outgoingCalls } from '../features/call-hierarchy';
import { definition, filesOf } from '../features/definition';
import { documentLinks } from '../features/document-links';
import { foldingRanges } from '../features/folding';
import { formatting, rangeFormatting } from '../features/formatting';
import { indentation } from '../features/indentation';
import { highlights, references } from '../features/references';
import { prepareRename, rename } from '../features/rename';
import { selectionRange } from '../features/selection-ranges';
import { Refusal } from '../features/text-edits';
import { workspaceSymbols } from '../features/workspace-symbols';
import { hover } from '../features/hover';
import { inlayHints } from '../features/inlay-hints';
import { signatureHelp } from '../features/signature-help';
import { documentSymbols } from '../features/symbols';
import {
  type CompletionData,
  type ItemData,
  toCallItem,
  toCodeLens,
  toCommand,
  toCompletionItem,
  toDocumentSymbol,
  toError,
  toHover,
  toInlayHint,
  toLocation,
  toRange,
  toSelectionRange,
  toSignatureHelp,
  toSpan,
  toTextEdits,
  toTooltip,
  toWorkspaceEdit,
  toWorkspaceSymbol,
  withDocumentation,
} from './convert';
import { codeActionFeatures } from './code-actions';
import { acrossFiles, feature, type Feature, request, resolution } from './row';
import { semanticTokensFeature } from './semantic-tokens';
import type { Session } from './session';

export const features: readonly Feature[] = [
  feature(lsp.HoverRequest.type, { hoverProvider: true }, (document, { position }, { settings }) => {
    const found = hover(document, document.lines.offset(position), settings);
    return found && toHover(document, found);
  }),
  feature(lsp.InlayHintRequest.type, { inlayHintProvider: { resolveProvider: true } }, (document, { range }, { settings, resolvesHints }) =>
    inlayHints(document, toSpan(document, range), settings).map((hint) => toInlayHint(document, hint, resolvesHints)),
  ),
  resolution(lsp.InlayHintResolveRequest.type, (hint: lsp.InlayHint) => (hint.data as ItemData).uri, (document, hint, { settings }) => {
    const { offset } = hint.data as ItemData;
    const found = inlayHints(document, { start: offset, end: offset }, settings).find((each) => each.offset === offset && each.label === hint.label);
    return { ...hint, tooltip: found && toTooltip(found) };
  }),
  feature(lsp.CodeLensRequest.type, { codeLensProvider: { resolveProvider: true } }, (document, _, { checks, settings, lenses }) => {
    lenses.asked();
    return codeLenses(document, { settings, checks }).map((lens) => toCodeLens(document, lens));
  }),
  resolution(lsp.CodeLensResolveRequest.type, (lens: lsp.CodeLens) => (lens.data as ItemData).uri, async (document, lens, session) => {
    const { offset } = lens.data as ItemData;
    return { ...lens, command: toCommand(document, usesLens(references(await session.files(), document, offset, false).length), offset) };
  }),
  ...codeActionFeatures,
  feature(lsp.DocumentSymbolRequest.type, { documentSymbolProvider: true }, (document) => documentSymbols(document).map((symbol) => toDocumentSymbol(document, symbol))),
  feature(lsp.FoldingRangeRequest.type, { foldingRangeProvider: true }, (document) => foldingRanges(document).map((range) => ({ ...range }))),
  feature(lsp.DefinitionRequest.type, { definitionProvider: true }, (document, { position }, { source }) =>
    toLocation(definition(document, document.lines.offset(position)), source),
  ),
  acrossFiles(lsp.ReferencesRequest.type, { referencesProvider: true }, (files, source, offset, { context }) =>
    references(files, source, offset, context.includeDeclaration).flatMap((place) => toLocation(place, (uri) => files.source(uri)) ?? []),
  ),
  feature(lsp.DocumentHighlightRequest.type, { documentHighlightProvider: true }, (document, { position }) =>
    highlights(filesOf(document), document, document.lines.offset(position)).map(({ span, introduces }) => ({
      range: toRange(document, span),
      kind: introduces ? lsp.DocumentHighlightKind.Write : lsp.DocumentHighlightKind.Read,
    })),
  ),
  acrossFiles(lsp.PrepareRenameRequest.type, {}, (files, source, offset) => {
    const found = prepareRename(files, source, offset);
    return found instanceof Refusal ? toError(found) : found && { range: toRange(source, found.span), placeholder: found.text };
  }),
  acrossFiles(lsp.RenameRequest.type, { renameProvider: { prepareProvider: true } }, (files, source, offset, { newName }) => {
    const edits = rename(files, source, offset, newName);
    return edits instanceof Refusal ? toError(edits) : edits && toWorkspaceEdit(edits, (uri) => files.source(uri));
  }),
  acrossFiles(lsp.CallHierarchyPrepareRequest.type, { callHierarchyProvider: true }, (files, source, offset) => {
    const item = callItem(files, source, offset);
    return item && [toCallItem(item)];
  }),
  request(lsp.CallHierarchyIncomingCallsRequest.type, {}, async ({ item }, session, token) => (await relations(incomingCalls, item, session, token)).map(({ item: from, spans }) => ({ from: toCallItem(from), fromRanges: spans.map((span) => toRange(from.source, span)) }))),
  request(lsp.CallHierarchyOutgoingCallsRequest.type, {}, async ({ item }, session, token) => {
    const source = session.source(item.uri);
    return (await relations(outgoingCalls, item, session, token)).map(({ item: to, spans }) => ({ to: toCallItem(to), fromRanges: source === undefined ? [] : spans.map((span) => toRange(source, span)) }));
  }),
  request(lsp.WorkspaceSymbolRequest.type, { workspaceSymbolProvider: true }, async ({ query }, session, token) => workspaceSymbols((await session.files(token)).all, query).map(toWorkspaceSymbol)),
  feature(lsp.DocumentLinkRequest.type, { documentLinkProvider: {} }, (document) => documentLinks(document).map(({ span, target }) => ({ range: toRange(document, span), target }))),
  feature(lsp.SelectionRangeRequest.type, { selectionRangeProvider: true }, (document, { positions }) =>
    positions.map((position) => toSelectionRange(document, selectionRange(document, document.lines.offset(position)), position)),
  ),
  request(lsp.CompletionRequest.type, { completionProvider: { triggerCharacters: ['.', '(', ',', '=', '"', '/'], resolveProvider: true } }, async ({ textDocument, position, context }, session, token) => {
    const files = await session.files(token);
    const document = await session.document(textDocument.uri, token);
    if (document === undefined) return undefined;
    const offset = document.lines.offset(position);
    // A / is mostly a division.
    if (context?.triggerCharacter === '/' && !/^\s*from\s+"/.test(document.lines.line(position.line))) return undefined;
    return completions(document, offset, files).map((completion, index) => toCompletionItem(document, completion, index, session.completionSupport));
  }),
  resolution(lsp.CompletionResolveRequest.type, (item: lsp.CompletionItem) => (item.data as CompletionData | undefined)?.uri ?? '', (_, item) => withDocumentation(item)),
  feature(lsp.SignatureHelpRequest.type, { signatureHelpProvider: { triggerCharacters: ['(', ','] } }, (document, { position }) => {
    const help = signatureHelp(document, document.lines.offset(position));
    return help && toSignatureHelp(help);
  }),
  feature(lsp.DocumentFormattingRequest.type, { documentFormattingProvider: true }, (document) => {
    const edit = formatting(document);
    return edit === undefined ? [] : toTextEdits(document, [edit]);
  }),
  feature(lsp.DocumentRangeFormattingRequest.type, { documentRangeFormattingProvider: true }, (document, { range }) => {
    const edit = rangeFormatting(document, toSpan(document, range));
    return edit === undefined ? [] : toTextEdits(document, [edit]);
  }),
  feature(lsp.DocumentOnTypeFormattingRequest.type, { documentOnTypeFormattingProvider: { firstTriggerCharacter: '}', moreTriggerCharacter: ['\n'] } }, (document, { position }) => {
    const edit = indentation(document, document.lines.offset(position));
    return edit === undefined ? [] : toTextEdits(document, [edit]);
  }),
  semanticTokensFeature,
];

/** The callers or callees of an item of the call hierarchy. */
async function relations(find: typeof incomingCalls, item: lsp.CallHierarchyItem, session: Session, token: lsp.CancellationToken): Promise<readonly CallRelation[]> {
  const files = await session.files(token);
  const source = files.source(item.uri);
  return source === undefined || token.isCancellationRequested ? [] : find(files, source, source.lines.offset(item.selectionRange.start));
}

/** What the server announces: what its features do. */
export const capabilities: lsp.ServerCapabilities = Object.assign({}, ...features.map((each) => each.capabilities)) as lsp.ServerCapabilities;

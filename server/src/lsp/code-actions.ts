// The rows of quick fixes and refactorings. Fixes are tried on the text, which takes time: in slices, for as long as somebody waits.

import * as lsp from 'vscode-languageserver';
import { allOf, type CodeAction, ignoreActions, isSafe, kindsToFix, searchActions, searchEdits, untried } from '../features/code-actions';
import type { Span } from '../base/span';
import type { Files } from '../features/entity';
import { offered } from '../features/refactorings';
import type { Document } from '../features/workspace';
import { toCodeAction, toRefactoring, toSpan, toTextEdits } from './convert';
import { type Feature, request, resolution } from './row';
import type { Session } from './session';

/** What runs on saving, where the person has asked for it. */
const fixAllKind = `${lsp.CodeActionKind.SourceFixAll}.nn`;

const quickFix = lsp.CodeActionKind.QuickFix;
const refactoringKinds = [lsp.CodeActionKind.RefactorExtract, lsp.CodeActionKind.RefactorInline, lsp.CodeActionKind.RefactorRewrite];
const codeActionKinds = [quickFix, ...refactoringKinds, fixAllKind];

/** Milliseconds after which those fixes are shown that were found, and the search goes on when it is next asked for. */
const patience = 1_000;

/** What is needed to find the edits of an action later: all diagnostics of one kind. */
interface ActionData {
  readonly uri: string;
  readonly fixAll: string;
}

async function quickFixes(document: Document, range: lsp.Range, files: Files, session: Session, token: lsp.CancellationToken): Promise<readonly lsp.CodeAction[]> {
  const diagnostics = session.diagnostics(document);
  const single = await session.search(document, searchActions(document, diagnostics, toSpan(document, range), files), token, patience);
  const all: lsp.CodeAction[] = [];
  for (const kind of kindsToFix(single, diagnostics)) {
    const action: lsp.CodeAction = { title: `Fix all ${kind} in file`, kind: quickFix, data: { uri: document.uri, fixAll: kind } satisfies ActionData };
    all.push(session.resolvesActions ? action : await withEdits(document, action, session, token, patience));
  }
  const ignores = ignoreActions(document, diagnostics, toSpan(document, range));
  const reason = single.length === 0 && session.showsDisabledActions ? untried(document, diagnostics, toSpan(document, range)) : undefined;
  if (reason !== undefined) all.push({ title: 'Find a fix', kind: quickFix, disabled: { reason } });
  const asAction = (action: CodeAction): lsp.CodeAction => toCodeAction(document, action, quickFix, session);
  return [...single.map(asAction), ...all.filter((action) => session.resolvesActions || action.edit !== undefined || action.disabled !== undefined), ...ignores.map(asAction)];
}

/** An action of all diagnostics of one kind, with its edits. */
async function withEdits(document: Document, action: lsp.CodeAction, session: Session, token: lsp.CancellationToken, milliseconds?: number): Promise<lsp.CodeAction> {
  const { fixAll } = action.data as ActionData;
  const [edits] = await session.search(document, searchEdits(document, allOf(fixAll, session.diagnostics(document)), await session.files(token)), token, milliseconds);
  return edits === undefined ? action : { ...action, edit: { changes: { [document.uri]: toTextEdits(document, edits) } } };
}

/** All fixes that nobody needs to look at. */
async function safeFixes(document: Document, session: Session, token: lsp.CancellationToken): Promise<readonly lsp.CodeAction[]> {
  const diagnostics = session.diagnostics(document).filter(isSafe);
  const found = await session.search(document, searchEdits(document, diagnostics), token);
  return found.map((edits) => toCodeAction(document, { title: 'Fix all that is safe to fix', edits, diagnostics, preferred: false } satisfies CodeAction, fixAllKind, session));
}

/** The refactorings of what is selected, and, for a client that shows them, those that are refused. */
function refactorings(document: Document, selection: Span, files: Files, session: Session): readonly lsp.CodeAction[] {
  return offered(document, selection, files)
    .filter((each) => 'edits' in each || session.showsDisabledActions)
    .map((each) => toRefactoring(document, each, session.renameCommand));
}

export const codeActionFeatures: readonly Feature[] = [
  request(lsp.CodeActionRequest.type, { codeActionProvider: { codeActionKinds, resolveProvider: true } }, async ({ textDocument, range, context: { only } }, session, token) => {
    const files = await session.files(token);
    const document = await session.document(textDocument.uri, token);
    if (document === undefined) return undefined;
    const wanted = (kind: string): boolean => only?.some((each) => kind === each || kind.startsWith(`${each}.`)) ?? true;
    return [
      ...(wanted(quickFix) ? await quickFixes(document, range, files, session, token) : []),
      ...(refactoringKinds.some(wanted) ? refactorings(document, toSpan(document, range), files, session).filter(({ kind }) => wanted(kind!)) : []),
      ...(only !== undefined && wanted(fixAllKind) ? await safeFixes(document, session, token) : []),
    ];
  }),
  resolution(lsp.CodeActionResolveRequest.type, (action: lsp.CodeAction) => (action.data as ActionData | undefined)?.uri ?? '', (document, action, session, token) => withEdits(document, action, session, token)),
];

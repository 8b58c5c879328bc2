// The row of semantic tokens: whole documents, ranges, and what has changed since the last answer.

import * as lsp from 'vscode-languageserver';
import { semanticTokens, type SemanticToken, tokenModifiers, tokenTypes } from '../features/semantic-tokens';
import type { Document } from '../features/workspace';
import { toSpan } from './convert';
import { feature, type Feature } from './row';

/** The last answer for each document, which the next one is compared with. */
class Answers {
  private readonly known = new Map<string, { readonly id: string; readonly data: readonly number[] }>();
  private next = 0;

  whole(document: Document): lsp.SemanticTokens {
    const resultId = String(this.next++);
    const data = encode(document, semanticTokens(document));
    this.known.set(document.uri, { id: resultId, data });
    return { resultId, data };
  }

  delta(document: Document, previousResultId: string): lsp.SemanticTokens | lsp.SemanticTokensDelta {
    const before = this.known.get(document.uri);
    const now = this.whole(document);
    return before?.id === previousResultId ? { resultId: now.resultId, edits: difference(before.data, now.data) } : now;
  }
}

/** Five numbers for each token: lines and characters since the one before, length, type, modifiers. */
function encode({ lines }: Document, tokens: readonly SemanticToken[]): number[] {
  const data: number[] = [];
  let last = { line: 0, character: 0 };
  for (const { span, type, modifiers } of tokens) {
    const at = lines.position(span.start);
    const bits = modifiers.reduce((sum, modifier) => sum | (1 << tokenModifiers.indexOf(modifier)), 0);
    data.push(at.line - last.line, at.line === last.line ? at.character - last.character : at.character, span.end - span.start, tokenTypes.indexOf(type), bits);
    last = at;
  }
  return data;
}

/** What lies between the common beginning and the common end. */
function difference(before: readonly number[], now: readonly number[]): lsp.SemanticTokensEdit[] {
  const shorter = Math.min(before.length, now.length);
  let start = 0;
  while (start < shorter && before[start] === now[start]) start++;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === now[now.length - 1 - end]) end++;
  if (start === before.length && start === now.length) return [];
  return [{ start, deleteCount: before.length - start - end, data: now.slice(start, now.length - end) }];
}

const provider: lsp.SemanticTokensOptions = { legend: { tokenTypes: [...tokenTypes], tokenModifiers: [...tokenModifiers] }, full: { delta: true }, range: true };

/** Three requests that share the answers of one connection. */
export const semanticTokensFeature: Feature = {
  capabilities: { semanticTokensProvider: provider },
  register(session) {
    const answers = new Answers();
    const rows = [
      feature(lsp.SemanticTokensRequest.type, {}, (document) => answers.whole(document)),
      feature(lsp.SemanticTokensDeltaRequest.type, {}, (document, { previousResultId }) => answers.delta(document, previousResultId)),
      feature(lsp.SemanticTokensRangeRequest.type, {}, (document, { range }) => ({ data: encode(document, semanticTokens(document, toSpan(document, range))) })),
    ];
    for (const row of rows) row.register(session);
  },
};

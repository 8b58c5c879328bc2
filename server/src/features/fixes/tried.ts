// Fixes that are tried before they are offered: the text is analysed with each of them, so that one that mends nothing is never seen.

import type { Diagnostic, Fix } from '../../base/diagnostic';
import { registeredCode } from '../../base/codes';
import { diagnosticsOf } from '../diagnostics';
import { applied } from '../text-edits';
import { type Document, Workspace } from '../workspace';
import type { Fixer, Site } from './site';

/** Candidates that are tried for one diagnostic, and texts beyond which none is: a person waits for the answer. */
const most = { candidates: 48, text: 150_000 };

/** For each state of a document, a workspace in which only this file is ever changed: a trial evaluates what the edit touches. */
const workspaces = new WeakMap<Document, { readonly workspace: Workspace; version: number }>();

/** The document with edits made, in a workspace of its own. */
function edited(document: Document, fix: Fix): Document {
  let known = workspaces.get(document);
  if (known === undefined) {
    known = { workspace: new Workspace((uri) => document.dependencies.get(uri)?.text), version: 0 };
    workspaces.set(document, known);
  }
  known.workspace.update(document.uri, ++known.version, applied(document.text, fix.edits));
  return known.workspace.document(document.uri)!;
}

/** An application of a stack is in error no more once its one error is mended. */
function errorsIn(diagnostics: readonly Diagnostic[]): readonly string[] {
  return diagnostics.flatMap(({ severity, code, message }) => (severity === 'error' && code !== 'error-in-application' ? [`${code}: ${message}`] : []));
}

/** The first candidates that mend the diagnostic and bring no new error, as many as are wanted. */
export function tried(site: Site, candidates: Iterable<Fix>, wanted = 1): readonly Fix[] {
  const { document, diagnostic } = site;
  if (document.text.length > most.text) return [];
  const code = registeredCode(diagnostic.code);
  const alike = (all: readonly Diagnostic[]): number => all.filter((each) => registeredCode(each.code) === code).length;
  const before = diagnosticsOf(document);
  const known = errorsIn(before);
  const mending: Fix[] = [];
  let count = 0;
  for (const fix of candidates) {
    if (mending.length >= wanted || ++count > most.candidates) break;
    const after = diagnosticsOf(edited(document, fix));
    if (alike(after) < alike(before) && errorsIn(after).every((error) => known.includes(error))) mending.push(fix);
  }
  return mending;
}

/** Proposes fixes, the best first. */
export type Proposer = (site: Site) => Iterable<Fix>;

/** A fixer whose proposals are tried; of each proposer, the first that mends. */
export function trying(...proposers: readonly Proposer[]): Fixer {
  return remembered((site) => proposers.flatMap((propose) => tried(site, propose(site))));
}

/** The same where each proposal that mends is as good as the others. */
export function tryingAll(...proposers: readonly Proposer[]): Fixer {
  return remembered((site) => proposers.flatMap((propose) => tried(site, propose(site), 4)));
}

/** Editors ask again whenever the cursor moves. */
function remembered(fixer: Fixer): Fixer {
  const known = new WeakMap<Document, Map<Diagnostic, readonly Fix[]>>();
  return (site) => {
    const here = known.get(site.document) ?? new Map<Diagnostic, readonly Fix[]>();
    known.set(site.document, here);
    let fixes = here.get(site.diagnostic);
    if (fixes === undefined) here.set(site.diagnostic, (fixes = fixer(site)));
    return fixes;
  };
}

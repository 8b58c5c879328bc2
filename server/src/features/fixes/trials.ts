// Trials of edits: how a document would be with them, worked out in a workspace where only its file is ever changed, so that
// each trial evaluates what its edit touches, and the first trial after a keystroke what the keystroke has touched.

import { applied, type TextEdit } from '../text-edits';
import { type Document, Workspace } from '../workspace';

/** The trials of one file. */
class Trials {
  private document: Document;
  private version = 0;
  private readonly workspace = new Workspace((uri) => this.document.dependencies.get(uri)?.text);

  constructor(document: Document) {
    this.document = document;
  }

  /** Takes another state of the file, with what it imports. */
  take(document: Document): void {
    if (document === this.document) return;
    for (const uri of [...this.document.dependencies.keys(), ...document.dependencies.keys()]) this.workspace.forget(uri);
    this.document = document;
  }

  *edited(edits: readonly TextEdit[]): Generator<undefined, Document> {
    const { document, workspace } = this;
    const text = applied(document.text, edits);
    do {
      this.take(document);
      workspace.update(document.uri, ++this.version, text);
    } while (!(yield* workspace.prepare(document.uri)));
    return workspace.document(document.uri)!;
  }
}

const trials = new WeakMap<object, Trials>();

/** The document with edits made, step by step. It is one state of a text that goes on: its places hold until the next trial. */
export function* tryEdits(document: Document, edits: readonly TextEdit[]): Generator<undefined, Document> {
  let ofFile = trials.get(document.history);
  if (ofFile === undefined) trials.set(document.history, (ofFile = new Trials(document)));
  ofFile.take(document);
  return yield* ofFile.edited(edits);
}

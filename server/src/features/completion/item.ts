// One entry of a list of completions.

import type { TextEdit } from '../text-edits';

export type CompletionKind = 'argument' | 'value' | 'name' | 'declaration' | 'layer' | 'function' | 'keyword' | 'member' | 'file';

export interface Completion {
  readonly label: string;
  readonly kind: CompletionKind;
  /** What is shown right behind the label: `→ [64, 56, 56]`. */
  readonly effect?: string;
  /** What is shown at the end of the line. */
  readonly origin?: string;
  /** What is written, where that is more than the label. */
  readonly insert?: string;
  /** Whether what is written has places to fill in: `${1:64}`, `$0`. */
  readonly isSnippet?: boolean;
  /** What the text replaces, where that is more than the word at the cursor. */
  readonly replaces?: TextEdit['span'];
  /** Edits elsewhere in the document that go with it. */
  readonly further?: readonly TextEdit[];
  readonly detail?: string;
  readonly documentation?: string;
  /** Of a name: what it stands for, as far as that is known. */
  readonly worth?: 'tensor' | 'layer' | 'plain';
  /** It can be written here, but would be an error. */
  readonly unfit?: boolean;
}

/** Keywords as they are. */
export function words(labels: readonly string[]): Completion[] {
  return labels.map((label) => ({ label, kind: 'keyword' }));
}

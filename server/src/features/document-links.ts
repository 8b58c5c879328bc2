// The paths of imports as links to the files that they name.

import type { Span } from '../base/span';
import { importedAddress } from './names';
import type { Source } from './workspace';

export interface DocumentLink {
  readonly span: Span;
  /** The address of the file. */
  readonly target: string;
}

export function documentLinks({ tree, uri }: Source): readonly DocumentLink[] {
  return tree.declarations.flatMap((declaration) => {
    if (declaration.kind !== 'import' || declaration.path === undefined || declaration.path.value === '') return [];
    const target = importedAddress(declaration, uri);
    const { start, end } = declaration.path.span;
    return target === undefined ? [] : [{ span: { start: start + 1, end: end - 1 }, target }];
  });
}

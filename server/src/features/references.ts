// All places that name what a name stands for, in all files, and in one file with what each of them does.

import type { Span } from '../base/span';
import type { Place } from '../semantics/graph';
import { type Entity, entityAt, entityOf, type Files, type Occurrence, occurrencesIn, occurrencesOf } from './entity';
import type { Source } from './workspace';

/** The places that name what the name at an offset stands for; other names that imports give it count, too. */
export function references(files: Files, source: Source, offset: number, includeDeclaration = true): readonly Place[] {
  const entity = entityAt(files, source, offset);
  if (entity === undefined) return [];
  return referencesTo(files, entity)
    .filter(({ name }) => includeDeclaration || name !== entity.name)
    .map(({ source: { uri }, name }) => ({ file: uri, span: name.span }));
}

/** The places that name an entity, or another name that an import gives it. */
export function referencesTo(files: Files, entity: Entity): readonly Occurrence[] {
  return occurrencesOf(files, entity).flatMap((occurrence) => {
    const { source, path, name } = occurrence;
    const imported = path.at(-1);
    const alias = imported?.kind === 'imported-name' && imported.name === name && imported.alias !== undefined ? imported.alias : undefined;
    const other = alias && entityOf(files, { source, name: alias, path });
    return other === undefined ? [occurrence] : [occurrence, ...referencesTo(files, other)];
  });
}

export interface Highlight {
  readonly span: Span;
  /** Whether the name is introduced here rather than used. */
  readonly introduces: boolean;
}

/** The places in a file that name what the name at an offset stands for. */
export function highlights(files: Files, source: Source, offset: number): readonly Highlight[] {
  const entity = entityAt(files, source, offset);
  if (entity === undefined) return [];
  return occurrencesIn(files, source, entity).map(({ name, path }) => {
    const parent = path.at(-1);
    return { span: name.span, introduces: name === entity.name || (parent?.kind === 'binding' && parent.names.includes(name)) };
  });
}

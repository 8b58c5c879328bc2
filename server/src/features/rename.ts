// Renaming: every place that names the same thing, in all files; refused where any name would come to mean another thing.

import { keywords } from '../../../grammar/tokens';
import type { Span } from '../base/span';
import { functions, layers } from '../layers/catalog';
import { optimizers } from '../layers/optimizers';
import { builtins } from '../semantics/builtins';
import { type Entity, entityOf, type Files, namesOf, type Occurrence } from './entity';
import { argumentsOfPassed, occurrencesTogether } from './passed';
import { introductionsAround, nameAt } from './scopes';
import { applied, type FileEdits, Refusal, type TextEdit } from './text-edits';
import { type Source, sourceOf, Workspace } from './workspace';

/** The name at an offset, where it can be renamed. */
export function prepareRename(files: Files, source: Source, offset: number): { readonly span: Span; readonly text: string } | Refusal | undefined {
  const found = nameAt(source, offset);
  if (found === undefined) return undefined;
  const { name } = found;
  return meantBy(files, { source, ...found }) === undefined ? new Refusal(whyNot(name.text)) : { span: name.span, text: name.text };
}

/** What a name stands for; in the call of a stack that is passed on, the argument of any that is. */
function meantBy(files: Files, occurrence: Occurrence): Entity | undefined {
  return entityOf(files, occurrence) ?? argumentsOfPassed(files, occurrence)[0];
}

function whyNot(name: string): string {
  if (layers.has(name) || functions.has(name) || builtins.has(name) || optimizers.has(name)) return `${name} belongs to the language and keeps its name`;
  return `no file here declares ${name}; it can be renamed where it is declared`;
}

/** The edits that give what the name at an offset stands for another name everywhere. */
export function rename(files: Files, source: Source, offset: number, to: string): FileEdits | Refusal | undefined {
  const found = nameAt(source, offset);
  if (found === undefined) return undefined;
  const entity = meantBy(files, { source, ...found });
  if (entity === undefined) return new Refusal(whyNot(found.name.text));
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(to)) return new Refusal(`"${to}" is no name: names are letters, digits and _, and do not begin with a digit`);
  if ((keywords as readonly string[]).includes(to)) return new Refusal(`${to} is a keyword of the language; take another name`);
  if (to === entity.name.text) return new Map();
  const occurrences = occurrencesTogether(files, entity);
  return clash(occurrences, to) ?? change(files, entity, occurrences, to);
}

/** Another thing of that name in the same body, list of arguments, or file. */
function clash(occurrences: readonly Occurrence[], to: string): Refusal | undefined {
  for (const { source, name, path } of occurrences) {
    for (const level of introductionsAround(path)) {
      if (!level.some((introduction) => introduction.name === name)) continue;
      const other = level.find((introduction) => introduction.name.text === to);
      if (other !== undefined) return new Refusal(`${to} is taken already, ${placeOf(source, other.name.span)}; take another name`);
    }
  }
  return undefined;
}

function placeOf({ uri, lines }: Source, { start }: Span): string {
  return `in line ${String(lines.position(start).line + 1)} of ${decodeURIComponent(uri.slice(uri.lastIndexOf('/') + 1))}`;
}

function change(files: Files, entity: Entity, occurrences: readonly Occurrence[], to: string): FileEdits | Refusal {
  const edits = new Map<string, TextEdit[]>();
  for (const { source, name } of occurrences) {
    const edit = { span: name.span, text: to };
    const ofFile = edits.get(source.uri);
    if (ofFile === undefined) edits.set(source.uri, [edit]);
    else ofFile.push(edit);
  }
  const after = edited(files, edits);
  return otherMeaning(files, after, edits, to) ?? newError(files, after, entity.name.text) ?? edits;
}

/** The files as they are once edits are made. */
function edited(files: Files, edits: FileEdits): Files {
  const changed = new Map<string, Source>();
  for (const [uri, ofFile] of edits) changed.set(uri, sourceOf(uri, applied(files.source(uri)!.text, ofFile)));
  return {
    source: (uri) => {
      const before = files.source(uri);
      return before && (changed.get(before.uri) ?? before);
    },
    all: files.all.map((source) => changed.get(source.uri) ?? source),
  };
}

/** Every name of an edited file stands for what it stood for; otherwise the first one that does not. */
function otherMeaning(before: Files, after: Files, edits: FileEdits, to: string): Refusal | undefined {
  const indices = (files: Files): Map<object, string> => {
    const found = new Map<object, string>();
    for (const uri of edits.keys()) for (const [index, { name }] of namesOf(files.source(uri)!).entries()) found.set(name, `${uri}#${String(index)}`);
    return found;
  };
  const [placesBefore, placesAfter] = [indices(before), indices(after)];
  const target = (files: Files, places: Map<object, string>, occurrence: Occurrence): string | undefined => {
    const entity = entityOf(files, occurrence);
    return entity && (places.get(entity.name) ?? `${entity.source.uri}@${String(entity.name.span.start)}`);
  };
  for (const uri of edits.keys()) {
    const then = namesOf(after.source(uri)!);
    for (const [index, occurrence] of namesOf(before.source(uri)!).entries()) {
      const now = then[index];
      if (now !== undefined && target(before, placesBefore, occurrence) === target(after, placesAfter, now)) continue;
      return new Refusal(`${to} would change what ${occurrence.name.text} means ${placeOf(occurrence.source, occurrence.name.span)}; take another name`);
    }
  }
  return undefined;
}

/** What the trees alone do not tell: an error that the files have once the edits are made, and did not have before. */
function newError(before: Files, after: Files, from: string): Refusal | undefined {
  const word = new RegExp(`\\b${from}\\b`);
  const concerned = before.all.filter(({ text }) => word.test(text)).map(({ uri }) => uri);
  const known = new Map<string, number>();
  for (const { code } of errorsOf(before, concerned)) known.set(code, (known.get(code) ?? 0) + 1);
  for (const { code, message, place } of errorsOf(after, concerned)) {
    const left = (known.get(code) ?? 0) - 1;
    known.set(code, left);
    if (left < 0) return new Refusal(`after the change there would be an error ${place}: ${message}`);
  }
  return undefined;
}

function errorsOf(files: Files, uris: readonly string[]): { readonly code: string; readonly message: string; readonly place: string }[] {
  const workspace = new Workspace((uri) => files.source(uri)?.text);
  for (const uri of uris) workspace.update(uri, 0, files.source(uri)!.text);
  return uris.flatMap((uri) => {
    const document = workspace.document(uri)!;
    return document.analysis.diagnostics.filter(({ severity }) => severity === 'error').map(({ code, message, span }) => ({ code, message, place: placeOf(document, span) }));
  });
}

// The files and models that a command is about.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { nearestName } from '../base/nearest';
import { readUri } from '../disk';
import { type Document, Workspace } from '../features/workspace';
import type { Places } from '../features/summary';
import type { EvaluatedModel } from '../semantics/model';
import { whyImpossible } from '../semantics/requirements';
import { symbolsOf } from '../symbolic/dimension';
import { UsageError } from './terminal';

/** Reads and analyses a file; throws a UsageError for one that cannot be read. */
export function openFile(file: string): Document {
  const uri = pathToFileURL(path.resolve(file)).href;
  const workspace = new Workspace(readUri);
  workspace.update(uri, 1, readText(file));
  return workspace.document(uri)!;
}

export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${reasonOf(error)}`);
  }
}

export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reasons: Readonly<Record<string, string>> = { ENOENT: 'there is no such file', EISDIR: 'it is a folder', EACCES: 'permission denied' };
  return reasons[code] ?? (error instanceof Error ? error.message : String(error));
}

/** The path of a file as one would type it here. */
export function pathOf(uri: string): string {
  try {
    return path.relative('', fileURLToPath(uri));
  } catch {
    return uri;
  }
}

/** The models to speak of: the one that is named, or all that need no arguments. */
export function chosenModels(document: Document, name: string | undefined): readonly EvaluatedModel[] {
  const { models, templates } = document.analysis;
  if (name === undefined) return models;
  const found = models.find((model) => model.name === name);
  if (found !== undefined) return [found];
  const template = templates.find(({ declaration }) => declaration.name.text === name);
  if (template !== undefined) throw new UsageError(`${name} needs arguments (${template.missing.join(', ')}); a variant such as \`model My${name} = ${name}(…)\` gives them`);
  const names = models.map((model) => model.name);
  const nearest = nearestName(name, names);
  throw new UsageError(`${pathOf(document.uri)} has no model ${name}; ${nearest === undefined ? (names.length === 0 ? 'it declares none' : `there are ${names.join(', ')}`) : `did you mean ${nearest}?`}`);
}

/** `H=224,W=224` as sizes of free dimensions, added to those of earlier options. */
export function parseSizes(text: string, before: ReadonlyMap<string, number> = new Map()): ReadonlyMap<string, number> {
  const sizes = new Map(before);
  for (const part of text.split(',')) {
    const match = /^\s*([A-Za-z_]\w*)\s*=\s*(\S+)\s*$/.exec(part);
    if (match === null) throw new UsageError(`--at takes sizes such as H=224,W=224, but gets ${JSON.stringify(part)}`);
    const [, name, value] = match as unknown as [string, string, string];
    const size = Number(value);
    if (!Number.isSafeInteger(size) || size < 1) throw new UsageError(`--at: ${name} must be a positive integer, but is ${value}`);
    sizes.set(name, size);
  }
  return sizes;
}

/** The models with these sizes for their free dimensions; each takes those that it has. */
export function atSizes(document: Document, models: readonly EvaluatedModel[], sizes: ReadonlyMap<string, number>): readonly EvaluatedModel[] {
  if (sizes.size === 0) return models;
  requirePossible(models, sizes);
  return models.map((model) => {
    const sized = document.analysis.modelAt(model.name, ofModel(model, sizes));
    if (sized === undefined) throw new UsageError(`${model.name} cannot be built with these sizes`);
    return sized;
  });
}

export function ofModel(model: EvaluatedModel, sizes: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const names = freeDimensions(model);
  return new Map([...sizes].filter(([name]) => names.has(name)));
}

/** Throws a UsageError for a size that no model has, or that a model rules out. */
export function requirePossible(models: readonly EvaluatedModel[], sizes: ReadonlyMap<string, number>): void {
  const known = new Set(models.flatMap((model) => [...freeDimensions(model)]));
  for (const name of sizes.keys()) {
    if (known.has(name)) continue;
    const whose = models.length === 1 ? models[0]!.name : 'the models';
    throw new UsageError(`--at: ${name} is no free dimension of ${whose}; ${known.size === 0 ? 'there are none' : `there ${known.size === 1 ? 'is' : 'are'} ${[...known].join(', ')}`}`);
  }
  for (const model of models) {
    const impossible = whyImpossible(model.graph, ofModel(model, sizes), model.name);
    if (impossible !== undefined) throw new UsageError(`--at: ${impossible.message}`);
  }
}

function freeDimensions({ graph }: EvaluatedModel): ReadonlySet<string> {
  const declared = [...graph.inputs, ...graph.targets];
  return new Set(declared.flatMap(({ type }) => type.shape.flatMap((size) => symbolsOf(size).map(({ name }) => name))));
}

/** Lines and texts in the file and those that it imports. */
export function placesIn(document: Document): Places {
  return {
    lineOf: ({ file, span }) => (document.dependencies.get(file)?.lines.position(span.start).line ?? 0) + 1,
    textOf: ({ file, span }) => document.dependencies.get(file)?.text.slice(span.start, span.end) ?? '',
  };
}

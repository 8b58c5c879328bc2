// What a model is, whatever it looks like: two states of a text in which it is equal give the same graph. And places in it.

import type * as ast from '../../../grammar/ast';
import { children, type Node } from '../../../grammar/walk';
import type { Place } from '../semantics/graph';
import { declarationNamed, type NamedDeclaration } from './names';
import type { Document, Source } from './workspace';

interface Content {
  /** The declaration without places, comments and layout. */
  readonly text: string;
  readonly names: ReadonlySet<string>;
}

const contents = new WeakMap<NamedDeclaration, Content>();

/** The content of a model: of its own declaration, and of all that it names, directly or not. */
export function contentOf(model: string, document: Document): string {
  const found = new Map<NamedDeclaration, string>();
  const pending = [{ name: model, source: document as Source }];
  while (pending.length > 0) {
    const next = pending.pop()!;
    const declared = declarationNamed(next.name, next.source, document);
    if (declared === undefined || found.has(declared.declaration)) continue;
    const { declaration, source } = declared;
    const content = contentOfDeclaration(declaration);
    found.set(declaration, content.text);
    for (const name of content.names) pending.push({ name, source });
  }
  return [...found.values()].join('\n');
}

/** The content of a whole file with what it imports. */
export function contentOfFile(document: Document): string {
  return [...document.dependencies.values()].flatMap((source) => (source === undefined ? [] : source.tree.declarations.map(plain))).join('\n');
}

/** FNV-1a over 2 × 32 bits: tells contents apart where they need not be read. */
export function digest(text: string): string {
  let [a, b] = [0x811c9dc5, 0x01000193];
  for (let i = 0; i < text.length; i++) {
    a = Math.imul(a ^ text.charCodeAt(i), 0x01000193);
    b = Math.imul(b ^ text.charCodeAt(i), 0x85ebca6b);
  }
  return (a >>> 0).toString(16).padStart(8, '0') + (b >>> 0).toString(16).padStart(8, '0');
}

/** A node without its places (`span`, `operatorSpan` …) and without what is said about it. */
function plain(node: Node): string {
  return JSON.stringify(node, (key, value: unknown) => (/span/i.test(key) || key === 'documentation' ? undefined : value));
}

function contentOfDeclaration(declaration: NamedDeclaration): Content {
  const known = contents.get(declaration);
  if (known !== undefined) return known;
  const content = { text: plain(declaration), names: namesIn(declaration) };
  contents.set(declaration, content);
  return content;
}

function namesIn(root: Node): ReadonlySet<string> {
  const names = new Set<string>();
  const pending: Node[] = [root];
  while (pending.length > 0) {
    const node = pending.pop()!;
    if (node.kind === 'name') names.add(node.text);
    for (const child of children(node)) pending.push(child);
  }
  return names;
}

/** A place by its way through a declaration's tree: it outlives edits elsewhere, and all that leave the content as it is. */
export interface Anchor {
  readonly file: string;
  readonly declaration: string;
  /** For each level the index of the child. */
  readonly path: readonly number[];
}

/** The anchor of a place in a tree of its file; undefined for one that no node of a named declaration has. */
export function anchorOf({ file, span }: Place, tree: ast.File): Anchor | undefined {
  const declaration = tree.declarations.find((each) => each.span.start <= span.start && span.end <= each.span.end);
  const name = declaration && nameOf(declaration);
  if (declaration === undefined || name === undefined) return undefined;
  const path: number[] = [];
  let node: Node = declaration;
  while (node.span.start !== span.start || node.span.end !== span.end) {
    const inside: readonly Node[] = children(node);
    const index = inside.findIndex((child) => child.span.start <= span.start && span.end <= child.span.end);
    if (index < 0) return undefined;
    path.push(index);
    node = inside[index]!;
  }
  return { file, declaration: name, path };
}

/** Where an anchor is now; undefined where its declaration has another shape. */
export function placeOf({ file, declaration, path }: Anchor, tree: ast.File): Place | undefined {
  let node: Node | undefined = tree.declarations.find((each) => nameOf(each) === declaration);
  for (const index of path) node = node && children(node)[index];
  return node && { file, span: node.span };
}

function nameOf(declaration: ast.Declaration): string | undefined {
  return declaration.kind === 'import' || declaration.kind === 'assert' ? undefined : declaration.name.text;
}

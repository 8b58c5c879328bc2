// How the workbench page is bundled: VS Code as a library, its workers, styles and the files it fetches by URL.

import { copyFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';

const outdir = 'dist/workbench/page';

/**
 * The bundles of `npm start`: the page with its workers, and the server that serves them.
 * @param common the options that every bundle of the project shares
 */
export function workbenchBuilds(common) {
  const page = {
    ...common,
    entryPoints: {
      page: 'client/workbench/page.ts',
      'editor-worker': '@codingame/monaco-vscode-api/workers/editor.worker',
      'extension-host-worker': '@codingame/monaco-vscode-api/workers/extensionHost.worker',
      'textmate-worker': '@codingame/monaco-vscode-textmate-service-override/worker',
    },
    outdir,
    platform: 'browser',
    format: 'esm',
    splitting: true,
    sourcemap: false,
    chunkNames: 'chunk-[hash]',
    // A library's branch for Node, never taken here.
    external: ['node:*'],
    plugins: [stylesAsText, filesByUrl],
  };
  const server = {
    ...common,
    entryPoints: ['client/workbench/server.ts'],
    outfile: 'dist/workbench/server.cjs',
    platform: 'node',
    format: 'cjs',
  };
  return [page, server];
}

/** VS Code's modules import their styles as text and adopt them; pictures and fonts within become data URLs. */
const stylesAsText = {
  name: 'styles-as-text',
  setup(build) {
    build.onLoad({ filter: /@codingame.*\.css$/ }, async ({ path: file }) => {
      const folder = path.dirname(file);
      let contents = await readFile(file, 'utf8');
      for (const [whole, , name] of contents.matchAll(/url\((['"])(\.[^'"]+)\1\)/g)) {
        const mime = { '.svg': 'image/svg+xml', '.png': 'image/png', '.ttf': 'font/ttf' }[path.extname(name)];
        if (mime === undefined) throw new Error(`${file}: unknown kind of file ${name}`);
        const data = await readFile(path.join(folder, name), 'base64');
        contents = contents.replace(whole, `url("data:${mime};base64,${data}")`);
      }
      return { contents, loader: 'text' };
    });
  },
};

/** `new URL('./file', import.meta.url)` in a library names a file beside the module: copy it, and name the copy. */
const filesByUrl = {
  name: 'files-by-url',
  setup(build) {
    build.onLoad({ filter: /@codingame.*\.js$/ }, async ({ path: file }) => {
      const source = await readFile(file, 'utf8');
      if (!source.includes('import.meta.url')) return undefined;
      const copies = [];
      const contents = source.replace(/new URL\((['"`])(\.[^'"`]+)\1,\s*import\.meta\.url\)/g, (_, _quote, name) => {
        const from = path.join(path.dirname(file), name);
        const to = path.join('files', from.slice(from.lastIndexOf('@codingame') + '@codingame/'.length));
        copies.push([from, path.join(outdir, to)]);
        return `new URL(${JSON.stringify(`./${to.split(path.sep).join('/')}`)}, import.meta.url)`;
      });
      await Promise.all(copies.map(async ([from, to]) => {
        await mkdir(path.dirname(to), { recursive: true });
        await copyFile(from, to);
      }));
      return { contents, loader: 'js' };
    });
  },
};

// The one build: extension, language server, command line and check worker into dist/; with --workbench also the page of `npm start`.
//
//   node esbuild.mjs [--workbench] [--watch] [--development]

import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { workbenchBuilds } from './client/workbench/bundle.mjs';
import { buildKernels } from './server/src/engine/kernels/wasm/build.mjs';

process.chdir(import.meta.dirname);

const flags = new Set(process.argv.slice(2));
const unknown = [...flags].find((flag) => !['--workbench', '--watch', '--development'].includes(flag));
if (unknown !== undefined) {
  console.error(`Unknown option ${unknown}. Usage: node esbuild.mjs [--workbench] [--watch] [--development]`);
  process.exit(2);
}

/** What every bundle shares. */
const common = {
  bundle: true,
  minify: !flags.has('--development'),
  sourcemap: true,
  sourcesContent: false,
  target: 'es2022',
  legalComments: 'none',
  logLevel: 'warning',
};

const forNode = { ...common, platform: 'node', format: 'cjs' };
const forBrowser = { ...common, platform: 'browser', mainFields: ['browser', 'module', 'main'] };

/** The check worker as text: a browser server starts it from a Blob URL, since an extension's files have no URL a nested worker could load. */
const checkWorkerAsText = {
  name: 'check-worker-as-text',
  setup(build) {
    build.onResolve({ filter: /^nn:check-worker$/ }, () => ({ path: 'server/src/check-worker-browser.ts', namespace: 'check-worker' }));
    build.onLoad({ filter: /.*/, namespace: 'check-worker' }, async ({ path: entry }) => {
      const result = await esbuild.build({ ...forBrowser, entryPoints: [entry], format: 'iife', sourcemap: false, write: false, metafile: true });
      return {
        contents: result.outputFiles[0].text,
        loader: 'text',
        watchFiles: Object.keys(result.metafile.inputs).map((file) => path.resolve(file)),
      };
    });
  },
};

/** Writes the grammar and the language configuration, which are generated from the same tables as the parser. */
const languageFiles = {
  name: 'language-files',
  setup(build) {
    build.onEnd(async ({ errors, outputFiles }) => {
      if (errors.length > 0) return;
      const code = Buffer.from(outputFiles[0].contents).toString('base64');
      const { textMateGrammar, languageConfiguration } = await import(`data:text/javascript;base64,${code}`);
      await writeJson('nn.tmLanguage.json', textMateGrammar());
      await writeJson('language-configuration.json', languageConfiguration());
    });
  },
};

/** Every bundle of the extension, each from one entry. */
const extensionBuilds = [
  { ...forNode, entryPoints: ['client/src/desktop.ts'], outfile: 'dist/client.js', external: ['vscode'] },
  { ...forBrowser, entryPoints: ['client/src/browser.ts'], outfile: 'dist/client-browser.js', format: 'cjs', external: ['vscode'] },
  { ...forNode, entryPoints: ['server/src/node.ts'], outfile: 'dist/server.js' },
  { ...forBrowser, entryPoints: ['server/src/browser.ts'], outfile: 'dist/server-browser.js', format: 'iife', plugins: [checkWorkerAsText] },
  { ...forNode, entryPoints: ['server/src/cli.ts'], outfile: 'dist/cli.js' },
  { ...forNode, entryPoints: ['server/src/check-worker-node.ts'], outfile: 'dist/check-worker.cjs' },
  { ...common, entryPoints: ['grammar/textmate.ts'], format: 'esm', platform: 'neutral', mainFields: ['module', 'main'], sourcemap: false, write: false, plugins: [languageFiles] },
];

async function writeJson(name, value) {
  await writeFile(path.join('dist', name), `${JSON.stringify(value, undefined, 2)}\n`);
}

async function main() {
  await mkdir('dist', { recursive: true });
  await buildKernels();
  await cp('client/icons', 'dist', { recursive: true });
  const builds = [...extensionBuilds, ...(flags.has('--workbench') ? workbenchBuilds(common) : [])];
  if (flags.has('--watch')) {
    for (const build of builds) await (await esbuild.context({ ...build, logLevel: 'info' })).watch();
  } else {
    await Promise.all(builds.map((build) => esbuild.build(build)));
  }
}

try {
  await main();
} catch (error) {
  // esbuild has printed its own messages, with their places.
  if (error?.errors === undefined) throw error;
  process.exit(1);
}

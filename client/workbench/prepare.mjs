// What must be there before anything of the project can run: the packages of the lock file, and the built bundles.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The package's root. */
export const root = path.resolve(import.meta.dirname, '../..');

/** Runs a command with its output shown; ends the program when it fails. */
function insist(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], shell: process.platform === 'win32' });
  if (status === 0) return;
  console.error(`${[command, ...args].join(' ')} failed${error === undefined ? '' : `: ${error.message}`}`);
  process.exit(1);
}

/** Installs the packages unless those of the lock file are there. */
export function install() {
  if (isInstalled()) return;
  console.log('Installing packages …');
  insist('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error']);
}

function isInstalled() {
  const installedList = path.join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installedList)) return false;
  const [wanted, installed] = [path.join(root, 'package-lock.json'), installedList].map((file) => JSON.parse(readFileSync(file, 'utf8')).packages);
  return Object.entries(wanted).every(([place, { version, optional }]) =>
    place === '' || (installed[place] === undefined ? optional === true : installed[place].version === version));
}

/** Builds the extension and the workbench. */
export function build() {
  insist(process.execPath, ['esbuild.mjs', '--workbench']);
}

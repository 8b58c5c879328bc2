// `npm start`: opens a folder of .nn files in a VS Code workbench, in the browser or (--desktop) in the installed VS Code.

import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build, install, root } from './prepare.mjs';

const usage = `Usage: npm start [-- [DIR] [--port N] [--desktop] [--no-build]]

  DIR         the folder to open (default: examples)
  --port N    the port on 127.0.0.1 (default: 3141, or a free one if that is taken)
  --desktop   open the installed VS Code with this extension instead of serving a workbench
  --no-build  use what is built`;

function fail(message) {
  console.error(message);
  process.exit(2);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      allowNegative: true,
      options: { port: { type: 'string' }, desktop: { type: 'boolean' }, build: { type: 'boolean', default: true }, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    return fail(`${error.message}\n\n${usage}`);
  }
}

const { values, positionals } = readArguments();
if (values.help) {
  console.log(usage);
  process.exit(0);
}
if (positionals.length > 1) fail(`One folder, please.\n\n${usage}`);
if (values.port !== undefined && !(/^\d+$/.test(values.port) && Number(values.port) < 65536)) fail(`--port wants a number below 65536, not "${values.port}"`);
// npm runs scripts in the package's root; INIT_CWD is where the person is.
const folder = positionals[0] === undefined ? path.join(root, 'examples') : path.resolve(process.env.INIT_CWD ?? '.', positionals[0]);
if (!existsSync(folder) || !statSync(folder).isDirectory()) fail(`${folder} is not a folder`);

install();
if (values.build) build();

if (values.desktop) {
  const code = spawn('code', [`--extensionDevelopmentPath=${root}`, folder], { stdio: 'inherit', shell: process.platform === 'win32' });
  const missing = 'VS Code\'s command "code" is not on the PATH. In VS Code run "Shell Command: Install \'code\' command in PATH" from the command palette (or reinstall with "Add to PATH"), then try again; or run npm start without --desktop.';
  code.on('error', (error) => { fail(error.code === 'ENOENT' ? missing : error.message); });
  code.on('exit', (status) => {
    if (process.platform === 'win32' && status === 1) console.error(missing);
    process.exitCode = status ?? 1;
  });
} else {
  const { serve } = createRequire(import.meta.url)(path.join(root, 'dist/workbench/server.cjs'));
  const wanted = values.port === undefined ? 3141 : Number(values.port);
  const server = await serve({ root, folder, port: wanted, fallback: values.port === undefined }).catch((error) => fail(
    error.code === 'EADDRINUSE' ? `Port ${wanted} is taken; choose another with --port, or leave it out.` : error.message,
  ));
  console.log(server.address);
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { void server.close().then(() => process.exit(0)); });
}

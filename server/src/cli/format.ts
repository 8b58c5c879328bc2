// `nn format`: rewrites files in the canonical form, or says which are not in it.

import { writeFileSync } from 'node:fs';
import { format as formatText } from '../../../grammar/print';
import { readText, reasonOf } from './files';
import { type ExitCode, type Terminal, UsageError } from './terminal';

export function format(files: readonly string[], options: { readonly check?: boolean }, terminal: Terminal): ExitCode {
  let code: ExitCode = 0;
  for (const file of files) {
    try {
      const text = readText(file);
      const formatted = formatText(text);
      if (formatted === undefined) {
        terminal.error(`nn: ${file} has errors in its syntax and stays as it is; nn check ${file} lists them\n`);
        if (code === 0) code = 1;
      } else if (formatted !== text) {
        if (options.check === true) {
          if (code === 0) code = 1;
        } else write(file, formatted);
        terminal.out(`${file}${options.check === true ? ' is not formatted' : ''}\n`);
      }
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      terminal.error(`nn: ${error.message}\n`);
      code = 2;
    }
  }
  return code;
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new UsageError(`cannot write ${file}: ${reasonOf(error)}`);
  }
}

// The command line: reads the arguments, and runs one command.

import { Command, CommanderError, InvalidArgumentError } from 'commander';
import type { CheckHost } from '../check/host';
import { check } from './check';
import { compare, type CompareOptions } from './compare';
import { parseSizes } from './files';
import { format } from './format';
import { grad, type GradOptions } from './grad';
import { summary, type SummaryOptions } from './summary';
import { type ExitCode, type Terminal, UsageError } from './terminal';

/** Runs the command that the arguments ask for; `serve` starts the language server on the standard streams. */
export function main(given: readonly string[], terminal: Terminal, serve: () => void): ExitCode;
/** @param host Makes workers for gradient checks; what takes them ends later. */
export function main(given: readonly string[], terminal: Terminal, serve: () => void, host: () => CheckHost): ExitCode | Promise<ExitCode>;
export function main(given: readonly string[], terminal: Terminal, serve: () => void, host?: () => CheckHost): ExitCode | Promise<ExitCode> {
  let code: ExitCode | Promise<ExitCode> = 0;
  const program = new Command('nn')
    .description('Shapes, receptive fields, costs and gradient checks of neural networks in .nn files.')
    .exitOverride()
    .configureOutput({ writeOut: (text) => { terminal.out(text); }, writeErr: (text) => { terminal.error(text); } });
  const jsonOption = ['--json', 'print JSON'] as const;
  const sizesOption = ['--at <sizes>', 'sizes of free dimensions, such as H=224,W=224', (text: string, before?: ReadonlyMap<string, number>) => parseSizes(text, before)] as const;

  program
    .command('check')
    .description('print what is wrong in files; exits with 1 if there are errors')
    .argument('<files...>')
    .option(...jsonOption)
    .action((files: string[], options: { json?: boolean }) => { code = check(files, options, terminal); });
  program
    .command('summary')
    .description('print the layers of models with their shapes, parameters, MACs and receptive fields')
    .argument('<file>')
    .argument('[model]', 'all models, without one')
    .option(...jsonOption)
    .option(...sizesOption)
    .action((file: string, model: string | undefined, options: SummaryOptions) => { code = summary(file, model, options, terminal); });
  program
    .command('compare')
    .description('print two models side by side, their layers aligned as a diff; exits with 1 if they differ')
    .argument('<file>')
    .argument('<left>', 'a model')
    .argument('<right>', 'another one')
    .option('--with <file>', 'where the right model is in another file')
    .option(...jsonOption)
    .option(...sizesOption)
    .action((file: string, left: string, right: string, options: CompareOptions) => { code = compare(file, left, right, options, terminal); });
  program
    .command('grad')
    .description('compare the derivatives of models with differences; exits with 1 if any do not agree')
    .argument('<file>')
    .argument('[model]', 'all models, without one')
    .option(...jsonOption)
    .option(...sizesOption)
    .option('--seed <number>', 'of the random values', wholeNumber)
    .option('--budget <seconds>', 'for each model', positiveNumber)
    .option('--memory <gigabytes>', 'that a check may take', positiveNumber)
    .option('--second', 'check second derivatives, too: Hessian-vector products against differences of gradients')
    .action((file: string, model: string | undefined, options: GradOptions) => { code = grad(file, model, options, terminal, host?.()); });
  program
    .command('format')
    .description('write files in the canonical form')
    .argument('<files...>')
    .option('--check', 'write nothing; exit with 1 if a file is not in it')
    .action((files: string[], options: { check?: boolean }) => { code = format(files, options, terminal); });
  program
    .command('lsp')
    .description('run the language server')
    .requiredOption('--stdio', 'over standard input and output')
    .action(() => { serve(); });

  try {
    program.parse(given, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof UsageError)) throw error;
    terminal.error(`nn: ${error.message}\n`);
    return 2;
  }
  return code;
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('It must be a positive number.');
  return value;
}

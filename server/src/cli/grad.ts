// `nn grad`: gradient checks, by workers where there are any, else in this process.

import type { CheckHost } from '../check/host';
import type { CheckProgress, CheckReport, CheckRequest } from '../check/protocol';
import { checkModel } from '../check/run';
import { describeEntry, isCompared, outcomeOf, secondOutcome, sharing } from '../features/check-report';
import { counted, grouped, scientific } from '../features/numbers';
import type { EvaluatedModel } from '../semantics/model';
import { chosenModels, ofModel, openFile, requirePossible } from './files';
import { columns, type ExitCode, styled, type Terminal } from './terminal';

export interface GradOptions {
  readonly json?: boolean;
  readonly at?: ReadonlyMap<string, number>;
  readonly seed?: number;
  /** Seconds for each model. */
  readonly budget?: number;
  /** Gigabytes that each check may take. */
  readonly memory?: number;
  /** Second derivatives, too. */
  readonly second?: boolean;
}

export function grad(file: string, name: string | undefined, options: GradOptions, terminal: Terminal): ExitCode;
/** @param host Workers that share each check; the answer then comes later. */
export function grad(file: string, name: string | undefined, options: GradOptions, terminal: Terminal, host: CheckHost | undefined): ExitCode | Promise<ExitCode>;
export function grad(file: string, name: string | undefined, options: GradOptions, terminal: Terminal, host?: CheckHost): ExitCode | Promise<ExitCode> {
  // They start while the file is read.
  host?.warm();
  let requests: ReadonlyMap<EvaluatedModel, CheckRequest>;
  try {
    requests = requestsOf(file, name, options);
  } catch (error) {
    host?.dispose();
    throw error;
  }
  const follow = (model: EvaluatedModel) => ({ done, total, stage, remark }: CheckProgress): void => {
    terminal.progress?.(`${model.name}: ${stage} ${String(total === 0 ? 0 : Math.floor((100 * done) / total))} %${remark === undefined ? '' : `; ${remark}`}`);
  };
  const show = (report: CheckReport): CheckReport => {
    terminal.progress?.('');
    if (options.json !== true) terminal.out(`${page(report, terminal)}\n`);
    return report;
  };
  const finish = (reports: readonly CheckReport[]): ExitCode => {
    if (options.json === true) terminal.out(`${JSON.stringify({ models: reports.map(toJson) }, undefined, 2)}\n`);
    else if (reports.length === 0) terminal.out(`${file} declares no model that can be built without arguments\n`);
    return reports.every(({ ok }) => ok) ? 0 : 1;
  };
  const checks = [...requests].map(([model, request]) => ({ request, onProgress: follow(model) }));
  if (host === undefined) return finish(checks.map(({ request, onProgress }) => show(checkModel(request, { onProgress }))));
  return checkWith(host, checks, show).then(finish, (error: unknown) => {
    terminal.error(`nn: ${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  });
}

/** What to check of each model. Throws where the file, the model or the sizes are not there. */
function requestsOf(file: string, name: string | undefined, options: GradOptions): ReadonlyMap<EvaluatedModel, CheckRequest> {
  const document = openFile(file);
  const models = chosenModels(document, name);
  const sizes = options.at ?? new Map<string, number>();
  requirePossible(models, sizes);
  const files = [...document.dependencies].flatMap(([uri, source]) => (source === undefined ? [] : [{ uri, text: source.text }]));
  return new Map(models.map((model) => [model, {
    files,
    file: document.uri,
    model: model.name,
    at: Object.fromEntries(ofModel(model, sizes)),
    seed: options.seed,
    second: options.second,
    budgetMilliseconds: options.budget === undefined ? undefined : options.budget * 1000,
    memoryBytes: options.memory === undefined ? undefined : options.memory * 1e9,
  }]));
}

interface Check {
  readonly request: CheckRequest;
  readonly onProgress: (progress: CheckProgress) => void;
}

async function checkWith(host: CheckHost, checks: readonly Check[], show: (report: CheckReport) => CheckReport): Promise<CheckReport[]> {
  const reports: CheckReport[] = [];
  try {
    for (const { request, onProgress } of checks) {
      const report = await host.run(request, onProgress).promise;
      if (report !== undefined) reports.push(show(report));
    }
    return reports;
  } finally {
    host.dispose();
  }
}

function toJson({ model, ok, problem, worst, tensors, second, asserts, culprits, sizes, batch, seconds, notes }: CheckReport): Record<string, unknown> {
  return {
    name: model,
    ok,
    problem,
    worst: worst ?? null,
    tensors: tensors.map((tensor) => ({ ...tensor, place: undefined })),
    second: second && {
      ok: second.ok,
      worst: second.worst ?? null,
      tensors: second.tensors.map((tensor) => ({ ...tensor, place: undefined })),
      culprits: second.culprits.map(({ message }) => message),
    },
    asserts: asserts.map(({ text, ok: holds, message }) => ({ text, ok: holds, message })),
    culprits: culprits.map(({ message }) => message),
    sizes,
    batch,
    seconds,
    notes,
  };
}

function page(report: CheckReport, terminal: Terminal): string {
  const outcome = outcomeOf(report);
  const rows = report.tensors.map((tensor, index) => [
    tensor.ok ? (isCompared(tensor, index, report.tensors) ? '✓' : '–') : '✗',
    tensor.name,
    `[${tensor.shape.join(', ')}]`,
    tensor.checked === tensor.entries ? (tensor.entries === 1 ? 'its one entry' : `all ${grouped(tensor.entries)} entries`) : `${grouped(tensor.checked)} of ${grouped(tensor.entries)} entries`,
    tensor.checked === tensor.entries ? '' : sharing(tensor) > 1 ? `direction shared by ${grouped(tensor.together)}` : counted(tensor.directions, 'direction'),
    tensor.worst === undefined ? '' : scientific(tensor.worst.relativeError),
    tensor.ok || tensor.worst === undefined ? '' : describeEntry(tensor.worst),
  ]);
  const sizes = Object.entries(report.sizes).map(([name, size]) => `${name} = ${String(size)}`);
  return [
    `${styled(terminal, 'bold', report.model)}${sizes.length === 0 ? '' : ` at ${sizes.join(', ')}`}: ${styled(terminal, report.ok ? 'green' : 'red', outcome)}`,
    ...columns(rows, [false, false, false, true, false, true, false]).map((line) => `  ${line}`),
    ...report.tensors.flatMap(({ name, pattern }) => (pattern === undefined ? [] : [`  ✗ ${name}: ${pattern}`])),
    ...report.culprits.map(({ message }) => `  ✗ ${message}`),
    ...(report.second === undefined ? [] : [`  ${report.second.ok ? '✓' : '✗'} ${secondOutcome(report.second)}`]),
    ...report.asserts.map(({ ok, text, message }) => `  ${ok ? '✓' : '✗'} assert ${text}${message === undefined ? '' : `: ${message}`}`),
    ...report.notes.map((note) => styled(terminal, 'gray', `  ${note}`)),
    '',
  ].join('\n');
}

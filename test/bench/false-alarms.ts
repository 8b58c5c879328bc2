// Looks for false alarms: checks correct derivatives with many seeds, and appends what each check found to a file, one line of JSON per seed.
// What was found so far: false-alarms.jsonl for the network of the exam, false-alarms-examples.jsonl for the files in examples/.
//
//   node test/bench/false-alarms.mjs exam  FIRST LAST OUT            the exam's network with a 10-way head, every entry
//   node test/bench/false-alarms.mjs FILE  FIRST LAST OUT [SECONDS]  every model of a file, within a budget for each

import { appendFileSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parse } from '../../grammar/parse';
import { checkModel } from '../../server/src/check/run';
import { checkGradients } from '../../server/src/engine/gradient-check/check';
import { analyse } from '../../server/src/semantics/analyse';
import { examNetwork } from '../engine/support/networks';

/** What one check found. */
interface Finding {
  readonly model: string;
  readonly seed: number;
  readonly ok: boolean;
  readonly tensors: number;
  readonly entries: number;
  /** Entries compared one by one. */
  readonly checked: number;
  readonly kinks: number;
  /** Entries that met a kink within the first step. */
  readonly nearKinks?: number;
  readonly unresolved?: number;
  /** The greatest relative error. */
  readonly worst: number;
  readonly problem?: string;
  readonly failures?: readonly string[];
  readonly seconds: number;
}

/** A full check of the exam's network: every parameter's every entry. */
function checkExam(seed: number): Finding {
  const { network, loss, parameters } = examNetwork(seed);
  const report = checkGradients({ program: network.program, loss, leaves: network.leaves, check: parameters, seed, budget: { evaluations: 1e9 } });
  const sum = (of: (tensor: (typeof report.tensors)[number]) => number): number => report.tensors.reduce((total, tensor) => total + of(tensor), 0);
  return {
    model: 'ExamCNN + head',
    seed,
    ok: report.ok,
    tensors: report.tensors.length,
    entries: sum(({ entries }) => entries),
    checked: sum(({ checked }) => checked),
    kinks: sum(({ kinks }) => kinks),
    nearKinks: sum(({ nearKinks }) => nearKinks),
    unresolved: sum(({ unresolved }) => unresolved),
    worst: report.worst?.worst?.relativeError ?? 0,
    failures: report.ok ? undefined : report.tensors.filter(({ ok }) => !ok).map(({ name, worst }) => `${name} ${JSON.stringify(worst)}`),
    seconds: report.seconds,
  };
}

/** Checks of every model of a file, as `nn grad` makes them. */
function checkFile(file: string, seed: number, seconds: number): readonly Finding[] {
  const uri = pathToFileURL(file).href;
  const text = readFileSync(file, 'utf8');
  const analysis = analyse(uri, () => ({ uri, text, tree: parse(text).file }))!;
  return analysis.models.map((model): Finding => {
    const report = checkModel({ files: [{ uri, text }], file: uri, model: model.name, seed, budgetMilliseconds: seconds * 1000 });
    const sum = (of: (tensor: (typeof report.tensors)[number]) => number): number => report.tensors.reduce((total, tensor) => total + of(tensor), 0);
    return {
      model: `${file.slice(file.lastIndexOf('/') + 1)} ${model.name}`,
      seed,
      ok: report.ok,
      tensors: report.tensors.length,
      entries: sum(({ entries }) => entries),
      checked: sum(({ checked }) => checked),
      kinks: sum(({ kinks }) => kinks),
      worst: report.worst?.relativeError ?? 0,
      problem: report.problem,
      failures: report.ok ? undefined : [...report.tensors.filter(({ ok }) => !ok).map((tensor) => JSON.stringify(tensor.worst ?? tensor.name)), ...report.asserts.filter(({ ok }) => !ok).map(({ text: claim, message }) => `${claim}: ${message ?? ''}`), ...report.notes],
      seconds: report.seconds,
    };
  });
}

const [subject = 'exam', first = '1', last = '1', out = '/dev/stdout', seconds = '5'] = process.argv.slice(2);
for (let seed = Number(first); seed <= Number(last); seed++) {
  const findings = subject === 'exam' ? [checkExam(seed)] : checkFile(subject, seed, Number(seconds));
  appendFileSync(out, findings.map((finding) => `${JSON.stringify(finding)}\n`).join(''));
}

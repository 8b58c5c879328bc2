// Looks for false alarms: checks correct derivatives with many seeds, and appends what each check found to a file, one line of JSON per seed.
// What was found so far: false-alarms.jsonl for the network of the exam, false-alarms-examples.jsonl for the files in examples/.
//
//   node test/bench/false-alarms.mjs exam  FIRST LAST OUT                   the exam's network with a 10-way head, every entry
//   node test/bench/false-alarms.mjs FILE  FIRST LAST OUT [SECONDS [GB]]  every model of a file, within a budget for each

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
  /** How many tensors at most shared a random direction. */
  readonly shared?: number;
  /** Entries that met a kink within the first step. */
  readonly nearKinks?: number;
  readonly unresolved?: number;
  /** The greatest relative error. */
  readonly worst: number;
  readonly problem?: string;
  readonly failures?: readonly string[];
  readonly seconds: number;
}

interface Compared {
  readonly entries: number;
  readonly checked: number;
  readonly kinks: number;
}

function totalOf<T>(tensors: readonly T[], of: (tensor: T) => number): number {
  return tensors.reduce((total, tensor) => total + of(tensor), 0);
}

function coverageOf(tensors: readonly Compared[]): Pick<Finding, 'tensors' | 'entries' | 'checked' | 'kinks'> {
  return {
    tensors: tensors.length,
    entries: totalOf(tensors, ({ entries }) => entries),
    checked: totalOf(tensors, ({ checked }) => checked),
    kinks: totalOf(tensors, ({ kinks }) => kinks),
  };
}

/** A full check of the exam's network: every parameter's every entry. */
function checkExam(seed: number): Finding {
  const { network, loss, parameters } = examNetwork(seed);
  const { ok, tensors, worst, seconds: taken } = checkGradients({ program: network.program, loss, leaves: network.leaves, check: parameters, seed, budget: { evaluations: 1e9 } });
  return {
    model: 'ExamCNN + head',
    seed,
    ok,
    ...coverageOf(tensors),
    nearKinks: totalOf(tensors, ({ nearKinks }) => nearKinks),
    unresolved: totalOf(tensors, ({ unresolved }) => unresolved),
    worst: worst?.worst?.relativeError ?? 0,
    failures: ok ? undefined : tensors.filter((tensor) => !tensor.ok).map((tensor) => `${tensor.name} ${JSON.stringify(tensor.worst)}`),
    seconds: taken,
  };
}

/** Checks of every model of a file, as `nn grad` makes them. */
function checkFile(file: string, seed: number, budget: number, gigabytes: number): readonly Finding[] {
  const uri = pathToFileURL(file).href;
  const text = readFileSync(file, 'utf8');
  const analysis = analyse(uri, () => ({ uri, text, tree: parse(text).file }))!;
  return analysis.models.map(({ name }): Finding => {
    const { ok, problem, tensors, asserts, notes, worst, seconds: taken } = checkModel({ files: [{ uri, text }], file: uri, model: name, seed, budgetMilliseconds: budget * 1000, memoryBytes: gigabytes * 1e9 });
    const failures = [
      ...tensors.filter((tensor) => !tensor.ok).map((tensor) => JSON.stringify(tensor.worst ?? tensor.name)),
      ...asserts.filter((each) => !each.ok).map(({ text: claim, message }) => `${claim}: ${message ?? ''}`),
      ...notes,
    ];
    return {
      model: `${file.slice(file.lastIndexOf('/') + 1)} ${name}`,
      seed,
      ok,
      ...coverageOf(tensors),
      shared: Math.max(1, ...tensors.map(({ together }) => together)),
      worst: worst?.relativeError ?? 0,
      problem,
      failures: ok ? undefined : failures,
      seconds: taken,
    };
  });
}

const [subject = 'exam', first = '1', last = '1', out = '/dev/stdout', seconds = '5', gigabytes = '4'] = process.argv.slice(2);
for (let seed = Number(first); seed <= Number(last); seed++) {
  const findings = subject === 'exam' ? [checkExam(seed)] : checkFile(subject, seed, Number(seconds), Number(gigabytes));
  appendFileSync(out, findings.map((finding) => `${JSON.stringify(finding)}\n`).join(''));
}

// Work that is counted, not timed: how often each block of the project's own code runs. The count is the same in every run.

import { type Profiler, Session } from 'node:inspector';

// Calls that an optimising compiler has put in line are not counted, and when that happens depends on the machine's load.
for (const flag of ['--no-opt', '--no-maglev']) {
  if (!process.execArgv.includes(flag)) throw new Error(`Work can be counted only in a process with ${flag}: see vitest.config.mts`);
}

// Only functions that are first called after this are counted block by block: whoever counts imports this file first.
const session = new Session();
session.connect();

function post<T>(method: string, parameters: object = {}): T {
  let result: unknown;
  session.post(method, parameters, (error, answer) => {
    if (error !== null) throw error;
    result = answer;
  });
  return result as T;
}

post('Profiler.enable');
post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

/** How many blocks of code some work enters. */
export function counted(work: () => unknown): number {
  // What was counted so far is taken away.
  blocks();
  work();
  return blocks();
}

function blocks(): number {
  const { result } = post<{ result: Profiler.ScriptCoverage[] }>('Profiler.takePreciseCoverage');
  let total = 0;
  for (const { url, functions } of result) {
    if (!/\/(?:server\/src|grammar)\//.test(url)) continue;
    for (const { ranges } of functions) for (const { count } of ranges) total += count;
  }
  return total;
}

/**
 * By what the work grows when what is worked on grows from twice to four times a size, measured by what it grows from once
 * to twice: 2 where it is in proportion, 4 where it is quadratic.
 */
export function growth(work: (size: number) => () => unknown, size: number): number {
  // What is worked out once for all counts for none.
  work(size)();
  const [once, twice, four] = [size, 2 * size, 4 * size].map((each) => counted(work(each)));
  // Constant work is in proportion, too.
  return four === twice ? 0 : (four! - twice!) / (twice! - once!);
}

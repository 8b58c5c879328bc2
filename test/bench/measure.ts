// How benchmarks measure: processor time of this process, garbage collection included, and medians.

import { readFileSync } from 'node:fs';

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/** The processor time that some work takes, on all threads of this process. */
export function cpuMilliseconds<T>(work: () => T): { readonly milliseconds: number; readonly result: T } {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return { milliseconds: (user + system) / 1000, result };
}

/** Processor time so far of the thread that answers alone, without those that compile and collect beside it; undefined where the system does not tell. */
export function answeringMilliseconds(): number | undefined {
  try {
    return Number(readFileSync(`/proc/self/task/${String(process.pid)}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return undefined;
  }
}

/** The first run, and, of those behind it, the median of the later half: the compiler of the engine has done its work by then. */
export function firstAndWarm(work: () => unknown, milliseconds = 3_000): { readonly first: number; readonly warm: number } {
  const times: number[] = [];
  for (let left = milliseconds; times.length < 10 || (left > 0 && times.length < 400); left -= times.at(-1)!) times.push(cpuMilliseconds(work).milliseconds);
  return { first: times[0]!, warm: median(times.slice(times.length >> 1)) };
}

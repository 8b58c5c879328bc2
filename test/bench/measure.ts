// How benchmarks measure: processor time of this process, garbage collection included, and medians.

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

/** The first run, and the median of those behind it. */
export function firstAndWarm(work: () => unknown, rounds = 9): { readonly first: number; readonly warm: number } {
  const times = Array.from({ length: rounds + 1 }, () => cpuMilliseconds(work).milliseconds);
  return { first: times[0]!, warm: median(times.slice(1)) };
}

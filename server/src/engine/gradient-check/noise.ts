// How far rounding moves a computed function.

// Differences of order k of equidistant values wipe out what is smooth; those of independent errors with standard deviation σ
// have variance (2k)! / (k!)² · σ². Where three successive orders give nearly the same σ, with changing signs, it is noise.
// Hamming: Introduction to applied numerical analysis (1971); Moré, Wild: Estimating computational noise (SIAM J. Sci. Comput. 2011).

const AGREEMENT = 4;

/** The standard deviation of the errors in equidistant values, or undefined where no noise shows. */
export function noiseOf(values: readonly number[]): number | undefined {
  let differences = [...values];
  let variance = 1;
  const deviations: number[] = [];
  const changes: boolean[] = [];
  for (let order = 1; order < values.length - 1; order++) {
    differences = differences.slice(1).map((value, i) => value - differences[i]!);
    variance *= (2 * (2 * order - 1)) / order;
    deviations.push(Math.sqrt(differences.reduce((sum, value) => sum + value * value, 0) / differences.length / variance));
    changes.push(differences.some((value) => value > 0) && differences.some((value) => value < 0));
  }
  for (let k = 0; k + 2 < deviations.length; k++) {
    const three = deviations.slice(k, k + 3);
    if (changes[k] && Math.max(...three) <= AGREEMENT * Math.min(...three)) return deviations[k];
  }
  return undefined;
}

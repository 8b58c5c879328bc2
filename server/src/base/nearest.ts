// The known name that a misspelt one was probably meant to be.

import { firstWhere } from './sorted';

/**
 * The candidate with the smallest edit distance to the word, ignoring case, or one that the word begins;
 * undefined if none is close. Very short words are close to everything, so for them only the case may differ.
 */
export function nearestName(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  const letters = lettersOf(wanted);
  let best: string | undefined;
  let least = (word.length < 3 ? 0 : Math.max(1, Math.floor(word.length / 3))) + 1;
  for (const candidate of candidates) {
    if (candidate === word) continue;
    const isFar = Math.abs(candidate.length - word.length) >= least;
    const mayGoOn = best === undefined && word.length >= 3 && candidate.length > word.length && candidate[0]!.toLowerCase() === wanted[0];
    if (isFar && !mayGoOn) continue;
    const lower = candidate.toLowerCase();
    if (mayGoOn && lower.startsWith(wanted)) best = candidate;
    // An edit takes one letter away at most, and brings one.
    if (isFar || countBits(letters ^ lettersOf(lower)) > 2 * (least - 1)) continue;
    const distance = editDistance(wanted, lower);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** The letters that occur in a word, as bits. */
function lettersOf(word: string): number {
  let letters = 0;
  for (let index = 0; index < word.length; index++) letters |= 1 << word.charCodeAt(index);
  return letters;
}

function countBits(bits: number): number {
  let count = 0;
  for (let left = bits; left !== 0; left &= left - 1) count++;
  return count;
}

/** More names than this are very many; of those, so many on either side are looked through. */
const many = 500;
const around = 100;
const inOrder = new WeakMap<readonly string[], readonly (readonly [lower: string, name: string])[]>();

/** Of very many names those that stand around the word in a dictionary; else all of them. */
export function namesAround(word: string, names: readonly string[]): readonly string[] {
  if (names.length <= many) return names;
  let sorted = inOrder.get(names);
  if (sorted === undefined) {
    sorted = names.map((name) => [name.toLowerCase(), name] as const).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    inOrder.set(names, sorted);
  }
  const wanted = word.toLowerCase();
  const dictionary = sorted;
  const at = firstWhere(dictionary.length, (index) => dictionary[index]![0] >= wanted);
  return dictionary.slice(Math.max(0, at - around), at + around).map(([, name]) => name);
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const next = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let least = Math.min(last[column]! + 1, next[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1));
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        least = Math.min(least, beforeLast[column - 2]! + 1);
      }
      next.push(least);
    }
    beforeLast = last;
    last = next;
  }
  return last[b.length]!;
}

// Looking things up in what is sorted.

/** Of `count` places, the first at which something holds that goes on to hold behind it; `count` where it holds nowhere. */
export function firstWhere(count: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

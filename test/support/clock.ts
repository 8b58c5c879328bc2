// The clock that the server looks at, in a test's hands: a machine that is slow or pauses changes nothing then.

import { onTestFinished, vi } from 'vitest';

/** Lets so many milliseconds pass at each look at the clock, and none in between; until the test is over. */
export function tickClock(milliseconds: number): void {
  let now = Date.now();
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => (now += milliseconds));
  onTestFinished(() => { clock.mockRestore(); });
}

/** Lets no time pass: nobody's patience ends. */
export function stopClock(): void {
  tickClock(0);
}

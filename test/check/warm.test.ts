// A worker warms up while nobody asks it for anything.

import { expect, it } from 'vitest';
import { warmingUp, warmUp } from '../../server/src/check/warm';

it('by checks that go through and compare entries', () => {
  for (const report of warmingUp()) expect([report.problem, report.ok, report.tensors.some(({ checked }) => checked > 0)]).toEqual([undefined, true, true]);
});

it('in steps, until the first request comes', () => {
  const later: (() => void)[] = [];
  const steps = { taken: 0, next: () => ({ done: ++steps.taken > 10, value: undefined }) };
  const stop = warmUp((step) => later.push(step), steps as unknown as Iterator<unknown>);
  expect([steps.taken, later.length]).toEqual([0, 1]);
  later.shift()!();
  later.shift()!();
  expect([steps.taken, later.length]).toEqual([2, 1]);
  stop();
  later.shift()!();
  expect([steps.taken, later.length]).toEqual([2, 0]);
});

it('no longer than there are steps', () => {
  const later: (() => void)[] = [];
  const steps = [1, 2].values();
  warmUp((step) => later.push(step), steps);
  let turns = 0;
  for (let step = later.shift(); step !== undefined; step = later.shift()) {
    step();
    turns++;
  }
  expect(turns).toBe(3);
});

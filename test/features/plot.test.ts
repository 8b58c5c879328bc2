// Curves are cut off where they leave the picture, and broken where they jump.

import { expect, it } from 'vitest';
import { plotSvg } from '../../server/src/features/plot';

/** Of a picture of 150, between its legend and its ticks. */
const borders = [16, 132];
const places = Array.from({ length: 120 }, (_, index) => -5 + (10 * index) / 119);

/** The strokes of the curve of a function, as places in the picture. */
function strokesOf(f: (x: number) => number): number[][][] {
  const svg = plotSvg([{ curves: [{ label: 'f', points: places.map((x) => [x, f(x)] as const) }], x: 'x', limits: [-5, 5] }]);
  const [, path] = /<path d="([^"]*)" fill="none" stroke="#3b8eea"/.exec(svg)!;
  return path!.split('M').filter((stroke) => stroke !== '').map((stroke) => stroke.split('L').map((point) => point.split(' ').map(Number)));
}

it.each([
  ['a cube', (x: number) => x ** 3, 1],
  ['a square', (x: number) => x ** 2, 1],
  ['a pole', (x: number) => 1 / x, 2],
  ['a steep curve', (x: number) => Math.tanh(10 * x), 1],
  ['a step', (x: number) => Number(x > 0), 2],
  ['a shrinkage', (x: number) => (Math.abs(x) > 0.5 ? x : 0), 3],
  ['a logarithm', (x: number) => Math.log(x), 1],
  ['a wave beyond the picture', (x: number) => 9 * Math.sin(x), 3],
])('%s has as many strokes as pieces', (_, f, count) => {
  const strokes = strokesOf(f);
  expect(strokes).toHaveLength(count);
  // No stroke runs along the border: what is outside is not drawn.
  for (const stroke of strokes) for (let i = 1; i < stroke.length; i++) expect(stroke[i]![1] === stroke[i - 1]![1] && borders.includes(stroke[i]![1]!)).toBe(false);
});

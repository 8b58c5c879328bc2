// What strides leave unread, against counting: how many positions, and the sizes that are said to lose none.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { analyseText } from '../support/analyse';
import '../support/properties';

interface Window {
  readonly isConvolution: boolean;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
}

const anyWindow: fc.Arbitrary<Window> = fc
  .record({ isConvolution: fc.boolean(), kernel: fc.integer({ min: 1, max: 5 }), stride: fc.integer({ min: 1, max: 3 }), pads: fc.boolean(), dilates: fc.boolean() })
  .map(({ isConvolution, kernel, stride, pads, dilates }) => ({ isConvolution, kernel, stride, padding: pads ? Math.floor(kernel / 2) : 0, dilation: isConvolution && dilates ? 2 : 1 }));

const places = (size: number, { kernel, stride, padding, dilation }: Window): number => Math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;

/** Positions at the far end that no window reaches. */
function unread(size: number, window: Window): number {
  const last = (places(size, window) - 1) * window.stride + window.dilation * (window.kernel - 1) - window.padding;
  return Math.max(0, size - 1 - last);
}

/** Where positions between the windows are skipped anyway, the border says nothing. */
const skips = ({ kernel, stride, dilation }: Window): boolean => kernel === 1 || stride > dilation * (kernel - 1) + 1;

const written = ({ isConvolution, kernel, stride, padding, dilation }: Window): string =>
  isConvolution
    ? `Conv2d(2, [${String(kernel)}, 1], stride = [${String(stride)}, 1], padding = [${String(padding)}, 0], dilation = [${String(dilation)}, 1])`
    : `AvgPool2d([${String(kernel)}, 1], stride = [${String(stride)}, 1], padding = [${String(padding)}, 0])`;

it('positions and sizes are those that counting gives', () => {
  let checked = 0;
  fc.assert(
    fc.property(fc.array(anyWindow, { minLength: 1, maxLength: 4 }), fc.integer({ min: 20, max: 80 }), (windows, size) => {
      const sizes = [size];
      for (const window of windows) sizes.push(places(sizes.at(-1)!, window));
      fc.pre(sizes.every((each) => each >= 1));
      const text = `model M { input x: [2, ${String(size)}, 1]; ${windows.map(written).join('; ReLU; ')} }`;
      const found = analyseText(text).diagnostics.filter(({ code }) => code === 'unread-border');
      const losing = windows.flatMap((window, at) => (!skips(window) && unread(sizes[at]!, window) > 0 ? [at] : []));
      expect(found.map(({ span }) => text.slice(0, span.start).split('; ReLU; ').length - 1), text).toEqual(losing);
      for (const [index, { message }] of found.entries()) {
        const at = losing[index]!;
        expect(Number(/the last (\d+) positions/.exec(message)?.[1] ?? 1), `${text}\n${message}`).toBe(unread(sizes[at]!, windows[at]!));
        for (const own of /a size of (\d+)(?: or (\d+))?/.exec(message)?.slice(1) ?? []) if (own !== undefined) expect(unread(Number(own), windows[at]!), `${text}\n${message}`).toBe(0);
        for (const there of /at x: (\d+)(?: or (\d+))?/.exec(message)?.slice(1) ?? []) {
          let left = Number(there);
          for (const window of there === undefined ? [] : windows.slice(0, at + 1)) {
            if (!skips(window)) expect(unread(left, window), `${text}\n${message}`).toBe(0);
            left = places(left, window);
          }
          checked++;
        }
      }
    }),
    { numRuns: 300 },
  );
  expect(checked).toBeGreaterThan(50);
});

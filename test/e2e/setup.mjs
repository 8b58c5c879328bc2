// What every end-to-end run begins with: a browser, and no pictures of earlier runs.

import { rmSync } from 'node:fs';
import path from 'node:path';
import { findChromium, howToGetChromium } from './chromium.mjs';

/** Hands the browser to the tests, or stops them with what to do. */
export function setup() {
  const found = findChromium();
  if (found === undefined) throw new Error(howToGetChromium);
  process.env.CHROMIUM = found;
  rmSync(path.join(import.meta.dirname, 'screenshots'), { recursive: true, force: true });
}

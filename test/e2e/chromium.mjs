// Finds the browser of the end-to-end tests.

import { existsSync } from 'node:fs';
import path from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'microsoft-edge', 'msedge'];

const places = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

export const howToGetChromium = 'No Chromium found. Install one (Debian, Ubuntu: apt-get install chromium) or name one with CHROMIUM=/path/to/chromium.';

/** The path of a Chromium: the one that CHROMIUM names, else the first on the PATH, else where it is usually installed. */
export function findChromium() {
  if (process.env.CHROMIUM) return existsSync(process.env.CHROMIUM) ? process.env.CHROMIUM : undefined;
  const extension = process.platform === 'win32' ? '.exe' : '';
  const onPath = (process.env.PATH ?? '').split(path.delimiter).flatMap((folder) => names.map((name) => path.join(folder, name + extension)));
  return [...onPath, ...places].find((place) => existsSync(place));
}

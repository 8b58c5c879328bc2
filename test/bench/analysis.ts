// How long analysing takes: resnet.nn and generated files, warm, and the growth with the number of lines.

import { readFileSync } from 'node:fs';
import { parse } from '../../grammar/parse';
import { analyse } from '../../server/src/semantics/analyse';

/** A file of about this many lines: stacks, and models of forty layers each. */
export function generate(lines: number): string {
  const parts: string[] = ['stack Block(channels) { Conv2d(channels, 3, padding = 1); BatchNorm2d; ReLU }'];
  for (let model = 0; parts.length < lines; model++) {
    parts.push(`model M${String(model)} {`, '  input image: [3, H, W]');
    for (let layer = 0; layer < 40; layer++) parts.push(layer % 8 === 7 ? '  MaxPool2d(2)' : `  Block(${String(8 + (layer % 5))})`);
    parts.push('}');
  }
  return parts.join('\n');
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/** Milliseconds of the first run and the median of the others. */
export function time(work: () => unknown, rounds = 9): { readonly first: number; readonly warm: number } {
  const times = Array.from({ length: rounds + 1 }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return { first: times[0]!, warm: median(times.slice(1)) };
}

function measure(name: string, text: string): { name: string; lines: number; parse: number; analyse: number; first: number } {
  const uri = 'file:///bench.nn';
  let tree = parse(text).file;
  const parsing = time(() => (tree = parse(text).file));
  const analysing = time(() => analyse(uri, () => ({ uri, text, tree })));
  return { name, lines: text.split('\n').length, parse: parsing.warm, analyse: analysing.warm, first: parsing.first + analysing.first };
}

const resnet = readFileSync(process.argv[2]!, 'utf8');
const rows = [measure('resnet.nn', resnet), ...[1_250, 2_500, 5_000, 10_000].map((lines) => measure('generated', generate(lines)))];
console.log('file          lines   parse warm   analyse warm   first time   µs per line, warm');
for (const { name, lines, parse: parsing, analyse: analysing, first } of rows) {
  const cells = [
    name.padEnd(10),
    String(lines).padStart(8),
    `${parsing.toFixed(1)} ms`.padStart(13),
    `${analysing.toFixed(1)} ms`.padStart(15),
    `${first.toFixed(0)} ms`.padStart(13),
    (((parsing + analysing) / lines) * 1000).toFixed(1).padStart(20),
  ];
  console.log(cells.join(''));
}
const [small, large] = [rows[1]!, rows.at(-1)!];
const growth = (large.parse + large.analyse) / (small.parse + small.analyse) / (large.lines / small.lines);
console.log(`\ngrowth: ${String(Math.round(large.lines / small.lines))} times the lines take ${growth.toFixed(2)} times as long per line`);

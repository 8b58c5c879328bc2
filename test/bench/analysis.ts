// `npm run bench`, in one process of its own for each part: analysis and its growth, keystrokes in a large file, hostile
// files, a soak. Times are processor time; the first argument says which part.

import { readFileSync } from 'node:fs';
import { parse } from '../../grammar/parse';
import { analyse } from '../../server/src/semantics/analyse';
import { keystrokes } from './editor';
import { generate } from './generate';
import { errorsIn, hostile, large } from './hostile';
import { cpuMilliseconds, firstAndWarm } from './measure';
import { soak } from './soak';

const uri = 'file:///bench.nn';
const [part, ...files] = process.argv.slice(2);
const texts = part === 'hostile' ? [] : files.map((file) => readFileSync(file, 'utf8'));

/** A row of a table in Markdown. */
function row(...cells: readonly (string | number)[]): void {
  console.log(`| ${cells.map((cell) => (typeof cell === 'number' ? (cell < 100 ? cell.toFixed(1) : cell.toFixed(0)) : cell)).join(' | ')} |`);
}

function analysed(text: string): { readonly lines: number; readonly parse: number; readonly analyse: number; readonly first: number } {
  let tree = parse(text).file;
  const parsing = firstAndWarm(() => (tree = parse(text).file));
  const analysing = firstAndWarm(() => analyse(uri, () => ({ uri, text, tree })));
  return { lines: text.split('\n').length, parse: parsing.warm, analyse: analysing.warm, first: parsing.first + analysing.first };
}

switch (part) {
  case 'text':
    console.log(generate(10_000));
    break;
  case 'analysis': {
    row('file', 'lines', 'parse, warm', 'analyse, warm', 'both, first time', 'µs per line, warm');
    row('---', '---:', '---:', '---:', '---:', '---:');
    const perLine: number[] = [];
    // ResNet-50 alone, as other tools would be asked for the shapes of one network.
    const alone = texts[0]!.split('\n').filter((line) => !/^(?:assert|model ResNet(?:18|34)) /.test(line)).join('\n');
    const rows = [...files.map((file, index) => [file.replace(/.*\//, ''), texts[index]!] as const), ['ResNet-50 of it', alone] as const, ...[1_250, 2_500, 5_000, 10_000].map((lines) => ['generated', generate(lines)] as const)];
    for (const [name, text] of rows) {
      const { lines, parse: parsing, analyse: analysing, first } = analysed(text);
      perLine.push((1000 * (parsing + analysing)) / lines);
      row(name, String(lines), parsing, analysing, first, perLine.at(-1)!);
    }
    console.log(`\nEight times the lines take ${(perLine.at(-1)! / perLine.at(-4)!).toFixed(2)} times as long per line.`);
    break;
  }
  case 'keystrokes':
    row('after an edit of one model in 10,000 lines', 'median', 'worst of 60');
    row('---', '---:', '---:');
    for (const { name, milliseconds, worst } of keystrokes(10_000)) row(name, milliseconds, worst);
    break;
  case 'hostile':
    // By its number, so that every file meets a process that has seen nothing.
    for (const [name, text] of [[...hostile, ...large][Number(files[0])]!]) {
      const cold = cpuMilliseconds(() => errorsIn(text));
      const warm = cpuMilliseconds(() => errorsIn(text));
      row(name, cold.milliseconds, warm.milliseconds, String(cold.result));
    }
    break;
  case 'soak': {
    row('edits', 'MB of heap');
    row('---:', '---:');
    const { isFresh } = soak(texts.join('\n'), 10_000, ({ edits, megabytes }) => { row(String(edits), megabytes); });
    console.log(`\nThe end is ${isFresh ? '' : '**not** '}what a fresh analysis gives.`);
  }
}

// Int inputs are drawn within what their uses take, also where something only moves or shifts them on the way.

import { describe, expect, it } from 'vitest';
import { boundsOfUses } from '../../server/src/check/integers';
import { checkModel } from '../../server/src/check/run';
import { drawValues } from '../../server/src/check/values';
import { analyseText } from '../support/analyse';

const uri = 'file:///m.nn';
const check = (body: string): ReturnType<typeof checkModel> => checkModel({ files: [{ uri, text: `model M { ${body} }` }], file: uri, model: 'M', budgetEvaluations: 1000 });

function boundsIn(body: string): readonly [number, number] {
  const { graph } = analyseText(`model M { ${body} }`).models[0]!;
  const { low, high } = boundsOfUses(graph, graph.inputs.find(({ type }) => type.element === 'int') ?? graph.targets[0]!);
  return [low, high];
}

it.each([
  ['the axis that it picks from', 'input i: int[3]; param x: [5, 2]; y = x[i]; output y', [0, 4]],
  ['the second axis', 'input i: int[3]; param x: [5, 2]; y = x[:, i]; output y', [0, 1]],
  ['each of two axes', 'input i: int[3]; param x: [5, 2]; y = x[i, i]; output y', [0, 1]],
  ['behind a slice of itself', 'input i: int[3]; param x: [5, 2]; y = x[i[1:]]; output y', [0, 4]],
  ['a table behind a reshape', 'input i: int[4]; reshape(i, 2, 2) -> Embedding(7, 3)', [0, 6]],
  ['the smaller of two tables', 'input i: int[4]; a, b = chunk(i, 2); y = (a -> Embedding(10, 4)) + (b -> Embedding(5, 4)); output y', [0, 4]],
  ['a table that is read beside it', 'input i: int[4]; Embedding(10, 4)(i + 1)', [-1, 8]],
  ['a table that is read backwards', 'input i: int[4]; Embedding(10, 4)(9 - i)', [0, 9]],
  ['every third row', 'input i: int[4]; Embedding(11, 4)(3 * i)', [0, 3]],
  ['classes behind a reshape', 'input x: [2, 3, 5]; target t: int[2, 3]; loss cross_entropy(reshape(x, 6, 5), reshape(t, 6))', [0, 4]],
  ['nothing', 'input i: int[4]; y = float(i); output y', [-Infinity, Infinity]],
] as const)('%s bounds an int tensor', (_, body, bounds) => {
  expect(boundsIn(body)).toEqual(bounds);
  expect(check(body).problem).toBeUndefined();
});

describe('what is drawn', () => {
  it('is not negative where it need not be', () => {
    const { graph } = analyseText('model M { input i: int[40]; Embedding(10, 4)(i + 1) }').models[0]!;
    const drawn = drawValues(graph, graph.inputs[0]!, 'i', 40, 0);
    expect([Math.min(...drawn), Math.max(...drawn)]).toEqual([0, 8]);
  });

  it('is negative where the uses ask for it', () => {
    expect(check('input i: int[4]; Embedding(10, 4)(i + 20)').problem).toBeUndefined();
  });

  it('and lies outside of a table has a layer that says so, and a way out', () => {
    expect(check('input i: int[9]; input j: int[9]; Embedding(10, 4)(i * 5 + j)').problem).toMatch(
      /^Embedding cannot be computed: index \d+ at place \d+ is not a whole number from 0 to 9; an assert on the inputs, such as 0 <= i < 10, keeps it there$/,
    );
  });
});

// Correct derivatives raise no alarm: a small slice of the experiment in test/bench/false-alarms.ts.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from '../../grammar/parse';
import { checkModel } from '../../server/src/check/run';
import { checkGradients } from '../../server/src/engine/gradient-check/check';
import { analyse } from '../../server/src/semantics/analyse';
import { countParameters } from '../../server/src/semantics/cost';
import { examNetwork } from '../engine/support/networks';

const folder = new URL('../../examples/', import.meta.url);
/** Models with more parameters belong to the experiment. */
const mostParameters = 1000;

describe('no alarm', () => {
  it.each([1001, 1002, 1003, 1004, 1005])('on the network of the exam with a head, seed %i', (seed) => {
    const { network, loss, parameters } = examNetwork(seed);
    const report = checkGradients({ program: network.program, loss, leaves: network.leaves, check: parameters, seed, budget: { evaluations: 60 } });
    expect(report).toMatchObject({ ok: true, culprits: [] });
    for (const { name, checked, directions, wrong } of report.tensors) expect([name, checked + directions > 0, wrong]).toEqual([name, true, 0]);
  });

  it.each(['exam.nn', 'lstm_language_model.nn', 'transformer.nn', 'vae.nn', 'wavenet.nn'])('on the small models of %s', (name) => {
    const uri = new URL(name, folder).href;
    const text = readFileSync(new URL(name, folder), 'utf8');
    const analysis = analyse(uri, () => ({ uri, text, tree: parse(text).file }))!;
    const small = analysis.models.filter(({ graph }) => Number(countParameters(graph.parameters)) <= mostParameters);
    expect(small.length).toBeGreaterThan(0);
    for (const { name: model } of small) {
      const report = checkModel({ files: [{ uri, text }], file: uri, model, seed: 1001, budgetEvaluations: 500 });
      expect([model, report.problem, report.ok, report.notes]).toEqual([model, undefined, true, report.notes]);
    }
  });
});

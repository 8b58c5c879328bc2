// The full check of the exam's network as a worker of a browser: answers with the milliseconds of a first and of a warm run.

import { checkGradients } from '../../server/src/engine/gradient-check/check';
import { examNetwork } from '../engine/support/networks';

const { network, loss, parameters } = examNetwork(0);
const times = [0, 1, 2].map(() => {
  const start = performance.now();
  const report = checkGradients({ program: network.program, loss, leaves: network.leaves, check: parameters, budget: { milliseconds: 1e7 }, implementation: 'baseline' });
  if (!report.ok) throw new Error('the check is wrong');
  return performance.now() - start;
});
self.postMessage({ first: times[0], wall: Math.min(times[1]!, times[2]!), implementation: 'baseline' });

// Properties try the same random cases in every run, so that a failure is one of the change at hand; NN_SEED tries others.

import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.NN_SEED ?? 1) });

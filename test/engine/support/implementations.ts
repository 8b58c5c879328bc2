// The SIMD kernels that this host can run: relaxed ones are behind a flag in older versions of Node.

import { setFlagsFromString } from 'node:v8';
import { Arena, bestImplementation } from '../../../server/src/engine/kernels/wasm/arena';
import type { Implementation } from '../../../server/src/engine/kernels/wasm/arena';

if (Number(process.versions.node.split('.')[0]) < 22) setFlagsFromString('--experimental-wasm-relaxed-simd');

export const implementations = (['baseline', 'relaxed'] as const).filter((each: Implementation) => bestImplementation() !== 'reference' && new Arena(1, each).implementation === each);

// Rules that need a whole model: one file each, listed here.

import type { Finding } from '../findings';
import type { EvaluatedModel } from '../model';
import { zeroGradient } from './zero-gradient';

/** Looks at an evaluated model and reports what is probably not meant. */
export type Lint = (model: EvaluatedModel, report: (finding: Finding) => void) => void;

export const lints: readonly Lint[] = [zeroGradient];

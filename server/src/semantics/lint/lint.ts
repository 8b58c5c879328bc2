// Rules that need a whole model: one file each, listed here.

import type { Finding } from '../findings';
import type { EvaluatedModel } from '../model';
import { adjacentLinear } from './adjacent-linear';
import { biasBeforeNorm } from './bias-before-norm';
import { channelsLast } from './channels-last';
import { checkerboard } from './checkerboard';
import { disconnected } from './disconnected';
import { freeBorder } from './free-border';
import { gradientSize } from './gradient-flow';
import { gridding } from './gridding';
import { inferredSize } from './inferred-size';
import { largeNormEps } from './large-norm-eps';
import { lossInput } from './loss-input';
import { exhaustedField, narrowField } from './map-coverage';
import { misalignedBranches } from './misaligned-branches';
import { misplacedDropout } from './misplaced-dropout';
import { repeatedActivation } from './repeated-activation';
import { repeatedNorm } from './repeated-norm';
import { saturatingChain } from './saturating-chain';
import { separateWeights } from './separate-weights';
import { skippedInputs, tapsInPadding, unreadBorder } from './windows';
import { zeroGradient } from './zero-gradient';

/** Looks at an evaluated model and reports what is probably not meant; its time is linear in the size of the graph. */
export type Lint = (model: EvaluatedModel, report: (finding: Finding) => void) => void;

export const lints: readonly Lint[] = [
  zeroGradient,
  disconnected,
  unreadBorder,
  freeBorder,
  skippedInputs,
  tapsInPadding,
  checkerboard,
  gridding,
  biasBeforeNorm,
  largeNormEps,
  inferredSize,
  channelsLast,
  adjacentLinear,
  repeatedActivation,
  repeatedNorm,
  misplacedDropout,
  lossInput,
  gradientSize,
  saturatingChain,
  narrowField,
  exhaustedField,
  misalignedBranches,
  separateWeights,
];

// All layers and functions: by family, as the reference pages show them, and by name.

import { activationFunctions, activations } from './activation';
import { attentions } from './attention';
import { classLosses } from './class-loss';
import { convolutions } from './conv';
import type { FunctionOperation, Operation } from './definition';
import { dropouts } from './dropout';
import { einsums } from './einsum';
import { mathematicalFunctions, mathematicalLayers } from './elementwise';
import { folds } from './fold';
import { indexing } from './indexing';
import { joinFunctions, joinLayers } from './join';
import { layoutFunctions, layoutLayers } from './layout';
import { linears } from './linear';
import { lossLayers } from './loss-layer';
import { losses } from './loss';
import { marginLosses } from './margin-loss';
import { normalizations } from './norm';
import { operators } from './operators';
import { paddingFunctions, paddingLayers } from './padding';
import { parametrizations } from './parametrization';
import { pools } from './pool';
import { products } from './product';
import { recurrentLayers } from './recurrent';
import { recurrentCells } from './recurrent-cell';
import { reductions } from './reduce';
import { resampling } from './resample';
import { similarities, similarityFunctions } from './similarity';
import { softmaxFunctions, softmaxLayers } from './softmax';
import { sources } from './sources';
import { transformers } from './transformer';
import { unpools } from './unpool';

/** Entries that belong together: a page of the reference. */
export interface Family {
  /** The page's file name. */
  readonly name: string;
  readonly title: string;
  readonly layers?: readonly Operation[];
  readonly functions?: readonly FunctionOperation[];
}

export const families: readonly Family[] = [
  { name: 'convolution', title: 'Convolutions', layers: convolutions },
  { name: 'pooling', title: 'Pools, and windows side by side', layers: [...pools, ...unpools, ...folds] },
  { name: 'linear', title: 'Linear maps and embeddings', layers: linears },
  { name: 'normalization', title: 'Normalizations', layers: [...normalizations, ...parametrizations] },
  { name: 'activation', title: 'Activations', layers: activations, functions: activationFunctions },
  { name: 'softmax', title: 'Softmax and running sums', layers: softmaxLayers, functions: softmaxFunctions },
  { name: 'dropout', title: 'Dropout', layers: dropouts },
  { name: 'recurrent', title: 'Recurrent layers and cells', layers: [...recurrentLayers, ...recurrentCells] },
  { name: 'attention', title: 'Attention and Transformer layers', layers: [...attentions, ...transformers] },
  { name: 'layout', title: 'Shapes and orders of axes', layers: layoutLayers, functions: layoutFunctions },
  { name: 'joining', title: 'Joining and cutting', layers: joinLayers, functions: joinFunctions },
  { name: 'padding', title: 'Padding', layers: paddingLayers, functions: paddingFunctions },
  { name: 'resampling', title: 'Upsampling and shuffles', layers: resampling },
  { name: 'indexing', title: 'Indexing', functions: indexing },
  { name: 'operators', title: 'Operators', functions: operators },
  { name: 'mathematical', title: 'Mathematical functions', layers: mathematicalLayers, functions: mathematicalFunctions },
  { name: 'reductions', title: 'Reductions', functions: reductions },
  { name: 'products', title: 'Products', functions: [...products, ...einsums] },
  { name: 'sources', title: 'Tensors from nothing, and masks', functions: sources },
  { name: 'losses', title: 'Losses and distances', layers: [...lossLayers, ...similarities], functions: [...losses, ...classLosses, ...marginLosses, ...similarityFunctions] },
];

export const layers: ReadonlyMap<string, Operation> = byName(families.flatMap((family) => family.layers ?? []));

export const functions: ReadonlyMap<string, FunctionOperation> = byName(families.flatMap((family) => family.functions ?? []));

function byName<T extends { readonly name: string }>(operations: readonly T[]): ReadonlyMap<string, T> {
  return new Map(operations.map((each) => [each.name, each]));
}

// All layers and functions, by name.

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
import { losses, similarities } from './loss';
import { normalizations } from './norm';
import { operators } from './operators';
import { paddingFunctions, paddingLayers } from './padding';
import { pools } from './pool';
import { products } from './product';
import { recurrentLayers } from './recurrent';
import { recurrentCells } from './recurrent-cell';
import { reductions } from './reduce';
import { resampling } from './resample';
import { softmaxFunctions, softmaxLayers } from './softmax';
import { sources } from './sources';
import { transformers } from './transformer';

export const layers: ReadonlyMap<string, Operation> = byName([
  ...convolutions,
  ...pools,
  ...folds,
  ...linears,
  ...normalizations,
  ...activations,
  ...mathematicalLayers,
  ...softmaxLayers,
  ...dropouts,
  ...layoutLayers,
  ...joinLayers,
  ...paddingLayers,
  ...resampling,
  ...similarities,
  ...recurrentLayers,
  ...recurrentCells,
  ...attentions,
  ...transformers,
]);

export const functions: ReadonlyMap<string, FunctionOperation> = byName([
  ...operators,
  ...activationFunctions,
  ...mathematicalFunctions,
  ...reductions,
  ...softmaxFunctions,
  ...products,
  ...einsums,
  ...layoutFunctions,
  ...joinFunctions,
  ...paddingFunctions,
  ...indexing,
  ...sources,
  ...losses,
  ...classLosses,
]);

function byName<T extends { readonly name: string }>(operations: readonly T[]): ReadonlyMap<string, T> {
  return new Map(operations.map((each) => [each.name, each]));
}

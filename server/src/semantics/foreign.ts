// What other frameworks write for what is here, so that messages can name ours.

/** Modules and objects whose members stand by themselves here: `nn.Conv2d`, `F.relu`, `self.norm`. */
export const foreignModules: ReadonlySet<string> = new Set(['F', 'functional', 'keras', 'layers', 'nn', 'self', 'tf', 'torch']);

/** Layers and functions by the names that others give them. */
export const foreignNames: ReadonlyMap<string, string> = new Map([
  ['AveragePooling1D', 'AvgPool1d'],
  ['AveragePooling2D', 'AvgPool2d'],
  ['AveragePooling3D', 'AvgPool3d'],
  ['BatchNormalization', 'BatchNorm2d'],
  ['bmm', 'matmul'],
  ['cat', 'concat'],
  ['Concatenate', 'concat'],
  ['Conv1DTranspose', 'ConvTranspose1d'],
  ['Conv2DTranspose', 'ConvTranspose2d'],
  ['Conv3DTranspose', 'ConvTranspose3d'],
  ['Dense', 'Linear'],
  ['GlobalAveragePooling2D', 'AdaptiveAvgPool2d'],
  ['GlobalMaxPooling2D', 'AdaptiveMaxPool2d'],
  ['LayerNormalization', 'LayerNorm'],
  ['MaxPooling1D', 'MaxPool1d'],
  ['MaxPooling2D', 'MaxPool2d'],
  ['MaxPooling3D', 'MaxPool3d'],
  ['mm', 'matmul'],
  ['pow', 'power'],
  ['Swish', 'SiLU'],
  ['swish', 'silu'],
  ['view', 'reshape'],
]);

/** Values that others write with a capital letter. */
export const foreignValues: ReadonlyMap<string, string> = new Map([
  ['False', 'false'],
  ['None', 'none'],
  ['True', 'true'],
]);

/** Methods of tensors whose function has another name. */
export const foreignMethods: ReadonlyMap<string, string> = new Map([
  ['size', 'shape'],
  ['T', 'transpose'],
  ['view', 'reshape'],
]);

/** What is done here in another way, in words. */
export const foreignAdvice: ReadonlyMap<string, string> = new Map([
  ['masked_fill', '`where(mask, value, x)` picks from two'],
  ['ModuleList', '`repeat` and `for` make layers anew in each round'],
  ['Parameter', 'a parameter is a statement of its own, as in `param w: [8]`'],
  ['rand', 'noise is an input of the model, as in `input noise: [20]`'],
  ['rand_like', 'noise is an input of the model, as in `input noise: [20]`'],
  ['randn', 'noise is an input of the model, as in `input noise: [20]`'],
  ['randn_like', 'noise is an input of the model, as in `input noise: [20]`'],
  ['Sequential', 'layers stand one below the other, or in a block, as in `{ Linear(8); ReLU }`'],
  ['squeeze', 'an index takes its axis away, as in `x[0]`'],
  ['std', 'it is the root of the variance, `sqrt(var(x))`'],
  ['tril', '`causal_mask(scores)` hides what lies ahead'],
  ['unsqueeze', '`none` in an index adds an axis, as in `x[none]`'],
]);

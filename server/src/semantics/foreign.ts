// What other frameworks write for what is here, so that messages can name ours.

/** Modules and objects whose members stand by themselves here: `nn.Conv2d`, `F.relu`, `self.norm`. */
export const foreignModules: ReadonlySet<string> = new Set(['F', 'functional', 'keras', 'layers', 'nn', 'self', 'tf', 'torch']);

/** Layers and functions by the names that others give them. */
export const foreignNames: ReadonlyMap<string, string> = new Map([
  ['AveragePooling1D', 'AvgPool1d'],
  ['AveragePooling2D', 'AvgPool2d'],
  ['AveragePooling3D', 'AvgPool3d'],
  ['BatchNormalization', 'BatchNorm2d'],
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
  ['Swish', 'SiLU'],
  ['swish', 'silu'],
  ['view', 'reshape'],
]);

/** Methods of tensors whose function has another name. */
export const foreignMethods: ReadonlyMap<string, string> = new Map([
  ['size', 'shape'],
  ['T', 'transpose'],
  ['view', 'reshape'],
]);

// What one writes in PyTorch for an application of an entry of the catalog.

import { functionText } from './torch-function';
import { moduleForm, type TorchApplication, type TorchForm } from './torch-module';

/** The PyTorch form of an application; undefined for a function that would need another one where operands without a batch meet others. */
export function torchForm(application: TorchApplication): TorchForm | undefined {
  if (/^[A-Z]/.test(application.operation.name)) return moduleForm(application);
  const call = functionText(application);
  return call === undefined ? undefined : { call };
}

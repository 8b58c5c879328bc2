// How grave each diagnostic is taken to be, where that is a matter of settings.

import { registeredCode } from './codes';
import type { Diagnostic, Severity } from './diagnostic';

/** By code: another severity, or silence. `invalid-argument` stands for all `invalid-…`. */
export type Severities = Readonly<Record<string, Severity | 'off'>>;

/** The diagnostics as the settings want them; those that are off are left out. */
export function applySeverities(diagnostics: readonly Diagnostic[], severities: Severities): readonly Diagnostic[] {
  return diagnostics.flatMap((diagnostic) => {
    const severity = severities[diagnostic.code] ?? severities[registeredCode(diagnostic.code) ?? diagnostic.code];
    if (severity === 'off') return [];
    return severity === undefined || severity === diagnostic.severity ? [diagnostic] : [{ ...diagnostic, severity }];
  });
}

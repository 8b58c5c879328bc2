// Every setting of the extension as a row of a table: what it means, what it accepts, its default. package.json is generated from it.

import { codes, registeredCode } from '../base/codes';
import type { Severity } from '../base/diagnostic';
import { nearestName } from '../base/nearest';
import type { Severities } from '../base/severity';

/** One setting. */
export interface Setting<T> {
  /** Markdown, shown in the settings editor. */
  readonly documentation: string;
  readonly default: T;
  /** What is accepted, in words, to stand behind "must be". */
  readonly accepts: string;
  /** The part of the manifest's JSON schema that says what is accepted. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** The value, where it is acceptable. */
  read(raw: unknown): T | undefined;
  /** What should be said of what is accepted, whole or in part. */
  remarks?(raw: unknown): readonly string[];
}

function flag(fallback: boolean, documentation: string): Setting<boolean> {
  return { documentation, default: fallback, accepts: 'true or false', schema: { type: 'boolean' }, read: (raw) => (typeof raw === 'boolean' ? raw : undefined) };
}

/** One of several words, each with what it means. */
function choice<W extends string>(fallback: NoInfer<W>, documentation: string, words: Readonly<Record<W, string>>): Setting<W> {
  const all = Object.keys(words) as W[];
  return {
    documentation,
    default: fallback,
    accepts: `one of ${all.map((word) => `"${word}"`).join(', ')}`,
    schema: { type: 'string', enum: all, markdownEnumDescriptions: Object.values(words) },
    read: (raw) => all.find((word) => word === raw),
  };
}

function wholeNumber(fallback: number, minimum: number, maximum: number, documentation: string): Setting<number> {
  return {
    documentation,
    default: fallback,
    accepts: `a whole number from ${String(minimum)} to ${maximum.toLocaleString('en-US')}`,
    schema: { type: 'integer', minimum, maximum },
    read: (raw) => (Number.isInteger(raw) && (raw as number) >= minimum && (raw as number) <= maximum ? (raw as number) : undefined),
  };
}

function positiveNumber(fallback: number, maximum: number, documentation: string): Setting<number> {
  return {
    documentation,
    default: fallback,
    accepts: `a number above 0, at most ${maximum.toLocaleString('en-US')}`,
    schema: { type: 'number', exclusiveMinimum: 0, maximum },
    read: (raw) => (typeof raw === 'number' && raw > 0 && raw <= maximum ? raw : undefined),
  };
}

const severities: readonly (Severity | 'off')[] = ['error', 'warning', 'information', 'hint', 'off'];

/** A severity for each code that is named. */
function severityByCode(documentation: string): Setting<Severities> {
  return {
    documentation,
    default: {},
    accepts: `an object from codes to ${severities.map((word) => `"${word}"`).join(', ')}`,
    schema: { type: 'object', additionalProperties: { type: 'string', enum: severities } },
    read: (raw) => {
      if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return undefined;
      // One that is wrong takes nothing from the others.
      return Object.fromEntries(Object.entries(raw).filter(([, word]) => severities.includes(word as Severity))) as Severities;
    },
    remarks: (raw) =>
      Object.entries(raw as object).flatMap(([code, word]: [string, unknown]) => [
        ...(registeredCode(code) === undefined ? [`There is no diagnostic ${code}${didYouMean(code, codes.keys())}`] : []),
        ...(severities.includes(word as Severity) ? [] : [`${code} must be ${severities.map((each) => `"${each}"`).join(', ')}, but is ${spelled(word)}; it is left as it is.`]),
      ]),
  };
}

/** A value as it is written in the settings. */
function spelled(raw: unknown): string {
  return typeof raw === 'number' ? String(raw) : JSON.stringify(raw);
}

function didYouMean(word: string, candidates: Iterable<string>, prefix = ''): string {
  const nearest = nearestName(word, candidates);
  return nearest === undefined ? '.' : `; did you mean ${prefix}${nearest}?`;
}

/** All settings by their names behind `nn.`, in the order of the settings editor. */
export const settingsTable = {
  'inlayHints.shapes': flag(true, 'Shows the shape behind every layer: `[64, 56, 56]`.'),
  'inlayHints.receptiveField': flag(false, 'Shows the receptive field up to each layer behind its shape: `field 11×11`.'),
  'inlayHints.parameters': flag(false, 'Shows the number of parameters of each layer behind its shape: `9,408 params`.'),
  'inlayHints.argumentNames': choice('several', 'Shows the names of arguments that are given by their places: `Conv2d(out_channels: 64, kernel_size: 3)`.', {
    off: 'Never.',
    several: 'Where a call gives several numbers by their places.',
    all: 'For every number that is given by its place.',
  }),
  'codeLens.figures': flag(true, 'Shows parameters, multiply-accumulates and receptive field above every model.'),
  'codeLens.check': flag(true, 'Shows *Check gradients* and the outcome of the last check above every model.'),
  'codeLens.compare': flag(true, 'Shows *Compare with …* above every model.'),
  'codeLens.uses': flag(true, 'Shows above every stack how often it is used.'),
  'numbers.style': choice('short', 'How large numbers are written where there is little room: in lenses, hints and the status bar. Hovers always give them exactly.', {
    short: '`1.81 G`',
    exact: '`1,814,073,344`',
  }),
  'memory.batchSize': wholeNumber(1, 1, 1_000_000, 'The number of examples for which hovers give the memory that the backward pass needs.'),
  'memory.elementBytes': wholeNumber(4, 1, 16, 'The bytes of one number, for the memory of values and optimizers: 4 for float32, 2 for float16 and bfloat16, 8 for float64.'),
  'diagnostics.severity': severityByCode('The severity of diagnostics by their codes, such as `{ "unread-border": "hint", "zero-gradient": "off" }`. The code stands behind each message in the Problems panel.'),
  'check.onSave': flag(false, 'Checks the gradients of a file\'s models when it is saved; models that have not changed since their last check are not checked again.'),
  'check.timeBudget': positiveNumber(5, 3600, 'The seconds that a gradient check may take. Where they do not suffice for every entry, random directions and a sample of entries are compared, and the report says so.'),
  'check.memoryBudget': positiveNumber(4, 1024, 'The memory that a gradient check may take, in GB. A check that needs more says so and does not start.'),
  'check.secondDerivatives': flag(false, 'Checks second derivatives, too: the product of the Hessian with a random direction against differences of gradients.'),
  'check.seed': wholeNumber(0, 0, 2 ** 31 - 1, 'The seed of the random values that gradient checks feed.'),
  'check.batch': wholeNumber(2, 1, 1024, 'The number of examples that a gradient check feeds at once. Models with batch statistics get as many as those need.'),
} as const;

type Table = typeof settingsTable;
export type SettingName = keyof Table;

/** The values of all settings. */
export type Settings = { readonly [Name in SettingName]: Table[Name] extends Setting<infer T> ? T : never };

const rows = Object.entries(settingsTable) as [SettingName, Setting<unknown>][];

export const defaultSettings = Object.fromEntries(rows.map(([name, setting]) => [name, setting.default])) as unknown as Settings;

/** What only the client looks at. */
const ofClient: ReadonlySet<string> = new Set(['trace.server']);

/** Reads the section `nn` of a configuration; what is wrong is said, and gets its default. */
export function readSettings(section: unknown): { readonly settings: Settings; readonly problems: readonly string[] } {
  const given = new Map(leavesOf(section, ''));
  const problems: string[] = [];
  const settings = Object.fromEntries(
    rows.map(([name, setting]) => {
      const raw = given.get(name);
      given.delete(name);
      // An editor that knows nothing of a setting sends null for it, or nothing.
      const value = raw === undefined || raw === null ? setting.default : setting.read(raw);
      if (value !== undefined) {
        problems.push(...(raw === undefined || raw === null ? [] : (setting.remarks?.(raw) ?? [])).map((remark) => `The setting nn.${name}: ${remark}`));
        return [name, value];
      }
      problems.push(`The setting nn.${name} must be ${setting.accepts}, but is ${spelled(raw)}; its default ${JSON.stringify(setting.default)} is used.`);
      return [name, setting.default];
    }),
  ) as unknown as Settings;
  for (const name of given.keys()) {
    if (ofClient.has(name)) continue;
    problems.push(`There is no setting nn.${name}${didYouMean(name, Object.keys(settingsTable), 'nn.')}`);
  }
  return { settings, problems };
}

/** The values by dotted names, whether the section nests them or not. */
function* leavesOf(section: unknown, prefix: string): Generator<[string, unknown]> {
  if (prefix in settingsTable || typeof section !== 'object' || section === null || Array.isArray(section)) {
    if (prefix !== '') yield [prefix, section];
    return;
  }
  for (const [key, value] of Object.entries(section)) yield* leavesOf(value, prefix === '' ? key : `${prefix}.${key}`);
}

/** The properties of the manifest's `contributes.configuration`. */
export function settingsSchema(): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    rows.map(([name, { schema, default: fallback, documentation }]) => [`nn.${name}`, { ...schema, default: fallback, markdownDescription: documentation, scope: 'window' }]),
  );
}

/** The page of all settings. */
export function settingsPage(): string {
  const entries = rows.map(([name, { documentation, accepts, default: fallback }]) => `## \`nn.${name}\`\n\n${documentation}\n\nAccepts ${accepts}. Default: \`${JSON.stringify(fallback)}\`.`);
  return ['# Settings', 'They take effect at once. A wrong value is reported, and its default is used.', ...entries].join('\n\n') + '\n';
}

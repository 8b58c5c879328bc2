// One piece of evaluation (of a let, a variant, a model, an assert of a file) with all that it asked of the program.
// As long as the answers are the same, so is what it gives, and it need not be done again.

import type * as ast from '../../../grammar/ast';
import type { Findings } from './findings';
import type { EvaluatedModel } from './model';
import type { ConstructorValue, Value } from './values';

export type NamedDeclaration = Exclude<ast.Declaration, ast.Import | ast.Assert>;

/** What a name of a file stands for. */
export interface Meaning {
  readonly declaration?: NamedDeclaration;
  /** Undefined where the file declares no such name. */
  readonly value?: Value;
  /** Why the value is not known: it is being evaluated, or too many are. */
  readonly trouble?: Trouble;
}

export type Trouble = 'cyclic' | 'too-deep';

export type Question =
  | { readonly kind: 'name'; readonly file: string; readonly about: string; readonly answer: Meaning }
  /** Whether a name of a file is a `let`. */
  | { readonly kind: 'let'; readonly file: string; readonly about: string; readonly answer: boolean }
  /** All names of a file. */
  | { readonly kind: 'names'; readonly file: string; readonly about: undefined; readonly answer: readonly string[] }
  /** A model, evaluated by itself. */
  | { readonly kind: 'model'; readonly file: undefined; readonly about: ConstructorValue; readonly answer: EvaluatedModel | Trouble | undefined };

type QuestionOf<Kind extends Question['kind']> = Extract<Question, { kind: Kind }>;

const noUnits: ReadonlySet<Unit> = new Set();

export class Unit {
  /** What it gives: a value, a model, judgements. */
  result: unknown;
  /** What it asked, in order, each once. */
  readonly questions: Question[] = [];
  /** The units that have answered it, in the order of asking. Of most there are none. */
  private used: Set<Unit> | undefined;
  /** The last analysis that it was found up to date in. */
  revision = 0;
  /** How much it had asked when its result could be used, though it was not finished: a model whose claims are not judged yet. */
  usableAfter = Infinity;
  /** While it is looked through: how many answers were found to be the same. */
  confirmed = 0;
  /** The questions by kind, file and what they are about. */
  private readonly known: Partial<Record<Question['kind'], Map<string | undefined, Map<unknown, Question>>>> = {};

  constructor(
    /** What it evaluates, for those who count. */
    readonly name: string,
    readonly findings: Findings,
  ) {}

  get uses(): ReadonlySet<Unit> {
    return this.used ?? noUnits;
  }

  use(unit: Unit): void {
    (this.used ??= new Set()).add(unit);
  }

  forgetUses(): void {
    this.used = undefined;
  }

  /** The question as it was asked before. */
  asked<Kind extends Question['kind']>(kind: Kind, file: QuestionOf<Kind>['file'], about: QuestionOf<Kind>['about']): QuestionOf<Kind> | undefined {
    return this.known[kind]?.get(file)?.get(about) as QuestionOf<Kind> | undefined;
  }

  note<Asked extends Question>(question: Asked): Asked {
    const { kind, file, about } = question;
    const ofKind = (this.known[kind] ??= new Map<string | undefined, Map<unknown, Question>>());
    let ofFile = ofKind.get(file);
    if (ofFile === undefined) ofKind.set(file, (ofFile = new Map()));
    ofFile.set(about, question);
    this.questions.push(question);
    return question;
  }

  /** From here on others may use the result. */
  isUsable(result: unknown): void {
    this.result = result;
    this.usableAfter = this.questions.length;
  }
}

/** Whether two meanings are the same for whoever reads them. */
export function sameMeaning(a: Meaning, b: Meaning): boolean {
  if (a.trouble !== b.trouble || (a.trouble !== undefined && a.declaration !== b.declaration)) return false;
  return a.value === b.value || (a.value !== undefined && b.value !== undefined && sameData(a.value, b.value));
}

/** Whether two values are the same object, or the same plain data. */
export function sameData(a: Value, b: Value): boolean {
  if (a === b) return true;
  switch (a.kind) {
    case 'number':
    case 'boolean':
    case 'string':
    case 'size':
      return a.kind === b.kind && Object.is(a.value, b.value);
    case 'none':
    case 'unknown':
      return a.kind === b.kind;
    case 'list':
      return b.kind === 'list' && a.items.length === b.items.length && a.items.every((item, index) => sameData(item, b.items[index]!));
    default:
      return false;
  }
}

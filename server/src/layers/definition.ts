// What one layer or function of the catalog is: everything that the editor, the checker and the exporters know of it.

import type { Code } from '../base/codes';
import type { DiagnosticData } from '../base/diagnostic';
import type { Builder, Ref } from '../engine/builder';
import type { Dimension } from '../symbolic/dimension';
import type { ArgumentDefinitions } from './arguments';
import type { Dependence } from './dependence';
import type { TensorType } from './tensor';
import type { Work } from './work';

/** Arguments by name, once read. */
export type Arguments = Readonly<Record<string, unknown>>;

export interface Operation<A = Arguments> {
  /** PyTorch's name: upper case for a layer, lower case for a function. */
  readonly name: string;
  /** One line: what it does. */
  readonly summary: string;
  /** The formula of the output, in plain text with Unicode signs. */
  readonly formula: string;
  /** The paper or the page of PyTorch's documentation that the formula is from. */
  readonly source: string;
  readonly arguments: ArgumentDefinitions<A>;
  /** Arguments of PyTorch's forward that are no tensors; they are given, by name, where the layer is applied. */
  readonly forward?: ArgumentDefinitions<Arguments>;
  /** The tensors that it takes, in PyTorch's order. */
  readonly inputs: readonly InputDefinition[];
  /** What the backward pass needs of the forward pass. */
  readonly keeps: readonly Kept[];
  /** What `elementwise` counts. */
  readonly work: Work<A>;
  /** For a layer that wraps another: what it is once its arguments are known. */
  specialize?(given: A): Operation;
  /** Maps each entry by itself, all by the same function. */
  readonly pointwise?: true;
  /** What comes out is what its inputs hold, moved, repeated or left out; what only picks (an input of indices) is not meant. */
  readonly rearranges?: true;
  /** For an input of indices: the number that they stay below (rows of a table, classes). */
  indexBound?(input: number, types: readonly TensorType[], effect: Effect): Dimension | undefined;
  /** Shape rule, parameters, cost and execution for one application; undefined after a problem was reported. */
  infer(call: Call<A>): Effect | undefined;
}

/** An operation as its family file writes it; `operation` derives from it what the effect of an application lacks. */
export interface Definition<A = Arguments> extends Omit<Operation<A>, 'infer'> {
  infer(call: Call<A>): Inference | undefined;
}

export interface InputDefinition {
  readonly name: string;
  readonly documentation?: string;
  readonly optional?: boolean;
  /** Takes any number of further tensors. */
  readonly variadic?: boolean;
  /** Holds nothing but −1 and 1. */
  readonly signs?: boolean;
}

export type Kept = 'input' | 'output' | 'weight' | 'mask' | 'indices' | 'statistics';

/** One application: the types that come in and the arguments that were read. */
export interface Call<A = Arguments> {
  readonly inputs: readonly TensorType[];
  /** The inputs' names, where an optional one in between is left out; without them they are the first ones in order. */
  readonly inputNames?: readonly string[];
  readonly arguments: A;
  /** What was given of `forward`'s arguments, defaults included; absent where nothing was. */
  readonly forward?: Arguments;
  /** Whether sizes of parameters may be expressions: a stack is understood by itself, and nothing runs. */
  readonly freeParameters?: boolean;
  /** Reports an error; gives undefined, so that `return call.problem(…)` ends the rule. */
  problem(problem: Problem): undefined;
  /** Reports a warning; the rule goes on. */
  warn(problem: Problem): void;
  /** Whether the two sizes are equal; where the free dimensions decide, that becomes a requirement. False: they never are. */
  requireEqual(a: Dimension, b: Dimension): boolean;
  /** Whether the size is at least the bound; where the free dimensions decide, that becomes a requirement. */
  requireAtLeast(value: Dimension, bound: number): boolean;
}

export interface Problem {
  readonly code: Code;
  readonly message: string;
  /** The argument at fault; without one the whole application is marked. */
  readonly argument?: string;
  /** A replacement of that argument's value (or an argument to add) that mends the problem. */
  readonly fix?: { readonly title: string; readonly argument: string; readonly value: string };
  readonly data?: DiagnosticData;
}

export interface Parameter {
  readonly name: string;
  readonly shape: readonly Dimension[];
  /** How PyTorch draws the first values: U(−bound, bound), N(0, deviation²), or a constant. */
  readonly initial: { readonly uniform: number } | { readonly normal: number } | { readonly constant: number };
}

export interface Inference {
  readonly output: TensorType;
  /** Where the result is a list of tensors: all of them; `output` is the first. */
  readonly list?: readonly TensorType[];
  /** Further outputs by PyTorch's names (`h_n`); `execute` gives them after `output`, in this order. */
  readonly further?: ReadonlyMap<string, TensorType>;
  readonly parameters?: readonly Parameter[];
  /** State that is no parameter, such as running statistics. */
  readonly buffers?: readonly Parameter[];
  /** Multiply-accumulates of convolutions and matrix products, for one example. */
  readonly macs?: Dimension;
  /**
   * How many numbers the statistics are that the backward pass needs, where it matters for the inputs that gradients are
   * computed for; absent where that is not known.
   */
  readonly statistics?: Dimension | ((needs: (position: number) => boolean) => Dimension);
  /** They are those of the whole batch, kept once for all examples. */
  readonly statisticsOfBatch?: true;
  /** How many entries the masks have that the backward pass needs; the output's unless given. */
  readonly masks?: Dimension;
  /** Which inputs the backward pass needs, where not all of them. */
  readonly keptInputs?: readonly number[];
  /** Formulas with the numbers put in, for the hover. */
  readonly steps?: readonly Step[];
  readonly dependence: Dependence;
  /** Where the items of `list` look at different places: one for each. */
  readonly dependences?: readonly Dependence[];
  /** The output, or all of `list`, or the output and all of `further`. */
  execute(execution: Execution): Ref | readonly Ref[];
}

export interface Effect extends Inference {
  /** Operations of the forward pass that are no multiply-accumulates, for one example; the entry's `work` says which. */
  elementwise(): Dimension;
}

export interface Step {
  /** What is computed: `height`, `parameters`. */
  readonly what: string;
  readonly formula: string;
}

/** An application in a program: every tensor has a leading batch axis, parameters have none. */
export interface Execution {
  readonly builder: Builder;
  readonly inputs: readonly Ref[];
  readonly parameters: Readonly<Record<string, Ref>>;
  readonly batch: number;
  /** Tells apart this application's random numbers from all others'. */
  readonly key: string;
}

/** A catalog entry of a definition; keeps no argument types, so that it can join the others. */
export function operation<A>(definition: Definition<A>): Operation {
  const { infer } = definition as unknown as Definition;
  return {
    ...(definition as unknown as Definition),
    infer(call) {
      const inference = infer(call);
      return inference && completed(definition as unknown as Definition, call, inference);
    },
  };
}

/** Adds what follows from an inference, worked out when it is asked for. */
function completed({ work }: Definition, call: Call, inference: Inference): Effect {
  const effect = inference as { -readonly [Key in keyof Effect]: Effect[Key] };
  effect.elementwise = () => work.count(call, inference);
  return effect;
}

/** A catalog entry that is called on tensors rather than constructed; its arguments come behind them. */
export interface FunctionOperation extends Operation {
  /** The same on plain numbers (`sqrt(2)`), where that makes sense. */
  readonly numeric?: (...values: readonly number[]) => number;
}

/** The same for a function. */
export function tensorFunction<A>(definition: Definition<A> & Pick<FunctionOperation, 'numeric'>): FunctionOperation {
  return operation(definition);
}

/** The page of PyTorch's documentation on a name: `torch.nn.Conv2d`. */
export function torchPage(name: string): string {
  return `https://docs.pytorch.org/docs/stable/generated/${name}.html`;
}

/** Where each input stands among those that are given, by name. */
export function inputPlaces(call: Pick<Call, 'inputs' | 'inputNames'>, definitions: readonly InputDefinition[]): ReadonlyMap<string, number> {
  const names = call.inputNames ?? definitions.slice(0, call.inputs.length).map((definition) => definition.name);
  return new Map(names.map((name, index) => [name, index]));
}

export const oneInput: readonly InputDefinition[] = [{ name: 'input' }];

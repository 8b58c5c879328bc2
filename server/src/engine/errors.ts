// What the engine throws: misuse with a message for its caller, and a stop on request.

/** A program that cannot be built or run, such as clashing shapes or an index out of range. */
export class EngineError extends Error {
  override readonly name = 'EngineError';

  /**
   * @param origin The label of the instruction at fault, where the program carries labels.
   * @param reason What is wrong, without the instruction.
   */
  constructor(
    message: string,
    readonly origin?: string | number,
    readonly reason = message,
  ) {
    super(message);
  }
}

/** The caller's cancellation callback returned true. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';

  constructor() {
    super('cancelled');
  }
}

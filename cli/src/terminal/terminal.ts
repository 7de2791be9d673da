/** What commands know of the world around them; tests give their own. */
export interface Terminal {
  readonly env: Record<string, string | undefined>;
  /** Width of standard output if a person reads it, else `undefined`. */
  readonly columns: number | undefined;
  /** Whether someone can answer questions. */
  readonly interactive: boolean;
  /** Writes to standard output. */
  out(text: string): void;
  /** Writes to standard error. */
  err(text: string): void;
  /** One line typed by a person; `hidden`: without echo. @throws AppError `ERR_CLI_NO_TERMINAL` */
  ask(question: string, options?: { hidden?: boolean }): Promise<string>;
  /** Standard input to its end, at most {@link MAX_INPUT_BYTES}. @throws AppError `ERR_CLI_INPUT` */
  readInput(): Promise<string>;
}

/** Longest file or standard input that a command takes as a value. */
export const MAX_INPUT_BYTES = 1024 * 1024;

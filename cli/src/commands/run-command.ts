import { isAppError } from '@postern/shared/errors';
import { CommanderError } from 'commander';
import { createProcessTerminal } from '../terminal/process-terminal.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { createProgram } from './program.ts';

/**
 * Runs one command line and returns the exit code (`exit-codes.ts`).
 * @param args Words after the program name.
 */
export async function runCommand(
  args: readonly string[],
  terminal: Terminal = createProcessTerminal(),
): Promise<number> {
  try {
    await createProgram(terminal).parseAsync(args, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    // Commander has said it already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    // The one place where an error of ours becomes a line for a person; others keep their stack.
    terminal.err(
      `postern: ${isAppError(error) ? `${error.message} (${error.code})` : stackOf(error)}\n`,
    );
    return exitCodeOf(error);
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

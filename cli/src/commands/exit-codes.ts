import { isAppError } from '@postern/shared/errors';

/** What `postern` exits with (docs/cli.md). */
export const EXIT = { done: 0, failed: 1, usage: 2, signedOut: 3, notFound: 4 } as const;

const exitOf: Record<string, number> = {
  ERR_CLI_USAGE: EXIT.usage,
  ERR_CLI_SIGNED_OUT: EXIT.signedOut,
  ERR_CLI_NOT_FOUND: EXIT.notFound,
  ERR_CLI_AMBIGUOUS: EXIT.notFound,
};

/** The exit code of a failure. */
export function exitCodeOf(error: unknown): number {
  return isAppError(error) ? (exitOf[error.code] ?? EXIT.failed) : EXIT.failed;
}

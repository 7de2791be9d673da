/**
 * The one error class that crosses package edges. Callers match on `code`, never on `instanceof`
 * (which fails across bundles) and never on the message.
 *
 * Codes are literals of the form `ERR_<AREA>_<WHAT>`. A message never holds a token, cookie or key.
 */
export class AppError extends Error {
  readonly code: string;
  /** True when the same call may succeed later without any change by the caller. */
  readonly retryable: boolean;
  /** Text that may be shown to an end user; `undefined` means "show only the code". */
  readonly publicMessage: string | undefined;
  /** HTTP status to answer with, where the error ends in an HTTP response. */
  readonly status: number | undefined;

  constructor(code: `ERR_${string}`, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.publicMessage = options.publicMessage;
    this.status = options.status;
  }
}

export interface AppErrorOptions {
  cause?: unknown;
  retryable?: boolean;
  publicMessage?: string;
  status?: number;
}

/** True for an {@link AppError}, also one made by another copy of this module. */
export function isAppError(value: unknown, code?: string): value is AppError {
  return (
    value instanceof Error &&
    'code' in value &&
    typeof value.code === 'string' &&
    value.code.startsWith('ERR_') &&
    'retryable' in value &&
    (code === undefined || value.code === code)
  );
}

/** Log lines as JSON on the console. */
import type { LogFields, Logger } from '@postern/shared/log';

/** A logger that writes `info` and above; fields of errors are reduced to name, code and message. */
export function createConsoleLogger(base: LogFields = {}): Logger {
  const write = (level: 'info' | 'warn' | 'error', event: string, fields?: LogFields): void => {
    const line = JSON.stringify({ event, ...base, ...fields }, (_, value: unknown) =>
      value instanceof Error ? describe(value) : value,
    );
    // eslint-disable-next-line no-console -- the one place where the worker writes
    console[level](`postern ${line}`);
  };
  return {
    debug: () => undefined,
    info: (event, fields) => write('info', event, fields),
    warn: (event, fields) => write('warn', event, fields),
    error: (event, fields) => write('error', event, fields),
    child: (fields) => createConsoleLogger({ ...base, ...fields }),
  };
}

function describe(error: Error): LogFields {
  return {
    name: error.name,
    message: error.message,
    ...('code' in error ? { code: error.code } : {}),
  };
}

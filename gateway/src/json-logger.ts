import type { LogFields, Logger } from '@postern/shared/log';

/** Writes one JSON object a line to the console, which is where Workers collect logs. */
export function createJsonLogger(
  // eslint-disable-next-line no-console -- the only way out of a Worker
  write: (line: string) => void = (line) => console.log(line),
  base: LogFields = {},
): Logger {
  const log = (level: string) => (event: string, fields?: LogFields) =>
    write(JSON.stringify({ level, event, ...base, ...fields }, errorsAsText));
  return {
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    child: (fields) => createJsonLogger(write, { ...base, ...fields }),
  };
}

function errorsAsText(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return { name: value.name, message: value.message, ...('code' in value && { code: value.code }) };
}

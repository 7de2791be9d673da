import type { LogFields, Logger } from '@postern/shared/log';
import { pino, type Logger as PinoLogger } from 'pino';

/** JSON lines on standard output; the level comes from `POSTERN_LOG_LEVEL` (default `info`). */
export function createLogger(part: string): Logger {
  return adapt(
    pino({
      level: process.env['POSTERN_LOG_LEVEL'] ?? 'info',
      base: { part },
      messageKey: 'event',
      redact: { paths: redactedPaths, censor: '(redacted)' },
      serializers: { error: pino.stdSerializers.err },
    }),
  );
}

/** A last line of defence: no part may put these into a field in the first place. */
const redactedPaths = [
  'authorization',
  'cookie',
  'password',
  'token',
  'dpop',
  'grant',
  'key',
].flatMap((name) => [name, `*.${name}`]);

function adapt(inner: PinoLogger): Logger {
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => (event: string, fields?: LogFields) =>
    inner[level](fields ?? {}, event);
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => adapt(inner.child(fields)),
  };
}

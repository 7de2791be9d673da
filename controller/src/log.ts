import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import type { LogFields, Logger } from '@postern/shared/log';

const REDACTED = ['password', 'token', 'authorization', 'cookie', 'jwt', 'privateKey'];

export interface LogOptions {
  level?: 'debug' | 'info' | 'warn' | 'error';
  /** Standard output when absent. */
  destination?: DestinationStream;
}

/** JSON lines by pino: `event` and fields; members that could hold a secret are blanked. */
export function createLogger({ level = 'info', destination }: LogOptions = {}): Logger {
  const options = {
    level,
    base: null,
    redact: REDACTED.flatMap((name) => [name, `*.${name}`]),
    serializers: { error: pino.stdSerializers.err },
  };
  return adapt(destination ? pino(options, destination) : pino(options));
}

function adapt(logger: PinoLogger): Logger {
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (event: string, fields: LogFields = {}) => {
      logger[level]({ event, ...fields });
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => adapt(logger.child(fields)),
  };
}

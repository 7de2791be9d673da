/** Structured logging: an event name plus fields. Implementations: pino on Node, console JSON elsewhere. */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** A logger that adds these fields to each line. */
  child(fields: LogFields): Logger;
}

/** Never put a token, cookie, key or body into a field. Errors go under `error`. */
export type LogFields = Record<string, unknown>;

/** Discards everything: for tests and for callers that pass no logger. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};

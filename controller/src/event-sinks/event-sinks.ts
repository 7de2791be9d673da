/**
 * Sends live events on to where the configuration says. Each sink is a reader of the event log with a place
 * of its own in it, so a slow one costs no memory and holds nobody up; what it missed is logged.
 */
import { appendFile, readFile } from 'node:fs/promises';
import { AppError, isAppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import type { EventLog } from '../live/event-log.ts';
import type { LiveEvent } from '../live/live-event.ts';
import type { EventSinkConfig } from './config.ts';
import { createWebhook } from './webhook.ts';

const MIN_SECRET_LENGTH = 16;

interface Sink {
  deliver(event: LiveEvent, signal: AbortSignal): Promise<void>;
  close?(): Promise<void>;
}

export interface EventSinks {
  /** Ends all of them; what was not sent yet is lost. */
  close(): Promise<void>;
}

/** @throws AppError `ERR_EVENTS_SECRET` when a webhook's secret cannot be read or is too short */
export async function startEventSinks(
  configs: readonly EventSinkConfig[],
  { log, logger }: { log: EventLog; logger: Logger },
): Promise<EventSinks> {
  const stop = new AbortController();
  const sinks = await Promise.all(
    configs.map(async (config) => ({ config, sink: await openSink(config) })),
  );
  const running = sinks.map(({ config, sink }) =>
    follow(config, sink, { log, logger: logger.child({ sink: config.kind }), signal: stop.signal }),
  );
  return {
    close: async () => {
      stop.abort();
      await Promise.all(running);
      for (const { sink } of sinks) await sink.close?.();
    },
  };
}

async function openSink(config: EventSinkConfig): Promise<Sink> {
  const line = (event: LiveEvent): string => `${JSON.stringify(event)}\n`;
  switch (config.kind) {
    case 'file':
      return { deliver: (event) => appendFile(config.path, line(event), { mode: 0o600 }) };
    case 'stdout':
      return {
        deliver: (event) =>
          new Promise((resolve, reject) => {
            process.stdout.write(line(event), (error) => (error ? reject(error) : resolve()));
          }),
      };
    case 'webhook': {
      const secret = await readSecret(config.secretFile);
      return createWebhook({ url: config.url, secret, maxAttempts: config.maxAttempts });
    }
  }
}

async function readSecret(path: string): Promise<string> {
  let secret: string;
  try {
    secret = (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new AppError('ERR_EVENTS_SECRET', `cannot read ${path}`, { cause });
  }
  if (secret.length >= MIN_SECRET_LENGTH) return secret;
  throw new AppError(
    'ERR_EVENTS_SECRET',
    `${path} must hold at least ${MIN_SECRET_LENGTH} characters`,
  );
}

/** Never rejects. */
async function follow(
  { kinds }: EventSinkConfig,
  sink: Sink,
  { log, logger, signal }: { log: EventLog; logger: Logger; signal: AbortSignal },
): Promise<void> {
  const wanted = kinds && new Set<string>(kinds);
  while (!signal.aborted) {
    try {
      for await (const event of log.read({ kinds: wanted, signal })) {
        await sink.deliver(event, signal).catch((error: unknown) => {
          if (!signal.aborted) logger.error('events.dropped', { eventId: event.id, error });
        });
      }
    } catch (error) {
      // It fell behind by more than the log holds, and goes on with what comes from now on.
      logger.error('events.missed', { error });
      if (!isAppError(error)) return;
    }
  }
}

import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '@postern/shared/errors';
import type { Command } from 'commander';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { z } from 'zod';
import { apiError } from '../client/api-error.ts';
import type { EdgeClient } from '../client/edge-client.ts';
import { examples, repeatable } from '../commands/option-forms.ts';
import { printable } from '../terminal/printable.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withClient, withSession, type SessionFlags } from './session.ts';

/** How long to wait before asking again after the stream broke, doubled each time. */
const RETRY_MS = { first: 500, most: 30_000 };

const cutSchema = z.object({ code: z.string(), message: z.string() });

interface WatchFlags extends SessionFlags {
  kind?: string[];
  count?: string;
}

/** `postern edge watch`: changes and events as they happen, until interrupted. */
export function addWatchCommand(edge: Command, terminal: Terminal): void {
  withSession(
    edge
      .command('watch')
      .description('Show changes and events as they happen')
      .addOption(
        repeatable('-k, --kind <kind>', 'only events of this kind, such as entity or circuit'),
      )
      .option('-n, --count <n>', 'end after so many events'),
  )
    .addHelpText(
      'after',
      examples(
        'postern edge watch',
        'postern edge watch --kind entity --kind circuit',
        'postern edge watch --json | jq .',
      ),
    )
    .action(async (flags: WatchFlags) => {
      const stop = new AbortController();
      const interrupted = () => stop.abort();
      process.once('SIGINT', interrupted);
      process.once('SIGTERM', interrupted);
      try {
        await withClient(terminal, flags, (client) =>
          watchEvents(client, terminal, flags, stop.signal),
        );
      } finally {
        process.removeListener('SIGINT', interrupted);
        process.removeListener('SIGTERM', interrupted);
      }
    });
}

/**
 * Prints events until the signal aborts or `count` are printed. A broken stream is asked for again from
 * the last event seen.
 * @throws AppError as `EdgeClient.call` when the first request is refused
 */
export async function watchEvents(
  client: EdgeClient,
  terminal: Terminal,
  flags: WatchFlags,
  signal: AbortSignal,
): Promise<void> {
  let left = flags.count === undefined ? Infinity : Number(flags.count);
  if (!(left > 0)) throw new AppError('ERR_CLI_USAGE', '--count takes a number, more than 0');
  let lastEventId: string | undefined;
  let retryMs = RETRY_MS.first;
  let cut: AppError | undefined;
  const done = new AbortController();
  const ended = AbortSignal.any([signal, done.signal]);
  const onEvent = (event: EventSourceMessage) => {
    lastEventId = event.id ?? lastEventId;
    retryMs = RETRY_MS.first;
    if (event.event === 'cut') {
      cut = cutReason(event.data);
      return;
    }
    if (left <= 0) return;
    terminal.out(`${flags.json ? event.data : printable(describeEvent(event))}\n`);
    left -= 1;
    if (left === 0) done.abort();
  };
  for (;;) {
    try {
      await readStream(client, { lastEventId, kinds: flags.kind?.join(',') }, onEvent, ended);
      if (cut) throw cut;
      if (isAborted(ended)) return;
    } catch (error) {
      if (isAborted(ended)) return;
      if (error instanceof AppError && !error.retryable) throw error;
      terminal.err(printable(`Lost the stream; asking again (${String(error)})\n`));
      cut = undefined;
    }
    await wait(retryMs, undefined, { signal: ended }).catch(() => undefined);
    if (isAborted(ended)) return;
    retryMs = Math.min(retryMs * 2, RETRY_MS.most);
  }
}

/** Why the controller ended the stream: for good if the session ended, else to be asked for again. */
function cutReason(data: string): AppError {
  const { code, message } = cutSchema.parse(JSON.parse(data));
  return code === 'ERR_SESSION_ENDED'
    ? new AppError(
        'ERR_CLI_SIGNED_OUT',
        `The session ended: sign in again with "postern edge login"`,
      )
    : new AppError('ERR_CLI_API', `${message} (${code})`, { retryable: true });
}

/** Asked by a function, since it changes while one waits. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

async function readStream(
  client: EdgeClient,
  { lastEventId, kinds }: { lastEventId: string | undefined; kinds: string | undefined },
  onEvent: (event: EventSourceMessage) => void,
  signal: AbortSignal,
): Promise<void> {
  const headers = {
    accept: 'text/event-stream',
    ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
  };
  const { statusCode, body } = await client.stream(
    'GET',
    'events',
    { headers, query: { kinds } },
    signal,
  );
  if (statusCode !== 200) {
    throw apiError('GET events', statusCode, await body.json().catch(() => undefined));
  }
  const parser = createParser({ onEvent });
  const decoder = new TextDecoder();
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    parser.feed(decoder.decode(chunk, { stream: true }));
  }
}

/** One line: when, what, and the members that say about whom. */
export function describeEvent({ event = 'message', data }: EventSourceMessage): string {
  try {
    const { time, type: _, ...rest } = JSON.parse(data) as Record<string, unknown>;
    const members = Object.entries(rest)
      .filter(([, value]) => value !== null && value !== '')
      .map(
        ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
      );
    return [...(typeof time === 'string' ? [time] : []), event, ...members].join('  ');
  } catch {
    return `${event}  ${data}`;
  }
}

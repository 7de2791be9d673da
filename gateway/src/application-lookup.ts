/**
 * Finds the application a host name belongs to, by the controller's
 * `GET /postern/v1/applications/lookup?host=`, and remembers the answer.
 *
 * No promise is shared between requests (Workers forbids it): the first request that finds an entry
 * due claims the check by moving `nextCheckAtMs`, and the others go on with what is there.
 */
import { AppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import { type ApplicationInfo, applicationInfoSchema } from '@postern/shared/schemas';
import { type AskController, readBytes } from './controller-client.ts';
import { LruMap } from './lru-map.ts';

export interface FoundApplication {
  info: ApplicationInfo;
  /** Strong validator of `info`, quoted; from the controller. */
  etag: string | undefined;
}

export interface ApplicationLookup {
  /**
   * The application of `host` (as in `URL.host`), or `undefined` when there is none.
   *
   * @throws AppError `ERR_CONTROLLER_UNREACHABLE` when it cannot be asked and nothing usable is known
   */
  find(host: string): Promise<FoundApplication | undefined>;
}

interface ApplicationLookupOptions {
  ask: AskController;
  logger: Logger;
  now: () => number;
}

/** How long an answer is used unasked. */
export const FRESH_MS = 30_000;
/** How long a known application outlives an unreachable controller. */
export const STALE_IF_ERROR_MS = 3_600_000;
/** How long "no such application" is remembered, and how soon a failed check is repeated. */
export const RETRY_MS = 5_000;
/** Applications remembered, and, apart from them, unknown hosts: a flood of those evicts no application. */
export const MAX_ENTRIES = 1_000;
const MAX_BODY_BYTES = 16_384;

interface Entry extends FoundApplication {
  checkedAtMs: number;
  nextCheckAtMs: number;
}

type Answer = 'unchanged' | 'unknown' | FoundApplication;

export function createApplicationLookup(options: ApplicationLookupOptions): ApplicationLookup {
  const { logger, now } = options;
  const known = new LruMap<string, Entry>(MAX_ENTRIES);
  const unknownUntilMs = new LruMap<string, number>(MAX_ENTRIES);
  const ask = (host: string, etag: string | undefined): Promise<Answer> =>
    options.ask(`/applications/lookup?host=${encodeURIComponent(host)}`, etag, (response) =>
      readAnswer(response, host, etag !== undefined),
    );

  async function find(host: string): Promise<FoundApplication | undefined> {
    const entry = known.get(host);
    if (entry !== undefined) {
      if (now() < entry.nextCheckAtMs) return entry;
      entry.nextCheckAtMs = now() + RETRY_MS;
    } else if ((unknownUntilMs.get(host) ?? 0) > now()) {
      return undefined;
    }
    try {
      return remember(host, entry, await ask(host, entry?.etag));
    } catch (error) {
      if (entry !== undefined && now() - entry.checkedAtMs <= STALE_IF_ERROR_MS) {
        logger.warn('application.lookup.stale', { host, error });
        return entry;
      }
      logger.error('application.lookup.failed', { host, error });
      throw new AppError(
        'ERR_CONTROLLER_UNREACHABLE',
        'The controller cannot be asked for applications',
        {
          cause: error,
          retryable: true,
          status: 503,
        },
      );
    }
  }

  function remember(
    host: string,
    entry: Entry | undefined,
    answer: Answer,
  ): FoundApplication | undefined {
    const times = { checkedAtMs: now(), nextCheckAtMs: now() + FRESH_MS };
    if (answer === 'unknown') {
      known.delete(host);
      unknownUntilMs.set(host, now() + RETRY_MS);
      return undefined;
    }
    if (answer === 'unchanged') return entry && Object.assign(entry, times);
    unknownUntilMs.delete(host);
    known.set(host, { ...answer, ...times });
    return answer;
  }

  return { find };
}

async function readAnswer(response: Response, host: string, conditional: boolean): Promise<Answer> {
  if (response.status !== 200) {
    await response.body?.cancel();
    if (response.status === 304 && conditional) return 'unchanged';
    if (response.status === 404) return 'unknown';
    throw new Error(`the controller answered ${response.status}`);
  }
  const info = applicationInfoSchema.parse(
    JSON.parse(new TextDecoder().decode(await readBytes(response, MAX_BODY_BYTES))),
  );
  const { host: answeredHost, origin } = new URL(info.origin);
  // These become sources of policies, so nothing may follow the origin.
  const isUsable = origin === info.origin && URL.canParse(info.issuer) && URL.canParse(info.apiUrl);
  if (answeredHost !== host || !isUsable)
    throw new Error('the controller answered for another host');
  return { info, etag: response.headers.get('etag') ?? undefined };
}

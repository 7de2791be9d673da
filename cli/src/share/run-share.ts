/** `postern expose`: one web app of this machine under a host name of its own, while this process runs. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectorConfigSchema, createConnector } from '@postern/connector';
import { writeDurably } from '@postern/node/files';
import { AppError, isAppError } from '@postern/shared/errors';
import { silentLogger } from '@postern/shared/log';
import type { EdgeClient } from '../client/edge-client.ts';
import { createLogger } from '../process/logger.ts';
import { waitForStop } from '../process/wait-for-stop.ts';
import { printable } from '../terminal/printable.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { audienceRoles } from './audience.ts';
import { checkTarget } from './check-target.ts';
import { expiredShares, makeShare, removeShare } from './made-entities.ts';
import { parseExposeOptions, type ExposeFlags, type ExposeOptions } from './options.ts';
import { abandonedShares, openShareFolder, sharesFolder } from './share-folder.ts';
import { shareOrigin } from './share-place.ts';
import { signInWays } from './sign-in-ways.ts';

/** Until a router took the service. */
const READY_MS = 20_000;
/** How often the share is looked at, which also keeps the sign-in from ending unused. */
const LOOK_MS = 5 * 60_000;

/**
 * Runs a share until it is stopped, expires, or is removed by someone else.
 * @throws AppError `ERR_CLI_USAGE`, `ERR_EXPOSE_UNREACHABLE`, `ERR_EXPOSE_DOMAIN`, `ERR_EXPOSE_NAME_TAKEN`,
 *   `ERR_EXPOSE_NO_ROUTER`, `ERR_EXPOSE_REMOVED`, `ERR_CLI_NOT_FOUND`, and as {@link EdgeClient.call}
 */
export async function runShare(
  terminal: Terminal,
  client: EdgeClient,
  target: string,
  flags: ExposeFlags,
): Promise<void> {
  const stop = new AbortController();
  void waitForStop().then(() => stop.abort());
  const options = parseExposeOptions(target, flags);
  options.target = await checkTarget(options.target);
  const shares = sharesFolder(terminal.env);
  await removeLeftovers(terminal, client, shares);

  const id = randomUUID();
  const origin = await shareOrigin(client, options.name, flags.domain);
  const expiresAt = new Date(Date.now() + options.lifetimeMs);
  const [identityRoles, ways] = await Promise.all([
    audienceRoles(client, options.allow),
    signInWays(client, flags.loginMethods),
  ]);
  await checkNameFree(client, options.name, origin);
  const folder = await openShareFolder(shares, { id, origin: client.target.origin });
  try {
    const wish = { id, name: options.name, origin, identityRoles, ...ways, expiresAt };
    const made = await makeShare(client, wish);
    const tokenFile = join(folder.path, 'host.jwt');
    await writeDurably(tokenFile, made.enrollmentToken);
    await host(terminal, client, {
      options,
      flags,
      origin,
      expiresAt,
      service: made.service,
      tokenFile,
      stateDir: join(folder.path, 'host'),
      signal: stop.signal,
    });
  } finally {
    await removeShare(client, id);
    await folder.remove();
  }
}

interface Hosting {
  options: ExposeOptions;
  flags: ExposeFlags;
  origin: string;
  expiresAt: Date;
  service: { id: string; name: string };
  tokenFile: string;
  stateDir: string;
  signal: AbortSignal;
}

async function host(terminal: Terminal, client: EdgeClient, share: Hosting): Promise<void> {
  const { options, flags, service, expiresAt, signal } = share;
  const isBound = new AbortController();
  const connector = await createConnector(
    connectorConfigSchema.parse({
      stateDir: share.stateDir,
      enrollmentJwtFile: share.tokenFile,
      services: [{ service: service.name, target: options.target, forwardHost: flags.forwardHost }],
    }),
    {
      logger: terminal.env['POSTERN_LOG_LEVEL'] ? createLogger('expose') : silentLogger,
      onBound: () => isBound.abort(),
    },
  );
  try {
    if (!(await happens(isBound.signal, READY_MS, signal))) {
      if (signal.aborted) return;
      throw new AppError(
        'ERR_EXPOSE_NO_ROUTER',
        `No router took the share within ${READY_MS / 1000} s: see "postern edge list edge-routers" for which are online, and that this machine reaches their fabric addresses`,
      );
    }
    terminal.out(flags.json ? `${reportOf(share)}\n` : welcome(share));
    const ended = await untilEnd(client, service.id, expiresAt, signal);
    if (ended === 'removed') {
      throw new AppError('ERR_EXPOSE_REMOVED', 'Someone removed the share at the controller');
    }
    if (ended === 'expired') terminal.err('The time of the share is over.\n');
  } finally {
    await connector.close();
  }
}

/** Whether `event` comes before the time is over or `stop` comes. */
async function happens(event: AbortSignal, timeoutMs: number, stop: AbortSignal): Promise<boolean> {
  const signal = AbortSignal.any([event, stop]);
  await delay(timeoutMs, undefined, { signal }).catch(() => undefined);
  return event.aborted;
}

async function untilEnd(
  client: EdgeClient,
  serviceId: string,
  expiresAt: Date,
  signal: AbortSignal,
): Promise<'stopped' | 'expired' | 'removed'> {
  for (;;) {
    const leftMs = expiresAt.getTime() - Date.now();
    if (leftMs <= 0) return 'expired';
    await delay(Math.min(leftMs, LOOK_MS), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return 'stopped';
    try {
      await client.detail(`services/${serviceId}`);
    } catch (error) {
      if (isAppError(error, 'ERR_CLI_NOT_FOUND')) return 'removed';
      // A controller that is away does not end a share: routers and host go on without it.
      if (!isAppError(error) || !error.retryable) throw error;
    }
  }
}

/** Removes what shares left that crashed here, and what is past its time wherever it was made. */
async function removeLeftovers(
  terminal: Terminal,
  client: EdgeClient,
  shares: string,
): Promise<void> {
  const abandoned = await abandonedShares(shares, client.target.origin);
  for (const { id, remove } of abandoned) {
    await removeShare(client, id);
    await remove();
  }
  const expired = await expiredShares(client, new Date());
  for (const id of expired) await removeShare(client, id);
  const count = abandoned.length + expired.length;
  if (count > 0) {
    terminal.err(`Removed what ${count === 1 ? 'a share' : `${count} shares`} left behind.\n`);
  }
}

async function checkNameFree(client: EdgeClient, name: string, origin: string): Promise<void> {
  const filter = `origin = "${origin}" or name = "share-${name}"`;
  const { totalCount } = await client.list('applications', { filter, limit: 1 });
  if (totalCount === 0) return;
  throw new AppError(
    'ERR_EXPOSE_NAME_TAKEN',
    `${origin} is an application already: choose another --name, or leave it out for one of chance`,
  );
}

function reportOf({ origin, options, expiresAt, service }: Hosting): string {
  return JSON.stringify({
    url: `${origin}/`,
    target: options.target,
    allow: options.allow,
    service: service.name,
    expiresAt: expiresAt.toISOString(),
  });
}

function welcome({ origin, options, expiresAt }: Hosting): string {
  const who =
    options.allow.join() === '#all' ? 'everybody who can sign in' : options.allow.join(', ');
  return printable(`
  ${origin}/

  Shows ${options.target} to ${who},
  until ${expiresAt.toLocaleString('sv')} at the latest. Stop with Ctrl+C.

`);
}

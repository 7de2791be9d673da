/** What a share consists of at the controller: made in order, removed in the opposite order. */
import { isAppError } from '@postern/shared/errors';
import { z } from 'zod';
import type { EdgeClient } from '../client/edge-client.ts';

/** Tags that all entities of a share carry, so that they are found again whoever made them. */
const SHARE_TAG = 'posternShare';
const EXPIRES_TAG = 'posternShareExpires';

/** Kinds of entities that shares are made of, in the order in which they can be removed. */
const KINDS = [
  'applications',
  'service-policies',
  'service-edge-router-policies',
  'edge-router-policies',
  'services',
  'identities',
] as const;

interface ShareWish {
  /** Unique among all shares there ever were. */
  id: string;
  name: string;
  origin: string;
  /** Roles of those who may open it. */
  identityRoles: readonly string[];
  loginMethods: readonly string[];
  signerIds: readonly string[];
  expiresAt: Date;
}

interface MadeShare {
  service: { id: string; name: string };
  /** One-time token with which the host enrols. */
  enrollmentToken: string;
}

type Client = Pick<EdgeClient, 'create' | 'detail' | 'list' | 'call'>;

const identityDetail = z.object({
  enrollment: z.object({ ott: z.object({ jwt: z.string() }) }),
});
const idRows = z.array(z.object({ id: z.string() }));

/**
 * Makes service, host, policies and, last, the application. Router policies are made only where those of the
 * network leave host or service without a router. What was made before a failure is removed again.
 * @throws AppError `ERR_CLI_API`, and as {@link EdgeClient.call}
 */
export async function makeShare(client: Client, wish: ShareWish): Promise<MadeShare> {
  try {
    return await makeAll(client, wish);
  } catch (error) {
    // The first error says more than that of tidying up, and what stays is found by the next share.
    await removeShare(client, wish.id).catch(() => undefined);
    throw error;
  }
}

async function makeAll(client: Client, wish: ShareWish): Promise<MadeShare> {
  const name = `share-${wish.name}`;
  const tags = { [SHARE_TAG]: wish.id, [EXPIRES_TAG]: wish.expiresAt.toISOString() };
  const make = (kind: (typeof KINDS)[number], label: string, values: object) =>
    client.create(kind, { name: label, tags, ...values });
  const anyOf = { semantic: 'AnyOf' };

  const host = await make('identities', `${name}-host`, {
    type: 'Default',
    isAdmin: false,
    enrollment: { ott: true },
  });
  const service = await make('services', name, { encryptionRequired: true });
  const both = { ...anyOf, serviceRoles: [`@${service}`] };
  await make('service-policies', `${name}-bind`, {
    ...both,
    type: 'Bind',
    identityRoles: [`@${host}`],
  });
  await make('service-policies', `${name}-dial`, {
    ...both,
    type: 'Dial',
    identityRoles: wish.identityRoles,
  });
  if (await hasNoRouter(client, `identities/${host}`)) {
    const identityRoles = [`@${host}`];
    await make('edge-router-policies', name, {
      ...anyOf,
      identityRoles,
      edgeRouterRoles: ['#all'],
    });
  }
  if (await hasNoRouter(client, `services/${service}`)) {
    await make('service-edge-router-policies', name, { ...both, edgeRouterRoles: ['#all'] });
  }
  const { loginMethods, signerIds, origin } = wish;
  await make('applications', name, { origin, serviceId: service, loginMethods, signerIds });
  const { enrollment } = identityDetail.parse(await client.detail(`identities/${host}`));
  return { service: { id: service, name }, enrollmentToken: enrollment.ott.jwt };
}

async function hasNoRouter(client: Client, path: string): Promise<boolean> {
  return (await client.list(`${path}/edge-routers`, { limit: 1 })).totalCount === 0;
}

/**
 * Removes all entities of a share. What is gone already is no failure; every kind is tried before the first
 * failure is thrown.
 */
export async function removeShare(client: Client, id: string): Promise<void> {
  const failures: unknown[] = [];
  for (const kind of KINDS) {
    try {
      const filter = `tags.${SHARE_TAG} = "${id}"`;
      const rows = idRows.parse((await client.list(kind, { filter, limit: 100 })).rows);
      for (const row of rows) await removeOne(client, `${kind}/${row.id}`);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

async function removeOne(client: Client, path: string): Promise<void> {
  try {
    await client.call('DELETE', path);
  } catch (error) {
    if (!isAppError(error, 'ERR_CLI_NOT_FOUND')) throw error;
  }
}

const taggedRows = z.array(z.object({ tags: z.record(z.string(), z.unknown()) }));

/** Ids of shares whose time is over and whose maker did not remove them. */
export async function expiredShares(client: Client, now: Date): Promise<string[]> {
  const ids = new Set<string>();
  for (const kind of KINDS) {
    // ISO 8601 in UTC sorts as text.
    const filter = `tags.${EXPIRES_TAG} < "${now.toISOString()}"`;
    const { rows } = await client.list(kind, { filter, limit: 500 });
    for (const { tags } of taggedRows.parse(rows)) {
      const id = tags[SHARE_TAG];
      if (typeof id === 'string' && /^[\w-]{1,64}$/.test(id)) ids.add(id);
    }
  }
  return [...ids];
}

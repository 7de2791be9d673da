/** Who may open a share: from what is typed to roles of a policy. */
import { AppError } from '@postern/shared/errors';
import { z } from 'zod';
import type { EdgeClient } from '../client/edge-client.ts';
import { quote } from '../client/resolve.ts';

const found = z.array(
  z.object({ id: z.string(), name: z.string(), externalId: z.string().nullish() }),
);

/**
 * Each of `allow` as a role: `#attribute` as it is; anything else is the id, the external id (what the identity
 * provider calls the person, often an e-mail address) or the name of one identity, in this order.
 * @throws AppError `ERR_CLI_NOT_FOUND`, `ERR_CLI_AMBIGUOUS`
 */
export async function audienceRoles(
  client: Pick<EdgeClient, 'list'>,
  allow: readonly string[],
): Promise<string[]> {
  return Promise.all(
    allow.map(async (one) => (one.startsWith('#') ? one : `@${await identityId(client, one)}`)),
  );
}

async function identityId(client: Pick<EdgeClient, 'list'>, text: string): Promise<string> {
  const literal = quote(text);
  const filter = `id = ${literal} or externalId = ${literal} or name = ${literal}`;
  const rows = found.parse((await client.list('identities', { filter, limit: 10 })).rows);
  for (const member of ['id', 'externalId', 'name'] as const) {
    const [first, second] = rows.filter((row) => row[member] === text);
    if (second) {
      throw new AppError(
        'ERR_CLI_AMBIGUOUS',
        `Several identities are ${literal}: say which by its id (${rows.map(({ id }) => id).join(', ')})`,
      );
    }
    if (first) return first.id;
  }
  throw new AppError(
    'ERR_CLI_NOT_FOUND',
    `Nobody is ${literal} here. Let them in first: postern edge create identity ${literal} --external-id <what the identity provider calls them>`,
  );
}

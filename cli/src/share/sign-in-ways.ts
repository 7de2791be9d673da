import { z } from 'zod';
import type { EdgeClient } from '../client/edge-client.ts';

const rows = z.array(z.object({ id: z.string(), clientId: z.string().nullish() }));

/**
 * How people sign in to a share: at every enabled identity provider that browsers can be sent to, or by password
 * where there is none.
 * @param wanted login methods as typed, instead
 */
export async function signInWays(
  client: Pick<EdgeClient, 'list'>,
  wanted: readonly string[] | undefined,
): Promise<{ loginMethods: string[]; signerIds: string[] }> {
  const answer = await client.list('external-jwt-signers', {
    filter: 'enabled = true',
    limit: 100,
  });
  const usable = rows.parse(answer.rows).filter(({ clientId }) => clientId);
  const methods = wanted ?? [usable.length > 0 ? 'ext-jwt' : 'password'];
  const signerIds = methods.includes('ext-jwt') ? usable.slice(0, 16).map(({ id }) => id) : [];
  return { loginMethods: [...methods], signerIds };
}

/** Two people in one browser profile: what one left behind is gone before the other's session begins. */
import { z } from 'zod';
import type { Store } from '../storage/store.ts';

const claimsSchema = z.object({ sub: z.string().min(1).max(256) });

/**
 * Notes whose token this is, and first calls `forget` when the one before was somebody else's.
 * True if it was. The token is unverified: it decides nothing but what is deleted here.
 */
export async function noteUser(
  store: Store,
  accessToken: string,
  forget: () => Promise<void>,
): Promise<boolean> {
  const user = subjectOf(accessToken);
  const before = await store.get('user');
  const isOther = before !== undefined && before !== user;
  if (isOther) await forget();
  await store.put('user', user);
  return isOther;
}

function subjectOf(token: string): string {
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    return claimsSchema.parse(JSON.parse(atob(payload))).sub;
  } catch {
    return '';
  }
}

/** The controller's keys as they come with a dial grant. */
import { z } from 'zod';
import { publicJwkSchema } from '../schemas/control.ts';
import type { VerificationKey } from './key-set.ts';

const keySchema = z.object({
  kid: z.string().min(1).max(64),
  use: z.enum(['token', 'grant', 'assertion']),
  issuer: z.string().min(1).max(512),
  jwk: publicJwkSchema,
});

/** Keys of another shape are left out: a grant signed by them is refused. */
export function parseVerificationKeys(keys: readonly unknown[]): VerificationKey[] {
  return keys.flatMap((key) => {
    const parsed = keySchema.safeParse(key);
    return parsed.success ? [parsed.data] : [];
  });
}

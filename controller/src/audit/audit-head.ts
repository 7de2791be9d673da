/** A signed statement of where the chain stood at some moment: what an altered database cannot match. */
import { CompactSign, compactVerify, importJWK, type CryptoKey, type JWK } from 'jose';
import { z } from 'zod';
import type { PublicJwk } from '@postern/shared/schemas';
import { canonicalJson } from './canonical-json.ts';

const HEAD_TYP = 'postern-audit-head';

/** The last record's number and hash at a time. */
export const auditHeadSchema = z.strictObject({
  seq: z.int().min(0),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  at: z.iso.datetime(),
});
export type AuditHead = z.infer<typeof auditHeadSchema>;

/** Compact JWS (ES256) over the canonical JSON of the head. */
export function signHead(head: AuditHead, privateKey: CryptoKey, kid: string): Promise<string> {
  return new CompactSign(new TextEncoder().encode(canonicalJson(head)))
    .setProtectedHeader({ alg: 'ES256', typ: HEAD_TYP, kid })
    .sign(privateKey);
}

/** The head of a JWS made by one of `keys`; `undefined` for anything else. */
export async function openHead(
  jws: string,
  keys: readonly PublicJwk[],
): Promise<AuditHead | undefined> {
  for (const jwk of keys) {
    try {
      const verified = await compactVerify(jws, await importJWK(jwk as JWK, 'ES256'), {
        algorithms: ['ES256'],
      });
      if (verified.protectedHeader.typ !== HEAD_TYP) continue;
      return auditHeadSchema.parse(JSON.parse(new TextDecoder().decode(verified.payload)));
    } catch {
      // Not this key's signature, or no head: the next key may know it.
    }
  }
  return undefined;
}

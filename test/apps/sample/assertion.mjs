// Verifies the identity assertion as any app behind Postern should: ES256 by the controller's
// published keys, the right audience, not expired.
import { createPublicKey, verify } from 'node:crypto';

/** Published keys are asked for again at most this often, when an unknown one is named. */
const REFETCH_AFTER_MS = 10_000;

/**
 * @param {string | undefined} jwksUrl
 * @returns {(assertion: string | undefined, audience: string | undefined) => Promise<object | null>}
 *   the claims, or `null` when there is no assertion or it does not hold
 */
export function createAssertionVerifier(jwksUrl) {
  let keys = new Map();
  let fetchedAt = -Infinity;

  async function findKey(kid) {
    if (!keys.has(kid) && Date.now() - fetchedAt > REFETCH_AFTER_MS) {
      fetchedAt = Date.now();
      const answer = await fetch(jwksUrl, {
        signal: AbortSignal.timeout(5_000),
        redirect: 'error',
      });
      const { keys: published } = await answer.json();
      keys = new Map(
        published.map((jwk) => [jwk.kid, createPublicKey({ key: jwk, format: 'jwk' })]),
      );
    }
    return keys.get(kid);
  }

  return async (assertion, audience) => {
    if (jwksUrl === undefined || assertion === undefined || audience === undefined) return null;
    try {
      const [header, payload, signature] = assertion.split('.');
      const { alg, kid } = decodeJson(header);
      const key = alg === 'ES256' ? await findKey(kid) : undefined;
      const isSigned =
        key !== undefined &&
        verify(
          'sha256',
          Buffer.from(`${header}.${payload}`),
          { key, dsaEncoding: 'ieee-p1363' },
          Buffer.from(signature, 'base64url'),
        );
      if (!isSigned) return null;
      const claims = decodeJson(payload);
      const isCurrent = typeof claims.exp === 'number' && claims.exp * 1000 > Date.now();
      return isCurrent && claims.aud === audience ? claims : null;
    } catch {
      return null;
    }
  };
}

const decodeJson = (part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));

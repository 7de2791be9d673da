/** Verifies DPoP proofs (RFC 9449 §4.3) on our own endpoints. */
import { createHash } from 'node:crypto';
import { AppError } from '@postern/shared/errors';
import { isCompactJws } from '@postern/shared/grants';
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose';
import { z } from 'zod';
import { createReplayCache, type ReplayCache } from './replay-cache.ts';

/** How far a proof's `iat` may be from our clock. */
export const PROOF_WINDOW_SECONDS = 60;
const MAX_PROOF_LENGTH = 4096;

const proofClaims = z.object({
  htm: z.string(),
  htu: z.string().max(2048),
  iat: z.int(),
  jti: z.string().min(8).max(128),
  ath: z.string().length(43).optional(),
});

export interface ProofRequest {
  /** The `DPoP` header. */
  readonly proof: string | undefined;
  readonly method: string;
  /** Absolute URL without query and fragment, as the client sees it. */
  readonly url: string;
  /** The token the proof comes with; its hash must be `ath`. Absent: `ath` is not looked at. */
  readonly token?: string;
}

export interface ProofVerifier {
  /** RFC 7638 thumbprint of the proving key. @throws AppError ERR_DPOP_INVALID (401) */
  verify(request: ProofRequest): Promise<string>;
}

export function createProofVerifier(
  clock: () => number,
  replays: ReplayCache = createReplayCache(clock),
): ProofVerifier {
  // Proofs from before the start may have been used: what was seen then is not remembered.
  const startedAt = Math.floor(clock() / 1000);

  return {
    verify: async ({ proof, method, url, token }) => {
      if (proof === undefined || proof.length > MAX_PROOF_LENGTH || !isCompactJws(proof))
        throw invalid('missing, too long or malformed');
      const now = Math.floor(clock() / 1000);
      const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
        algorithms: ['ES256'],
        typ: 'dpop+jwt',
        currentDate: new Date(clock()),
      }).catch((cause: unknown) => {
        throw invalid('not verifiable', cause);
      });
      const parsed = proofClaims.safeParse(payload);
      if (!parsed.success || protectedHeader.jwk === undefined) throw invalid('bad claims');
      const { htm, htu, iat, jti, ath } = parsed.data;
      if (htm !== method || htu !== url) throw invalid('made for another request');
      if (Math.abs(now - iat) > PROOF_WINDOW_SECONDS || iat < startedAt) {
        throw invalid('too old or from the future');
      }
      if (token !== undefined && ath !== createHash('sha256').update(token).digest('base64url')) {
        throw invalid('made for another token');
      }
      const thumbprint = await calculateJwkThumbprint(protectedHeader.jwk);
      const expiresAtMs = (iat + PROOF_WINDOW_SECONDS + 1) * 1000;
      if (!(await replays.add(`${thumbprint}.${jti}`, expiresAtMs))) throw invalid('already used');
      return thumbprint;
    },
  };
}

function invalid(why: string, cause?: unknown): AppError {
  return new AppError('ERR_DPOP_INVALID', `DPoP proof refused: ${why}`, { status: 401, cause });
}

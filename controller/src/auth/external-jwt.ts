/** External JWTs: issuer → enabled signer, then signature, audience, times and the claim that names the identity. */
import { createPublicKey, X509Certificate } from 'node:crypto';
import { AppError } from '@postern/shared/errors';
import { isCompactJws } from '@postern/shared/grants';
import {
  createLocalJWKSet,
  decodeJwt,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose';
import type { ControllerContext } from '../context.ts';
import type { ExternalJwtSigner } from '../model/external-jwt-signers.ts';
import { isDisabled, type Identity } from '../model/identities.ts';
import { repositories } from '../store/repositories.ts';
import type { ExternalJwt } from './authentication.ts';
import { valueAt } from './claims.ts';
import { fetchJson } from './guarded-fetch.ts';

const MAX_TOKEN_CHARS = 8192;
const CLOCK_TOLERANCE_S = 30;
/** Asymmetric signatures only: with an HMAC the verifier's public key would be the secret. */
const ALGORITHMS = [
  'ES256',
  'ES384',
  'ES512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'EdDSA',
];
const MAX_KEY_SET_AGE_MS = 600_000;
const MIN_REFETCH_INTERVAL_MS = 1000;

type JwtContext = Pick<ControllerContext, 'store' | 'clock' | 'config'>;
interface CachedKeys {
  url: string;
  fetchedAtMs: number;
  keys: Promise<JWTVerifyGetKey>;
}

/** `fetch`: GETs the JSON of a key set; default `fetchJson`. */
export function createExternalJwtVerifier(
  { store, clock, config }: JwtContext,
  fetch = (url: string): Promise<unknown> => fetchJson(url, config.auth.allowPrivateJwks),
) {
  const cache = new Map<string, CachedKeys>();

  const fetchKeys = (signer: ExternalJwtSigner, url: string): CachedKeys => {
    const keys = fetch(url).then((json) => createLocalJWKSet(json as JSONWebKeySet));
    const cached = { url, fetchedAtMs: clock(), keys };
    cache.set(signer.id, cached);
    return cached;
  };

  /** Keys by certificate or JWKS; an unknown `kid` fetches anew, at most once a second. */
  function keysOf(signer: ExternalJwtSigner): JWTVerifyGetKey {
    const { certPem, jwksEndpoint } = signer;
    if (certPem !== null) {
      const key = createPublicKey(
        new X509Certificate(certPem).publicKey.export({ type: 'spki', format: 'pem' }),
      );
      const accepted = new Set([signer.kid, signer.fingerprint].filter(Boolean));
      return (header) => {
        if (header.kid === undefined || !accepted.has(header.kid))
          throw new errors.JWKSNoMatchingKey();
        return key;
      };
    }
    return async (header, token) => {
      const url = jwksEndpoint ?? '';
      const known = cache.get(signer.id);
      const usable =
        known?.url === url && clock() - known.fetchedAtMs < MAX_KEY_SET_AGE_MS ? known : undefined;
      const current = usable ?? fetchKeys(signer, url);
      try {
        return await (
          await current.keys
        )(header, token);
      } catch (error) {
        const retry = usable && clock() - usable.fetchedAtMs >= MIN_REFETCH_INTERVAL_MS;
        if (!retry) throw error;
        return (await fetchKeys(signer, url).keys)(header, token);
      }
    };
  }

  return {
    async verifyExternalJwt(token: string): Promise<ExternalJwt> {
      const signer = await signerOf(token);
      try {
        const { payload } = await jwtVerify(token, keysOf(signer), {
          issuer: signer.issuer,
          audience: signer.audience,
          algorithms: ALGORITHMS,
          clockTolerance: CLOCK_TOLERANCE_S,
          requiredClaims: ['exp'],
          currentDate: new Date(clock()),
        });
        // 1e999 is JSON, and never over.
        if (!Number.isFinite(payload.exp)) throw new Error('exp is no date');
        const subject = claimAt(payload, signer.claimsProperty);
        if (subject === undefined) throw new Error(`no text at ${signer.claimsProperty}`);
        return { signer, subject, claims: payload };
      } catch (cause) {
        const unreachable = cause instanceof AppError;
        throw unreachable
          ? new AppError('ERR_EXT_JWT_SIGNER_UNREACHABLE', 'the signer’s keys cannot be fetched', {
              cause,
              retryable: true,
              status: 503,
            })
          : invalid(cause);
      }
    },

    isIdentityOf({ signer, subject }: ExternalJwt, identity: Pick<Identity, 'id' | 'externalId'>) {
      return (signer.useExternalId ? identity.externalId : identity.id) === subject;
    },

    async findIdentityForExternalJwt({
      signer,
      subject,
    }: ExternalJwt): Promise<Identity | undefined> {
      const [identity] = signer.useExternalId
        ? await repositories.identities.find(store.db, { externalId: subject })
        : [await repositories.identities.get(store.db, subject)];
      if (!identity || isDisabled(identity, clock())) return undefined;
      const policy = await repositories.authPolicies.get(store.db, identity.authPolicyId);
      const { allowed = false, allowedSigners = [] } = policy?.primary.extJwt ?? {};
      return allowed && (allowedSigners.length === 0 || allowedSigners.includes(signer.id))
        ? identity
        : undefined;
    },
  };

  async function signerOf(token: string): Promise<ExternalJwtSigner> {
    let issuer: unknown;
    try {
      if (token.length > MAX_TOKEN_CHARS) throw new Error('too long');
      if (!isCompactJws(token)) throw new Error('no compact JWS');
      issuer = decodeJwt(token).iss;
    } catch (cause) {
      throw invalid(cause);
    }
    if (typeof issuer !== 'string') throw invalid(new Error('no issuer'));
    const [signer] = await repositories.externalJwtSigners.find(store.db, {
      issuer,
      enabled: true,
    });
    if (!signer) throw invalid(new Error('no enabled signer has this issuer'));
    return signer;
  }
}

function invalid(cause: unknown): AppError {
  return new AppError('ERR_EXT_JWT_INVALID', 'the external JWT was not accepted', {
    cause,
    status: 401,
  });
}

/** Non-empty text at a JSON pointer. */
function claimAt(claims: unknown, pointer: string): string | undefined {
  const value = valueAt(claims, pointer);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

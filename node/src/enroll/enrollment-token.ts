/** The enrollment token: a JWT signed with the controller's TLS key. */
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { AppError } from '@postern/shared/errors';
import { isCompactJws, MAX_TOKEN_LENGTH } from '@postern/shared/grants';
import { decodeJwt, jwtVerify } from 'jose';
import { z } from 'zod';

/**
 * How a token is redeemed: `ott` by an identity's certificate request, `ottca` and `ca` by a certificate
 * of another authority, `updb` by a password, `erott` by a router, `network` by an identity provider's
 * token.
 */
export const enrollmentMethods = ['ott', 'ottca', 'ca', 'updb', 'erott', 'network'] as const;
export type EnrollmentMethod = (typeof enrollmentMethods)[number];

/** Tokens of these are for anybody who has further proof: not used up, without end. */
const reusable: readonly EnrollmentMethod[] = ['ca', 'network'];

const CLOCK_TOLERANCE_S = 30;

const claimsSchema = z
  .object({
    /** `https://host:port` of the controller. */
    iss: z.url({ protocol: /^https$/ }),
    /** Identity, router or authority id. */
    sub: z.string().max(64).default(''),
    /** The one-time token. */
    jti: z.string().max(256).default(''),
    em: z.enum(enrollmentMethods),
    exp: z.number().optional(),
    /** `tls:host:port` of control listeners. */
    ctrls: z.array(z.string().max(512)).max(16).default([]),
  })
  .refine(({ em, sub, jti, exp }) => reusable.includes(em) || (sub && jti && exp !== undefined));
export type EnrollmentClaims = z.infer<typeof claimsSchema>;

/**
 * Reads the claims without trusting them yet.
 * @param method the only one accepted; default: any
 * @throws AppError `ERR_ENROLL_TOKEN`
 */
export function parseEnrollmentToken(token: string, method?: EnrollmentMethod): EnrollmentClaims {
  try {
    if (token.length > MAX_TOKEN_LENGTH || !isCompactJws(token)) throw new Error('not a JWS');
    const claims = claimsSchema.parse(decodeJwt(token));
    if (method === undefined || claims.em === method) return claims;
  } catch (cause) {
    throw new AppError('ERR_ENROLL_TOKEN', 'not an enrollment token', { cause });
  }
  const what = method === 'ott' ? 'a one-time identity' : 'a router';
  throw new AppError('ERR_ENROLL_TOKEN', `not ${what} enrollment token`);
}

/**
 * Checks the token against the certificate its issuer presented: signed with that TLS key, and the
 * certificate names the host. @throws AppError `ERR_ENROLL_TOKEN`
 */
export async function verifyEnrollmentToken(
  token: string,
  { iss }: EnrollmentClaims,
  leaf: X509Certificate,
): Promise<void> {
  const host = hostOf(new URL(iss));
  const certified = isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host);
  if (certified === undefined) {
    throw new AppError('ERR_ENROLL_TOKEN', 'the controller’s certificate is for another host');
  }
  try {
    await jwtVerify(token, leaf.publicKey, {
      algorithms: ['ES256', 'ES384', 'ES512', 'RS256'],
      issuer: iss,
      clockTolerance: CLOCK_TOLERANCE_S,
    });
  } catch (cause) {
    throw new AppError('ERR_ENROLL_TOKEN', 'the token is expired or not this controller’s', {
      cause,
    });
  }
}

/** Host name or address of a URL, IPv6 without brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/** The enrollment token: a JWT signed with the controller's TLS key. */
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { AppError } from '@postern/shared/errors';
import { decodeJwt, jwtVerify } from 'jose';
import { z } from 'zod';

/** `ott`: an identity, by one-time token; `erott`: a router. */
export type EnrollmentMethod = 'ott' | 'erott';

const CLOCK_TOLERANCE_S = 30;

const claimsSchema = z.object({
  /** `https://host:port` of the controller. */
  iss: z.url({ protocol: /^https$/ }),
  /** Identity or router id. */
  sub: z.string().min(1).max(64),
  /** The one-time token. */
  jti: z.string().min(1).max(256),
  em: z.enum(['ott', 'erott'] satisfies EnrollmentMethod[]),
  exp: z.number(),
  /** `tls:host:port` of control listeners. */
  ctrls: z.array(z.string().max(512)).max(16).default([]),
});
export type EnrollmentClaims = z.infer<typeof claimsSchema>;

/** Reads the claims without trusting them yet. @throws AppError `ERR_ENROLL_TOKEN` */
export function parseEnrollmentToken(token: string, method: EnrollmentMethod): EnrollmentClaims {
  try {
    return claimsSchema.extend({ em: z.literal(method) }).parse(decodeJwt(token));
  } catch (cause) {
    const what = method === 'ott' ? 'a one-time identity' : 'a router';
    throw new AppError('ERR_ENROLL_TOKEN', `not ${what} enrollment token`, { cause });
  }
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

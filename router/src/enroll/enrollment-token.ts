/** The enrollment token: a JWT signed with the controller's TLS key. */
import type { X509Certificate } from 'node:crypto';
import { AppError } from '@postern/shared/errors';
import { decodeJwt, jwtVerify } from 'jose';
import { z } from 'zod';

const claimsSchema = z.object({
  /** `https://host:port` of the controller. */
  iss: z.url({ protocol: /^https$/ }),
  /** Router id. */
  sub: z.string().min(1).max(64),
  /** The one-time token. */
  jti: z.string().min(1).max(256),
  em: z.literal('erott'),
  exp: z.number(),
  /** `tls:host:port` of control listeners. */
  ctrls: z.array(z.string().max(512)).max(16).default([]),
});
type EnrollmentClaims = z.infer<typeof claimsSchema>;

/** Reads the claims without trusting them yet. @throws AppError `ERR_ENROLL_TOKEN` */
export function parseEnrollmentToken(token: string): EnrollmentClaims {
  try {
    return claimsSchema.parse(decodeJwt(token));
  } catch (cause) {
    throw new AppError('ERR_ENROLL_TOKEN', 'not a router enrollment token', { cause });
  }
}

/**
 * Checks the token against the certificate its issuer presented: signed with that TLS key, and the
 * certificate names the host. @throws AppError `ERR_ENROLL_TOKEN`
 */
export async function verifyEnrollmentToken(
  token: string,
  leaf: X509Certificate,
  now: Date,
): Promise<void> {
  const { iss } = parseEnrollmentToken(token);
  const host = new URL(iss).hostname.replace(/^\[|\]$/g, '');
  if (leaf.checkHost(host) === undefined && leaf.checkIP(host) === undefined) {
    throw new AppError('ERR_ENROLL_TOKEN', 'the controller’s certificate is for another host');
  }
  try {
    await jwtVerify(token, leaf.publicKey, {
      algorithms: ['ES256', 'ES384', 'ES512', 'RS256'],
      issuer: iss,
      currentDate: now,
      clockTolerance: 30,
    });
  } catch (cause) {
    throw new AppError('ERR_ENROLL_TOKEN', 'the token is expired or not this controller’s', {
      cause,
    });
  }
}

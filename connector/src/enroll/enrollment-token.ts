import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { AppError } from '@postern/shared/errors';
import { decodeJwt, jwtVerify } from 'jose';
import { z } from 'zod';

const claimsSchema = z.object({
  /** `https://host:port` of the controller. */
  iss: z.url({ protocol: /^https$/ }),
  /** Identity id. */
  sub: z.string().min(1).max(64),
  /** The one-time token. */
  jti: z.string().min(1).max(256),
  em: z.literal('ott'),
  exp: z.number(),
  ctrls: z.array(z.string().max(512)).max(16).optional(),
});
export type EnrollmentClaims = z.infer<typeof claimsSchema>;

/** Reads the claims without trusting them yet. Throws `ERR_ENROLL_TOKEN`. */
export function parseEnrollmentToken(token: string): EnrollmentClaims {
  try {
    return claimsSchema.parse(decodeJwt(token));
  } catch (cause) {
    throw new AppError('ERR_ENROLL_TOKEN', 'not a one-time identity enrollment token', { cause });
  }
}

/**
 * Checks the token against the certificate its issuer presented: it is signed with that TLS key,
 * and the certificate names the host. Throws `ERR_ENROLL_TOKEN`.
 */
export async function verifyEnrollmentToken(
  token: string,
  leaf: X509Certificate,
  now: Date,
): Promise<void> {
  const { iss } = parseEnrollmentToken(token);
  const host = new URL(iss).hostname.replace(/^\[|\]$/g, '');
  const certified = isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host);
  if (certified === undefined) {
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
    throw new AppError('ERR_ENROLL_TOKEN', 'enrollment token is expired or not this controller’s', {
      cause,
    });
  }
}

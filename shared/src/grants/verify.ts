/**
 * Verification of grants and tokens (RFC 8725): one algorithm, the key chosen by use and `kid` from
 * keys the controller pushed, never by anything else in the header (`jku`, `jwk`, `x5u`, `x5c` are
 * not read), exact `typ`, `iss` and `aud`.
 */
import { compactVerify, decodeJwt, decodeProtectedHeader, type JWK } from 'jose';
import type { z } from 'zod';
import { AppError } from '../errors/index.ts';
import {
  APP_TOKEN_TYP,
  ASSERTION_TYP,
  BIND_GRANT_TYP,
  DIAL_GRANT_TYP,
  SESSION_TOKEN_AUDIENCE,
  SESSION_TOKEN_TYP,
  appTokenClaimsSchema,
  assertionClaimsSchema,
  bindGrantClaimsSchema,
  dialGrantClaimsSchema,
  serviceResource,
  serviceTokenClaimsSchema,
  sessionTokenClaimsSchema,
  type AppTokenClaims,
  type AssertionClaims,
  type BindGrantClaims,
  type DialGrantClaims,
  type ServiceTokenClaims,
  type SessionTokenClaims,
} from './claims.ts';
import { isCompactJws } from './compact-jws.ts';
import type { KeySet, KeyUse } from './key-set.ts';
import { fromOpaqueToken } from './opaque-token.ts';

/** No token is longer, in characters. */
export const MAX_TOKEN_LENGTH = 8192;
/** Difference allowed between two clocks. */
export const CLOCK_TOLERANCE_SECONDS = 30;

/**
 * When a token is judged, and by whom: a verifier connected to a controller enforces `exp`; one
 * that lost every controller enforces `out`. It is the verifier's own knowledge, never the client's.
 */
export interface TokenTime {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  readonly connected: boolean;
}

export interface VerifyTokenOptions {
  readonly keys: KeySet;
  readonly time: TokenTime;
}

interface TokenKind<S extends z.ZodType> {
  readonly name: string;
  readonly typ: string;
  readonly use: KeyUse;
  readonly schema: S;
  readonly code: 'ERR_GRANT_INVALID' | 'ERR_TOKEN_INVALID';
}

const dialGrant = {
  name: 'dial grant',
  typ: DIAL_GRANT_TYP,
  use: 'grant',
  schema: dialGrantClaimsSchema,
  code: 'ERR_GRANT_INVALID',
} as const satisfies TokenKind<z.ZodType>;
const bindGrant = {
  name: 'bind grant',
  typ: BIND_GRANT_TYP,
  use: 'grant',
  schema: bindGrantClaimsSchema,
  code: 'ERR_GRANT_INVALID',
} as const satisfies TokenKind<z.ZodType>;
const appToken = {
  name: 'app token',
  typ: APP_TOKEN_TYP,
  use: 'token',
  schema: appTokenClaimsSchema,
  code: 'ERR_TOKEN_INVALID',
} as const satisfies TokenKind<z.ZodType>;
const sessionToken = {
  name: 'session token',
  typ: SESSION_TOKEN_TYP,
  use: 'session',
  schema: sessionTokenClaimsSchema,
  code: 'ERR_TOKEN_INVALID',
} as const satisfies TokenKind<z.ZodType>;
const serviceToken = {
  name: 'service token',
  typ: SESSION_TOKEN_TYP,
  use: 'session',
  schema: serviceTokenClaimsSchema,
  code: 'ERR_GRANT_INVALID',
} as const satisfies TokenKind<z.ZodType>;
const assertion = {
  name: 'assertion',
  typ: ASSERTION_TYP,
  use: 'assertion',
  schema: assertionClaimsSchema,
  code: 'ERR_TOKEN_INVALID',
} as const satisfies TokenKind<z.ZodType>;

export interface VerifyDialGrantOptions extends VerifyTokenOptions {
  /** `svc` must equal it, if given. */
  readonly serviceId?: string;
  /** `hosts` must contain it, if given: the verifier's own identity id at a host. */
  readonly hostId?: string;
  /** `sub` must equal it, if given: the caller already known from elsewhere. */
  readonly identityId?: string;
  /** RFC 7638 thumbprint of the key the caller proved; `cnf.jkt` must equal it, if given. */
  readonly thumbprint?: string;
}

/**
 * Claims of a valid dial grant; throws `ERR_GRANT_INVALID`, or `ERR_CONTROLLER_UNREACHABLE` where only the
 * time is over and the verifier is cut off.
 */
export async function verifyDialGrant(
  token: string,
  options: VerifyDialGrantOptions,
): Promise<DialGrantClaims> {
  const claims = await verify(dialGrant, token, options);
  checkTimes(dialGrant, claims, options.time);
  expectEqual(dialGrant, 'svc', claims.svc, options.serviceId);
  expectEqual(dialGrant, 'sub', claims.sub, options.identityId);
  expectEqual(dialGrant, 'cnf.jkt', claims.cnf.jkt, options.thumbprint);
  if (options.hostId !== undefined && !claims.hosts.includes(options.hostId)) {
    throw refusal(dialGrant, 'this host is not among its hosts');
  }
  return claims;
}

export interface VerifyBindGrantOptions extends VerifyTokenOptions {
  /** `svc` must equal it, if given. */
  readonly serviceId?: string;
  /** `sub` must be one of these identity ids, if given. */
  readonly hosts?: readonly string[];
}

/** Claims of a valid bind grant; throws `ERR_GRANT_INVALID`. */
export async function verifyBindGrant(
  token: string,
  options: VerifyBindGrantOptions,
): Promise<BindGrantClaims> {
  const claims = await verify(bindGrant, token, options);
  checkTimes(bindGrant, claims, options.time);
  expectEqual(bindGrant, 'svc', claims.svc, options.serviceId);
  if (options.hosts && !options.hosts.includes(claims.sub)) {
    throw refusal(bindGrant, 'its identity is not a permitted host');
  }
  return claims;
}

export interface VerifyAppTokenOptions extends VerifyTokenOptions {
  /** `aud` must be this service's resource, if given. */
  readonly serviceId?: string;
  /** RFC 7638 thumbprint of the key the caller proved; `cnf.jkt` must equal it, if given. */
  readonly thumbprint?: string;
}

/** Claims of a valid app token; throws `ERR_TOKEN_INVALID`. */
export async function verifyAppToken(
  token: string,
  options: VerifyAppTokenOptions,
): Promise<AppTokenClaims> {
  const claims = await verify(appToken, token, options);
  checkTimes(appToken, claims, options.time);
  const audience = options.serviceId === undefined ? undefined : serviceResource(options.serviceId);
  expectEqual(appToken, 'aud', claims.aud, audience);
  expectEqual(appToken, 'cnf.jkt', claims.cnf.jkt, options.thumbprint);
  return claims;
}

/** Claims of a valid session token of a program; throws `ERR_TOKEN_INVALID`. */
export async function verifySessionToken(
  token: string,
  options: VerifyTokenOptions,
): Promise<SessionTokenClaims> {
  return verifyForPrograms(sessionToken, fromOpaqueToken(token), options);
}

export interface VerifyServiceTokenOptions extends VerifyTokenOptions {
  readonly type: ServiceTokenClaims['z_st'];
  /** `z_iid` must equal it: who the channel proved to be. */
  readonly identityId: string;
  /** `z_asid` must equal it: the session of the channel. */
  readonly sessionId: string;
  /** `sub` must equal it, if given. */
  readonly serviceId?: string;
}

/** Claims of a valid service token of a program; throws `ERR_GRANT_INVALID`. */
export async function verifyServiceToken(
  token: string,
  options: VerifyServiceTokenOptions,
): Promise<ServiceTokenClaims> {
  const claims = await verifyForPrograms(serviceToken, token, options);
  expectEqual(serviceToken, 'z_st', claims.z_st, options.type);
  expectEqual(serviceToken, 'z_iid', claims.z_iid, options.identityId);
  expectEqual(serviceToken, 'z_asid', claims.z_asid, options.sessionId);
  expectEqual(serviceToken, 'sub', claims.sub, options.serviceId);
  return claims;
}

/** The service that a service token says it is for; nothing of it is verified. @throws AppError `ERR_GRANT_INVALID` */
export function claimedService(token: string): string {
  if (token.length > MAX_TOKEN_LENGTH || !isCompactJws(token))
    throw refusal(serviceToken, 'no compact JWS');
  try {
    const parsed = serviceTokenClaimsSchema.pick({ sub: true }).safeParse(decodeJwt(token));
    if (parsed.success) return parsed.data.sub;
  } catch {
    // Said below.
  }
  throw refusal(serviceToken, 'names no service');
}

async function verifyForPrograms<
  S extends z.ZodType<{
    iss: string;
    aud: string | string[];
    iat: number;
    exp: number;
    out: number;
  }>,
>(kind: TokenKind<S>, token: string, { keys, time }: VerifyTokenOptions): Promise<z.output<S>> {
  const claims = await verify(kind, token, { keys });
  if (![claims.aud].flat().includes(SESSION_TOKEN_AUDIENCE)) throw refusal(kind, 'wrong aud');
  checkTimes(kind, claims, time);
  return claims;
}

export interface VerifyAssertionOptions {
  readonly keys: KeySet;
  readonly nowMs: number;
  readonly audience: string;
  /** `sub` must equal it, if given. */
  readonly identityId?: string;
}

/** Claims of a valid identity assertion; throws `ERR_TOKEN_INVALID`. It has no outage time. */
export async function verifyAssertion(
  token: string,
  options: VerifyAssertionOptions,
): Promise<AssertionClaims> {
  const claims = await verify(assertion, token, options);
  checkTimes(assertion, claims, { nowMs: options.nowMs, connected: true });
  expectEqual(assertion, 'aud', claims.aud, options.audience);
  expectEqual(assertion, 'sub', claims.sub, options.identityId);
  return claims;
}

async function verify<S extends z.ZodType<{ iss: string }>>(
  kind: TokenKind<S>,
  token: string,
  { keys }: { keys: KeySet },
): Promise<z.output<S>> {
  if (token.length > MAX_TOKEN_LENGTH) throw refusal(kind, 'too long');
  if (!isCompactJws(token)) throw refusal(kind, 'no compact JWS');
  let issuer: string;
  let payload: unknown;
  try {
    const header = decodeProtectedHeader(token);
    if (header.typ !== kind.typ) throw refusal(kind, 'wrong typ');
    const key = header.kid === undefined ? undefined : keys.find(kind.use, header.kid);
    if (!key) throw refusal(kind, 'signed by no known key');
    issuer = key.issuer;
    // The very object that is held: jose keeps what it imported for as long as that lives.
    const verified = await compactVerify(token, key.jwk as JWK, { algorithms: ['ES256'] });
    payload = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(verified.payload));
  } catch (error) {
    throw error instanceof AppError ? error : refusal(kind, 'not verifiable', error);
  }
  const parsed = kind.schema.safeParse(payload);
  if (!parsed.success) {
    const where = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ');
    throw refusal(kind, `bad claims: ${where}`);
  }
  if (parsed.data.iss !== issuer) throw refusal(kind, 'wrong iss');
  return parsed.data;
}

function checkTimes(
  kind: TokenKind<z.ZodType>,
  claims: { iat: number; exp: number; out?: number },
  { nowMs, connected }: TokenTime,
): void {
  const now = nowMs / 1000;
  if (claims.iat > now + CLOCK_TOLERANCE_SECONDS) throw refusal(kind, 'issued in the future');
  const end = connected ? claims.exp : (claims.out ?? claims.exp);
  if (end > now - CLOCK_TOLERANCE_SECONDS) return;
  if (connected) throw refusal(kind, 'expired');
  throw new AppError(
    'ERR_CONTROLLER_UNREACHABLE',
    `the ${kind.name} expired, and no controller can be reached`,
    {
      retryable: true,
    },
  );
}

function expectEqual(
  kind: TokenKind<z.ZodType>,
  claim: string,
  actual: string,
  expected: string | undefined,
): void {
  if (expected !== undefined && actual !== expected) throw refusal(kind, `wrong ${claim}`);
}

function refusal(kind: TokenKind<z.ZodType>, why: string, cause?: unknown): AppError {
  return new AppError(kind.code, `${kind.name} refused: ${why}`, { cause });
}

/** Claims of the tokens that Postern's parts show each other (docs/protocol.md, "Grants"). */
import { z } from 'zod';
import { publicJwkSchema } from '../schemas/control.ts';

const id = z.string().min(1).max(64);
/** Seconds since 1970 (RFC 7519 NumericDate). */
const numericDate = z.number().min(0).max(253_402_300_799);
const thumbprint = z.string().length(43);
const issuer = z.string().min(1).max(512);

/** Prefix of the resource (RFC 8707) that stands for one service. */
export const SERVICE_RESOURCE_PREFIX = 'urn:postern:service:';
/** The resource an app token for `serviceId` is asked for and bound to. */
export const serviceResource = (serviceId: string): string => SERVICE_RESOURCE_PREFIX + serviceId;

export const DIAL_GRANT_TYP = 'postern-dial+jwt';
export const DIAL_GRANT_AUDIENCE = 'postern:dial';
/** The audience of a grant with `via`: a verifier that knows nothing of `via` refuses it. */
export const CROSS_ORIGIN_GRANT_AUDIENCE = 'postern:dial-cross-origin';
const origin = z
  .string()
  .max(512)
  .refine((text) => URL.canParse(text) && new URL(text).origin === text);

/** Lets one identity, holding one key, open circuits to one service. */
const dialGrantFields = z.object({
  iss: issuer,
  aud: z.enum([DIAL_GRANT_AUDIENCE, CROSS_ORIGIN_GRANT_AUDIENCE]),
  /** Calling identity id. */
  sub: id,
  /** Its name, for logs and for the app. */
  name: z.string().max(256),
  /** Service id. */
  svc: id,
  /** Sign-in session id. */
  sid: id,
  cnf: z.object({ jkt: thumbprint }),
  /** Ids of the identities that may answer. */
  hosts: z.array(id).min(1).max(100),
  /**
   * The origin whose pages ask, when it is not the service's own: the connector answers as browsers let
   * pages of that origin see it (docs/protocol.md, "Cross-origin requests").
   */
  via: origin.optional(),
  iat: numericDate,
  exp: numericDate,
  /** Accepted until then by a verifier that lost every controller. */
  out: numericDate,
  jti: id,
});
export const dialGrantClaimsSchema = dialGrantFields.refine(
  ({ aud, via }) => (aud === CROSS_ORIGIN_GRANT_AUDIENCE) === (via !== undefined),
  { path: ['via'] },
);
export type DialGrantClaims = z.infer<typeof dialGrantClaimsSchema>;

export const BIND_GRANT_TYP = 'postern-bind+jwt';
export const BIND_GRANT_AUDIENCE = 'postern:bind';
/** Lets one identity, holding one key, host one service. */
export const bindGrantClaimsSchema = z.object({
  iss: issuer,
  aud: z.literal(BIND_GRANT_AUDIENCE),
  /** Hosting identity id. */
  sub: id,
  svc: id,
  cnf: z.object({ jwk: publicJwkSchema }),
  iat: numericDate,
  exp: numericDate,
  out: numericDate,
  jti: id,
});
export type BindGrantClaims = z.infer<typeof bindGrantClaimsSchema>;

export const APP_TOKEN_TYP = 'at+jwt';
/** OAuth access token (RFC 9068) of an application for its one service. */
export const appTokenClaimsSchema = z.object({
  iss: issuer,
  aud: z.string().startsWith(SERVICE_RESOURCE_PREFIX).max(128),
  sub: id,
  /** Application id. */
  client_id: id,
  cnf: z.object({ jkt: thumbprint }),
  sid: id,
  /** Names this one token, so that it can be withdrawn alone. */
  jti: id.optional(),
  iat: numericDate,
  exp: numericDate,
  out: numericDate,
});
export type AppTokenClaims = z.infer<typeof appTokenClaimsSchema>;

/** `aud` of session tokens and service tokens: what OpenZiti's programs show to routers. */
export const SESSION_TOKEN_AUDIENCE = 'openziti';
export const SESSION_TOKEN_TYP = 'JWT';
const sessionAudience = z.union([
  z.literal(SESSION_TOKEN_AUDIENCE),
  z.array(z.string().max(256)).max(8),
]);
/** An API session of a program: `a`, an access token of `/oidc`; `l`, the token of `POST /authenticate`. */
export const sessionTokenClaimsSchema = z.object({
  iss: issuer,
  aud: sessionAudience,
  /** Identity id. */
  sub: id,
  jti: id,
  iat: numericDate,
  exp: numericDate,
  out: numericDate,
  z_t: z.enum(['a', 'l']),
  /** API session id. */
  z_asid: id,
});
export type SessionTokenClaims = z.infer<typeof sessionTokenClaimsSchema>;

/** Leave to dial or bind one service, within an API session. */
export const serviceTokenClaimsSchema = z.object({
  iss: issuer,
  aud: sessionAudience,
  /** Service id. */
  sub: id,
  /** Service session id. */
  jti: id,
  iat: numericDate,
  exp: numericDate,
  out: numericDate,
  z_t: z.literal('s'),
  z_st: z.enum(['Dial', 'Bind']),
  z_asid: id,
  /** Identity id. */
  z_iid: id,
});
export type ServiceTokenClaims = z.infer<typeof serviceTokenClaimsSchema>;

export const ASSERTION_TYP = 'JWT';
/** Tells the app behind a connector who the caller is. */
export const assertionClaimsSchema = z.object({
  iss: issuer,
  /** Application origin, or the service's resource when it has no application. */
  aud: z.string().min(1).max(512),
  sub: id,
  name: z.string().max(256),
  /** Present only if verified. */
  email: z.string().max(320).optional(),
  sid: id,
  iat: numericDate,
  exp: numericDate,
});
export type AssertionClaims = z.infer<typeof assertionClaimsSchema>;

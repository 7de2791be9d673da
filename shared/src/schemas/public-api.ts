/**
 * JSON of Postern's own HTTP API under `/postern/v1` on the controller's public listener.
 * Errors are RFC 9457 problem documents with `code` and `requestId`.
 */
import { z } from 'zod';

const id = z.string().min(1).max(64);

/** `GET /applications/lookup?host=` and, extended by the gateway, `/.postern/config.json`. */
export const applicationInfoSchema = z.strictObject({
  id,
  name: z.string().max(256),
  /** Exact origin the app is opened at, for example `http://wiki.localhost:8080`. */
  origin: z.string().max(512),
  /** OAuth client id of this application (= its id). */
  clientId: id,
  /** OAuth issuer, for example `https://ctrl.example.com/oidc`. */
  issuer: z.string().max(512),
  /** Base of this API, for example `https://ctrl.example.com/postern/v1`. */
  apiUrl: z.string().max(512),
  /** Origin where people sign in. */
  loginOrigin: z.string().max(512),
  /** RFC 8707 resource an app token is asked for: `urn:postern:service:<service id>`. */
  resource: z.string().max(128),
});
export type ApplicationInfo = z.infer<typeof applicationInfoSchema>;

export const extJwtMethodSchema = z.strictObject({
  type: z.literal('ext-jwt'),
  signerId: id,
  name: z.string().max(256),
  /** Issuer for OIDC discovery by the login page. */
  issuer: z.string().max(512),
  clientId: z.string().max(256),
  scopes: z.array(z.string().max(128)).max(32),
});

/** `GET /interactions/:uid`: what the login page shows. */
export const interactionSchema = z.strictObject({
  application: z.strictObject({ id, name: z.string().max(256), origin: z.string().max(512) }),
  methods: z
    .array(
      z.discriminatedUnion('type', [
        extJwtMethodSchema,
        z.strictObject({ type: z.literal('password') }),
      ]),
    )
    .max(16),
  expiresAt: z.iso.datetime(),
});
export type Interaction = z.infer<typeof interactionSchema>;

/** `POST /interactions/:uid/ext-jwt`; DPoP proof by the device key in header `DPoP`. */
export const extJwtLoginSchema = z.strictObject({ signerId: id, token: z.string().max(8192) });
/** `POST /interactions/:uid/password`; DPoP proof by the device key. */
export const passwordLoginSchema = z.strictObject({
  username: z.string().min(1).max(256),
  password: z.string().min(1).max(256),
});
/** `POST /interactions/:uid/session` has no body: `Authorization: DPoP <session token>` and a proof. */

/** Answer of all three: navigate to `resumeUrl`; keep the new session token (the old one is spent). */
export const loginResultSchema = z.strictObject({
  resumeUrl: z.string().max(2048),
  sessionToken: z.string().max(256),
  sessionExpiresAt: z.iso.datetime(),
});
export type LoginResult = z.infer<typeof loginResultSchema>;

/** `POST /dial-grants` (no body): `Authorization: DPoP <app token>` and a proof by the app key. */
export const dialGrantResponseSchema = z.strictObject({
  /** JWS, see docs/protocol.md "Grants". */
  dialGrant: z.string().max(8192),
  /** Identity assertion (JWT) that the connector hands to the app. */
  assertion: z.string().max(8192),
  service: z.strictObject({ id, name: z.string().max(256) }),
  identity: z.strictObject({ id, name: z.string().max(256) }),
  /** Routers this identity may use for this service, best first. */
  routers: z
    .array(
      z.strictObject({
        id,
        name: z.string().max(256),
        edgeUrls: z.array(z.string().max(512)).max(16),
      }),
    )
    .max(32),
  /** Public keys that bind grants are checked with. */
  keys: z.array(z.record(z.string(), z.unknown())).max(16),
  /** When the grant stops being fresh. */
  expiresAt: z.iso.datetime(),
});
export type DialGrantResponse = z.infer<typeof dialGrantResponseSchema>;

/** RFC 9457 problem document. */
export const problemSchema = z.object({
  type: z.string().optional(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  code: z.string(),
  requestId: z.string().optional(),
});
export type Problem = z.infer<typeof problemSchema>;

/**
 * JSON of Postern's own HTTP API under `/postern/v1` on the controller's public listener.
 * Errors are RFC 9457 problem documents with `code` and `requestId`.
 */
import { z } from 'zod';
import { brandingSchema } from './branding.ts';

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
  /** The operator's look of our pages, the application's own before the network's. */
  branding: brandingSchema.optional(),
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
  application: z.strictObject({
    id,
    name: z.string().max(256),
    origin: z.string().max(512),
    branding: brandingSchema.optional(),
  }),
  methods: z
    .array(
      z.discriminatedUnion('type', [
        extJwtMethodSchema,
        z.strictObject({ type: z.literal('password') }),
        z.strictObject({ type: z.literal('passkey') }),
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
/** A step of a sign-in that lacks a second factor: 256 bits that the answer before handed out. */
const step = z.string().min(16).max(64);
/** `POST /interactions/:uid/totp`: a code of the authenticator app, or a recovery code. */
export const totpLoginSchema = z.strictObject({ step, code: z.string().min(4).max(10) });
/** `POST /interactions/:uid/second-jwt`: the JWT of a second identity provider. */
export const secondJwtLoginSchema = extJwtLoginSchema.extend({ step });

const base64url = z
  .string()
  .max(8192)
  .regex(/^[A-Za-z0-9_-]*$/);
const credential = {
  id: base64url.min(1),
  rawId: base64url.min(1),
  type: z.literal('public-key'),
  authenticatorAttachment: z.string().max(32).nullish(),
  clientExtensionResults: z.record(z.string().max(64), z.unknown()),
};
/** `POST /interactions/:uid/passkey/options`: `step` when it is to be the second factor. */
export const passkeyOptionsSchema = z.strictObject({ step: step.optional() });
/** `POST /interactions/:uid/passkey`: AuthenticationResponseJSON of WebAuthn Level 3 §5.1.8. */
export const passkeyLoginSchema = z.strictObject({
  step: step.optional(),
  response: z.object({
    ...credential,
    response: z.object({
      clientDataJSON: base64url,
      authenticatorData: base64url,
      signature: base64url,
      userHandle: base64url.nullish(),
    }),
  }),
});
/** `POST /session/passkeys`: RegistrationResponseJSON of WebAuthn Level 3 §5.1.8. */
export const passkeyRegistrationSchema = z.strictObject({
  name: z.string().min(1).max(64),
  response: z.object({
    ...credential,
    response: z.object({
      clientDataJSON: base64url,
      attestationObject: base64url,
      transports: z.array(z.string().max(32)).max(8).optional(),
    }),
  }),
});
/** `POST /session/passkeys/remove`. */
export const passkeyRemovalSchema = z.strictObject({ id });
/** `POST /session/passkeys/rename`. */
export const passkeyRenamingSchema = z.strictObject({ id, name: z.string().trim().min(1).max(64) });

/** `POST /interactions/:uid/session` has no body: `Authorization: DPoP <session token>` and a proof. */

/** Answer of a sign-in that is complete: navigate to `resumeUrl`; keep the new session token (the old one is spent). */
export const loginResultSchema = z.strictObject({
  resumeUrl: z.string().max(2048),
  sessionToken: z.string().max(256),
  sessionExpiresAt: z.iso.datetime(),
});
export type LoginResult = z.infer<typeof loginResultSchema>;

/** Answer of a sign-in that asks for more: the next request hands `step` back with the proof. */
export const secondFactorSchema = z.strictObject({
  step,
  factor: z.discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('totp'),
      /** A code of the authenticator app is taken. */
      code: z.boolean(),
      /** A passkey is taken. */
      passkey: z.boolean(),
      /** The person has neither yet, and sets up an authenticator app now. */
      setup: z
        .strictObject({
          secret: z.string().max(128),
          provisioningUrl: z.string().max(1024),
          /** QR code of the URL as the path of an SVG image `size` units wide. */
          qr: z.strictObject({ size: z.int().max(256), path: z.string().max(65_536) }),
          recoveryCodes: z.array(z.string().max(16)).max(32),
        })
        .optional(),
    }),
    extJwtMethodSchema,
  ]),
});
export type SecondFactor = z.infer<typeof secondFactorSchema>;

export const loginAnswerSchema = z.union([loginResultSchema, secondFactorSchema]);
export type LoginAnswer = z.infer<typeof loginAnswerSchema>;

/** `GET /sessions`: `Authorization: DPoP <session token>` and a proof by the device key. */
export const ownSessionsSchema = z.strictObject({
  sessions: z
    .array(
      z.strictObject({
        id,
        /** `browser`: a sign-in at the login origin; `program`: an API session of an SDK or command line. */
        kind: z.enum(['browser', 'program']),
        /** The one that asks. */
        current: z.boolean(),
        createdAt: z.iso.datetime(),
        lastUsedAt: z.iso.datetime(),
        expiresAt: z.iso.datetime(),
        /** What it calls itself, and the address it came from, when last seen. */
        userAgent: z.string().max(512).nullable(),
        address: z.string().max(64).nullable(),
      }),
    )
    .max(1000),
});
export type OwnSessions = z.infer<typeof ownSessionsSchema>;

/** Answer of everything under `/session/passkeys`. */
export const ownPasskeysSchema = z.strictObject({
  passkeys: z
    .array(
      z.strictObject({
        id,
        name: z.string().max(64),
        createdAt: z.iso.datetime(),
        lastUsedAt: z.iso.datetime().nullable(),
      }),
    )
    .max(32),
  /** PublicKeyCredentialCreationOptionsJSON, when a new one was asked for. */
  options: z.record(z.string(), z.unknown()).optional(),
});
export type OwnPasskeys = z.infer<typeof ownPasskeysSchema>;

/** Body of `POST /dial-grants`, which may be left out: what the browser says of itself, for posture checks. */
export const declaredPostureSchema = z.strictObject({
  browser: z
    .strictObject({ name: z.string().max(64), majorVersion: z.int().min(0).max(100_000) })
    .optional(),
  platform: z.strictObject({ name: z.string().max(64), version: z.string().max(64) }).optional(),
});
export type DeclaredPosture = z.infer<typeof declaredPostureSchema>;

/** `POST /dial-grants`: `Authorization: DPoP <app token>` and a proof by the app key. */
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

/** `data` of `POST /edge/client/v1/dial-grants`: what a browser gets in two steps, for an API session. */
export const programDialGrantSchema = dialGrantResponseSchema
  .extend({
    /** App token that routers take for this service and this key. */
    accessToken: z.string().max(8192),
  })
  .meta({ id: 'ProgramDialGrant' });
export type ProgramDialGrant = z.infer<typeof programDialGrantSchema>;

/** Body of `POST /cross-origin-grants`: an application that pages of this one send requests to. */
export const crossOriginGrantRequestSchema = declaredPostureSchema.extend({
  origin: z.string().max(512),
});

/** Its answer: no identity assertion, since cross-origin requests carry none. */
export const crossOriginGrantResponseSchema = dialGrantResponseSchema
  .omit({ assertion: true })
  .extend({
    /** App token that routers take for this service; it gets no other grants. */
    accessToken: z.string().max(8192),
  });
export type CrossOriginGrantResponse = z.infer<typeof crossOriginGrantResponseSchema>;

/** `GET /applications/origins/{prefix}`: {@link originDigest}s that begin so, of all applications. */
export const originDigestsSchema = z.strictObject({
  digests: z.array(z.string().length(32)).max(10_000),
});
export type OriginDigests = z.infer<typeof originDigestsSchema>;

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

/**
 * JSON of the user portal's API, `/postern/v1/portal` on the controller's public listener: for pages of the login
 * origin alone. Each request shows the sign-in session (`Authorization: DPoP <session token>`) and a proof by the
 * device key. Errors are RFC 9457 problem documents with `code` and `requestId`.
 */
import { z } from 'zod';
import { brandLogoSchema } from './branding.ts';

const id = z.string().min(1).max(64);
/** A host with its port, unless default, as the gateway knows applications. */
const hostSchema = z.string().regex(/^[a-z0-9.-]{1,253}(:\d{1,5})?$/);

/** Characters of what somebody says when asking for access, and of the answer. */
export const MAX_ACCESS_MESSAGE = 500;

/** One wish for access, as the person who has it sees it. */
export const ownAccessRequestSchema = z.strictObject({
  id,
  application: z.strictObject({ name: z.string().max(256), origin: z.string().max(512) }),
  message: z.string().max(MAX_ACCESS_MESSAGE),
  state: z.enum(['open', 'accepted', 'declined']),
  createdAt: z.iso.datetime(),
  decidedAt: z.iso.datetime().nullable(),
  /** What the administrator said to it; may be empty. */
  answer: z.string().max(MAX_ACCESS_MESSAGE),
});

/** `GET /portal`: what one may open, and what one asked for. */
export const portalSchema = z.strictObject({
  identity: z.strictObject({ id, name: z.string().max(256) }),
  /** By name. */
  applications: z
    .array(
      z.strictObject({
        id,
        name: z.string().max(256),
        origin: z.string().max(512),
        /** The application's own logo, where the operator gave it one. */
        logo: brandLogoSchema.optional(),
        /** Somebody hosts it now. */
        isHosted: z.boolean(),
      }),
    )
    .max(1000),
  /** The latest first. */
  accessRequests: z.array(ownAccessRequestSchema).max(100),
});
export type Portal = z.infer<typeof portalSchema>;

/** `POST /portal/access-requests`. The answer is the request, also where the same was asked before. */
export const accessRequestSchema = z.strictObject({
  host: hostSchema,
  message: z.string().max(MAX_ACCESS_MESSAGE),
});

/** `POST /portal/sign-ins`: begins a sign-in for the portal itself; needs a proof by the device key alone. */
export const portalSignInSchema = z.strictObject({
  /** Host of the application to ask access to, once signed in. */
  ask: hostSchema.optional(),
});
/** Its answer: an interaction like those of applications. */
export const portalSignInStartedSchema = z.strictObject({ uid: z.string().min(16).max(128) });

/** Answer of everything under `/portal/totp`. */
export const ownTotpSchema = z.strictObject({
  isSetUp: z.boolean(),
  /** Unused recovery codes that are left; 0 without an authenticator app. */
  recoveryCodesLeft: z.int().min(0).max(64),
  /** Only in the answer of `begin`. */
  setup: z
    .strictObject({
      secret: z.string().max(128),
      provisioningUrl: z.string().max(1024),
      /** QR code of the URL as the path of an SVG image `size` units wide. */
      qr: z.strictObject({ size: z.int().max(256), path: z.string().max(65_536) }),
      recoveryCodes: z.array(z.string().max(16)).max(64),
    })
    .optional(),
  /** Only in the answer of `recovery-codes`. */
  recoveryCodes: z.array(z.string().max(16)).max(64).optional(),
});
export type OwnTotp = z.infer<typeof ownTotpSchema>;

/** `POST /portal/totp/{verify,remove,recovery-codes}`. */
export const totpCodeSchema = z.strictObject({ code: z.string().min(4).max(10) });

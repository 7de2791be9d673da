/** Configuration of the controller process: one strict schema, every problem reported at once. */
import { metricsListenerSchema } from '@postern/shared/schemas';
import { z } from 'zod';
import { eventSinkSchema } from './event-sinks/config.ts';

const host = z.string().min(1).max(253);
const port = z.int().min(0).max(65535);
const origin = z.url({ protocol: /^https?$/ }).refine((value) => new URL(value).origin === value, {
  error: 'must be an origin: scheme, host and port without a path',
});

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

const publicTlsSchema = z.union([
  z.literal('none'),
  z.literal('pki'),
  z.strictObject({ certFile: z.string().min(1), keyFile: z.string().min(1) }),
]);

const storeSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('sqlite'),
    /** Default: `<dataDir>/store.db`. */
    file: z.string().min(1).optional(),
  }),
  z
    .strictObject({
      kind: z.literal('postgres'),
      /** Host name, address, or folder of the Unix socket. */
      host: z.string().min(1).max(253).default('127.0.0.1'),
      port: z.int().min(1).max(65535).default(5432),
      database: z.string().min(1).max(63).default('postern'),
      user: z.string().min(1).max(63).default('postern'),
      passwordFile: z.string().min(1).optional(),
      /** `none` only on loopback and Unix sockets; `system`: the CAs of the system; or a file of CAs. */
      tls: z
        .union([
          z.literal('none'),
          z.literal('system'),
          z.strictObject({ caFile: z.string().min(1) }),
        ])
        .default('system'),
      /** Connections at a time. */
      maxConnections: z.int().min(2).max(100).default(10),
    })
    .refine(({ tls, host: at }) => tls !== 'none' || loopback.has(at) || at.startsWith('/'), {
      error: "tls 'none' is accepted only on a loopback host or a Unix socket",
      path: ['tls'],
    }),
]);

export const controllerConfigSchema = z.strictObject({
  /** Folder of the database, keys and certificates; made with mode 0700 when absent. */
  dataDir: z.string().min(1),
  /** Where the data is kept: an embedded file, or a server that several controllers may share. */
  store: storeSchema.prefault({ kind: 'sqlite' }),
  /** Trust domain of every SPIFFE id the PKI issues. */
  trustDomain: z
    .string()
    .regex(/^[a-z0-9._-]{1,255}$/)
    .default('postern'),
  /** HTTPS by our own PKI: Management API, Client API, enrollment. Loopback unless set otherwise. */
  admin: z
    .strictObject({
      host: host.default('127.0.0.1'),
      port: port.default(1280),
      /** Base URL clients and enrollment tokens use; default: from the bound address. */
      url: origin.optional(),
    })
    .prefault({}),
  /** The admin console at `/console/` of the admin listener. */
  console: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Folder of the built console; default: that of this installation. */
      dir: z.string().min(1).optional(),
    })
    .prefault({}),
  /** What browsers talk to: OIDC provider, `/postern/v1`, Client API. */
  public: z
    .strictObject({
      host: host.default('127.0.0.1'),
      port: port.default(1281),
      /** `none` only on loopback. */
      tls: publicTlsSchema.default('pki'),
      /** Base URL, also the origin of the OIDC issuer `<url>/oidc`; default: from the bound address. */
      url: origin.optional(),
    })
    .refine((value) => value.tls !== 'none' || loopback.has(value.host), {
      error: "tls 'none' is accepted only on a loopback host",
      path: ['tls'],
    })
    .prefault({}),
  /** Mutual TLS for routers and connectors. */
  control: z
    .strictObject({
      host: host.default('127.0.0.1'),
      port: port.default(6262),
      /** `tls:host:port` addresses put into enrollment tokens; default: the bound address. */
      advertise: z
        .array(z.string().regex(/^tls:[^\s]+:\d{1,5}$/))
        .max(16)
        .default([]),
    })
    .prefault({}),
  /** Serves Prometheus metrics; without it they are not served. */
  metrics: metricsListenerSchema.optional(),
  /** Further host names and IP addresses of the server certificate (localhost and loopback are always in). */
  serverNames: z.array(host).max(64).default([]),
  /** Origin where people sign in, for example `https://login.example.com`. */
  loginOrigin: origin,
  bootstrap: z
    .strictObject({
      admin: z
        .strictObject({
          username: z.string().min(4).max(100).default('admin'),
          /** File with the password; absent: 24 random characters are written to `<dataDir>/admin-password`. */
          passwordFile: z.string().min(1).optional(),
        })
        .prefault({}),
    })
    .prefault({}),
  auth: z
    .strictObject({
      /** Lets JWKS and discovery URLs of external signers use http and private addresses. Demo and tests only. */
      allowPrivateJwks: z.boolean().default(false),
      /** Attempts to log in or enrol a minute and address. */
      attemptsPerMinute: z.int().min(1).max(100_000).default(10),
      /** Lifetime of an Edge API session since its last use, minutes. */
      apiSessionMinutes: z.int().min(1).max(1440).default(30),
    })
    .prefault({}),
  certificates: z
    .strictObject({
      /** Term of certificates of routers, and of connectors once renewed, hours. Renewed after two thirds. */
      partHours: z.number().min(0.001).max(8760).default(720),
    })
    .prefault({}),
  audit: z
    .strictObject({
      /** Folder of the signed heads and their key; default: `audit` in `dataDir`. Another disk is better. */
      dir: z.string().min(1).optional(),
    })
    .prefault({}),
  /** Where live events go (docs/audit.md, "Live events"). */
  eventSinks: z.array(eventSinkSchema).max(16).default([]),
  posture: z
    .strictObject({
      /** CSV of `range,country` (CIDR, ISO 3166-1 code) for checks of countries; none: they never pass. */
      countryTableFile: z.string().min(1).optional(),
    })
    .prefault({}),
  limits: z
    .strictObject({
      /**
       * Requests a minute and session of the Management API, or of an address without a session. The
       * console and import tools send hundreds a second at their busiest.
       */
      adminRequestsPerMinute: z.int().min(1).max(1_000_000).default(30_000),
      /** The same for the Client API. */
      clientRequestsPerMinute: z.int().min(1).max(1_000_000).default(6000),
    })
    .prefault({}),
  sessions: z
    .strictObject({
      /** Upper bound of a sign-in session, hours. */
      maxSignInHours: z.number().min(0.01).max(12).default(12),
      /** How long tokens and grants outlive the loss of every controller, minutes; 0 turns it off. */
      outageMinutes: z.number().min(0).max(1440).default(15),
    })
    .prefault({}),
});

export type ControllerConfig = z.output<typeof controllerConfigSchema>;
export type ControllerConfigInput = z.input<typeof controllerConfigSchema>;

/**
 * Messages on the control channel (docs/protocol.md, "Control channel"): mutual TLS, channel v2
 * frames, JSON bodies. The controller listens; routers and connectors dial.
 */
import { z } from 'zod';

/** ALPN protocol names of the two mutual-TLS listeners. */
export const CONTROL_ALPN = 'postern-control';
export const LINK_ALPN = 'postern-link';
/** Connectors and OpenZiti SDKs (which may also send no ALPN at all). */
export const EDGE_ALPN = 'ziti-edge';

const id = z.string().min(1).max(64);
const name = z.string().min(1).max(256);
/** Longest name of an instance of a service. */
export const MAX_INSTANCE_ID_CHARACTERS = 256;
const roles = z.array(z.string().max(256)).max(1000);
/** Public part of a P-256 key as JWK. */
export const publicJwkSchema = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string().length(43),
  y: z.string().length(43),
  kid: z.string().max(64).optional(),
  alg: z.literal('ES256').optional(),
  use: z.literal('sig').optional(),
});
export type PublicJwk = z.infer<typeof publicJwkSchema>;

/**
 * How the ends of a circuit encrypt: `authenticated`, the handshake of Postern's own ends; `ziti`,
 * OpenZiti's `crypto_kx` and secretstream, whose keys nobody vouches for.
 */
export const encryptionSchema = z.enum(['authenticated', 'ziti']);
export type Encryption = z.infer<typeof encryptionSchema>;

const identity = z.strictObject({ id, name, disabled: z.boolean(), roleAttributes: roles });
const service = z.strictObject({
  id,
  name,
  roleAttributes: roles,
  encryptionRequired: z.boolean(),
  /** Which encryptions the operator lets circuits of it use. Absent: `authenticated` alone. */
  acceptedEncryption: z.array(encryptionSchema).max(2).optional(),
  terminatorStrategy: z.string().max(64),
});
const semantic = z.enum(['AllOf', 'AnyOf']);
const servicePolicy = z.strictObject({
  id,
  type: z.enum(['Dial', 'Bind']),
  semantic,
  identityRoles: roles,
  serviceRoles: roles,
  /** Checks that must all pass; an empty list asks for none, a list that holds none never passes. */
  postureCheckRoles: roles,
});
const edgeRouterPolicy = z.strictObject({
  id,
  semantic,
  identityRoles: roles,
  edgeRouterRoles: roles,
});
const serviceEdgeRouterPolicy = z.strictObject({
  id,
  semantic,
  serviceRoles: roles,
  edgeRouterRoles: roles,
});
const router = z.strictObject({
  id,
  name,
  roleAttributes: roles,
  cost: z.int().min(0).max(65535),
  noTraversal: z.boolean(),
  disabled: z.boolean(),
  isOnline: z.boolean(),
  /** `ws://` or `wss://` URLs browsers connect to. */
  edgeUrls: z.array(z.string().max(512)).max(16),
  /** `tls:host:port` of the mutual-TLS listener for links and connectors; empty for a dark router. */
  fabricAddresses: z.array(z.string().max(512)).max(16),
  /** Links this router reports: peer router id, round-trip time in ms, and cost beside it (default 1). */
  links: z
    .array(
      z.strictObject({
        id,
        peerId: id,
        latencyMs: z.number().min(0),
        staticCost: z.int().min(1).max(65_535).optional(),
      }),
    )
    .max(10_000),
});
const terminator = z.strictObject({
  id,
  serviceId: id,
  routerId: id,
  /** The hosting identity. */
  hostId: id,
  cost: z.int().min(0).max(65535),
  precedence: z.enum(['default', 'required', 'failed']),
  /** What dials of this very terminator name it by; absent: it answers those that name none. */
  instanceId: z.string().min(1).max(MAX_INSTANCE_ID_CHARACTERS).optional(),
  /** Hash of the secret that hosts of one instance share; absent: no other host may have it. */
  instanceProof: z.string().max(64).optional(),
  /** How its host encrypts. Absent: `authenticated`. */
  encryption: encryptionSchema.optional(),
});
const signingKey = z.strictObject({
  kid: z.string().min(1).max(64),
  /** `token`: app tokens; `grant`: dial and bind grants; `assertion`: identity assertions. */
  use: z.enum(['token', 'grant', 'assertion', 'session']),
  /** The `iss` of all tokens signed by this key: the OIDC issuer. */
  issuer: z.string().min(1).max(512),
  jwk: publicJwkSchema,
});
/** A session (sign-in, API, service) that ended, or a token withdrawn, before its tokens expired. */
const revocation = z.strictObject({ id, expiresAtMs: z.int() });
const postureCheck = z.strictObject({
  id,
  roleAttributes: roles,
  /** Address ranges the client must come from: decided by who sees its address. Absent: not of that type. */
  networks: z.array(z.string().max(64)).max(1000).optional(),
});
/** What a session passes, as the controller judged it. */
const posture = z.strictObject({
  /** Sign-in session or API session. */
  id,
  identityId: id,
  passing: z
    .array(
      z.strictObject({
        id,
        /** When it stops passing, ms since 1970; absent: when the controller says so. */
        untilMs: z.int().optional(),
      }),
    )
    .max(1000),
});

export const entitySchemas = {
  identity,
  service,
  servicePolicy,
  edgeRouterPolicy,
  serviceEdgeRouterPolicy,
  router,
  terminator,
  signingKey,
  revocation,
  postureCheck,
  posture,
} as const;
export type EntityKind = keyof typeof entitySchemas;
export type Entity<K extends EntityKind> = z.infer<(typeof entitySchemas)[K]>;

/** The key an entity is stored under in a snapshot: `kid` for signing keys, `id` for all others. */
export function entityKey<K extends EntityKind>(kind: K, value: Entity<K>): string {
  return kind === 'signingKey' ? (value as Entity<'signingKey'>).kid : (value as { id: string }).id;
}

/** Router → controller (61201). An unknown timeline or too old an index is answered by a snapshot. */
export const subscribeSchema = z.strictObject({
  timeline: z.string().max(64),
  index: z.int().min(0),
});

/** Controller → router (61202): everything, replacing what the router held. */
export const snapshotSchema = z.strictObject({
  timeline: z.string().max(64),
  index: z.int().min(0),
  entities: z.strictObject({
    identity: z.array(identity),
    service: z.array(service),
    servicePolicy: z.array(servicePolicy),
    edgeRouterPolicy: z.array(edgeRouterPolicy),
    serviceEdgeRouterPolicy: z.array(serviceEdgeRouterPolicy),
    router: z.array(router),
    terminator: z.array(terminator),
    signingKey: z.array(signingKey),
    revocation: z.array(revocation),
    postureCheck: z.array(postureCheck),
    posture: z.array(posture),
  }),
});
export type Snapshot = z.infer<typeof snapshotSchema>;

const put = <K extends EntityKind>(kind: K) =>
  z.strictObject({ op: z.literal('put'), kind: z.literal(kind), value: entitySchemas[kind] });
export const changeSchema = z.union([
  z.discriminatedUnion('kind', [
    put('identity'),
    put('service'),
    put('servicePolicy'),
    put('edgeRouterPolicy'),
    put('serviceEdgeRouterPolicy'),
    put('router'),
    put('terminator'),
    put('signingKey'),
    put('revocation'),
    put('postureCheck'),
    put('posture'),
  ]),
  z.strictObject({
    op: z.literal('delete'),
    kind: z.enum(Object.keys(entitySchemas) as [EntityKind, ...EntityKind[]]),
    key: id,
  }),
]);
export type Change = z.infer<typeof changeSchema>;

/** Controller → router (61203): applies only on top of `previousIndex`; a gap means resubscribe. */
export const deltaSchema = z.strictObject({
  timeline: z.string().max(64),
  previousIndex: z.int().min(0),
  index: z.int().min(0),
  changes: z.array(changeSchema).max(100_000),
});
export type Delta = z.infer<typeof deltaSchema>;

/** Router → controller (61210): what this router offers and sees; sent on connect and on change. */
export const routerStatusSchema = router.pick({
  edgeUrls: true,
  fabricAddresses: true,
  links: true,
});
export type RouterStatus = z.infer<typeof routerStatusSchema>;

/** Router → controller (61211): all terminators hosted on this router; the controller diffs. */
export const routerTerminatorsSchema = z.strictObject({
  terminators: z.array(terminator.omit({ routerId: true })).max(100_000),
});
export type RouterTerminators = z.infer<typeof routerTerminatorsSchema>;

/** Router → controller (61213): a circuit began or ended at this router as the ingress. */
const circuit = z.strictObject({
  circuitId: id,
  serviceId: id,
  identityId: id,
  /** Sign-in session or API session of the caller. */
  sessionId: id.optional(),
  terminatorId: id.optional(),
  path: z.array(id).max(32),
});
export type CircuitReport = z.infer<typeof circuit>;
export const circuitEventSchema = circuit.extend({
  kind: z.enum(['opened', 'closed']),
  reason: z.string().max(256).optional(),
  bytesToHost: z.int().min(0).optional(),
  bytesToClient: z.int().min(0).optional(),
});
export type CircuitEvent = z.infer<typeof circuitEventSchema>;

/** Router → controller (61212): every circuit open with this router as the ingress; sent on connect. */
export const routerCircuitsSchema = z.strictObject({ circuits: z.array(circuit).max(100_000) });
export type RouterCircuits = z.infer<typeof routerCircuitsSchema>;

/** Controller → router (61204): close this circuit, which the router opened as its ingress. */
export const closeCircuitSchema = z.strictObject({
  circuitId: id,
  /** An error code such as `ERR_ACCESS_REMOVED`. */
  code: z.string().max(64),
});
export type CloseCircuit = z.infer<typeof closeCircuitSchema>;

/** Controller → connector (61220): everything it needs to host; sent on connect and on each change. */
export const hostStateSchema = z.strictObject({
  identity: z.strictObject({ id, name }),
  keys: z.array(signingKey).max(64),
  /** Mutual-TLS addresses of the routers this identity may use. */
  routers: z
    .array(z.strictObject({ id, name, fabricAddresses: z.array(z.string().max(512)).max(16) }))
    .max(1000),
  services: z
    .array(
      z.strictObject({
        id,
        name,
        /** Bind grant: JWS, see docs/protocol.md "Grants". */
        bindGrant: z.string().max(8192),
        /** Origin the browser sees the app at, for example `https://wiki.example.com`; absent for plain TCP services. */
        applicationOrigin: z.string().max(512).optional(),
        /** As of the service. */
        acceptedEncryption: z.array(encryptionSchema).max(2).optional(),
        /** Its config for this host, which the connector judges; absent when larger than 16 KiB. */
        hostConfig: z
          .strictObject({
            type: z.enum(['host.v1', 'host.v2']),
            data: z.record(z.string(), z.unknown()),
          })
          .optional(),
      }),
    )
    .max(1000),
});
export type HostState = z.infer<typeof hostStateSchema>;

/** Controller → connector (61221): close matching sessions now. An absent member matches all. */
export const hostRevocationSchema = z.strictObject({
  serviceId: id.optional(),
  identityId: id.optional(),
  sessionId: id.optional(),
  /** An error code such as `ERR_ACCESS_REMOVED`. */
  code: z.string().max(64),
});
export type HostRevocation = z.infer<typeof hostRevocationSchema>;

const pem = z
  .string()
  .startsWith('-----BEGIN ')
  .max(64 * 1024);

/** Controller → router or connector (61230): ask for a successor of the certificate you came with. */
export const renewCertificateSchema = z.strictObject({});
export type RenewCertificate = z.infer<typeof renewCertificateSchema>;

/** Router or connector → controller (61231): requests (PKCS#10) of a new key; unasked, the channel is closed. */
export const certificateRequestSchema = z.strictObject({
  csr: pem,
  /** Routers: for the certificate of their own listeners. */
  serverCsr: pem.optional(),
});
export type CertificateRequest = z.infer<typeof certificateRequestSchema>;

/**
 * Controller → router or connector (61232). The predecessor counts until its holder connects with the
 * successor, so that losing this message, or the holder's disk, locks nobody out.
 */
export const certificateIssuedSchema = z.strictObject({
  /** Chains, leaf first. */
  cert: pem,
  serverCert: pem.optional(),
  /** The network's authorities as they are now. */
  ca: pem,
});
export type CertificateIssued = z.infer<typeof certificateIssuedSchema>;

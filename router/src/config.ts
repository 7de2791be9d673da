/** The router's configuration: a strict zod schema with every default in it. */
import { isIP } from 'node:net';
import {
  ACME_NOT_WHOLE,
  acmeIsWhole,
  acmeSchema,
  metricsListenerSchema,
} from '@postern/shared/schemas';
import { z } from 'zod';

const host = z.string().min(1).max(255);
const port = z.int().min(0).max(65535);
const file = z.string().min(1).max(4096);
const ms = (defaultMs: number) => z.int().min(1).max(86_400_000).default(defaultMs);

/** True for an address or name that only this machine can reach. */
function isLoopback(value: string): boolean {
  if (value === 'localhost' || value.endsWith('.localhost') || value === '::1') return true;
  return isIP(value) === 4 && value.startsWith('127.');
}

const edgeSchema = z
  .strictObject({
    host: host.default('0.0.0.0'),
    port,
    /**
     * `pki`: the leaf of our own CA from enrollment; files: a certificate browsers trust; `acme`: one
     * that is got as `acme` says; `none`: plaintext, on a loopback address only.
     */
    tls: z
      .union([z.enum(['none', 'pki', 'acme']), z.strictObject({ certFile: file, keyFile: file })])
      .default('pki'),
    acme: acmeSchema.optional(),
    /** URLs browsers are told to use. Default: made from `host` and the bound port. */
    publicUrls: z
      .array(z.url({ protocol: /^wss?$/ }).max(512))
      .max(16)
      .optional(),
  })
  .refine((edge) => edge.tls !== 'none' || isLoopback(edge.host), {
    path: ['tls'],
    message: "'none' is allowed on a loopback host only",
  })
  .refine(acmeIsWhole, ACME_NOT_WHOLE);

const fabricSchema = z.strictObject({
  host: host.default('0.0.0.0'),
  port,
  /** `host:port` or `host` other routers and connectors dial. Default: the bound address. */
  advertise: z.string().min(1).max(300).optional(),
});

/** Limits that hold against hostile and broken peers. All byte and count limits are per router unless said otherwise. */
export const routerLimitsSchema = z.strictObject({
  /** Sockets that have not proved who they are, in total. */
  unauthenticatedSockets: z.int().min(1).default(1000),
  /** The same, from one IPv4 address or IPv6 /64. */
  unauthenticatedPerAddress: z.int().min(1).default(20),
  circuitsPerClient: z.int().min(1).default(256),
  dialsPerSecondPerClient: z.int().min(1).default(20),
  bindsPerHost: z.int().min(1).default(1000),
  /** Bytes waiting in sockets' send queues; beyond it dials are refused. */
  bufferedBytes: z
    .int()
    .min(1)
    .default(256 * 1024 * 1024),
  /** Bytes waiting for one browser or host; beyond it that connection is closed. */
  bufferedBytesPerPeer: z
    .int()
    .min(1)
    .default(64 * 1024 * 1024),
  /** TLS handshake, WebSocket upgrade and Hello together. */
  helloTimeoutMs: ms(5_000),
  /** How often a browser is asked for a sign of life; one that does not answer within `deadAfterMs` is cut. */
  pingAfterMs: ms(20_000),
  /** Silence after which a peer is dead. */
  deadAfterMs: ms(45_000),
  /** How often a connector is asked for a sign of life. */
  hostProbeMs: ms(3_000),
  /** Silence after which a connector is dead: what it hosts is dialed no more. */
  hostDeadAfterMs: ms(8_000),
  /** A send queue that does not move for so long ends the connection. */
  writeStallMs: ms(10_000),
  /** A browser that has something to read and reads nothing for so long is cut. */
  readStallMs: ms(20_000),
  /** Bytes that all browsers together may leave unread, wherever they wait, before it is `hurriedReadStallMs`. */
  unreadBytes: z
    .int()
    .min(1)
    .default(256 * 1024 * 1024),
  hurriedReadStallMs: ms(2_000),
  /** One RouteCircuit or Dial round trip. */
  routeTimeoutMs: ms(5_000),
  /** How often a link's latency is measured. */
  linkProbeMs: ms(5_000),
  /** How often better ways for open circuits are looked for. */
  rerouteCycleMs: ms(60_000),
  /** What a better way must save, in path cost (ms and router costs). */
  rerouteMinGain: z.int().min(1).default(15),
  /** Circuits moved in one cycle. */
  reroutesPerCycle: z.int().min(0).default(4),
  /** Silence after which a link is dead: circuits leave it for another way. */
  linkDeadAfterMs: ms(15_000),
  /** How often deadlines above are looked at. */
  sweepMs: ms(1_000),
});
export type RouterLimits = z.infer<typeof routerLimitsSchema>;

export const routerConfigSchema = z.strictObject({
  /** Folder for key, certificates and the last policy snapshot; made with mode 0700 if missing. */
  stateDir: file,
  /** One-time enrollment token, read only while `stateDir` holds no identity. */
  enrollmentJwtFile: file.optional(),
  /** `tls:host:port` of control listeners. Default: those of the enrollment token. */
  controllers: z
    .array(z.string().regex(/^tls:.+:\d{1,5}$/, 'must look like tls:host:port'))
    .min(1)
    .max(16)
    .optional(),
  /** Browser listener; absent on a router browsers cannot reach. */
  edge: edgeSchema.optional(),
  /** Mutual-TLS listener for links and connectors; absent on a dark router. */
  fabric: fabricSchema.optional(),
  /** Routers link only if they have a group in common. */
  links: z
    .strictObject({
      groups: z
        .array(z.string().regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, _, . or -'))
        .min(1)
        .max(16)
        .default(['default']),
      /** Added to the cost of each link beside its latency; of two ends the dearer counts. */
      cost: z.int().min(1).max(65_535).default(1),
    })
    .prefault({}),
  metrics: metricsListenerSchema.prefault({}),
  limits: routerLimitsSchema.prefault({}),
});
export type RouterConfig = z.infer<typeof routerConfigSchema>;
/** What a configuration file holds: defaults may be left out. */
export type RouterConfigInput = z.input<typeof routerConfigSchema>;

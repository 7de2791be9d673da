/** The connector's configuration: which services it hosts and where their traffic goes. */
import { metricsListenerSchema } from '@postern/shared/schemas';
import { z } from 'zod';
import { allowedTargetSchema } from './hosting/allowed-targets.ts';
import { httpCheckSchema, portCheckSchema } from './health/check-config.ts';
import { parseTarget } from './target.ts';

/** RFC 9110 §5.6.2 token. */
const headerName = z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, 'is not a header name');
/** RFC 9110 §5.5, without obs-text. */
const headerValue = z.string().regex(/^[\t\x20-\x7e]*$/, 'holds characters no header may hold');

const target = z.string().superRefine((text, context) => {
  try {
    parseTarget(text);
  } catch (error) {
    context.addIssue({
      code: 'custom',
      message: error instanceof Error ? error.message : 'invalid',
    });
  }
});

const rule = z.strictObject({
  /** Absent: every method. */
  methods: z.array(z.string().regex(/^[A-Z][A-Z-]*$/, 'is not an upper-case method')).optional(),
  /** Matches whole path segments: `/docs` allows `/docs` and `/docs/x`, not `/docsx`. */
  pathPrefix: z.string().startsWith('/').default('/'),
});

export const hostedServiceSchema = z.strictObject({
  /** Name of the service in the controller. */
  service: z.string().min(1).max(256),
  /** `http://host:port`, `https://host:port`, `unix:/path`, `tcp://host:port` or `tcp+unix:/path`. */
  target,
  /** For `https:` targets: the certificate authority (PEM) and name to check; default: the system's, the host. */
  tls: z
    .strictObject({ caFile: z.string().optional(), servername: z.string().optional() })
    .optional(),
  /** What the app sees as `Host`: the name people open, or the target's. */
  forwardHost: z.enum(['application', 'target']).default('application'),
  /** Header fields set on, and removed from, every request to the app. */
  headers: z
    .strictObject({
      set: z.record(headerName, headerValue).default({}),
      remove: z.array(headerName).default([]),
    })
    .prefault({}),
  /**
   * What the app gets as `traceparent` of a request that is traced here: `replace`, that of the connector's own
   * span, so that the app's spans hang below it; `keep`, what the page sent, if anything.
   */
  traceContext: z.enum(['replace', 'keep']).default('replace'),
  /** Requests the app may get. Absent: all; given: only those that match one. */
  rules: z.array(rule).min(1).optional(),
  /**
   * Requests of pages of other protected applications: held to CORS, as between two sites, or refused. They
   * carry no identity, but the fields of `headers.set` and whatever the app lets callers do who say nothing.
   */
  crossOrigin: z.enum(['cors', 'refuse']).default('cors'),
  /** Longest request body in bytes. Default: no limit, bodies are streamed. */
  maxRequestBytes: z.int().min(0).optional(),
  /** Longest WebSocket message from the app in bytes, which is held in memory once. Default 16 MiB. */
  maxMessageBytes: z
    .int()
    .min(1024)
    .default(16 * 1024 * 1024),
  /** Requests of one caller: `perSecond` on average, `burst` at once; more are answered 429. Default: no limit. */
  rate: z
    .strictObject({
      perSecond: z.number().min(0.01).max(100_000),
      /** Default: those of one second, at least 1. */
      burst: z.int().min(1).max(1_000_000).optional(),
    })
    .optional(),
  /** Connections kept to the app at the same time; more requests wait. */
  maxConnections: z.int().min(1).max(4096).default(1024),
  /** How routers may choose this connector for the service. */
  listen: z
    .strictObject({
      /** 0–65535: added to the cost of the path. */
      cost: z.int().min(0).max(65_535).default(0),
      /** `required` is dialed before `default`, `failed` only when there is nothing else. */
      precedence: z.enum(['default', 'required', 'failed']).default('default'),
      /** Reachable only for dials that name this instance. Default: for those that name none. */
      instanceId: z.string().min(1).max(256).optional(),
      /** File with a secret that other connectors of the same instance have too. Default: there are none. */
      instanceSecretFile: z.string().min(1).optional(),
    })
    .prefault({}),
  /** Looks at the app, which change how routers choose this connector (docs/operations.md, "Health checks"). */
  portChecks: z.array(portCheckSchema).max(16).default([]),
  httpChecks: z.array(httpCheckSchema).max(16).default([]),
  timeouts: z
    .strictObject({
      connectMs: z.int().min(1).max(300_000).default(5_000),
      /** Until the response head. Long polls may need more. */
      headersMs: z.int().min(1).default(300_000),
      /** Silence within a response body; 0: no limit, which server-sent events need. */
      idleMs: z.int().min(0).default(0),
    })
    .prefault({}),
});
export type HostedServiceConfig = z.infer<typeof hostedServiceSchema>;

const controlAddress = z.string().regex(/^tls:[^\s/]+:\d{1,5}$/, 'must look like tls:host:port');

export const connectorConfigSchema = z
  .strictObject({
    /** Folder for the identity, the cookie key and the last state; made with mode 0700. */
    stateDir: z.string().min(1),
    /** One-time enrollment token, used when `stateDir` holds no identity yet. */
    enrollmentJwtFile: z.string().min(1).optional(),
    /** `tls:host:port` of each controller's control listener. Default: as named by the enrollment token. */
    controlAddresses: z.array(controlAddress).min(1).max(16).optional(),
    /** 32 random bytes that seal HttpOnly cookies, shared by connectors of one service. Default: made in `stateDir`. */
    cookieKeyFile: z.string().min(1).optional(),
    services: z
      .array(hostedServiceSchema)
      .default([])
      .superRefine((services, context) => {
        const seen = new Set<string>();
        services.forEach(({ service }, index) => {
          if (seen.has(service)) {
            context.addIssue({
              code: 'custom',
              message: 'is listed twice',
              path: [index, 'service'],
            });
          }
          seen.add(service);
        });
      }),
    /**
     * Hosts what the controller says in `host.v1` and `host.v2` of services that are not in `services`, where
     * `allow` covers every address in it. Default: the controller has no say in where this connector connects.
     */
    hostConfigs: z
      .strictObject({ allow: z.array(allowedTargetSchema).min(1).max(1000) })
      .optional(),
    /** A line of JSON for each request and TCP stream, with who asked; made with mode 0600. Default: only logged. */
    auditFile: z.string().min(1).optional(),
    /** Serves Prometheus metrics; without it the connector listens on nothing. */
    metrics: metricsListenerSchema.optional(),
    limits: z
      .strictObject({
        /** Open streams of all sessions together. */
        maxStreams: z.int().min(1).default(4096),
        maxStreamsPerSession: z.int().min(1).max(256).default(256),
        /** A session without a newer grant for this long is ended (docs/protocol.md, "Records"). */
        maxGrantAgeMs: z.int().min(1000).default(600_000),
        /** How long a session that lost its circuit is kept for another one; 0: not at all. */
        resumeGraceMs: z.int().min(0).max(600_000).default(30_000),
        /** What all sessions together keep for sending again; beyond it some can't be resumed. */
        resumeBufferBytes: z
          .int()
          .min(0)
          .default(256 * 1024 * 1024),
      })
      .prefault({}),
  })
  .refine(({ services, hostConfigs }) => services.length > 0 || hostConfigs !== undefined, {
    error: 'nothing to host: list services, or allow hostConfigs',
    path: ['services'],
  });
export type ConnectorConfig = z.infer<typeof connectorConfigSchema>;
export type ConnectorConfigInput = z.input<typeof connectorConfigSchema>;

/** What one connector counts, whatever the sink. docs/operations.md lists all of it. */
import { SECONDS_BUCKETS, type MetricSink } from '@postern/node/metrics';
import { isReasonCode } from '@postern/shared/errors';

/** Values read when somebody looks. */
interface MetricSources {
  connected: () => boolean;
  routers: () => number;
  sessions: () => number;
  /** Sessions that lost their circuit and may be resumed. */
  suspendedSessions: () => number;
  /** Bytes kept for sending again, of all sessions. */
  retainedBytes: () => number;
  streams: () => number;
  /** By name of the service: connections to its app, and requests that wait for one. */
  apps: () => Iterable<readonly [service: string, AppConnections]>;
}

export interface AppConnections {
  readonly connected: number;
  readonly queued: number;
}

/** One request as it ended. */
export interface ExchangeEnd {
  /** Of the answer; 0: none was given. */
  readonly status: number;
  readonly bytesToApp: number;
  readonly bytesToClient: number;
  readonly seconds: number;
  /** Why it failed, if it did. */
  readonly error: string | undefined;
}

export class ConnectorMetrics {
  readonly #sink: MetricSink;
  readonly #handshakes: (labels: { code: string }) => void;
  readonly #requests: (labels: { service: string; status: string }) => void;
  readonly #seconds: (labels: { service: string }, value: number) => void;
  readonly #bytes: (labels: { service: string; direction: string }, add: number) => void;
  readonly #errors: (labels: { service: string; code: string }) => void;

  constructor(sink: MetricSink) {
    this.#sink = sink;
    this.#handshakes = sink.counter({
      name: 'postern_connector_handshakes_total',
      help: 'Circuits that came, by what became of them: ok, resumed, or why they were refused.',
      labels: ['code'],
    });
    this.#requests = sink.counter({
      name: 'postern_connector_requests_total',
      help: 'HTTP requests by service and class of status; status 0: ended without an answer.',
      labels: ['service', 'status'],
    });
    this.#seconds = sink.histogram({
      name: 'postern_connector_request_seconds',
      help: 'From the request head to the end of the answer.',
      labels: ['service'],
      buckets: SECONDS_BUCKETS,
    });
    this.#bytes = sink.counter({
      name: 'postern_connector_request_bytes_total',
      help: 'Body bytes of HTTP requests and answers.',
      labels: ['service', 'direction'],
    });
    this.#errors = sink.counter({
      name: 'postern_connector_request_errors_total',
      help: 'HTTP requests that failed, by why.',
      labels: ['service', 'code'],
    });
  }

  /** Adds what is read; once, when the parts it is read from exist. */
  observe(sources: MetricSources): void {
    const gauge = (name: string, help: string, read: () => number): void =>
      this.#sink.observe({ name: `postern_connector_${name}`, help, read });
    gauge('controller_connected', '1 while a controller is connected.', () =>
      sources.connected() ? 1 : 0,
    );
    gauge('routers_connected', 'Routers connected.', sources.routers);
    gauge('sessions', 'Encrypted sessions open.', sources.sessions);
    gauge('suspended_sessions', 'Sessions without a circuit that may be resumed.', () =>
      sources.suspendedSessions(),
    );
    gauge('retained_bytes', 'Bytes kept for sending again.', sources.retainedBytes);
    gauge('streams', 'Streams open in all sessions.', sources.streams);
    const ofApps = (name: string, help: string, read: (app: AppConnections) => number): void =>
      this.#sink.observe({
        name: `postern_connector_app_${name}`,
        help,
        labels: ['service'],
        read: () => [...sources.apps()].map(([service, app]) => [{ service }, read(app)] as const),
      });
    ofApps('connections', 'Connections to the app.', ({ connected }) => connected);
    ofApps(
      'queued_requests',
      'Requests that wait for a connection to the app.',
      (app) => app.queued,
    );
  }

  handshake(code: string): void {
    this.#handshakes({ code: boundedCode(code) });
  }

  request(service: string, end: ExchangeEnd): void {
    const status = end.status === 0 ? '0' : `${Math.floor(end.status / 100)}xx`;
    this.#requests({ service, status });
    this.#seconds({ service }, end.seconds);
    this.#bytes({ service, direction: 'to_app' }, end.bytesToApp);
    this.#bytes({ service, direction: 'to_client' }, end.bytesToClient);
    if (end.error !== undefined) this.#errors({ service, code: boundedCode(end.error) });
  }
}

/** Codes that are no reasons to close (`shared/src/errors`) and say what became of a handshake or request. */
const OWN_CODES: ReadonlySet<string> = new Set([
  'ok',
  'resumed',
  'ERR_APP_FAILED',
  'ERR_APP_TIMEOUT',
  'ERR_APP_UNREACHABLE',
  'ERR_HANDSHAKE_CHECK',
  'ERR_HANDSHAKE_FAILED',
  'ERR_HANDSHAKE_MESSAGE',
  'ERR_HTTP_BODY_LENGTH',
  'ERR_HTTP_BODY_TOO_LARGE',
  'ERR_HTTP_CLIENT_GONE',
  'ERR_HTTP_INVALID',
  'ERR_HTTP_REQUEST_INVALID',
  'ERR_HTTP_RULE_DENIED',
  'ERR_HTTP_TARGET_INVALID',
  'ERR_HTTP_TOO_LARGE',
]);

/** Labels are memory, and the other end names some codes: only those known here become one. */
function boundedCode(code: string): string {
  return OWN_CODES.has(code) || isReasonCode(code) ? code : 'other';
}

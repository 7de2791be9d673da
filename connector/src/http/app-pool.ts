/** Keep-alive connections to one application. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { Pool } from 'undici';
import { type ClientOptions, WebSocket } from 'ws';
import type { HostedServiceConfig } from '../config.ts';
import type { Target } from '../target.ts';

export type HttpTarget = Extract<Target, { kind: 'http' }>;

export interface AppPool {
  /** For requests; one request at a time on each connection. */
  readonly pool: Pool;
  readonly target: HttpTarget;
  /** TLS name of the app, which never follows the forwarded `Host`. */
  readonly servername: string | undefined;
  /** Starts an upgrade to WebSocket. `headers` may hold `host`. */
  openWebSocket(
    path: string,
    protocols: string[],
    headers: Record<string, string | string[]>,
  ): WebSocket;
  /** Connections that are open, and requests that wait for one. */
  readonly connections: { readonly connected: number; readonly queued: number };
  close(): Promise<void>;
}

export function createAppPool(target: HttpTarget, config: HostedServiceConfig): AppPool {
  const { connectMs, headersMs, idleMs } = config.timeouts;
  const isSecure = target.origin.startsWith('https:');
  const servername = isSecure
    ? (config.tls?.servername ?? new URL(target.origin).hostname)
    : undefined;
  const ca = config.tls?.caFile === undefined ? undefined : readFileSync(config.tls.caFile);
  const { socketPath } = target;
  const pool = new Pool(target.origin, {
    connections: config.maxConnections,
    pipelining: 1,
    allowH2: false,
    headersTimeout: headersMs,
    bodyTimeout: idleMs,
    connect: {
      timeout: connectMs,
      ...(socketPath !== undefined && { socketPath }),
      ...(ca !== undefined && { ca }),
    },
  });
  return {
    pool,
    target,
    servername,
    get connections() {
      const { connected, queued } = pool.stats;
      return { connected, queued };
    },
    openWebSocket(path, protocols, headers) {
      const options: ClientOptions = {
        // `ws` hands them to node:http, which takes lists too.
        headers: headers as Record<string, string>,
        handshakeTimeout: Math.min(headersMs, 30_000),
        maxPayload: config.maxMessageBytes,
        perMessageDeflate: true,
        followRedirects: false,
        ...(ca !== undefined && { ca }),
        ...(servername !== undefined && { servername }),
        ...(socketPath !== undefined && { createConnection: () => connect(socketPath) }),
      };
      return new WebSocket(target.origin.replace(/^http/, 'ws') + path, protocols, options);
    },
    // Streams were reset before; what is left are idle connections and requests nobody waits for.
    close: () => pool.destroy(),
  };
}

/** `/metrics` and `/health` of one part, on a loopback address. */
import { createServer } from 'node:http';
import { isIP } from 'node:net';
import type { MetricsListenerConfig } from '@postern/shared/schemas';
import { listen, type Listener } from '../listen/index.ts';

export interface MetricsListenerOptions extends MetricsListenerConfig {
  /** Figures as text, and of which type. */
  readonly scrape: () => Promise<{ contentType: string; text: string }>;
  /** Answered as JSON. */
  readonly health: () => object;
}

const MAX_CONNECTIONS = 64;

/** @throws AppError `ERR_LISTEN` */
export async function startMetricsListener(options: MetricsListenerOptions): Promise<Listener> {
  const server = createServer(
    { requestTimeout: 5_000, headersTimeout: 5_000 },
    (request, response) => {
      const send = (status: number, contentType: string, text: string): void => {
        response
          .writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' })
          .end(text);
      };
      if (request.method !== 'GET') send(405, 'text/plain', 'method not allowed\n');
      else if (request.url === '/health') {
        send(200, 'application/json', JSON.stringify(options.health()));
      } else if (request.url === '/metrics') {
        options.scrape().then(
          ({ contentType, text }) => send(200, contentType, text),
          () => send(500, 'text/plain', 'metrics failed\n'),
        );
      } else send(404, 'text/plain', 'not found\n');
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  return listen(server, options.host, options.port);
}

/** Base URL of a listener, without trailing slash. */
export function metricsUrl({ address: { address, port } }: Listener): string {
  return `http://${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
}

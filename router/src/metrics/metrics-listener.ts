/** `/metrics` and `/health` on loopback. */
import { createServer } from 'node:http';
import { listen, type Listener } from '@postern/node/listen';
import type { RouterMetrics } from './metrics.ts';

interface Health {
  routerId: string;
  controllerConnected: boolean;
  /** How far the policy held has come, in the controller's counting. */
  policyIndex: number;
  links: number;
  circuits: number;
}

const MAX_CONNECTIONS = 64;

export async function startMetricsListener(
  { host, port }: { host: string; port: number },
  metrics: RouterMetrics,
  health: () => Health,
): Promise<Listener> {
  const server = createServer(
    { requestTimeout: 5_000, headersTimeout: 5_000 },
    (request, response) => {
      const send = (status: number, contentType: string, text: string): void => {
        response
          .writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' })
          .end(text);
      };
      if (request.method !== 'GET') send(405, 'text/plain', 'method not allowed\n');
      else if (request.url === '/health') send(200, 'application/json', JSON.stringify(health()));
      else if (request.url === '/metrics') {
        metrics.scrape().then(
          ({ contentType, text }) => send(200, contentType, text),
          () => send(500, 'text/plain', 'metrics failed\n'),
        );
      } else send(404, 'text/plain', 'not found\n');
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  return listen(server, host, port);
}

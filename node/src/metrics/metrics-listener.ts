/**
 * `/metrics` and `/health` of one part, on a loopback address or for those with a token; and `/livez` and
 * `/readyz`, which tell anybody yes or no.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { AppError } from '@postern/shared/errors';
import type { MetricsListenerConfig } from '@postern/shared/schemas';
import { listen, type Listener } from '../listen/index.ts';

export interface MetricsListenerOptions extends MetricsListenerConfig {
  /** Figures as text, and of which type. */
  readonly scrape: () => Promise<{ contentType: string; text: string }>;
  /** Answered as JSON. */
  readonly health: () => object;
  /** Whether the part can do its work now. Default: as soon as it listens. */
  readonly ready?: () => boolean;
}

const MAX_CONNECTIONS = 64;
const MIN_TOKEN_LENGTH = 16;

/** @throws AppError `ERR_LISTEN`, `ERR_METRICS_TOKEN` when the token's file cannot be read or is too short. */
export async function startMetricsListener(options: MetricsListenerOptions): Promise<Listener> {
  const { ready = () => true } = options;
  const isAllowed = await createTokenCheck(options.tokenFile);
  const server = createServer(
    { requestTimeout: 5_000, headersTimeout: 5_000 },
    (request, response) => {
      const send = (status: number, contentType: string, text: string): void => {
        response
          .writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' })
          .end(text);
      };
      const { method, url } = request;
      if (method !== 'GET') send(405, 'text/plain', 'method not allowed\n');
      else if (url === '/livez') send(200, 'text/plain', 'ok\n');
      else if (url === '/readyz') {
        if (ready()) send(200, 'text/plain', 'ok\n');
        else send(503, 'text/plain', 'not ready\n');
      } else if (url !== '/health' && url !== '/metrics') send(404, 'text/plain', 'not found\n');
      else if (!isAllowed(request)) {
        response.setHeader('www-authenticate', 'Bearer');
        send(401, 'text/plain', 'a token is needed\n');
      } else if (url === '/health') {
        send(200, 'application/json', JSON.stringify(options.health()));
      } else {
        options.scrape().then(
          ({ contentType, text }) => send(200, contentType, text),
          () => send(500, 'text/plain', 'metrics failed\n'),
        );
      }
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  return listen(server, options.host, options.port);
}

async function createTokenCheck(
  tokenFile: string | undefined,
): Promise<(request: IncomingMessage) => boolean> {
  if (tokenFile === undefined) return () => true;
  let token: string;
  try {
    token = (await readFile(tokenFile, 'utf8')).trim();
  } catch (cause) {
    throw new AppError('ERR_METRICS_TOKEN', `cannot read ${tokenFile}`, { cause });
  }
  if (token.length < MIN_TOKEN_LENGTH) {
    throw new AppError(
      'ERR_METRICS_TOKEN',
      `${tokenFile} must hold a token of at least ${MIN_TOKEN_LENGTH} characters`,
    );
  }
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const wanted = digest(`Bearer ${token}`);
  return ({ headers }) => timingSafeEqual(digest(headers.authorization ?? ''), wanted);
}

/** Base URL of a listener, without trailing slash. */
export function metricsUrl({ address: { address, port } }: Listener): string {
  return `http://${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
}

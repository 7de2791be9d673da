import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { getRequestListener, RequestError } from '@hono/node-server';
import { AcmeCertificates, acmeTlsOptions, keepInCertificates } from '@postern/node/acme';
import type { Listener } from '@postern/node/listen';
import {
  createRequestMetrics,
  metricsUrl,
  observeProcess,
  PrometheusSink,
  startMetricsListener,
} from '@postern/node/metrics';
import { AppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import { Agent, fetch as undiciFetch } from 'undici';
import { createApp } from './app.ts';
import { createApplicationLookup } from './application-lookup.ts';
import { createBrandingLookup } from './branding-lookup.ts';
import { createControllerClient } from './controller-client.ts';
import { type AssetStore, assetManifestSchema } from './assets.ts';
import type { GatewayConfig } from './config.ts';
import { INERT_CSP } from './csp.ts';
import { securityHeaders } from './headers.ts';

export interface RunningGateway {
  /** Where it listens, for example `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly port: number;
  /** `http://host:port` of `/metrics` and `/health`; absent when they are not served. */
  readonly metricsUrl: string | undefined;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Request headers in all, in bytes, and how long they may take to arrive. */
const MAX_HEADER_BYTES = 16_384;
const HEADERS_TIMEOUT_MS = 10_000;

/**
 * Starts the gateway on Node.
 *
 * @throws AppError `ERR_GATEWAY_ASSETS` when the browser code is not built, `ERR_GATEWAY_LISTEN`
 *   when the address cannot be listened on, `ERR_ACME_STORE`, `ERR_ACME_CA`, `ERR_LISTEN` when ACME cannot begin
 */
export async function createGateway(
  config: GatewayConfig,
  { logger }: { logger: Logger },
): Promise<RunningGateway> {
  const assets = await openAssets(
    config.assetsDir ?? fileURLToPath(new URL('../../sw/dist', import.meta.url)),
  );
  const agent = new Agent({
    connect:
      config.controllerCaFile === undefined ? {} : { ca: await readFile(config.controllerCaFile) },
  });
  const ask = createControllerClient({
    controllerUrls: config.controllerUrl,
    // undici's own types of fetch and those of the global one differ, their objects do not.
    fetch: (url, init) =>
      undiciFetch(url, { ...(init as object), dispatcher: agent }) as unknown as Promise<Response>,
  });
  const applicationLookup = createApplicationLookup({ ask, logger, now: Date.now });
  const brandingLookup = createBrandingLookup({ ask, logger, now: Date.now });
  const app = await createApp({
    assets,
    applicationLookup,
    brandingLookup,
    settings: config,
    logger,
  });
  let acme: AcmeCertificates | undefined;
  let metrics: Listener | undefined;
  let server: Server;
  try {
    acme = config.acme && (await AcmeCertificates.open(config.acme, { logger }));
    server = await createServer(config, acme, (request) => app.fetch(request));
    metrics = await serveMetrics(config, server, acme);
    await listen(server, config.listen.host, config.listen.port);
  } catch (error) {
    await acme?.close();
    await metrics?.close();
    await agent.destroy();
    throw error;
  }
  if (acme) keepInCertificates(server, acme);
  const { port } = server.address() as AddressInfo;
  const host = config.listen.host.includes(':') ? `[${config.listen.host}]` : config.listen.host;
  const url = `${config.tls === 'none' ? 'http' : 'https'}://${host}:${port}`;
  logger.info('gateway.listening', { url });

  let closing: Promise<void> | undefined;
  const close = () => (closing ??= stop(server, agent, [metrics, acme]));
  return {
    url,
    port,
    metricsUrl: metrics && metricsUrl(metrics),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Counts the requests of the server, if somebody is to know. */
async function serveMetrics(
  { metrics }: GatewayConfig,
  server: Server,
  acme: AcmeCertificates | undefined,
): Promise<Listener | undefined> {
  if (metrics === undefined) return undefined;
  const sink = new PrometheusSink();
  observeProcess(sink);
  createRequestMetrics(sink, 'postern_gateway')(server, 'gateway');
  const health = () => ({ listening: server.listening });
  // Without a certificate nobody can be served.
  const ready = () => acme === undefined || acme.current !== undefined;
  return startMetricsListener({ ...metrics, scrape: () => sink.scrape(), health, ready });
}

async function openAssets(folder: string): Promise<AssetStore> {
  const get = async (path: string) => new Uint8Array(await readFile(join(folder, path)));
  try {
    const manifest = assetManifestSchema.parse(
      JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')),
    );
    const names = Object.keys(manifest.files);
    const files = new Map(
      await Promise.all(names.map(async (name) => [name, await get(name)] as const)),
    );
    return {
      manifest,
      get: (path) => {
        const bytes = files.get(path);
        return bytes ? Promise.resolve(bytes) : Promise.reject(new Error(`no file ${path}`));
      },
    };
  } catch (cause) {
    throw new AppError('ERR_GATEWAY_ASSETS', `The browser code in ${folder} is not built`, {
      cause,
    });
  }
}

async function createServer(
  { tls, loginOrigin }: GatewayConfig,
  acme: AcmeCertificates | undefined,
  fetch: (request: Request) => Response | Promise<Response>,
): Promise<Server> {
  const options = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: HEADERS_TIMEOUT_MS * 3,
  };
  const headers = securityHeaders(INERT_CSP, loginOrigin.startsWith('https:'));
  const listener = getRequestListener(fetch, {
    overrideGlobalObjects: false,
    // A target or host that makes no URL never reaches the app.
    errorHandler: (error) =>
      new Response(null, { status: error instanceof RequestError ? 400 : 500, headers }),
  });
  const onRequest = (...args: Parameters<typeof listener>) => void listener(...args);
  if (tls === 'none') return withRefusals(createHttpServer(options, onRequest), headers);
  const credential =
    typeof tls === 'object'
      ? {
          cert: await readFile(tls.certFile),
          key: await readFile(tls.keyFile),
          minVersion: 'TLSv1.3' as const,
        }
      : acme && acmeTlsOptions(acme);
  return withRefusals(createHttpsServer({ ...options, ...credential }, onRequest), headers);
}

function withRefusals(server: Server, headers: Record<string, string>): Server {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    refuse(error, socket, headers);
  });
  return server;
}

/**
 * Answers what Node's parser did not take. These responses bear the security headers too. Nobody
 * asked on a connection that timed out: browsers open some ahead, and would take an answer for that
 * of the request they are just sending.
 */
export function refuse(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  headers: Record<string, string>,
): void {
  const isUnasked = error.code === 'ECONNRESET' || error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  if (isUnasked || !socket.writable) {
    socket.destroy();
    return;
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : '400 Bad Request';
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(
    `HTTP/1.1 ${status}\r\n${lines.join('')}content-length: 0\r\nconnection: close\r\n\r\n`,
  );
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new AppError('ERR_GATEWAY_LISTEN', `Cannot listen on ${host}:${port}: ${cause.message}`, {
          cause,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
}

async function stop(
  server: Server,
  agent: Agent,
  others: ({ close(): Promise<void> } | undefined)[],
): Promise<void> {
  await Promise.all(others.map(async (other) => other?.close()));
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
  await agent.destroy();
}

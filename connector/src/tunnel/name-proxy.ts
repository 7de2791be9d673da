/** One local port for all services, by their names: SOCKS 5 and HTTP CONNECT, told apart by the first byte. */
import type { Socket } from 'node:net';
import { AppError, isAppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import type { Postern } from '../sdk/index.ts';
import { readConnectRequest } from './http-connect.ts';
import { joinStreams } from './join-streams.ts';
import { listenLocally, type LocalListener } from './local-listener.ts';
import type { ServiceNames } from './service-names.ts';
import { SocketReader } from './socket-reader.ts';
import { readSocksRequest, SOCKS_VERSION } from './socks.ts';

/** Time a client has to say where it wants to go. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Where a client wants to go, and how it is answered. */
export interface ProxyRequest {
  readonly host: string;
  readonly port: number;
  accept(): void;
  /** Ends the connection with what the code means in the client's protocol. */
  refuse(code: string): void;
}

export interface NameProxyOptions {
  postern: Pick<Postern, 'dial'>;
  names: Pick<ServiceNames, 'find'>;
  /** Default 127.0.0.1. */
  host?: string;
  /** 0: any that is free. */
  port: number;
  logger: Logger;
}

/** Leads to services and nowhere else: a name that is none of them is refused. @throws AppError `ERR_LISTEN` */
export function startNameProxy(options: NameProxyOptions): Promise<LocalListener> {
  const { host = '127.0.0.1', port } = options;
  return listenLocally(host, port, (socket, signal) => {
    void serve(socket, signal, options);
  });
}

/** Never rejects. */
async function serve(
  socket: Socket,
  signal: AbortSignal,
  { postern, names, logger }: NameProxyOptions,
): Promise<void> {
  let request: ProxyRequest;
  try {
    request = await readRequest(socket, signal);
  } catch (error) {
    logger.debug('tunnel.bad-request', { error });
    if (!socket.writableEnded) socket.destroy();
    return;
  }
  try {
    const service = await names.find(request.host, request.port);
    if (service === undefined)
      throw new AppError('ERR_PROXY_NAME', 'no service has this name and port');
    const stream = await postern.dial(service, { signal });
    request.accept();
    joinStreams(socket, stream);
  } catch (error) {
    const code = isAppError(error) ? error.code : 'ERR_INTERNAL';
    const service = `${request.host}:${request.port}`;
    if (!signal.aborted) logger.warn('tunnel.dial-failed', { service, code, error });
    request.refuse(code);
  }
}

async function readRequest(socket: Socket, signal: AbortSignal): Promise<ProxyRequest> {
  const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  const reader = new SocketReader(socket, AbortSignal.any([signal, timeout]));
  const read = (await reader.peek()) === SOCKS_VERSION ? readSocksRequest : readConnectRequest;
  const request = await read(socket, reader);
  reader.release();
  return request;
}

/** A local TCP port for a service: each connection to it is one to the service. */
import type { Socket } from 'node:net';
import { isAppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import type { Postern } from '../sdk/index.ts';
import { joinStreams } from './join-streams.ts';
import { listenLocally, type LocalListener } from './local-listener.ts';

export interface ServiceProxyOptions {
  postern: Pick<Postern, 'dial'>;
  /** Name of the service. */
  service: string;
  /** Address to listen on. Whoever reaches it is to the service who the identity is. Default 127.0.0.1. */
  host?: string;
  /** 0: any that is free. */
  port: number;
  logger: Logger;
}

/** @throws AppError `ERR_LISTEN` */
export function startServiceProxy(options: ServiceProxyOptions): Promise<LocalListener> {
  const { service, host = '127.0.0.1', port } = options;
  return listenLocally(host, port, (socket, signal) => {
    void connectTo(service, socket, signal, options);
  });
}

/** Joins a local connection to a service, or resets it when that cannot be dialed. Never rejects. */
export async function connectTo(
  service: string,
  socket: Socket,
  signal: AbortSignal,
  { postern, logger }: Pick<ServiceProxyOptions, 'postern' | 'logger'>,
): Promise<void> {
  try {
    joinStreams(socket, await postern.dial(service, { signal }));
  } catch (error) {
    if (!signal.aborted) {
      const code = isAppError(error) ? error.code : 'ERR_INTERNAL';
      logger.warn('tunnel.dial-failed', { service, code, error });
    }
    if (!socket.destroyed) socket.resetAndDestroy();
  }
}

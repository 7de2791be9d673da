/** Starting and stopping a listening server. */
import type { AddressInfo, Server, Socket } from 'node:net';
import { AppError } from '@postern/shared/errors';

export interface Listener {
  readonly address: AddressInfo;
  /** Stops listening and cuts what is still connected. */
  close(): Promise<void>;
}

/** @throws AppError `ERR_LISTEN` when the address cannot be bound. */
export async function listen(server: Server, host: string, port: number): Promise<Listener> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new AppError('ERR_LISTEN', `cannot listen on ${host}:${port}: ${cause.message}`, { cause }),
      );
    });
    server.listen(port, host, resolve);
  });
  server.on('error', () => undefined);
  return {
    address: server.address() as AddressInfo,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

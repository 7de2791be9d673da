/** TCP listeners on this machine, with all their connections. */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { AppError } from '@postern/shared/errors';

/** Connections of one listener at once; more are reset. */
const MAX_CONNECTIONS = 4096;

export interface LocalListener {
  readonly host: string;
  readonly port: number;
  /** Ends its connections too. Idempotent. */
  close(): Promise<void>;
}

/**
 * @param port 0: any that is free
 * @param serve takes a connection, which may be half-open; its errors are nobody else's
 * @throws AppError `ERR_LISTEN`
 */
export async function listenLocally(
  host: string,
  port: number,
  serve: (socket: Socket, signal: AbortSignal) => void,
): Promise<LocalListener> {
  const open = new Map<Socket, AbortController>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    const gone = new AbortController();
    open.set(socket, gone);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      open.delete(socket);
      gone.abort();
    });
    serve(socket, gone.signal);
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new AppError('ERR_LISTEN', `cannot listen on ${host}:${port}: ${cause.code ?? 'failed'}`, {
          cause,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
  let closing: Promise<void> | undefined;
  return {
    host,
    port: (server.address() as AddressInfo).port,
    close: () =>
      (closing ??= new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open.keys()) socket.destroy();
      })),
  };
}

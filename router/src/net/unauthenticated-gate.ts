/** Counts and times out connections until they have proved who they are. */
import type { Server, Socket } from 'node:net';
import type { AddressLimiter } from './address-limiter.ts';

/** Ends the time limit and frees the slot of a connection; idempotent. */
export type Settle = () => void;

/**
 * Applies to every TCP connection of `server` from its first moment, before TLS or HTTP have said
 * anything: a slot of the limiter or refusal, and `timeoutMs` for everything up to authentication.
 * Returns the lookup by which whoever authenticates the connection settles it.
 */
export function gateUnauthenticated(
  server: Server,
  limiter: AddressLimiter,
  timeoutMs: number,
): (socket: Socket) => Settle {
  const unsettled = new Map<string, Settle>();
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => undefined);
    const release = limiter.acquire(socket.remoteAddress);
    if (release === undefined) {
      socket.destroy();
      return;
    }
    const key = keyOf(socket);
    const timer = setTimeout(() => socket.destroy(), timeoutMs);
    const settle = (): void => {
      clearTimeout(timer);
      release();
      unsettled.delete(key);
    };
    unsettled.set(key, settle);
    socket.once('close', settle);
  });
  return (socket) => unsettled.get(keyOf(socket)) ?? (() => undefined);
}

/** The same for a TCP socket and the TLS socket on top of it. */
function keyOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ''} ${socket.remotePort ?? ''}`;
}

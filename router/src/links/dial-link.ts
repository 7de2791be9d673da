/** Connections to other routers over mutual TLS. */
import { dialTls } from '@postern/node/tls';
import { HELLO_LIMITS } from '@postern/shared/protocol/channel';
import { LINK_ALPN } from '@postern/shared/schemas';
import type { OwnIdentity } from '../enroll/identity-store.ts';
import type { BufferBudget } from '../net/buffer-budget.ts';
import { TlsFrameSocket } from '../net/tls-frame-socket.ts';
import type { DialLink } from './link-manager.ts';

interface LinkTls {
  readonly identity: OwnIdentity;
  readonly trustDomain: string;
  readonly timeoutMs: number;
}

/** Frames that wait on such a connection count in `budget`. */
export function dialLinksOverTls(
  { identity, trustDomain, timeoutMs }: LinkTls,
  budget: BufferBudget,
): DialLink {
  return async ({ id, address }, signal) => {
    const { key, clientCert: cert, ca } = identity.current;
    const socket = await dialTls({
      address,
      alpn: LINK_ALPN,
      key,
      cert,
      ca,
      timeoutMs,
      expected: { role: 'router', id, trustDomain },
      signal,
    });
    return new TlsFrameSocket(socket, HELLO_LIMITS, budget);
  };
}

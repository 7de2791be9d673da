/** Opens streams; beyond the session's limit, requests wait for one that ends, first come first served. */
import { AppError, isAppError } from '@postern/shared/errors';
import type { SecureSession, SessionStream } from '@postern/shared/protocol/session';

/** Requests that may wait; further ones fail. */
export const MAX_WAITING_REQUESTS = 1024;

export interface StreamQueue {
  /** Throws `ERR_SW_TOO_MANY_REQUESTS`, or what `openStream` throws but for its limit. */
  open(session: SecureSession, head: Uint8Array): Promise<SessionStream>;
}

export function createStreamQueue(): StreamQueue {
  const waiting: (() => void)[] = [];
  const wakeNext = (): void => waiting.shift()?.();

  return {
    async open(session, head) {
      for (;;) {
        try {
          const stream = session.openStream('http', head);
          void stream.closed.then(wakeNext);
          return stream;
        } catch (error) {
          if (!isAppError(error) || error.code !== 'ERR_SESSION_STREAM_LIMIT') {
            // Those behind would be woken by this stream's end otherwise.
            wakeNext();
            throw error;
          }
        }
        if (waiting.length >= MAX_WAITING_REQUESTS) {
          throw new AppError('ERR_SW_TOO_MANY_REQUESTS', 'too many requests wait for an answer');
        }
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
  };
}

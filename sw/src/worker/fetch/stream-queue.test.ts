import { AppError } from '@postern/shared/errors';
import type { SecureSession } from '@postern/shared/protocol/session';
import { describe, expect, it } from 'vitest';
import { createStreamQueue, MAX_WAITING_REQUESTS } from './stream-queue.ts';

const head = new Uint8Array();

/** A session with room for `limit` streams, which end by hand. */
function sessionOf(limit: number) {
  const ends: (() => void)[] = [];
  let open = 0;
  let closed = false;
  const session = {
    openStream: () => {
      if (closed) throw new AppError('ERR_SESSION_CLOSED', 'closed');
      if (open === limit) throw new AppError('ERR_SESSION_STREAM_LIMIT', 'full');
      open += 1;
      return {
        closed: new Promise<object>((resolve) =>
          ends.push(() => {
            open -= 1;
            resolve({});
          }),
        ),
      };
    },
  } as unknown as SecureSession;
  const close = (): void => {
    closed = true;
    for (const end of ends) end();
  };
  return { session, ends, close };
}

describe('createStreamQueue', () => {
  it('lets requests beyond the limit wait, in order', async () => {
    const { session, ends } = sessionOf(1);
    const queue = createStreamQueue();
    await queue.open(session, head);
    const order: string[] = [];
    const second = queue.open(session, head).then(() => order.push('second'));
    const third = queue.open(session, head).then(() => order.push('third'));
    ends[0]!();
    await second;
    expect(order).toEqual(['second']);
    ends[1]!();
    await third;
    expect(order).toEqual(['second', 'third']);
  });

  it('fails all that wait when the session ends', async () => {
    const { session, close } = sessionOf(1);
    const queue = createStreamQueue();
    await queue.open(session, head);
    const waiting = [queue.open(session, head), queue.open(session, head)];
    close();
    for (const result of await Promise.allSettled(waiting)) {
      expect(result).toMatchObject({ reason: { code: 'ERR_SESSION_CLOSED' } });
    }
  });

  it('is bounded', async () => {
    const { session } = sessionOf(0);
    const queue = createStreamQueue();
    for (let i = 0; i < MAX_WAITING_REQUESTS; i += 1) void queue.open(session, head);
    await expect(queue.open(session, head)).rejects.toMatchObject({
      code: 'ERR_SW_TOO_MANY_REQUESTS',
    });
  });
});

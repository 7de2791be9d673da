import { describe, expect, it, vi } from 'vitest';
import { ConnectionQueue } from './connection-queue.ts';

describe('ConnectionQueue', () => {
  it('hands over in order, to who waits and to who comes later, and ends after what waits', async () => {
    const onEnd = vi.fn();
    const queue = new ConnectionQueue<number>(2, onEnd);
    const first = queue.next();
    expect([queue.offer(1), queue.offer(2), queue.offer(3), queue.offer(4)]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    queue.end();
    expect(queue.offer(5)).toBe(false);
    expect(await first).toEqual({ value: 1, done: false });
    const rest: number[] = [];
    for await (const one of queue) rest.push(one);
    expect(rest).toEqual([2, 3]);
    expect(onEnd).toHaveBeenCalledOnce();
  });

  it('ends for who waits, and when the loop is left', async () => {
    const onEnd = vi.fn();
    const waited = new ConnectionQueue<number>(1, onEnd);
    const next = waited.next();
    waited.end();
    expect(await next).toEqual({ value: undefined, done: true });
    const left = new ConnectionQueue<number>(1, onEnd);
    left.offer(1);
    for await (const _ of left) break;
    expect(onEnd).toHaveBeenCalledTimes(2);
  });
});

import { describe, expect, it } from 'vitest';
import { EventLog } from './event-log.ts';
import type { LiveEventType } from './live-event.ts';

const event = (n: number, type: LiveEventType = 'entity.created') => ({
  type,
  time: new Date(0).toISOString(),
  data: { n },
});
const endless = () => new AbortController().signal;
const numbers = async (events: AsyncGenerator<{ data: object }>, count: number) => {
  const found: unknown[] = [];
  for await (const { data } of events) {
    found.push((data as { n: number }).n);
    if (found.length === count) break;
  }
  return found;
};

describe('the log of events', () => {
  it('gives each reader what comes after its call, of the kinds it wants, in order', async () => {
    const log = new EventLog();
    log.add(event(0));
    const all = log.read({ signal: endless() });
    const circuits = log.read({ signal: endless(), kinds: new Set(['circuit']) });
    log.add(event(1));
    log.add(event(2, 'circuit.opened'));
    log.add(event(3));
    log.add(event(4, 'circuit.closed'));
    expect(await numbers(all, 4)).toEqual([1, 2, 3, 4]);
    expect(await numbers(circuits, 2)).toEqual([2, 4]);
  });

  it('wakes a reader that waits, and ends it with its signal', async () => {
    const log = new EventLog();
    const stop = new AbortController();
    const reader = log.read({ signal: stop.signal });
    const next = reader.next();
    log.add(event(1));
    expect((await next).value).toMatchObject({ data: { n: 1 } });
    const last = reader.next();
    stop.abort();
    expect((await last).done).toBe(true);
  });

  it('goes on after an event that is still held, and says so when it is not', async () => {
    const log = new EventLog(10);
    const reader = log.read({ signal: endless() });
    log.add(event(1));
    const { value: first } = await reader.next();
    log.add(event(2));
    const after = (first as { id: string }).id;
    expect(await numbers(log.read({ after, signal: endless() }), 1)).toEqual([2]);
    for (let n = 0; n < 50; n += 1) log.add(event(n));
    for (const gone of [after, '00000000-1', 'nonsense', `${after}000`])
      await expect(log.read({ after: gone, signal: endless() }).next()).rejects.toMatchObject({
        code: 'ERR_EVENTS_GAP',
      });
  });

  it('cuts a reader that falls behind, and keeps a bounded number of events', async () => {
    const log = new EventLog(10);
    const slow = log.read({ signal: endless() });
    log.add(event(0));
    await slow.next();
    for (let n = 1; n < 1000; n += 1) log.add(event(n));
    await expect(slow.next()).rejects.toMatchObject({ code: 'ERR_EVENTS_SLOW' });
    const fresh = log.read({ signal: endless() });
    log.add(event(1000));
    expect(await numbers(fresh, 1)).toEqual([1000]);
  });
});

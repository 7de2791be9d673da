import { describe, expect, it, vi } from 'vitest';
import type { StatusReport } from '../../messages/status.ts';
import { StatusFeed } from './status-feed.ts';

function setUp() {
  const clock = { nowMs: 0 };
  const wakes: (() => void)[] = [];
  const measure = vi.fn(() => Promise.resolve());
  const feed = new StatusFeed({
    report: () => Promise.resolve({ application: 'Wiki' } as StatusReport),
    measure,
    nowMs: () => clock.nowMs,
    sleep: () => new Promise((resolve) => wakes.push(resolve)),
  });
  const wake = async () => {
    wakes.splice(0).forEach((resolve) => resolve());
    await vi.waitFor(() => Promise.resolve());
    await new Promise((resolve) => setImmediate(resolve));
  };
  const port = () => ({ postMessage: vi.fn(), close: vi.fn() });
  return { clock, wakes, wake, measure, feed, port };
}
type Port = ReturnType<ReturnType<typeof setUp>['port']>;
const asPort = (port: Port) => port as unknown as MessagePort;

describe('StatusFeed', () => {
  it('reports at once, again when the way was measured, and then at changes, in batches', async () => {
    const { feed, port, wakes, wake, measure } = setUp();
    const one = port();
    feed.changed();
    expect(wakes).toHaveLength(0);
    await feed.watch('a', asPort(one));
    expect(measure).toHaveBeenCalledOnce();
    expect(one.postMessage).toHaveBeenCalledTimes(2);
    for (let i = 0; i < 10; i += 1) feed.changed();
    expect(wakes).toHaveLength(1);
    await wake();
    expect(one.postMessage).toHaveBeenCalledTimes(3);
  });

  it('takes the latest port of a page, and forgets pages that no longer ask', async () => {
    const { clock, feed, port, wake } = setUp();
    const [one, two] = [port(), port()];
    await feed.watch('a', asPort(one));
    await feed.watch('a', asPort(two));
    expect(one.close).toHaveBeenCalledOnce();
    const seen = two.postMessage.mock.calls.length;
    clock.nowMs += 60_000;
    feed.changed();
    await wake();
    expect(two.close).toHaveBeenCalledOnce();
    expect(two.postMessage).toHaveBeenCalledTimes(seen);
  });

  it('has a limit', async () => {
    const { feed, port } = setUp();
    const ports = Array.from({ length: 9 }, port);
    for (const [index, one] of ports.entries()) await feed.watch(String(index), asPort(one));
    expect(ports.filter(({ close }) => close.mock.calls.length > 0)).toEqual([ports[0]]);
  });
});

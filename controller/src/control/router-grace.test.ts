import { silentLogger } from '@postern/shared/log';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startRouterGrace } from './router-grace.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function createWorld() {
  const told: string[] = [];
  const connected = new Set<string>();
  const tell = (what: string) => (routerId: string) => {
    told.push(`${routerId} ${what}`);
    return Promise.resolve();
  };
  const grace = startRouterGrace({
    presence: { orphans: () => Promise.resolve([]) },
    reports: { offline: tell('offline'), gone: tell('gone') },
    isConnected: (routerId) => connected.has(routerId),
    forget: (routerId) => void told.push(`${routerId} forgotten`),
    logger: silentLogger,
  });
  return { grace, told, connected };
}

it('takes a router for offline after seconds, and what it had for gone after half an hour', async () => {
  const { grace, told } = createWorld();
  grace.begin('r1');
  await vi.advanceTimersByTimeAsync(4_900);
  expect(told).toEqual([]);
  await vi.advanceTimersByTimeAsync(200);
  expect(told).toEqual(['r1 forgotten', 'r1 offline']);
  await vi.advanceTimersByTimeAsync(29 * 60_000);
  expect(told).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told).toEqual(['r1 forgotten', 'r1 offline', 'r1 gone']);
  grace.close();
});

it('forgets nothing of a router that is back in time, and starts anew when it leaves again', async () => {
  const { grace, told, connected } = createWorld();
  grace.begin('r1');
  connected.add('r1');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told).toEqual([]);
  connected.delete('r1');
  grace.begin('r1');
  await vi.advanceTimersByTimeAsync(20 * 60_000);
  expect(told).toEqual(['r1 forgotten', 'r1 offline']);
  connected.add('r1');
  await vi.advanceTimersByTimeAsync(60 * 60_000);
  expect(told).toHaveLength(2);
  grace.close();
  grace.begin('r2');
  grace.close();
  await vi.advanceTimersByTimeAsync(60 * 60_000);
  expect(told).toHaveLength(2);
});

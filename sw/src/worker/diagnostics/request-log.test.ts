import { describe, expect, it, vi } from 'vitest';
import { MAX_REQUESTS } from '../../messages/status.ts';
import { RequestLog } from './request-log.ts';

function setUp() {
  const clock = { nowMs: 1_000 };
  const log = new RequestLog(() => clock.nowMs);
  log.onChange = vi.fn();
  return { clock, log };
}
const source = (chunks: (Uint8Array | Error)[]) => ({
  status: 200,
  fields: [],
  read: () => {
    const next = chunks.shift();
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  },
  cancel: vi.fn(),
});

describe('RequestLog', () => {
  it('notes each step of a request in ms since it began', async () => {
    const { clock, log } = setUp();
    const trace = log.begin('GET', 'https://wiki.example/a?b=1');
    clock.nowMs += 5;
    trace.connected();
    clock.nowMs += 5;
    trace.opened();
    clock.nowMs += 10;
    trace.head(7);
    const { read } = trace.follow(source([new Uint8Array(3), new Uint8Array(4)]));
    await read!();
    await read!();
    clock.nowMs += 30;
    await read!();
    expect(log.requests).toEqual([
      {
        id: 1,
        method: 'GET',
        url: 'https://wiki.example/a?b=1',
        startedMs: 1_000,
        connectedMs: 5,
        openedMs: 10,
        headMs: 20,
        endedMs: 50,
        applicationMs: 7,
        status: 200,
        receivedBytes: 7,
        fromCache: false,
      },
    ]);
    expect(log.onChange).toHaveBeenCalled();
  });

  it('tells what failed, what was cancelled and what came from the cache', async () => {
    const { log } = setUp();
    log.begin('GET', 'https://wiki.example/1').failed('ERR_NO_PATH');
    const broken = log.begin('GET', 'https://wiki.example/2').follow(source([new Error('x')]));
    await expect(broken.read!()).rejects.toThrow('x');
    const inner = source([]);
    log.begin('GET', 'https://wiki.example/3').follow(inner).cancel('enough');
    expect(inner.cancel).toHaveBeenCalledWith('enough');
    expect(log.requests).toMatchObject([
      { error: 'ERR_NO_PATH', endedMs: 0 },
      { error: 'ERR_SW_BODY', endedMs: 0, fromCache: true },
      { endedMs: 0, fromCache: true },
    ]);
  });

  it('keeps the latest, and short URLs', () => {
    const { log } = setUp();
    for (let i = 0; i < MAX_REQUESTS + 5; i += 1) log.begin('GET', `https://wiki.example/${i}`);
    log.begin('GET', `https://wiki.example/${'x'.repeat(10_000)}`);
    expect(log.requests).toHaveLength(MAX_REQUESTS);
    expect(log.requests[0]!.id).toBe(7);
    expect(log.requests.at(-1)!.url.length).toBe(2_048);
    log.clear();
    expect(log.requests).toEqual([]);
  });
});

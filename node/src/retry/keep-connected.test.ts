import { describe, expect, it } from 'vitest';
import { Backoff } from './backoff.ts';
import { keepConnected } from './keep-connected.ts';

describe('keepConnected', () => {
  it('connects again after each end and failure, until stopped', async () => {
    const stop = new AbortController();
    const failures: unknown[] = [];
    let runs = 0;
    await keepConnected(
      async () => {
        runs += 1;
        if (runs === 2) throw new Error('refused');
        if (runs === 3) stop.abort();
      },
      new Backoff({ random: () => 0 }),
      stop.signal,
      (error) => failures.push(error),
    );
    expect(runs).toBe(3);
    expect(failures).toEqual([new Error('refused')]);
  });

  it('takes a connection that its stop cut for no failure', async () => {
    const stop = new AbortController();
    const failures: unknown[] = [];
    await keepConnected(
      async () => {
        stop.abort();
        throw new Error('cut');
      },
      new Backoff(),
      stop.signal,
      (error) => failures.push(error),
    );
    expect(failures).toEqual([]);
  });
});

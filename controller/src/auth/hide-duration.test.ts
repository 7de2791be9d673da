import { describe, expect, it } from 'vitest';
import { hideDuration, REFUSAL_MS } from './hide-duration.ts';

/** A check that takes so long; how long its caller waits in all. */
async function lasting(ms: number, result: string | undefined): Promise<number> {
  let nowMs = 0;
  const clock = {
    now: () => nowMs,
    wait: (more: number) => {
      nowMs += more;
      return Promise.resolve();
    },
  };
  const check = () => {
    nowMs += ms;
    return Promise.resolve(result);
  };
  expect(await hideDuration(check, clock)).toBe(result);
  return nowMs;
}

describe('hideDuration', () => {
  it('makes all refusals take as long', async () => {
    expect([await lasting(6, undefined), await lasting(40, undefined)]).toEqual([
      REFUSAL_MS,
      REFUSAL_MS,
    ]);
  });

  it('keeps nobody waiting who is let in, nor when it took longer anyway', async () => {
    expect([await lasting(6, 'alice'), await lasting(500, undefined)]).toEqual([6, 500]);
  });
});

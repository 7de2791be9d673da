import { describe, expect, it } from 'vitest';
import { CallerRate } from './caller-rate.ts';

describe('CallerRate', () => {
  const setUp = (options: ConstructorParameters<typeof CallerRate>[0]) => {
    let nowMs = 1000;
    const rate = new CallerRate(options, () => nowMs);
    const passes = (callerId: string, times: number) => {
      let passed = 0;
      for (let i = 0; i < times; i += 1) {
        try {
          rate.take(callerId);
          passed += 1;
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_HTTP_RATE_LIMITED', status: 429 });
        }
      }
      return passed;
    };
    return { passes, wait: (ms: number) => (nowMs += ms) };
  };

  it('lets a burst through, then so many a second, for each caller on its own', () => {
    const { passes, wait } = setUp({ perSecond: 2, burst: 5 });
    expect(passes('ann', 10)).toBe(5);
    expect(passes('bob', 3)).toBe(3);
    wait(1500);
    expect(passes('ann', 10)).toBe(3);
    wait(3_600_000);
    expect(passes('ann', 10)).toBe(5);
  });

  it('gives a slow rate one request at a time', () => {
    const { passes, wait } = setUp({ perSecond: 0.1 });
    expect(passes('ann', 2)).toBe(1);
    wait(9_999);
    expect(passes('ann', 1)).toBe(0);
    wait(10_001);
    expect(passes('ann', 2)).toBe(1);
  });

  it('remembers a bounded number of callers', () => {
    const { passes } = setUp({ perSecond: 1, burst: 1 });
    expect(passes('first', 2)).toBe(1);
    for (let i = 0; i < 10_000; i += 1) expect(passes(`other-${i}`, 1)).toBe(1);
    expect(passes('first', 1)).toBe(1);
    expect(passes('other-9999', 1)).toBe(0);
  });
});

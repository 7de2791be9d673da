import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  KEY_LIFE_MS,
  LONGEST_TOKEN_MS,
  needsSuccessor,
  PUBLISH_AHEAD_MS,
  retiredKeys,
  signingKeyAt,
  type ScheduledKey,
} from './key-schedule.ts';

const key = (kid: string, activeAtMs: number): ScheduledKey => ({ kid, use: 'grant', activeAtMs });
const LIFE = KEY_LIFE_MS.grant;
const OUTAGE = 15 * 60_000;

describe('signingKeyAt', () => {
  it('takes the newest key that is active', () => {
    const keys = [key('next', 300), key('old', 100), key('current', 200)];
    expect(signingKeyAt(keys, 'grant', 250)?.kid).toBe('current');
    expect(signingKeyAt(keys, 'grant', 300)?.kid).toBe('next');
    expect(signingKeyAt(keys, 'grant', 0)?.kid).toBe('old');
    expect(signingKeyAt(keys, 'token', 250)).toBeUndefined();
  });
});

describe('needsSuccessor', () => {
  it('is due early enough to publish before the life ends, once', () => {
    const keys = [key('a', 0)];
    expect(needsSuccessor(keys, 'grant', LIFE - PUBLISH_AHEAD_MS - 1)).toBe(false);
    const dueMs = LIFE - PUBLISH_AHEAD_MS;
    expect(needsSuccessor(keys, 'grant', dueMs)).toBe(true);
    expect(needsSuccessor([...keys, key('b', dueMs + PUBLISH_AHEAD_MS)], 'grant', dueMs)).toBe(
      false,
    );
  });
});

describe('retiredKeys', () => {
  it('keeps a key until everything it signed is past its outage time', () => {
    const keys = [key('a', 0), key('b', LIFE)];
    const lastMs = LIFE + LONGEST_TOKEN_MS.grant + OUTAGE;
    expect(retiredKeys(keys, lastMs, OUTAGE)).toEqual([]);
    expect(retiredKeys(keys, lastMs + 60_000, OUTAGE)).toEqual([keys[0]]);
  });

  it('never takes the key that signs', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 1e10 }), { minLength: 1, maxLength: 6 }),
        fc.nat({ max: 2e10 }),
        (times, nowMs) => {
          const keys = times.map((activeAtMs, at) => key(String(at), activeAtMs));
          const signs = signingKeyAt(keys, 'grant', nowMs);
          expect(retiredKeys(keys, nowMs, OUTAGE)).not.toContain(signs);
        },
      ),
    );
  });
});

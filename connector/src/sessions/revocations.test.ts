import { describe, expect, it } from 'vitest';
import { covers, Revocations } from './revocations.ts';

const scope = { serviceId: 's', identityId: 'i', sessionId: 'x' };
const code = 'ERR_ACCESS_REMOVED';

describe('covers', () => {
  it.each([
    [{ code }, true],
    [{ serviceId: 's', code }, true],
    [{ serviceId: 's', identityId: 'i', sessionId: 'x', code }, true],
    [{ serviceId: 't', code }, false],
    [{ serviceId: 's', identityId: 'j', code }, false],
    [{ sessionId: 'y', code }, false],
  ])('%o: %s', (revocation, expected) => {
    expect(covers(revocation, scope)).toBe(expected);
  });
});

describe('Revocations', () => {
  it('refuses older grants, and forgets after a day', () => {
    let now = 1_000_000;
    const revocations = new Revocations(() => now);
    revocations.add({ identityId: 'i', code });
    expect(revocations.find(scope, now - 1)).toMatchObject({ code });
    expect(revocations.find(scope, now)).toBeUndefined();
    expect(revocations.find({ ...scope, identityId: 'j' }, 0)).toBeUndefined();
    now += 25 * 3_600_000;
    revocations.add({ identityId: 'j', code });
    expect(revocations.find(scope, 0)).toBeUndefined();
  });
});

import { afterEach, describe, expect, it } from 'vitest';
import { closeSessions, createSessionPair } from '../../../../test/harness/session-pair.ts';
import { encodeUtf8 } from '../../bytes/index.ts';
import { ManualClock } from '../channel/manual-clock.ts';
import type { DialGrantClaims } from '../../grants/index.ts';
import { AuthRenewal } from './auth-renewal.ts';
import { RecordType, decodeRecordHeader } from './record.ts';
import { ResetCode } from './types.ts';

afterEach(closeSessions);

describe('REKEY by age', () => {
  it('comes before the first record that an old key would seal, in each direction', async () => {
    const clock = new ManualClock();
    const { opener, a, b, accept } = await createSessionPair({ clock, limits: { rekeyMs: 1_000 } });
    const rekeys = (records: Uint8Array[]) =>
      records.filter((record) => decodeRecordHeader(record).type === RecordType.rekey).length;
    const stream = opener.openStream('tcp', new Uint8Array());
    const served = await accept();
    clock.advance(999);
    await stream.write(encodeUtf8('old'));
    await served.read();
    expect([rekeys(a.sent), rekeys(b.sent)]).toEqual([0, 0]);
    clock.advance(1);
    await stream.write(encodeUtf8('new'));
    expect(await served.read()).toEqual(encodeUtf8('new'));
    expect(a.sent.map((record) => decodeRecordHeader(record).type)).toEqual([
      RecordType.open,
      RecordType.data,
      RecordType.rekey,
      RecordType.data,
    ]);
    expect(rekeys(b.sent)).toBe(0);
    await served.write(encodeUtf8('back'));
    await stream.read();
    expect(rekeys(b.sent)).toBe(1);
    // The new keys are young.
    clock.advance(999);
    await stream.write(encodeUtf8('still'));
    await served.read();
    expect([rekeys(a.sent), rekeys(b.sent)]).toEqual([1, 1]);
  });
});

describe('a peer that opens streams and resets them at once', () => {
  it('is cut off before it costs much, since no number of open streams holds it', async () => {
    const clock = new ManualClock();
    const { opener, host } = await createSessionPair({ clock });
    let served = 0;
    host.onStream = () => (served += 1);
    const flood = async () => {
      for (let i = 1; i <= 5_000; i += 1) {
        opener.openStream('http', new Uint8Array()).reset(ResetCode.cancelled);
        if (i % 100 === 0) await opener.ping();
      }
    };
    await expect(flood()).rejects.toMatchObject({ code: 'ERR_SESSION_OVERLOADED' });
    expect((await host.closed).code).toBe('ERR_SESSION_OVERLOADED');
    expect(served).toBeLessThan(2_000);
  });

  it('may do so as often as people leave pages', async () => {
    const clock = new ManualClock();
    const { opener, host } = await createSessionPair({ clock });
    host.onStream = () => undefined;
    // A full load of requests given up twice a second.
    for (let page = 0; page < 40; page += 1) {
      const streams = Array.from({ length: 50 }, () => opener.openStream('http', new Uint8Array()));
      await opener.ping();
      for (const stream of streams) stream.reset(ResetCode.cancelled);
      await opener.ping();
      clock.advance(500);
    }
    expect(host.openStreams).toBe(0);
    await expect(opener.ping()).resolves.toBeGreaterThanOrEqual(0);
  });
});

describe('AuthRenewal', () => {
  const claims = { sub: 'alice', svc: 'wiki', cnf: { jkt: 'k' }, out: 3_600 } as DialGrantClaims;

  it('lets a caller outlive a controller that is away, until `out`', () => {
    const clock = new ManualClock(0);
    let connected = false;
    const ends: string[] = [];
    const options = {
      verify: () => Promise.reject(new Error('not asked')),
      time: () => ({ nowMs: clock.nowMs(), connected }),
    };
    const end = (error: { code: string }) => void ends.push(error.code);
    new AuthRenewal(options, claims, clock, end);
    clock.advance(3_600_000 + 29_000);
    expect(ends).toEqual([]);
    clock.advance(1_000);
    expect(ends).toEqual(['ERR_GRANT_INVALID']);
    ends.length = 0;
    const other = new AuthRenewal(options, { ...claims, out: 9e9 }, clock, end);
    clock.advance(3_600_000);
    connected = true;
    clock.advance(60_000);
    expect(ends).toEqual(['ERR_GRANT_INVALID']);
    other.stop();
  });

  it('verifies few renewals at once', () => {
    const ends: string[] = [];
    const time = () => ({ nowMs: 0, connected: true });
    const verify = () => new Promise<never>(() => undefined);
    const renewal = new AuthRenewal({ verify, time }, claims, new ManualClock(0), (error) =>
      ends.push(error.code),
    );
    const accept = () => renewal.accept({ dialGrant: 'grant', assertion: '' }, () => undefined);
    for (let i = 0; i < 4; i += 1) accept();
    expect(ends).toEqual([]);
    accept();
    expect(ends).toEqual(['ERR_GRANT_INVALID']);
    renewal.stop();
  });
});

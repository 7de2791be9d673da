import { afterEach, describe, expect, it } from 'vitest';
import { closeSessions, createSessionPair } from '../../../../test/harness/session-pair.ts';
import { encodeUtf8 } from '../../bytes/index.ts';
import { ManualClock } from '../channel/manual-clock.ts';
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

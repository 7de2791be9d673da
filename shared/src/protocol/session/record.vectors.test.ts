import { describe, expect, it } from 'vitest';
import { counting, pinned } from '../../../../test/harness/vectors.ts';
import { concatBytes, encodeUtf8, fromHex, toHex } from '../../bytes/index.ts';
import { createWebCryptoCipher } from '../../crypto/index.ts';
import {
  RecordType,
  decodeAuth,
  decodeOpen,
  decodeReason,
  decodeRecordHeader,
  decodeWindow,
  encodeAuth,
  encodeOpen,
  encodeReason,
  encodeWindow,
  outgoing,
} from './record.ts';
import { TrafficKey } from './traffic-key.ts';

/** Every type of record, in the order they are sealed; the key is replaced after each REKEY. */
const records = {
  'OPEN http': outgoing(RecordType.open, 1, encodeOpen('http', encodeUtf8('head'))),
  'OPEN tcp': outgoing(RecordType.open, 3, encodeOpen('tcp', new Uint8Array())),
  HEAD: outgoing(RecordType.head, 2, encodeUtf8('head')),
  DATA: outgoing(RecordType.data, 1, encodeUtf8('data')),
  'DATA with FIN': outgoing(RecordType.data, 1, encodeUtf8('end'), true),
  'DATA, FIN only': outgoing(RecordType.data, 3, new Uint8Array(), true),
  WINDOW: outgoing(RecordType.window, 1, encodeWindow(786_432)),
  RESET: outgoing(RecordType.reset, 1, encodeReason(3, 'ERR_APP_UNREACHABLE')),
  TRAILERS: outgoing(RecordType.trailers, 1, fromHex('0000')),
  PING: outgoing(RecordType.ping, 0, counting(8)),
  PONG: outgoing(RecordType.pong, 0, counting(8)),
  'last stream id': outgoing(RecordType.data, 0xffff_ffff, encodeUtf8('data')),
  AUTH: outgoing(RecordType.auth, 0, encodeAuth('dial.grant', 'assertion')),
  REKEY: outgoing(RecordType.rekey, 0),
  'DATA by the next key': outgoing(RecordType.data, 5, encodeUtf8('data')),
  'REKEY again': outgoing(RecordType.rekey, 0),
  GOAWAY: outgoing(RecordType.goaway, 0, encodeReason(9, 'ERR_ACCESS_REMOVED gone')),
} as const;

const SECRET = counting(32);

async function compute() {
  const key = await TrafficKey.create(SECRET.slice(), createWebCryptoCipher);
  const sealed: { name: string; payload: string; record: string }[] = [];
  for (const [name, record] of Object.entries(records)) {
    const bytes = await key.seal(record, 0);
    sealed.push({ name, payload: toHex(record.payload), record: toHex(bytes) });
    if (record.type === RecordType.rekey) await key.rekey();
  }
  return { secret: toHex(SECRET), records: sealed };
}

describe('record vectors', () => {
  it('match test/vectors/records.json', async () => {
    const computed = await compute();
    expect(computed).toEqual(pinned('records', computed));
  });

  it('open again, in order, to what was sealed', async () => {
    const vectors = pinned('records', await compute());
    const key = await TrafficKey.create(fromHex(vectors.secret), createWebCryptoCipher);
    for (const { name, payload, record } of vectors.records) {
      const bytes = fromHex(record);
      const { type, streamId, fin } = records[name as keyof typeof records];
      expect(decodeRecordHeader(bytes)).toEqual({ type, streamId, fin });
      expect(toHex(await key.open(bytes))).toBe(payload);
      if (type === RecordType.rekey) await key.rekey();
    }
  });

  it('hold payloads that read back', () => {
    const { payload: open } = records['OPEN http'];
    expect(decodeOpen(open)).toEqual({ type: 'http', head: encodeUtf8('head') });
    expect(decodeWindow(records.WINDOW.payload)).toBe(786_432);
    expect(decodeReason(records.RESET.payload)).toEqual({ code: 3, reason: 'ERR_APP_UNREACHABLE' });
    const auth = { dialGrant: 'dial.grant', assertion: 'assertion' };
    expect(decodeAuth(records.AUTH.payload)).toEqual(auth);
    expect(() => decodeAuth(concatBytes(records.AUTH.payload, counting(1)))).toThrow();
  });
});

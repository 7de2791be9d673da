import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex } from '../../bytes/index.ts';
import { isAppError } from '../../errors/index.ts';
import {
  ContentType,
  DATA_PREFIX_BYTES,
  dataBody,
  decodeCredit,
  decodeMessage,
  EDGE_LIMITS,
  encodeCredit,
  encodeData,
  encodeMessage,
  findHeader,
  HeaderKey,
  MessageHeaders,
  peekConnectionId,
  peekContentType,
  peekDataSequence,
  rewriteConnectionId,
} from './index.ts';

const vectors = JSON.parse(
  readFileSync(new URL('../../../../test/vectors/channel.json', import.meta.url), 'utf8'),
) as { frames: { name: string; hex: string }[] };
const vector = (start: string): string =>
  vectors.frames.find(({ name }) => name.startsWith(start))!.hex;
const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe('data frames', () => {
  it('have the pinned bytes', () => {
    expect(toHex(encodeData(5, 9, 7, Uint8Array.of(10, 11)))).toBe(vector('Postern Data'));
    expect(toHex(encodeCredit(2 ** 31 + 5, 2 ** 32 + 2, 17, 8))).toBe(
      vector('Postern CircuitCredit'),
    );
  });

  it('equal what the general encoder makes', () => {
    fc.assert(
      fc.property(
        u32,
        u32,
        fc.integer({ min: 1, max: 2 ** 31 - 1 }),
        fc.uint8Array(),
        (id, sequence, channel, body) => {
          const headers = new MessageHeaders()
            .setU32(HeaderKey.connId, id)
            .setU32(HeaderKey.sequence, sequence);
          const general = encodeMessage({
            contentType: ContentType.data,
            sequence: channel,
            headers,
            body,
          });
          expect(encodeData(id, sequence, channel, body)).toEqual(general);
        },
      ),
    );
  });

  it('read and rewrite the same by fixed offsets and by search', () => {
    fc.assert(
      fc.property(
        u32,
        u32,
        u32,
        fc.uint8Array({ maxLength: 50 }),
        fc.boolean(),
        (id, next, sequence, body, fast) => {
          const headers = new MessageHeaders();
          if (!fast)
            headers.setBytes(HeaderKey.uuid, new Uint8Array(16)).setU32(HeaderKey.flags, 1);
          headers.setU32(HeaderKey.connId, id).setU32(HeaderKey.sequence, sequence);
          const frame = encodeMessage({
            contentType: ContentType.data,
            sequence: 1,
            headers,
            body,
          });
          expect(peekContentType(frame)).toBe(ContentType.data);
          expect(peekConnectionId(frame)).toBe(id);
          expect(peekDataSequence(frame)).toBe(sequence);
          expect(dataBody(frame)).toEqual(body);
          rewriteConnectionId(frame, next);
          expect(peekConnectionId(frame)).toBe(next);
          const message = decodeMessage(frame, EDGE_LIMITS);
          expect(message.headers.u32(HeaderKey.sequence)).toBe(sequence);
          expect(message.body).toEqual(body);
        },
      ),
    );
  });

  it('read frames without sequence, with reversed headers and without connection id', () => {
    const noSequence = encodeMessage({
      contentType: ContentType.data,
      sequence: 1,
      headers: new MessageHeaders().setU32(HeaderKey.connId, 5).setU32(HeaderKey.flags, 1),
    });
    expect(peekConnectionId(noSequence)).toBe(5);
    expect(peekDataSequence(noSequence)).toBeUndefined();
    const reversed = encodeMessage({
      contentType: ContentType.data,
      sequence: 1,
      headers: new MessageHeaders().setU32(HeaderKey.sequence, 4).setU32(HeaderKey.connId, 5),
    });
    expect([peekConnectionId(reversed), peekDataSequence(reversed)]).toEqual([5, 4]);
    const bare = encodeMessage({
      contentType: ContentType.data,
      sequence: 1,
      body: new Uint8Array(40).fill(0xe8),
    });
    expect(peekConnectionId(bare)).toBeUndefined();
    expect(() => rewriteConnectionId(bare, 1)).toThrow(code('ERR_CHANNEL_HEADER'));
  });

  it('never read the body as a header', () => {
    const body = encodeData(9, 9, 9, new Uint8Array(0)).subarray(20);
    const frame = encodeMessage({ contentType: ContentType.data, sequence: 1, body });
    expect(peekConnectionId(frame)).toBeUndefined();
    expect(peekDataSequence(frame)).toBeUndefined();
  });

  it('refuse ids and sequences of another width', () => {
    const headers = new MessageHeaders().setU16(HeaderKey.connId, 5).setU16(HeaderKey.sequence, 1);
    const frame = encodeMessage({ contentType: ContentType.data, sequence: 1, headers });
    expect(() => peekConnectionId(frame)).toThrow(code('ERR_CHANNEL_HEADER'));
    expect(() => peekDataSequence(frame)).toThrow(code('ERR_CHANNEL_HEADER'));
  });

  it('throw only AppErrors whatever the headers are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (noise) => {
        const frame = concatBytes(
          encodeMessage({ contentType: ContentType.data, sequence: 1 }),
          noise,
        );
        frame[12] = noise.length;
        for (const read of [peekConnectionId, peekDataSequence, decodeCredit, dataBody]) {
          try {
            read(frame);
          } catch (error) {
            expect(isAppError(error)).toBe(true);
          }
        }
      }),
    );
  });

  it('put the body at the documented offset', () => {
    expect(DATA_PREFIX_BYTES).toBe(44);
    const cut = encodeCredit(1, 2, 3, 4);
    cut.fill(0xff, 12, 16);
    expect(() => findHeader(cut, 5)).toThrow('cut off');
    expect(findHeader(encodeData(1, 2, 3, new Uint8Array(0)), HeaderKey.sequence)).toEqual({
      offset: 40,
      length: 4,
    });
  });
});

describe('credits', () => {
  it('round-trip totals up to 2^53', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), u32, (totalBytes, sequence) => {
        expect(decodeCredit(encodeCredit(1, totalBytes, sequence, 1))).toEqual({
          totalBytes,
          sequence,
        });
      }),
    );
  });

  it('are refused when incomplete or beyond 2^53', () => {
    const withBytes = (bytes: bigint): Uint8Array =>
      encodeMessage({
        contentType: ContentType.circuitCredit,
        sequence: 1,
        headers: new MessageHeaders()
          .setU64(HeaderKey.creditBytes, bytes)
          .setU32(HeaderKey.creditSequence, 1),
      });
    expect(() => decodeCredit(withBytes(2n ** 53n))).toThrow(code('ERR_CHANNEL_HEADER'));
    expect(decodeCredit(withBytes(5n))).toEqual({ totalBytes: 5, sequence: 1 });
    expect(() => decodeCredit(encodeData(1, 1, 1, new Uint8Array(0)))).toThrow(
      code('ERR_CHANNEL_HEADER'),
    );
  });
});

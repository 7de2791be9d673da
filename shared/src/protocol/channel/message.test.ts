import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, encodeUtf8, fromHex, toHex } from '../../bytes/index.ts';
import { isAppError } from '../../errors/index.ts';
import {
  CONTROL_LIMITS,
  decodeMessage,
  EDGE_LIMITS,
  encodeMessage,
  HELLO_LIMITS,
  MessageHeaders,
} from './index.ts';
import { MAX_LISTED_STRINGS } from './headers.ts';

interface Vector {
  name: string;
  hex: string;
  contentType: number;
  sequence: number;
  headers: [number, string][];
  body: string;
}
const vectors = (
  JSON.parse(
    readFileSync(new URL('../../../../test/vectors/channel.json', import.meta.url), 'utf8'),
  ) as {
    frames: Vector[];
  }
).frames;
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

const arbitraryMessage = fc.record({
  contentType: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  sequence: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  headers: fc.uniqueArray(
    fc.tuple(fc.integer({ min: -5, max: 5000 }), fc.uint8Array({ maxLength: 40 })),
    {
      selector: ([key]) => key,
      maxLength: 8,
    },
  ),
  body: fc.uint8Array({ maxLength: 100 }),
});

function toHeaders(entries: Iterable<readonly [number, Uint8Array]>): MessageHeaders {
  const headers = new MessageHeaders();
  for (const [key, value] of entries) headers.setBytes(key, value);
  return headers;
}

describe('channel messages', () => {
  it.each(vectors)('vector: $name', ({ hex, contentType, sequence, headers, body }) => {
    const message = decodeMessage(fromHex(hex), EDGE_LIMITS);
    expect({
      contentType: message.contentType,
      sequence: message.sequence,
      body: toHex(message.body),
    }).toEqual({
      contentType,
      sequence,
      body,
    });
    expect([...message.headers.entries()].map(([key, value]) => [key, toHex(value)])).toEqual(
      headers,
    );
    const encoded = encodeMessage({
      contentType,
      sequence,
      headers: toHeaders(headers.map(([key, value]) => [key, fromHex(value)] as const)),
      body: fromHex(body),
    });
    expect(toHex(encoded)).toBe(hex);
  });

  it('round-trips any message', () => {
    fc.assert(
      fc.property(arbitraryMessage, ({ contentType, sequence, headers, body }) => {
        const frame = encodeMessage({ contentType, sequence, headers: toHeaders(headers), body });
        const message = decodeMessage(frame, EDGE_LIMITS);
        expect(message).toMatchObject({ contentType, sequence });
        expect([...message.headers.entries()]).toEqual(headers);
        expect(message.body).toEqual(body);
      }),
    );
  });

  it('encodes a message without headers and body', () => {
    expect(toHex(encodeMessage({ contentType: 3, sequence: 1 }))).toBe(
      `0306090c0300000001000000${'00'.repeat(8)}`,
    );
  });

  it('throws only AppErrors for truncated and altered frames', () => {
    fc.assert(
      fc.property(
        arbitraryMessage,
        fc.nat(),
        fc.nat(),
        fc.nat(7),
        ({ headers, ...rest }, cut, at, bit) => {
          const frame = encodeMessage({ ...rest, headers: toHeaders(headers) });
          expect(() => decodeMessage(frame.subarray(0, cut % frame.length), EDGE_LIMITS)).toThrow(
            code('ERR_CHANNEL_TRUNCATED'),
          );
          const altered = frame.slice();
          altered[at % frame.length]! ^= 1 << bit;
          try {
            const message = decodeMessage(altered, EDGE_LIMITS);
            message.headers.stringList(1031);
          } catch (error) {
            expect(isAppError(error)).toBe(true);
          }
        },
      ),
    );
  });

  it('throws only AppErrors for noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        const prefix = fromHex('0306090c');
        for (const frame of [noise, concatBytes(prefix, noise)]) {
          try {
            decodeMessage(frame, HELLO_LIMITS);
          } catch (error) {
            expect(isAppError(error)).toBe(true);
          }
        }
      }),
    );
  });

  it('refuses other magic, surplus bytes, headers given twice and headers cut off', () => {
    const frame = encodeMessage({
      contentType: 1,
      sequence: 1,
      headers: new MessageHeaders().setU32(1, 1),
    });
    const otherMagic = frame.slice();
    otherMagic[3] = 0x0d;
    expect(() => decodeMessage(otherMagic, EDGE_LIMITS)).toThrow(code('ERR_CHANNEL_MAGIC'));
    expect(() => decodeMessage(concatBytes(frame, Uint8Array.of(0)), EDGE_LIMITS)).toThrow(
      code('ERR_CHANNEL_TRUNCATED'),
    );
    const twice = concatBytes(frame, frame.subarray(20));
    twice[12] = 24;
    expect(() => decodeMessage(twice, EDGE_LIMITS)).toThrow(code('ERR_CHANNEL_HEADER'));
    const longer = frame.slice();
    longer[24] = 5;
    expect(() => decodeMessage(longer, EDGE_LIMITS)).toThrow(code('ERR_CHANNEL_HEADER'));
    const stump = concatBytes(frame, new Uint8Array(7));
    stump[12] = 19;
    expect(() => decodeMessage(stump, EDGE_LIMITS)).toThrow(code('ERR_CHANNEL_HEADER'));
  });

  it.each([
    ['hello', HELLO_LIMITS],
    ['edge', EDGE_LIMITS],
    ['control', CONTROL_LIMITS],
  ])('holds the %s limits exactly', (_name, limits) => {
    const full = encodeMessage({
      contentType: 1,
      sequence: 1,
      headers: new MessageHeaders().setBytes(1, new Uint8Array(limits.maxHeadersBytes - 8)),
      body: new Uint8Array(limits.maxBodyBytes),
    });
    expect(decodeMessage(full, limits).body.length).toBe(limits.maxBodyBytes);
    const wide = encodeMessage({
      contentType: 1,
      sequence: 1,
      headers: new MessageHeaders().setBytes(1, new Uint8Array(limits.maxHeadersBytes - 7)),
    });
    expect(() => decodeMessage(wide, limits)).toThrow(code('ERR_CHANNEL_TOO_LARGE'));
    const long = encodeMessage({
      contentType: 1,
      sequence: 1,
      body: new Uint8Array(limits.maxBodyBytes + 1),
    });
    expect(() => decodeMessage(long, limits)).toThrow(code('ERR_CHANNEL_TOO_LARGE'));
  });
});

describe('header accessors', () => {
  it('reads back each kind of value', () => {
    const headers = new MessageHeaders()
      .setU8(1, 255)
      .setBool(2, true)
      .setBool(3, false)
      .setU16(4, 65_535)
      .setU32(5, 2 ** 32 - 1)
      .setI32(6, -1)
      .setU64(7, 2n ** 64n - 1n)
      .setString(8, 'größe')
      .setStringList(9, ['a', '', 'ü']);
    expect(headers.u8(1)).toBe(255);
    expect(headers.bool(2)).toBe(true);
    expect(headers.bool(3)).toBe(false);
    expect(headers.u16(4)).toBe(65_535);
    expect(headers.u32(5)).toBe(2 ** 32 - 1);
    expect(headers.i32(6)).toBe(-1);
    expect(headers.u64(7)).toBe(2n ** 64n - 1n);
    expect(headers.string(8)).toBe('größe');
    expect(headers.stringList(9)).toEqual(['a', '', 'ü']);
    expect(headers.size).toBe(9);
  });

  it('answers undefined for what is absent', () => {
    const headers = new MessageHeaders();
    expect([
      headers.u8(1),
      headers.bool(1),
      headers.u16(1),
      headers.u32(1),
      headers.u64(1),
    ]).toEqual(Array.from({ length: 5 }));
    expect([headers.string(1), headers.stringList(1), headers.bytes(1), headers.i32(1)]).toEqual(
      Array.from({ length: 4 }),
    );
  });

  it('refuses values of another width or form', () => {
    const headers = new MessageHeaders()
      .setBytes(1, Uint8Array.of(2))
      .setBytes(2, Uint8Array.of(0xff, 1, 2));
    expect(() => headers.bool(1)).toThrow(code('ERR_CHANNEL_HEADER'));
    for (const read of ['u8', 'u16', 'u32', 'i32', 'u64', 'string', 'stringList'] as const) {
      expect(() => headers[read](2)).toThrow(code('ERR_CHANNEL_HEADER'));
    }
  });

  it('bounds string lists before reading them', () => {
    const many = new MessageHeaders().setStringList(
      1,
      Array.from({ length: MAX_LISTED_STRINGS + 1 }, () => ''),
    );
    expect(() => many.stringList(1)).toThrow(code('ERR_CHANNEL_HEADER'));
    const trailing = new MessageHeaders().setBytes(
      1,
      concatBytes(fromHex('00000000'), encodeUtf8('x')),
    );
    expect(() => trailing.stringList(1)).toThrow(code('ERR_CHANNEL_HEADER'));
  });
});

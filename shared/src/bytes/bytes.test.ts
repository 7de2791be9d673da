import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ByteReader,
  ByteWriter,
  concatBytes,
  decodeUtf8,
  encodeUtf8,
  equalBytes,
  fromBase64Url,
  fromHex,
  readU32,
  toBase64Url,
  toHex,
  writeU32,
} from './index.ts';

const bytes = fc.uint8Array({ maxLength: 200 });
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

describe('byte strings', () => {
  it('joins parts, also none', () => {
    expect(concatBytes()).toEqual(new Uint8Array(0));
    expect(concatBytes(Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3))).toEqual(
      Uint8Array.of(1, 2, 3),
    );
  });

  it('compares contents and lengths', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(equalBytes(a, a.slice())).toBe(true);
        expect(equalBytes(a, b)).toBe(toHex(a) === toHex(b));
        expect(equalBytes(a, concatBytes(a, Uint8Array.of(0)))).toBe(false);
      }),
    );
  });

  it('decodes UTF-8 strictly and keeps a byte order mark', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(decodeUtf8(encodeUtf8(text))).toBe(text);
      }),
    );
    expect(decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\u{feff}a');
    expect(() => decodeUtf8(Uint8Array.of(0xc0, 0x80))).toThrow(code('ERR_BYTES_UTF8'));
  });
});

describe('text encodings', () => {
  it('round-trips hex and base64url, agreeing with Node', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(toHex(value)).toBe(Buffer.from(value).toString('hex'));
        expect(fromHex(toHex(value).toUpperCase())).toEqual(value);
        expect(toBase64Url(value)).toBe(Buffer.from(value).toString('base64url'));
        expect(fromBase64Url(toBase64Url(value))).toEqual(value);
      }),
    );
  });

  it.each(['0', 'zz', '0 1', '0x'])('refuses %j as hex', (text) => {
    expect(() => fromHex(text)).toThrow(code('ERR_BYTES_HEX'));
  });

  it.each(['A', 'AA==', 'AB', 'A A', 'A+A', 'A/A', 'AAAAA', 'é'])(
    'refuses %j as base64url',
    (text) => {
      expect(() => fromBase64Url(text)).toThrow(code('ERR_BYTES_BASE64URL'));
    },
  );
});

describe('ByteReader and ByteWriter', () => {
  it('reads back what was written, little-endian', () => {
    const written = new ByteWriter(1 + 2 + 4 + 4 + 8 + 2 + 3)
      .u8(1)
      .u16(0x0203)
      .u32(0xfffffffe)
      .i32(-2)
      .u64(2n ** 64n - 3n)
      .u16be(0x0304)
      .bytes(Uint8Array.of(7, 8, 9))
      .finish();
    expect(toHex(written)).toBe(
      '010302feffffff' + 'feffffff' + 'fdffffffffffffff' + '0304' + '070809',
    );
    const reader = new ByteReader(written.subarray());
    expect([
      reader.u8(),
      reader.u16(),
      reader.u32(),
      reader.i32(),
      reader.u64(),
      reader.u16be(),
    ]).toEqual([1, 0x0203, 0xfffffffe, -2, 2n ** 64n - 3n, 0x0304]);
    expect(() => reader.end()).toThrow(code('ERR_BYTES_TRAILING'));
    expect(reader.rest()).toEqual(Uint8Array.of(7, 8, 9));
    reader.end();
  });

  it('reads within a view of a larger buffer, never around it', () => {
    const outer = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const reader = new ByteReader(outer.subarray(2, 6));
    expect(reader.u16()).toBe(0x0403);
    expect(() => reader.u32()).toThrow(code('ERR_BYTES_TRUNCATED'));
    expect(reader.offset).toBe(2);
    expect(() => reader.bytes(3)).toThrow(code('ERR_BYTES_TRUNCATED'));
    expect(() => reader.bytes(-1)).toThrow(code('ERR_BYTES_TRUNCATED'));
  });

  it('refuses values that do not fit, too many bytes and too few', () => {
    const writer = new ByteWriter(8);
    for (const bad of [-1, 256, 1.5, Number.NaN])
      expect(() => writer.u8(bad)).toThrow(code('ERR_BYTES_RANGE'));
    expect(() => writer.u32(2 ** 32)).toThrow(code('ERR_BYTES_RANGE'));
    expect(() => writer.i32(2 ** 31)).toThrow(code('ERR_BYTES_RANGE'));
    expect(() => writer.u64(-1n)).toThrow(code('ERR_BYTES_RANGE'));
    expect(() => writer.bytes(new Uint8Array(9))).toThrow(code('ERR_BYTES_TRUNCATED'));
    expect(() => writer.finish()).toThrow(code('ERR_BYTES_TRUNCATED'));
  });

  it('has a fast u32 that agrees with the reader', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (value) => {
        const buffer = new Uint8Array(6);
        writeU32(buffer, 1, value);
        expect(readU32(buffer, 1)).toBe(value);
        expect(new ByteReader(buffer.subarray(1)).u32()).toBe(value);
      }),
    );
  });
});

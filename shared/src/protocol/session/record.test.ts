import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAppError } from '../../errors/index.ts';
import {
  MAX_HEAD_BYTES,
  MAX_PLAINTEXT_BYTES,
  MAX_REASON_BYTES,
  RECORD_OVERHEAD_BYTES,
  RecordType,
  decodeAuth,
  decodeOpen,
  decodeReason,
  decodeRecordHeader,
  decodeWindow,
  encodeAuth,
  encodeOpen,
  encodeReason,
  encodeRecordHeader,
  encodeWindow,
  outgoing,
} from './record.ts';
import { closeReasonFromText, closeReasonToText } from './close-text.ts';

const invalid = expect.objectContaining({ code: 'ERR_RECORD_INVALID' }) as Error;
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const text = fc.string({ unit: 'grapheme', maxLength: 200 });

/** A record with these eight bytes in front and room for a tag. */
const framed = (header: Uint8Array): Uint8Array => {
  const record = new Uint8Array(RECORD_OVERHEAD_BYTES);
  record.set(header);
  return record;
};

describe('record header', () => {
  it('reads back, and holds stream ids to the types that have one', () => {
    const types = fc.constantFrom(...Object.values(RecordType));
    fc.assert(
      fc.property(types, u32, fc.boolean(), (type, streamId, fin) => {
        const header = { type, streamId, fin };
        const record = framed(encodeRecordHeader(outgoing(type, streamId, undefined, fin)));
        const isLegal =
          type <= RecordType.trailers === (streamId !== 0) && (!fin || type === RecordType.data);
        if (isLegal) expect(decodeRecordHeader(record)).toEqual(header);
        else expect(() => decodeRecordHeader(record)).toThrow(invalid);
      }),
    );
  });

  it('is refused with anything in it that has no meaning', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), (bytes) => {
        try {
          const header = decodeRecordHeader(framed(bytes));
          expect(encodeRecordHeader(header)).toEqual(bytes);
        } catch (error) {
          expect(isAppError(error, 'ERR_RECORD_INVALID')).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('is refused on a record that is too short or too long', () => {
    const header = encodeRecordHeader(outgoing(RecordType.data, 1));
    const ofLength = (length: number) => {
      const record = new Uint8Array(length);
      record.set(header.subarray(0, length));
      return () => decodeRecordHeader(record);
    };
    expect(ofLength(0)).toThrow(invalid);
    expect(ofLength(RECORD_OVERHEAD_BYTES - 1)).toThrow(invalid);
    expect(ofLength(RECORD_OVERHEAD_BYTES + MAX_PLAINTEXT_BYTES)).not.toThrow();
    expect(ofLength(RECORD_OVERHEAD_BYTES + MAX_PLAINTEXT_BYTES + 1)).toThrow(invalid);
  });
});

describe('record payloads', () => {
  it('read back', () => {
    fc.assert(
      fc.property(u32, text, text, fc.uint8Array({ maxLength: 100 }), (code, a, b, head) => {
        expect(decodeOpen(encodeOpen('tcp', head))).toEqual({ type: 'tcp', head });
        if (code > 0) expect(decodeWindow(encodeWindow(code))).toBe(code);
        expect(decodeAuth(encodeAuth(a, b))).toEqual({ dialGrant: a, assertion: b });
        const { code: back, reason } = decodeReason(encodeReason(code, a));
        expect(back).toBe(code);
        expect(a.startsWith(reason)).toBe(true);
      }),
    );
  });

  it('cut a long reason at a character, never within one', () => {
    for (const character of ['a', '\u00e9', '\u20ac', '\u{1f512}']) {
      for (const before of ['', 'x', 'xx', 'xxx']) {
        const payload = encodeReason(1, before + character.repeat(300));
        expect(payload.length).toBeLessThanOrEqual(4 + MAX_REASON_BYTES);
        expect(decodeReason(payload).reason).toMatch(new RegExp(`^${before}(${character})+$`, 'u'));
      }
    }
  });

  it('stand any bytes: decode wholly or throw a known error', () => {
    const decoders = [decodeOpen, decodeWindow, decodeReason, decodeAuth];
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.constantFrom(...decoders),
        (bytes, decode) => {
          try {
            decode(bytes);
          } catch (error) {
            expect((error as { code: string }).code).toMatch(/^ERR_(RECORD_INVALID|BYTES_)/);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('refuse what exceeds a limit or means nothing', () => {
    expect(() => decodeOpen(encodeOpen('http', new Uint8Array(MAX_HEAD_BYTES)))).not.toThrow();
    expect(() => decodeOpen(encodeOpen('http', new Uint8Array(MAX_HEAD_BYTES + 1)))).toThrow(
      invalid,
    );
    expect(() => decodeOpen(Uint8Array.of(0))).toThrow(invalid);
    expect(() => decodeOpen(Uint8Array.of(3))).toThrow(invalid);
    expect(() => decodeWindow(new Uint8Array(4))).toThrow(invalid);
    expect(() => decodeReason(new Uint8Array(4 + MAX_REASON_BYTES + 1))).toThrow(invalid);
  });
});

describe('close reasons as text', () => {
  it('read back', () => {
    const code = fc.stringMatching(/^(OK|ERR_[A-Z0-9_]{1,60})$/);
    fc.assert(
      fc.property(code, text, (name, message) => {
        const reason = { code: name as 'OK', message, retryable: true };
        expect(closeReasonFromText(closeReasonToText(reason))).toMatchObject({
          code: name,
          message,
        });
      }),
    );
  });

  it('of another form are kept as the message of an ordinary end', () => {
    expect(closeReasonFromText('bye')).toMatchObject({
      code: 'ERR_SESSION_CLOSED',
      message: 'bye',
    });
    expect(closeReasonFromText('ERR_ACCESS_REMOVED x')).toMatchObject({ retryable: false });
  });
});

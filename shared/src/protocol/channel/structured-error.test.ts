import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeUtf8 } from '../../bytes/index.ts';
import { isAppError } from '../../errors/index.ts';
import { decodeStructuredError, encodeStructuredError } from './index.ts';

const decode = (value: unknown): unknown =>
  decodeStructuredError(encodeUtf8(JSON.stringify(value)));

describe('structured errors (header 1033)', () => {
  it('round-trip', () => {
    const error = { message: 'gone', code: 'ERR_ACCESS_REMOVED', retryHint: 3 } as const;
    expect(decodeStructuredError(encodeStructuredError(error))).toEqual(error);
  });

  it("accept OpenZiti's numbers, further members and unknown hints", () => {
    expect(decode({ message: 'm', code: 14, retryHint: 9, failingPostureCheckIds: ['x'] })).toEqual(
      {
        message: 'm',
        code: 14,
        retryHint: 0,
      },
    );
    expect(decode({ message: 'm', code: 1 })).toEqual({ message: 'm', code: 1, retryHint: 0 });
  });

  it('cut long messages on both sides', () => {
    const encoded = encodeStructuredError({
      message: 'x'.repeat(9000),
      code: 'ERR_X',
      retryHint: 0,
    });
    expect(decodeStructuredError(encoded).message).toHaveLength(512);
  });

  it.each([
    null,
    1,
    'x',
    [],
    {},
    { message: 1, code: 'x' },
    { message: 'm', code: {} },
    { message: 'm', code: 'x'.repeat(65) },
  ])('refuse %j', (value) => {
    expect(() => decode(value)).toThrow(
      expect.objectContaining({ code: 'ERR_CHANNEL_STRUCTURED_ERROR' }),
    );
  });

  it('throw only AppErrors', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ maxLength: 6000 }), fc.json().map(encodeUtf8)),
        (bytes) => {
          try {
            decodeStructuredError(bytes);
          } catch (error) {
            expect(isAppError(error)).toBe(true);
          }
        },
      ),
    );
  });
});

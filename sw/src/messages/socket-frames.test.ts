import { describe, expect, it } from 'vitest';
import { socketCommandSchema } from './page.ts';
import { encodeSocketFrame, SocketFrameDecoder } from './socket-frames.ts';

const join = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const bytes = join(
  encodeSocketFrame({ kind: 'message', data: 'zwei€' }),
  encodeSocketFrame({ kind: 'message', data: Uint8Array.of(1, 2).buffer }),
  encodeSocketFrame({ kind: 'taken' }),
  encodeSocketFrame({ kind: 'close', code: undefined, reason: undefined }),
  encodeSocketFrame({ kind: 'message', data: '' }),
);
const values = [
  { data: 'zwei€' },
  { data: Uint8Array.of(1, 2).buffer },
  { json: { kind: 'taken' } },
  { json: { kind: 'close' } },
  { data: '' },
];

describe('socket frames', () => {
  it.each([1, 3, 1000])('come whole out of pieces of %i bytes', (size) => {
    const decoder = new SocketFrameDecoder();
    const got = [];
    for (let at = 0; at < bytes.length; at += size) {
      got.push(...decoder.push(bytes.slice(at, at + size)));
    }
    expect(got.map(({ value }) => value)).toEqual(values);
  });

  it('are commands again, whatever JSON leaves out', () => {
    expect(socketCommandSchema.safeParse({ kind: 'close' }).success).toBe(true);
  });

  it.each<[string, number[]]>([
    ['an unknown type', [0, 0, 0, 0, 9]],
    ['a length beyond the limit', [0, 0, 0, 255, 1]],
    ['text that is not UTF-8', [1, 0, 0, 0, 1, 255]],
    ['no JSON', [1, 0, 0, 0, 0, 120]],
  ])('refuse %s', (_what, list) => {
    expect(() => new SocketFrameDecoder().push(Uint8Array.from(list))).toThrow();
  });
});

import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { concatBytes } from '../../bytes/index.ts';
import { isAppError } from '../../errors/index.ts';
import {
  EDGE_LIMITS,
  encodeMessage,
  FrameSplitter,
  HELLO_LIMITS,
  MessageHeaders,
} from './index.ts';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

const frame = fc
  .tuple(fc.nat(70_000), fc.uint8Array({ maxLength: 30 }), fc.uint8Array({ maxLength: 60 }))
  .map(([contentType, header, body]) => {
    const headers =
      header.length === 0 ? new MessageHeaders() : new MessageHeaders().setBytes(1, header);
    return encodeMessage({ contentType, sequence: 1, headers, body });
  });
const frames = fc.array(frame, { maxLength: 12 });
const cuts = fc.array(fc.nat(90), { minLength: 1, maxLength: 40 });

function chunksOf(stream: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let rest = stream;
  for (let i = 0; rest.length > 0; i += 1) {
    // At least one byte in each round of sizes, so that this ends.
    const size = i % sizes.length === 0 ? Math.max(1, sizes[0]!) : sizes[i % sizes.length]!;
    chunks.push(rest.subarray(0, size));
    rest = rest.subarray(size);
  }
  return chunks;
}

describe('FrameSplitter', () => {
  it('gives back the same frames wherever the stream is split', () => {
    fc.assert(
      fc.property(frames, cuts, (sent, sizes) => {
        const received: Uint8Array[] = [];
        const splitter = new FrameSplitter(EDGE_LIMITS, (whole) => received.push(whole.slice()));
        for (const chunk of chunksOf(concatBytes(...sent), sizes)) splitter.push(chunk);
        expect(received).toEqual(sent);
      }),
    );
  });

  it('works byte by byte', () => {
    const sent = encodeMessage({ contentType: 7, sequence: 1, body: Uint8Array.of(1, 2, 3) });
    const onFrame = vi.fn();
    const splitter = new FrameSplitter(EDGE_LIMITS, onFrame);
    for (const byte of concatBytes(sent, sent)) splitter.push(Uint8Array.of(byte));
    expect(onFrame.mock.calls).toEqual([[sent], [sent]]);
  });

  it('does not copy a frame that lies within one chunk', () => {
    const one = encodeMessage({ contentType: 7, sequence: 1, body: Uint8Array.of(1) });
    const chunk = concatBytes(one, one);
    const buffers: ArrayBufferLike[] = [];
    new FrameSplitter(EDGE_LIMITS, (whole) => buffers.push(whole.buffer)).push(chunk);
    expect(buffers).toEqual([chunk.buffer, chunk.buffer]);
    expect(buffers.every((buffer) => buffer === chunk.buffer)).toBe(true);
  });

  it('refuses by the prefix alone, before the body comes, and stays refused', () => {
    const prefix = encodeMessage({ contentType: 7, sequence: 1 });
    new DataView(prefix.buffer).setUint32(16, EDGE_LIMITS.maxBodyBytes + 1, true);
    const splitter = new FrameSplitter(EDGE_LIMITS, vi.fn());
    splitter.push(prefix.subarray(0, 19));
    expect(() => splitter.push(prefix.subarray(19))).toThrow(code('ERR_CHANNEL_TOO_LARGE'));
    expect(() => splitter.push(encodeMessage({ contentType: 7, sequence: 1 }))).toThrow(
      code('ERR_CHANNEL_TOO_LARGE'),
    );
  });

  it('allocates no more than the limits for a frame in parts', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), fc.nat(2 ** 32 - 1), (headersBytes, bodyBytes) => {
        const prefix = encodeMessage({ contentType: 7, sequence: 1 });
        const view = new DataView(prefix.buffer);
        view.setUint32(12, headersBytes, true);
        view.setUint32(16, bodyBytes, true);
        const tooLarge =
          headersBytes > HELLO_LIMITS.maxHeadersBytes || bodyBytes > HELLO_LIMITS.maxBodyBytes;
        const splitter = new FrameSplitter(HELLO_LIMITS, vi.fn());
        if (tooLarge) expect(() => splitter.push(prefix)).toThrow(code('ERR_CHANNEL_TOO_LARGE'));
        else splitter.push(prefix);
      }),
    );
  });

  it('applies limits that the receiver raises between two frames of one chunk', () => {
    const small = encodeMessage({ contentType: 0, sequence: 1 });
    const large = encodeMessage({
      contentType: 7,
      sequence: 2,
      body: new Uint8Array(HELLO_LIMITS.maxBodyBytes + 1),
    });
    let count = 0;
    const splitter = new FrameSplitter(HELLO_LIMITS, () => {
      count += 1;
      splitter.limits = EDGE_LIMITS;
    });
    splitter.push(concatBytes(small, large));
    expect(count).toBe(2);
  });

  it('passes on what the receiver throws, and is unusable afterwards', () => {
    const one = encodeMessage({ contentType: 7, sequence: 1 });
    const failure = new Error('no more');
    const onFrame = vi.fn(() => {
      throw failure;
    });
    const splitter = new FrameSplitter(EDGE_LIMITS, onFrame);
    expect(() => splitter.push(one)).toThrow(failure);
    expect(() => splitter.push(one)).toThrow(failure);
    expect(onFrame).toHaveBeenCalledTimes(1);
  });

  it('throws only AppErrors for noise and flipped bits', () => {
    fc.assert(
      fc.property(frames, cuts, fc.nat(), fc.nat(7), (sent, sizes, at, bit) => {
        const stream = concatBytes(...sent);
        if (stream.length > 0) stream[at % stream.length]! ^= 1 << bit;
        const splitter = new FrameSplitter(EDGE_LIMITS, vi.fn());
        try {
          for (const chunk of chunksOf(stream, sizes)) splitter.push(chunk);
        } catch (error) {
          expect(isAppError(error)).toBe(true);
        }
      }),
    );
  });
});

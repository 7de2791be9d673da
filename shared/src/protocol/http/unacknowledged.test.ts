import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAck, encodeAck, encodeFragment, FragmentDecoder, Unacknowledged } from './index.ts';

describe('Unacknowledged', () => {
  it('holds what was sent until it is acknowledged', () => {
    const sent = new Unacknowledged<string>((text) => text.length);
    for (const text of ['a', 'bb', 'ccc']) sent.add(text);
    expect(sent.acknowledge(1)).toEqual(['a']);
    expect(sent.acknowledge(1)).toEqual([]);
    expect(sent.acknowledge(0)).toEqual([]);
    expect([sent.messages, sent.bytes]).toEqual([['bb', 'ccc'], 5]);
    sent.add('d');
    expect(sent.acknowledge(4)).toEqual(['bb', 'ccc', 'd']);
    expect(sent.bytes).toBe(0);
  });

  it('takes no ack for what was never sent', () => {
    const sent = new Unacknowledged<string>((text) => text.length);
    sent.add('a');
    expect(() => sent.acknowledge(2)).toThrow(
      expect.objectContaining({ code: 'ERR_HTTP_INVALID' }) as Error,
    );
    expect(sent.messages).toEqual(['a']);
  });
});

describe('ack', () => {
  it('carries any count', () => {
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (count) => {
        const bytes = encodeFragment({ kind: 'ack', last: true, payload: encodeAck(count) });
        const [fragment] = new FragmentDecoder().push(bytes);
        expect(fragment?.kind).toBe('ack');
        expect(decodeAck(fragment!.payload)).toBe(count);
      }),
    );
  });

  it.each([0, 7, 9])('is not %i bytes long', (length) => {
    expect(() => decodeAck(new Uint8Array(length))).toThrow(
      expect.objectContaining({ code: 'ERR_HTTP_INVALID' }) as Error,
    );
  });
});

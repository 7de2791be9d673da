import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, encodeUtf8, toHex } from '../../bytes/index.ts';
import {
  ContentLengthCheck,
  FragmentDecoder,
  contentLengthOf,
  decodeClose,
  decodeFields,
  decodeRequestHead,
  decodeResponseHead,
  encodeClose,
  encodeFields,
  encodeFragment,
  encodeMessage,
  encodeRequestHead,
  encodeResponseHead,
  type Field,
} from './index.ts';

const request = {
  method: 'GET',
  target: '/a?b=1',
  fields: [['accept', '*/*']] as Field[],
  webSocket: false,
};

describe('heads', () => {
  it('have the documented layout', () => {
    expect(toHex(encodeRequestHead(request))).toBe(
      '00' + '03474554' + '06002f613f623d31' + '0100' + '0600616363657074' + '03002a2f2a',
    );
    expect(toHex(encodeResponseHead({ status: 200, fields: [] }))).toBe('c8000000');
  });

  it('come back as they were', () => {
    expect(decodeRequestHead(encodeRequestHead(request))).toEqual(request);
    const response = {
      status: 404,
      fields: [
        ['x-a', 'é'],
        ['x-a', ''],
      ] as Field[],
    };
    expect(decodeResponseHead(encodeResponseHead(response))).toEqual(response);
  });

  it.each(['', 'a', '/a b', '/a#b', '/a\\b', '/ä', '/a\r\n', '//\0', 'http://x/'])(
    'refuse the target %j',
    (target) => {
      expect(() => encodeRequestHead({ ...request, target })).toThrow();
    },
  );

  it.each(['', 'G T', 'GET\r', 'CONNECT', 'TRACE', 'Track', 'X'.repeat(40)])(
    'refuse the method %j',
    (method) => {
      expect(() => encodeRequestHead({ ...request, method })).toThrow();
    },
  );

  it.each([
    ['Accept', 'x'],
    ['', 'x'],
    ['a b', 'x'],
    ['a:', 'x'],
    ['a', 'x\ry'],
    ['a', 'x\ny'],
    ['a', 'x\0'],
    ['a', ' x'],
    ['a', 'x\t'],
    ['a', 'x\u0100'],
    ['connection', 'close'],
    ['transfer-encoding', 'chunked'],
    ['host', 'x'],
    ['upgrade', 'x'],
    ['te', 'x'],
    ['expect', 'x'],
    ['keep-alive', 'x'],
    ['proxy-authorization', 'x'],
  ] as Field[])('refuse the field %j: %j, also when decoding', (name, value) => {
    expect(() => encodeFields([[name, value]])).toThrow();
    const raw = (text: string) =>
      concatBytes(Uint8Array.of(text.length, 0), Buffer.from(text, 'latin1'));
    if (value.includes('\u0100')) return;
    expect(() => decodeFields(concatBytes(Uint8Array.of(1, 0), raw(name), raw(value)))).toThrow();
  });

  it('keep their limits', () => {
    const many = (n: number): Field[] => Array.from({ length: n }, (_, i) => [`x${i}`, '']);
    expect(decodeFields(encodeFields(many(100)))).toHaveLength(100);
    expect(() => encodeFields(many(101))).toThrow(/too large/);
    expect(() => encodeFields([['a', 'x'.repeat(16_384)]])).toThrow(/too large/);
    expect(() => encodeRequestHead({ ...request, target: '/' + 'x'.repeat(8192) })).toThrow(
      /too large/,
    );
    expect(() => encodeResponseHead({ status: 600, fields: [] })).toThrow();
    expect(() => encodeRequestHead({ ...request, method: 'POST', webSocket: true })).toThrow();
  });

  it('stand any bytes, and encode what they accept to the same', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        for (const [decode, encode] of [
          [decodeRequestHead, encodeRequestHead],
          [decodeResponseHead, encodeResponseHead],
        ] as const) {
          let head;
          try {
            head = decode(bytes);
          } catch (error) {
            expect((error as { code: string }).code).toMatch(/^ERR_(HTTP|BYTES)_/);
            continue;
          }
          expect(encode(head as never)).toEqual(new Uint8Array(bytes));
        }
      }),
    );
  });
});

describe('content-length', () => {
  it('is a number that all fields agree on', () => {
    expect(contentLengthOf([])).toBeUndefined();
    expect(
      contentLengthOf([
        ['content-length', '5'],
        ['content-length', '5'],
      ]),
    ).toBe(5);
    for (const bad of ['-1', '+1', '1, 1', '', '0x1', '1'.repeat(16)]) {
      expect(() => contentLengthOf([['content-length', bad]])).toThrow();
    }
    expect(() =>
      contentLengthOf([
        ['content-length', '5'],
        ['content-length', '6'],
      ]),
    ).toThrow();
  });

  it('holds a body to it', () => {
    const check = new ContentLengthCheck(5);
    check.add(4);
    expect(() => check.end()).toThrow(/content-length/);
    check.add(1);
    check.end();
    expect(() => check.add(1)).toThrow(/content-length/);
    new ContentLengthCheck(undefined).end();
  });
});

describe('WebSocket fragments', () => {
  it('have the documented layout', () => {
    const bytes = encodeFragment({ kind: 'text', last: true, payload: encodeUtf8('hi') });
    expect(toHex(bytes)).toBe('81' + '02000000' + '6869');
    expect(toHex(encodeClose(1000, 'x'))).toBe('03e878');
    expect(decodeClose(encodeClose(4001, 'bye'))).toEqual({ code: 4001, reason: 'bye' });
    expect(decodeClose(encodeClose(undefined))).toEqual({ code: undefined, reason: '' });
    expect(() => decodeClose(Uint8Array.of(3))).toThrow();
  });

  it('come back however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.constantFrom('text', 'binary', 'ping'), fc.uint8Array({ maxLength: 120 })),
          { maxLength: 6 },
        ),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 9 }),
        (messages, cuts) => {
          const all = concatBytes(
            ...messages.flatMap(([kind, payload]) => [...encodeMessage(kind as 'text', payload)]),
          );
          const decoder = new FragmentDecoder();
          const seen: [string, Uint8Array][] = [];
          for (let at = 0, i = 0; at < all.length; i += 1) {
            const size = cuts[i % cuts.length] as number;
            for (const { kind, payload } of decoder.push(all.subarray(at, at + size))) {
              seen.push([kind, payload.slice()]);
            }
            at += size;
          }
          expect(decoder.isAtBoundary).toBe(true);
          expect(seen.map(([kind, payload]) => [kind, [...payload]])).toEqual(
            messages.map(([kind, payload]) => [kind, [...payload]]),
          );
        },
      ),
    );
  });

  it('splits large messages and refuses what breaks the rules', () => {
    expect([...encodeMessage('binary', new Uint8Array(150_000))].map((f) => f.length - 5)).toEqual([
      65_536, 65_536, 18_928,
    ]);
    const push = (...bytes: number[]) => new FragmentDecoder().push(Uint8Array.from(bytes));
    expect(() => push(0x83, 0, 0, 0, 0)).toThrow(/kind/);
    expect(() => push(0x81, 1, 0, 1, 0)).toThrow(/too large/);
    expect(() => push(0x09, 0, 0, 0, 0)).toThrow(/control/);
    expect(() => push(0x89, 126, 0, 0, 0)).toThrow(/control/);
    expect(() => push(0x01, 0, 0, 0, 0, 0x82, 0, 0, 0, 0)).toThrow(/inside/);
  });
});

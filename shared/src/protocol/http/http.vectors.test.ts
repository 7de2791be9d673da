import { describe, expect, it } from 'vitest';
import { counting, pinned } from '../../../../test/harness/vectors.ts';
import { encodeUtf8, fromHex, toHex } from '../../bytes/index.ts';
import { decodeFields, encodeFields, type Field } from './fields.ts';
import { applicationTimeMs } from './timing.ts';
import {
  decodeRequestHead,
  decodeResponseHead,
  encodeRequestHead,
  encodeResponseHead,
  type RequestHead,
  type ResponseHead,
} from './heads.ts';
import {
  FragmentDecoder,
  decodeClose,
  encodeClose,
  encodeFragment,
  encodeMessage,
  type WebSocketFragment,
} from './web-socket-fragments.ts';

const requests: RequestHead[] = [
  {
    method: 'GET',
    target: '/a%20b?x=1',
    fields: [
      ['accept', '*/*'],
      ['cookie', 'a=1; b=~1.AAAA'],
    ],
    webSocket: false,
  },
  { method: 'GET', target: '/ws', fields: [['sec-websocket-protocol', 'mqtt']], webSocket: true },
  { method: 'PROPFIND', target: '/', fields: [['content-length', '0']], webSocket: false },
];
const responses: ResponseHead[] = [
  { status: 103, fields: [['link', '</a.css>; rel=preload']] },
  {
    status: 200,
    fields: [
      ['content-type', 'text/html'],
      ['set-cookie', 'a=1'],
      ['set-cookie', 'name=\u00e9\tend'],
    ],
  },
  { status: 101, fields: [] },
  { status: 204, fields: [['postern-timing', 'application;dur=12.3']] },
];
const trailers: Field[][] = [[], [['server-timing', 'db;dur=53']]];

function computeHeads() {
  return {
    requests: requests.map((head) => ({ head, hex: toHex(encodeRequestHead(head)) })),
    responses: responses.map((head) => ({ head, hex: toHex(encodeResponseHead(head)) })),
    fieldLists: trailers.map((fields) => ({ fields, hex: toHex(encodeFields(fields)) })),
  };
}

const fragments: WebSocketFragment[] = [
  { kind: 'text', last: false, payload: encodeUtf8('Gr\u00fc') },
  { kind: 'ping', last: true, payload: encodeUtf8('?') },
  { kind: 'pong', last: true, payload: encodeUtf8('?') },
  { kind: 'text', last: true, payload: encodeUtf8('\u00dfe') },
  { kind: 'binary', last: true, payload: counting(4) },
  { kind: 'binary', last: true, payload: new Uint8Array() },
  { kind: 'close', last: true, payload: encodeClose(1001, 'going away') },
  { kind: 'close', last: true, payload: encodeClose(undefined) },
];

function computeFragments() {
  return {
    fragments: fragments.map((fragment) => ({
      kind: fragment.kind,
      last: fragment.last,
      payload: toHex(fragment.payload),
      hex: toHex(encodeFragment(fragment)),
    })),
    // A message of 65,537 zero bytes: the heads of its fragments and their payloads' lengths.
    longMessage: [...encodeMessage('binary', new Uint8Array(65_537))].map((fragment) => ({
      head: toHex(fragment.subarray(0, 5)),
      payloadBytes: fragment.length - 5,
    })),
  };
}

describe('http vectors', () => {
  it('match test/vectors/http.json and read back', () => {
    const computed = computeHeads();
    const vectors = pinned('http', computed);
    expect(computed).toEqual(vectors);
    for (const { head, hex } of vectors.requests)
      expect(decodeRequestHead(fromHex(hex))).toEqual(head);
    for (const { head, hex } of vectors.responses)
      expect(decodeResponseHead(fromHex(hex))).toEqual(head);
    for (const { fields, hex } of vectors.fieldLists)
      expect(decodeFields(fromHex(hex))).toEqual(fields);
  });

  it.each([
    ['application;dur=12.3', 12.3],
    ['application;dur=0', 0],
    ['application;dur=-1', undefined],
    ['application;dur=1e9', undefined],
    ['db;dur=5', undefined],
    ['', undefined],
  ])('read the time "%s"', (value, ms) => {
    expect(applicationTimeMs([['postern-timing', value]])).toBe(ms);
    expect(applicationTimeMs([])).toBeUndefined();
  });

  it('match test/vectors/websocket.json and read back', () => {
    const computed = computeFragments();
    const vectors = pinned('websocket', computed);
    expect(computed).toEqual(vectors);
    const decoder = new FragmentDecoder();
    const stream = fromHex(vectors.fragments.map(({ hex }) => hex).join(''));
    expect(decoder.push(stream)).toEqual(fragments);
    expect(decoder.isAtBoundary).toBe(true);
    expect(decodeClose(fragments[6]!.payload)).toEqual({ code: 1001, reason: 'going away' });
  });
});

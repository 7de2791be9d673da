/** Every decoder of `shared` that reads what a peer sent, with messages to begin from. */
import { encodeUtf8 } from '../../shared/src/bytes/index.ts';
import { parseCookieDate } from '../../shared/src/cookies/cookie-date.ts';
import { parseSetCookie } from '../../shared/src/cookies/set-cookie.ts';
import { createKeySet, verifyBindGrant, verifyDialGrant } from '../../shared/src/grants/index.ts';
import {
  checkFrame,
  ContentType,
  decodeCredit,
  decodeMessage,
  EDGE_LIMITS,
  encodeCredit,
  encodeData,
  encodeMessage,
  FrameSplitter,
  HeaderKey,
  MessageHeaders,
  peekConnectionId,
  peekContentType,
  type Message,
} from '../../shared/src/protocol/channel/index.ts';
import { decodeStructuredError } from '../../shared/src/protocol/channel/structured-error.ts';
import { controlMessages, type ControlType } from '../../shared/src/protocol/control/messages.ts';
import { ControlAssembler } from '../../shared/src/protocol/control/split.ts';
import { EdgeConnection } from '../../shared/src/protocol/edge/index.ts';
import { readCloseReason, refusal } from '../../shared/src/protocol/edge/close-reason.ts';
import { readHelloResult } from '../../shared/src/protocol/edge/edge-opening.ts';
import { readTraceHop } from '../../shared/src/protocol/edge/trace-route.ts';
import * as handshake from '../../shared/src/protocol/handshake/messages.ts';
import * as http from '../../shared/src/protocol/http/index.ts';
import { decodeFields, encodeFields } from '../../shared/src/protocol/http/fields.ts';
import * as fragments from '../../shared/src/protocol/http/web-socket-fragments.ts';
import * as resume from '../../shared/src/protocol/resume/messages.ts';
import * as record from '../../shared/src/protocol/session/record.ts';
import type { Random } from '../harness/random.ts';

export interface Decoder {
  readonly name: string;
  /** Well-formed messages. */
  readonly seeds: readonly Uint8Array[];
  /** May throw an AppError and nothing else. */
  readonly decode: (bytes: Uint8Array, random: Random) => unknown;
}

const zeros = (length: number): Uint8Array => new Uint8Array(length);
const message = (contentType: number, headers = new MessageHeaders(), body = zeros(0)) =>
  encodeMessage({ contentType, sequence: 1, headers, body });
const why = { code: 'ERR_NO_PATH', message: 'no', retryable: true } as const;
const closed = refusal(why, new MessageHeaders().setU32(HeaderKey.connId, 1));
const frames = [
  message(ContentType.challenge, new MessageHeaders().setString(HeaderKey.id, 'r1'), zeros(32)),
  message(
    ContentType.result,
    new MessageHeaders()
      .setI32(HeaderKey.replyFor, 1)
      .setBool(HeaderKey.success, true)
      .setString(HeaderKey.id, 'r1'),
  ),
  message(ContentType.latency, new MessageHeaders().setU64(HeaderKey.uuid, 1n)),
  message(ContentType.traceRouteResponse, new MessageHeaders().setU32(HeaderKey.connId, 1)),
  message(ContentType.stateClosed, closed.headers, closed.body),
  message(ContentType.dial, new MessageHeaders().setU32(HeaderKey.connId, 1), zeros(8)),
  encodeData(1, 1, 1, zeros(64)),
  encodeCredit(1, 100, 1, 1),
];
const onMessage =
  (use: (read: Message) => unknown) =>
  (bytes: Uint8Array): unknown =>
    use(decodeMessage(bytes, EDGE_LIMITS));
/** In pieces, as a socket hands them out. */
const inPieces = (bytes: Uint8Array, random: Random, push: (piece: Uint8Array) => void): void => {
  for (let offset = 0; offset < bytes.length;) {
    const end = offset + 1 + random.below(64);
    push(bytes.subarray(offset, end));
    offset = end;
  }
};

const controlTypes = Object.keys(controlMessages) as ControlType[];
const controlFrames = controlTypes.map((type) =>
  message(controlMessages[type].contentType, new MessageHeaders(), encodeUtf8('{"index":1}')),
);
const parted = message(
  controlMessages.delta.contentType,
  new MessageHeaders().setU32(HeaderKey.partNumber, 0).setU32(HeaderKey.partCount, 2),
  encodeUtf8('{"timeline":"t","previousIndex":1,"index":2,"changes":[]}'),
);

const requestHead = http.encodeRequestHead({
  method: 'POST',
  target: '/a?b=c',
  fields: [
    ['content-type', 'text/plain'],
    ['x-a', 'b'],
  ],
  webSocket: false,
});
const responseHead = http.encodeResponseHead({ status: 200, fields: [['etag', '"x"']] });
const webSocket = [
  ...fragments.encodeMessage('text', encodeUtf8('hello')),
  ...fragments.encodeMessage('close', fragments.encodeClose(1000, 'bye')),
];

const records = [
  record.encodeRecordHeader({ type: record.RecordType.data, fin: true, streamId: 1 }),
  record.encodeRecordHeader({ type: record.RecordType.open, fin: false, streamId: 1 }),
].map((header) => Uint8Array.from([...header, ...zeros(40)]));

const jws = encodeUtf8(
  'eyJhbGciOiJFUzI1NiIsImtpZCI6ImsiLCJ0eXAiOiJwb3N0ZXJuLWRpYWwrand0In0.eyJpc3MiOiJpIn0.' +
    'A'.repeat(86),
);
const keys = createKeySet([
  {
    kid: 'k',
    use: 'grant',
    issuer: 'i',
    jwk: { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) },
  },
]);
const time = { nowMs: 0, connected: true };
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

export const decoders: readonly Decoder[] = [
  { name: 'channel: message', seeds: frames, decode: onMessage(({ headers }) => headers) },
  {
    name: 'channel: frames in pieces',
    seeds: frames,
    decode: (bytes, random) => {
      const splitter = new FrameSplitter(
        EDGE_LIMITS,
        (frame) => void decodeMessage(frame, EDGE_LIMITS),
      );
      inPieces(bytes, random, (piece) => splitter.push(piece));
    },
  },
  {
    name: 'channel: what routers peek at',
    seeds: frames,
    decode: (bytes) => {
      checkFrame(bytes, EDGE_LIMITS);
      return [peekContentType(bytes), peekConnectionId(bytes)];
    },
  },
  { name: 'channel: credit', seeds: [encodeCredit(1, 100, 1, 1)], decode: decodeCredit },
  {
    name: 'channel: structured error',
    seeds: [encodeUtf8('{"code":"ERR_X","message":"m","retryHint":1}')],
    decode: decodeStructuredError,
  },
  {
    name: 'edge: connection of a browser',
    seeds: frames,
    decode: (bytes) => {
      const edge = new EdgeConnection({
        pipe: { send: () => undefined, bufferedBytes: 0, close: () => undefined },
        credentials: {
          mode: 'browser',
          token: 't',
          publicKey: zeros(65),
          sign: () => Promise.resolve(zeros(64)),
        },
        clock: { nowMs: () => 0, schedule: () => () => undefined },
      });
      edge.receive(bytes);
      edge.close();
    },
  },
  { name: 'edge: reason', seeds: frames, decode: onMessage((read) => readCloseReason(read)) },
  { name: 'edge: hello', seeds: frames, decode: onMessage(readHelloResult) },
  {
    name: 'edge: traceroute',
    seeds: frames,
    decode: onMessage((read) => readTraceHop(read, 1)),
  },
  {
    name: 'control: bodies',
    seeds: controlFrames,
    decode: onMessage((read) => new ControlAssembler({ accepts: controlTypes }).receive(read)),
  },
  {
    name: 'control: parts',
    seeds: [parted],
    decode: onMessage((read) => {
      const assembler = new ControlAssembler({ accepts: controlTypes });
      assembler.receive(read);
      return assembler.receive(read);
    }),
  },
  {
    name: 'handshake: M1',
    seeds: [
      handshake.encodeClientHello({
        version: 1,
        suites: [1],
        share: zeros(32),
        kemKey: zeros(1184),
        dialGrant: 'a.b.c',
      }),
    ],
    decode: handshake.decodeClientHello,
  },
  {
    name: 'handshake: M2',
    seeds: [handshake.encodeHostHello({ suite: 1, share: zeros(32), kemCiphertext: zeros(1088) })],
    decode: handshake.decodeHostHello,
  },
  {
    name: 'handshake: proof of the host',
    seeds: [handshake.encodeHostProof({ bindGrant: 'a.b.c', signature: zeros(64) })],
    decode: handshake.decodeHostProof,
  },
  {
    name: 'handshake: M3',
    seeds: [Uint8Array.of(3, 1, 2, 3)],
    decode: handshake.decodeClientFinish,
  },
  {
    name: 'handshake: proof of the client',
    seeds: [
      handshake.encodeClientProof({ key: zeros(65), signature: zeros(64), assertion: 'a.b.c' }),
    ],
    decode: handshake.decodeClientProof,
  },
  {
    name: 'resume: request',
    seeds: [
      Uint8Array.from([
        ...resume.encodeResume({ version: 1, id: zeros(16), attempt: 1, received: 5 }),
        ...zeros(32),
      ]),
    ],
    decode: resume.decodeResume,
  },
  {
    name: 'resume: answer',
    seeds: [Uint8Array.from([...resume.encodeResumed(5), ...zeros(32)])],
    decode: resume.decodeResumed,
  },
  { name: 'record: header', seeds: records, decode: record.decodeRecordHeader },
  {
    name: 'record: open',
    seeds: [record.encodeOpen('http', requestHead)],
    decode: record.decodeOpen,
  },
  { name: 'record: window', seeds: [record.encodeWindow(5)], decode: record.decodeWindow },
  { name: 'record: reason', seeds: [record.encodeReason(1, 'why')], decode: record.decodeReason },
  { name: 'record: auth', seeds: [record.encodeAuth('a.b.c', 'd.e.f')], decode: record.decodeAuth },
  { name: 'http: request', seeds: [requestHead], decode: http.decodeRequestHead },
  { name: 'http: response', seeds: [responseHead], decode: http.decodeResponseHead },
  {
    name: 'http: trailers',
    seeds: [encodeFields([['x-a', 'b']])],
    decode: decodeFields,
  },
  {
    name: 'websocket: fragments in pieces',
    seeds: webSocket,
    decode: (bytes, random) => {
      const decoder = new fragments.FragmentDecoder();
      inPieces(bytes, random, (piece) => void decoder.push(piece));
    },
  },
  {
    name: 'websocket: close and ack',
    seeds: [fragments.encodeClose(1000, 'bye'), fragments.encodeAck(3)],
    decode: (bytes) =>
      bytes.length === 8 ? fragments.decodeAck(bytes) : fragments.decodeClose(bytes),
  },
  {
    name: 'grants: dial',
    seeds: [jws],
    decode: (bytes) => verifyDialGrant(latin1(bytes), { keys, time }),
  },
  {
    name: 'grants: bind',
    seeds: [jws],
    decode: (bytes) => verifyBindGrant(latin1(bytes), { keys, time }),
  },
  {
    name: 'cookies: Set-Cookie',
    seeds: [
      encodeUtf8('a=b; Path=/; Domain=x.example; Max-Age=5; Secure; HttpOnly; SameSite=Lax'),
      encodeUtf8('__Host-a="b"; Expires=Wed, 21 Oct 2015 07:28:00 GMT; Partitioned'),
    ],
    decode: (bytes) => parseSetCookie(latin1(bytes), 0),
  },
  {
    name: 'cookies: date',
    seeds: [
      encodeUtf8('Wed, 21 Oct 2015 07:28:00 GMT'),
      encodeUtf8('Sunday, 06-Nov-94 08:49:37 GMT'),
    ],
    decode: (bytes) => parseCookieDate(latin1(bytes)),
  },
];

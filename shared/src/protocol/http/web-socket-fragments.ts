/**
 * WebSocket messages inside an upgraded stream (docs/protocol.md, "HTTP in a stream"):
 *
 *     u8 kind (1 text, 2 binary, 8 close, 9 ping, 10 pong, 11 ack; + 128 = last fragment) | u32 length | payload
 *
 * A message is split into fragments of the same kind. Control messages are one fragment of at most
 * 125 bytes and may stand between the fragments of another message (RFC 6455 §5.4, §5.5).
 */
import { ByteReader, ByteWriter, decodeUtf8, encodeUtf8, readU32 } from '../../bytes/index.ts';
import { httpError } from './limits.ts';

export const MAX_FRAGMENT_BYTES = 65_536;
const HEADER_BYTES = 5;
const FLAG_LAST = 128;
const MAX_CONTROL_BYTES = 125;

const kinds = { text: 1, binary: 2, close: 8, ping: 9, pong: 10, ack: 11 } as const;
const kindNames = new Map(
  Object.entries(kinds).map(([name, n]) => [n as number, name as FragmentKind]),
);

export type FragmentKind = keyof typeof kinds;

export interface WebSocketFragment {
  readonly kind: FragmentKind;
  /** The message ends with it. */
  readonly last: boolean;
  readonly payload: Uint8Array;
}

/** Throws `ERR_HTTP_INVALID` for a fragment beyond the limits. */
export function encodeFragment({ kind, last, payload }: WebSocketFragment): Uint8Array {
  checkFragment(kind, last, payload.length);
  return new ByteWriter(HEADER_BYTES + payload.length)
    .u8(kinds[kind] + (last ? FLAG_LAST : 0))
    .u32(payload.length)
    .bytes(payload)
    .finish();
}

/** A whole message as fragments. */
export function* encodeMessage(kind: FragmentKind, payload: Uint8Array): Generator<Uint8Array> {
  let offset = 0;
  do {
    const end = Math.min(offset + MAX_FRAGMENT_BYTES, payload.length);
    yield encodeFragment({
      kind,
      last: end === payload.length,
      payload: payload.subarray(offset, end),
    });
    offset = end;
  } while (offset < payload.length);
}

/** Cuts a byte stream, however it is split into chunks, into fragments. Holds at most one fragment. */
export class FragmentDecoder {
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #open: FragmentKind | undefined;

  /** True between two messages, with no byte of the next: the only place where a stream may end. */
  get isAtBoundary(): boolean {
    return this.#heldBytes === 0 && this.#open === undefined;
  }

  /** Fragments completed by `chunk`; throws `ERR_HTTP_INVALID`. Payloads may be views of `chunk`. */
  push(chunk: Uint8Array): WebSocketFragment[] {
    const fragments: WebSocketFragment[] = [];
    let rest = chunk;
    while (rest.length > 0) {
      const header = this.#take(rest, HEADER_BYTES);
      if (!header) return fragments;
      const kind = kindNames.get((header[0] as number) & ~FLAG_LAST);
      const last = ((header[0] as number) & FLAG_LAST) !== 0;
      const length = readU32(header, 1);
      if (!kind) throw httpError('unknown kind of WebSocket message');
      checkFragment(kind, last, length);
      this.#checkOrder(kind);
      const whole = this.#take(rest, HEADER_BYTES + length);
      if (!whole) return fragments;
      rest = rest.subarray(HEADER_BYTES + length - this.#heldBytes);
      this.#release();
      if (kind === 'text' || kind === 'binary') this.#open = last ? undefined : kind;
      fragments.push({ kind, last, payload: whole.subarray(HEADER_BYTES) });
    }
    return fragments;
  }

  /** The first `length` bytes of what is held and `rest`; if they are not there yet, holds `rest`. */
  #take(rest: Uint8Array, length: number): Uint8Array | undefined {
    if (this.#heldBytes + rest.length < length) {
      this.#held.push(rest.slice());
      this.#heldBytes += rest.length;
      return undefined;
    }
    if (this.#heldBytes === 0) return rest.subarray(0, length);
    const whole = new Uint8Array(length);
    let offset = 0;
    for (const part of this.#held) {
      whole.set(part.subarray(0, length - offset), offset);
      offset = Math.min(length, offset + part.length);
    }
    whole.set(rest.subarray(0, length - offset), offset);
    return whole;
  }

  #release(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }

  #checkOrder(kind: FragmentKind): void {
    const isData = kind === 'text' || kind === 'binary';
    if (isData && this.#open !== undefined && this.#open !== kind) {
      throw httpError('a message inside another');
    }
  }
}

/** Payload of a close message; `undefined` code is an empty payload (RFC 6455 §5.5.1). */
export function encodeClose(code: number | undefined, reason = ''): Uint8Array {
  if (code === undefined) return new Uint8Array();
  const text = encodeUtf8(reason);
  if (text.length > MAX_CONTROL_BYTES - 2) throw httpError('close reason too long');
  return new ByteWriter(2 + text.length).u16be(code).bytes(text).finish();
}

/** Throws `ERR_HTTP_INVALID` for one byte, `ERR_BYTES_UTF8` for a reason that is not UTF-8. */
export function decodeClose(payload: Uint8Array): { code: number | undefined; reason: string } {
  if (payload.length === 0) return { code: undefined, reason: '' };
  if (payload.length === 1) throw httpError('close payload of one byte');
  const reader = new ByteReader(payload);
  return { code: reader.u16be(), reason: decodeUtf8(reader.rest()) };
}

/** Payload of an ack: how many messages (text, binary, close) arrived since the WebSocket opened. */
export function encodeAck(messages: number): Uint8Array {
  return new ByteWriter(8).u64(BigInt(messages)).finish();
}

/** Throws `ERR_HTTP_INVALID` unless it is eight bytes. */
export function decodeAck(payload: Uint8Array): number {
  if (payload.length !== 8) throw httpError('malformed ack');
  return Number(new ByteReader(payload).u64());
}

function checkFragment(kind: FragmentKind, last: boolean, length: number): void {
  if (length > MAX_FRAGMENT_BYTES) throw httpError('fragment too large');
  if (kind === 'text' || kind === 'binary') return;
  if (!last || length > MAX_CONTROL_BYTES) throw httpError('malformed control message');
}

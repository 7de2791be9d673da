/**
 * {@link SocketEvent}s and {@link SocketCommand}s as bytes: web workers have no port to the service
 * worker, so there they travel in the bodies of a response and of requests.
 *
 *     u32 length (little-endian) | u8 type (0 JSON, 1 text message, 2 binary message) | payload
 */
import type { SocketCommand, SocketEvent } from './page.ts';

const HEADER_BYTES = 5;
const JSON_TYPE = 0;
const TEXT_TYPE = 1;
const BINARY_TYPE = 2;
/** As long as any message of a page or of an application may be. */
const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024 + 1024;

/** A command whose Blob has been read. */
export type PlainCommand =
  Exclude<SocketCommand, { kind: 'send' }> | { kind: 'send'; data: string | ArrayBuffer };

export function encodeSocketFrame(value: SocketEvent | PlainCommand): Uint8Array<ArrayBuffer> {
  const data = 'data' in value ? value.data : undefined;
  if (data instanceof ArrayBuffer) return frame(BINARY_TYPE, new Uint8Array(data));
  const text = new TextEncoder();
  return data === undefined
    ? frame(JSON_TYPE, text.encode(JSON.stringify(value)))
    : frame(TEXT_TYPE, text.encode(data));
}

/** A part of a stream of frames, whole: its payload and what it is. */
export interface SocketFrame {
  /** Parsed JSON, to be checked by who takes it; or a message. */
  value: { json: unknown } | { data: string | ArrayBuffer };
}

/** Cuts a byte stream into frames. Throws `RangeError` or `SyntaxError` for anything else. */
export class SocketFrameDecoder {
  readonly #held: Uint8Array[] = [];
  #heldBytes = 0;
  /** Bytes of the frame that is coming in, once its header is there. */
  #wantedBytes = HEADER_BYTES;

  push(chunk: Uint8Array): SocketFrame[] {
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    // A long message comes in many chunks: they are joined once, when it is whole.
    if (this.#heldBytes < this.#wantedBytes) return [];
    const bytes = join(this.#held.splice(0), this.#heldBytes);
    const view = new DataView(bytes.buffer);
    const frames: SocketFrame[] = [];
    let at = 0;
    this.#wantedBytes = HEADER_BYTES;
    while (bytes.length - at >= HEADER_BYTES) {
      const length = view.getUint32(at, true);
      if (length > MAX_PAYLOAD_BYTES) throw new RangeError('frame too long');
      const end = at + HEADER_BYTES + length;
      if (end > bytes.length) {
        this.#wantedBytes = end - at;
        break;
      }
      frames.push(decode(view.getUint8(at + 4), bytes.slice(at + HEADER_BYTES, end)));
      at = end;
    }
    this.#heldBytes = bytes.length - at;
    if (this.#heldBytes > 0) this.#held.push(bytes.subarray(at));
    return frames;
  }
}

function join(parts: readonly Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function frame(type: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  new DataView(bytes.buffer).setUint32(0, payload.length, true);
  bytes[4] = type;
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

function decode(type: number, payload: Uint8Array<ArrayBuffer>): SocketFrame {
  if (type === BINARY_TYPE) return { value: { data: payload.buffer } };
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload);
  if (type === TEXT_TYPE) return { value: { data: text } };
  if (type === JSON_TYPE) return { value: { json: JSON.parse(text) as unknown } };
  throw new RangeError('unknown frame');
}

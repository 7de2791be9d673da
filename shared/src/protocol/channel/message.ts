import { ByteReader, ByteWriter } from '../../bytes/index.ts';
import { AppError } from '../../errors/index.ts';
import { checkFrame, MAGIC, PREFIX_BYTES } from './frame.ts';
import type { FrameLimits } from './frame.ts';
import { MessageHeaders } from './headers.ts';

/** One decoded frame. Header values and body are views of the frame. */
export interface Message {
  readonly contentType: number;
  readonly sequence: number;
  readonly headers: MessageHeaders;
  readonly body: Uint8Array;
}

/** A message to encode; the sender's channel gives the sequence. */
export interface OutgoingMessage {
  readonly contentType: number;
  readonly sequence: number;
  readonly headers?: MessageHeaders;
  readonly body?: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);

/**
 * Decodes one whole frame. Throws `ERR_CHANNEL_MAGIC`, `ERR_CHANNEL_TOO_LARGE`,
 * `ERR_CHANNEL_TRUNCATED`, and `ERR_CHANNEL_HEADER` for a header that doesn't fit or a key given
 * twice (implementations differ in which one they keep, so it must not reach two readers).
 */
export function decodeMessage(frame: Uint8Array, limits: FrameLimits): Message {
  checkFrame(frame, limits);
  const prefix = new ByteReader(frame.subarray(4, PREFIX_BYTES));
  const contentType = prefix.i32();
  const sequence = prefix.i32();
  const bodyStart = PREFIX_BYTES + prefix.u32();
  return {
    contentType,
    sequence,
    headers: decodeHeaders(frame.subarray(PREFIX_BYTES, bodyStart)),
    body: frame.subarray(bodyStart),
  };
}

function decodeHeaders(bytes: Uint8Array): MessageHeaders {
  const headers = new MessageHeaders();
  const reader = new ByteReader(bytes);
  while (reader.remaining > 0) {
    if (reader.remaining < 8) throw new AppError('ERR_CHANNEL_HEADER', 'a header is cut off');
    const key = reader.i32();
    const length = reader.u32();
    if (length > reader.remaining)
      throw new AppError('ERR_CHANNEL_HEADER', `header ${key} is cut off`);
    if (headers.has(key)) throw new AppError('ERR_CHANNEL_HEADER', `header ${key} is given twice`);
    headers.setBytes(key, reader.bytes(length));
  }
  return headers;
}

/** Encodes a message into one new buffer, headers in the order they were set. */
export function encodeMessage(message: OutgoingMessage): Uint8Array<ArrayBuffer> {
  const headersBytes = message.headers?.byteLength ?? 0;
  const body = message.body ?? NO_BYTES;
  const writer = new ByteWriter(PREFIX_BYTES + headersBytes + body.length)
    .u32(MAGIC)
    .i32(message.contentType)
    .i32(message.sequence)
    .u32(headersBytes)
    .u32(body.length);
  if (message.headers !== undefined) {
    for (const [key, value] of message.headers.entries())
      writer.i32(key).u32(value.length).bytes(value);
  }
  return writer.bytes(body).finish();
}

/**
 * The data path. Postern's parts always write Data and CircuitCredit in one shape, so that a router
 * reads and rewrites at fixed offsets and never copies the body (docs/protocol.md, "Circuits"):
 *
 *     Data          20 e8 03 00 00 04 00 00 00 connection id u32
 *                   32 e9 03 00 00 04 00 00 00 circuit sequence u32
 *                   44 body
 *     CircuitCredit 20 e8 03 00 00 04 00 00 00 connection id u32
 *                   32 1d 0c 00 00 08 00 00 00 total bytes consumed u64
 *                   48 1e 0c 00 00 04 00 00 00 last sequence consumed u32
 *
 * Other header orders are legal (OpenZiti's SDKs use them) and are searched for header by header.
 * Frames given to these functions must have passed a FrameSplitter or `checkFrame`.
 */
import { readU32, writeU32 } from '../../bytes/index.ts';
import { AppError } from '../../errors/index.ts';
import { MAGIC, PREFIX_BYTES } from './frame.ts';
import { ContentType, HeaderKey } from './numbers.ts';

const FIRST_VALUE = PREFIX_BYTES + 8;
const SECOND_HEADER = PREFIX_BYTES + 12;
const SECOND_VALUE = SECOND_HEADER + 8;
const DATA_HEADERS_BYTES = 24;
/** Bytes before the body in a Data frame of Postern's shape. */
export const DATA_PREFIX_BYTES = PREFIX_BYTES + DATA_HEADERS_BYTES;
/** Largest Data body between Postern's parts: a 64 KiB record, its head and tag. */
export const MAX_DATA_BODY_BYTES = 65_536 + 24;

const CREDIT_HEADERS_BYTES = 40;

/** Where a header's value lies in a frame. */
export interface HeaderSpan {
  readonly offset: number;
  readonly length: number;
}

/** Encodes a Data frame; copies `body` once. */
export function encodeData(
  connectionId: number,
  sequence: number,
  channelSequence: number,
  body: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(DATA_PREFIX_BYTES + body.length);
  frame.set(body, DATA_PREFIX_BYTES);
  writeDataPrefix(frame, connectionId, sequence, channelSequence);
  return frame;
}

/**
 * Makes a Data frame of a buffer whose body lies at {@link DATA_PREFIX_BYTES} already: writes what
 * belongs before it, copies nothing.
 */
export function writeDataPrefix(
  frame: Uint8Array,
  connectionId: number,
  sequence: number,
  channelSequence: number,
): void {
  const bodyBytes = frame.length - DATA_PREFIX_BYTES;
  writePrefix(frame, ContentType.data, channelSequence, DATA_HEADERS_BYTES, bodyBytes);
  writeHeaderU32(frame, PREFIX_BYTES, HeaderKey.connId, connectionId);
  writeHeaderU32(frame, SECOND_HEADER, HeaderKey.sequence, sequence);
}

/** Encodes a CircuitCredit frame. `totalBytes` counts from the circuit's start, below 2⁵³. */
export function encodeCredit(
  connectionId: number,
  totalBytes: number,
  sequence: number,
  channelSequence: number,
): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(PREFIX_BYTES + CREDIT_HEADERS_BYTES);
  writePrefix(frame, ContentType.circuitCredit, channelSequence, CREDIT_HEADERS_BYTES, 0);
  writeHeaderU32(frame, PREFIX_BYTES, HeaderKey.connId, connectionId);
  writeU32(frame, SECOND_HEADER, HeaderKey.creditBytes);
  writeU32(frame, SECOND_HEADER + 4, 8);
  writeU32(frame, SECOND_VALUE, totalBytes % 2 ** 32);
  writeU32(frame, SECOND_VALUE + 4, Math.floor(totalBytes / 2 ** 32));
  writeHeaderU32(frame, SECOND_VALUE + 8, HeaderKey.creditSequence, sequence);
  return frame;
}

export function peekContentType(frame: Uint8Array): number {
  return readU32(frame, 4) | 0;
}

/** Header 1000, or `undefined` if the frame has none. Throws `ERR_CHANNEL_HEADER`. */
export function peekConnectionId(frame: Uint8Array): number | undefined {
  const offset = connectionIdOffset(frame);
  return offset === undefined ? undefined : readU32(frame, offset);
}

/** Changes header 1000 in place. Throws `ERR_CHANNEL_HEADER` if the frame has none. */
export function rewriteConnectionId(frame: Uint8Array, connectionId: number): void {
  const offset = connectionIdOffset(frame);
  if (offset === undefined)
    throw new AppError('ERR_CHANNEL_HEADER', 'the frame has no connection id');
  writeU32(frame, offset, connectionId);
}

/** Header 1001 of a Data frame, or `undefined` if it has none. Throws `ERR_CHANNEL_HEADER`. */
export function peekDataSequence(frame: Uint8Array): number | undefined {
  const fast =
    readU32(frame, 12) === DATA_HEADERS_BYTES &&
    isHeaderU32(frame, PREFIX_BYTES, HeaderKey.connId) &&
    isHeaderU32(frame, SECOND_HEADER, HeaderKey.sequence);
  if (fast) return readU32(frame, SECOND_VALUE);
  const span = findHeader(frame, HeaderKey.sequence);
  if (span === undefined) return undefined;
  if (span.length !== 4) throw new AppError('ERR_CHANNEL_HEADER', 'the sequence is not a u32');
  return readU32(frame, span.offset);
}

/** Header 1010 of a Data frame; 0 if it has none. Throws `ERR_CHANNEL_HEADER`. */
export function peekDataFlags(frame: Uint8Array): number {
  const span = findHeader(frame, HeaderKey.flags);
  if (span === undefined) return 0;
  if (span.length !== 4) throw new AppError('ERR_CHANNEL_HEADER', 'the flags are not a u32');
  return readU32(frame, span.offset);
}

/** The body as a view, whatever the headers are. */
export function dataBody(frame: Uint8Array): Uint8Array {
  return frame.subarray(PREFIX_BYTES + readU32(frame, 12));
}

/** Bytes of a frame's body. */
export function bodyLength(frame: Uint8Array): number {
  return readU32(frame, 16);
}

/** Bytes of headers in a Data frame of OpenZiti's SDKs; they use fewer than 100. */
const MAX_FOREIGN_HEADERS_BYTES = 256;

/**
 * Checks the headers of a Data frame whose shape is not ours. A key given twice would let its sender name
 * one connection to the router and another to the receiver (SDKs differ in which one they keep).
 *
 * @throws AppError `ERR_CHANNEL_HEADER`, `ERR_CHANNEL_TOO_LARGE`
 */
export function checkForeignData(frame: Uint8Array): void {
  const headersBytes = readU32(frame, 12);
  if (headersBytes > MAX_FOREIGN_HEADERS_BYTES)
    throw new AppError('ERR_CHANNEL_TOO_LARGE', `${headersBytes} bytes of headers in data`);
  const end = PREFIX_BYTES + headersBytes;
  const keys: number[] = [];
  for (let offset = PREFIX_BYTES; offset < end; offset += 8 + readU32(frame, offset + 4)) {
    if (end - offset < 8 || readU32(frame, offset + 4) > end - offset - 8)
      throw new AppError('ERR_CHANNEL_HEADER', 'a header is cut off');
    const key = readU32(frame, offset);
    if (keys.includes(key))
      throw new AppError('ERR_CHANNEL_HEADER', `header ${key} is given twice`);
    keys.push(key);
  }
}

/** What a CircuitCredit frame acknowledges. */
export interface Credit {
  readonly totalBytes: number;
  readonly sequence: number;
}

/** Reads a CircuitCredit frame. Throws `ERR_CHANNEL_HEADER` unless both numbers are there and sane. */
export function decodeCredit(frame: Uint8Array): Credit {
  const bytes = findHeader(frame, HeaderKey.creditBytes);
  const sequence = findHeader(frame, HeaderKey.creditSequence);
  if (bytes?.length !== 8 || sequence?.length !== 4) {
    throw new AppError('ERR_CHANNEL_HEADER', 'the credit is incomplete');
  }
  const totalBytes = readU32(frame, bytes.offset) + readU32(frame, bytes.offset + 4) * 2 ** 32;
  if (!Number.isSafeInteger(totalBytes))
    throw new AppError('ERR_CHANNEL_HEADER', 'the credit is too large');
  return { totalBytes, sequence: readU32(frame, sequence.offset) };
}

/** Finds a header's value without decoding the others. Throws `ERR_CHANNEL_HEADER` if they don't fit. */
export function findHeader(frame: Uint8Array, key: number): HeaderSpan | undefined {
  const end = PREFIX_BYTES + readU32(frame, 12);
  if (end > frame.length) throw new AppError('ERR_CHANNEL_HEADER', 'the headers are cut off');
  let offset = PREFIX_BYTES;
  while (offset < end) {
    if (end - offset < 8) throw new AppError('ERR_CHANNEL_HEADER', 'a header is cut off');
    const length = readU32(frame, offset + 4);
    if (length > end - offset - 8) throw new AppError('ERR_CHANNEL_HEADER', 'a header is cut off');
    if (readU32(frame, offset) === key) return { offset: offset + 8, length };
    offset += 8 + length;
  }
  return undefined;
}

function connectionIdOffset(frame: Uint8Array): number | undefined {
  if (readU32(frame, 12) >= 12 && isHeaderU32(frame, PREFIX_BYTES, HeaderKey.connId))
    return FIRST_VALUE;
  const span = findHeader(frame, HeaderKey.connId);
  if (span === undefined) return undefined;
  if (span.length !== 4) throw new AppError('ERR_CHANNEL_HEADER', 'the connection id is not a u32');
  return span.offset;
}

function isHeaderU32(frame: Uint8Array, offset: number, key: number): boolean {
  return readU32(frame, offset) === key && readU32(frame, offset + 4) === 4;
}

function writeHeaderU32(frame: Uint8Array, offset: number, key: number, value: number): void {
  writeU32(frame, offset, key);
  writeU32(frame, offset + 4, 4);
  writeU32(frame, offset + 8, value);
}

function writePrefix(
  frame: Uint8Array,
  contentType: number,
  sequence: number,
  headersBytes: number,
  bodyBytes: number,
): void {
  writeU32(frame, 0, MAGIC);
  writeU32(frame, 4, contentType);
  writeU32(frame, 8, sequence);
  writeU32(frame, 12, headersBytes);
  writeU32(frame, 16, bodyBytes);
}

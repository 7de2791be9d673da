/**
 * Record layout (docs/protocol.md, "Records"):
 *
 *     0 type u8 | 1 flags u8 | 2 zero u16 | 4 stream id u32 | 8 ciphertext ‖ tag (16)
 *
 * The first eight bytes are the additional data of the encryption.
 */
import {
  ByteReader,
  ByteWriter,
  decodeUtf8,
  encodeUtf8,
  readU32,
  writeU32,
} from '../../bytes/index.ts';
import { AppError } from '../../errors/index.ts';
import type { StreamType } from './types.ts';

export const RECORD_HEADER_BYTES = 8;
/** What a record adds to its plaintext. */
export const RECORD_OVERHEAD_BYTES = RECORD_HEADER_BYTES + 16;
export const MAX_PLAINTEXT_BYTES = 65_536;
/** Longest head of a stream: an `http` head with all its fields fits (target 8 KiB, fields 16 KiB). */
export const MAX_HEAD_BYTES = 32_768;
/** Longest reason of RESET and GOAWAY, in UTF-8 bytes. */
export const MAX_REASON_BYTES = 256;

export const RecordType = {
  open: 1,
  head: 2,
  data: 3,
  window: 4,
  reset: 5,
  trailers: 6,
  ping: 7,
  pong: 8,
  goaway: 9,
  rekey: 10,
  auth: 11,
} as const;
export type RecordType = (typeof RecordType)[keyof typeof RecordType];

/** Flag of DATA: ends this direction of the stream. */
const FLAG_FIN = 1;

const EMPTY = new Uint8Array();

/** What can be told from a record before it is opened; trustworthy only afterwards. */
export interface RecordHeader {
  readonly type: RecordType;
  readonly fin: boolean;
  readonly streamId: number;
}

/** One record before it is sealed. */
export interface OutgoingRecord extends RecordHeader {
  readonly payload: Uint8Array;
}

export function outgoing(
  type: RecordType,
  streamId: number,
  payload: Uint8Array = EMPTY,
  fin = false,
): OutgoingRecord {
  return { type, streamId, payload, fin };
}

export function encodeRecordHeader({ type, fin, streamId }: RecordHeader): Uint8Array {
  const header = new Uint8Array(RECORD_HEADER_BYTES);
  header[0] = type;
  header[1] = fin ? FLAG_FIN : 0;
  writeU32(header, 4, streamId);
  return header;
}

/** Checks the clear part of a record and its length; throws `ERR_RECORD_INVALID`. */
export function decodeRecordHeader(record: Uint8Array): RecordHeader {
  if (
    record.length < RECORD_OVERHEAD_BYTES ||
    record.length > RECORD_OVERHEAD_BYTES + MAX_PLAINTEXT_BYTES
  ) {
    throw invalidRecord('record of impossible length');
  }
  const type = record[0] as number;
  const flags = record[1] as number;
  const streamId = readU32(record, 4);
  if (!isRecordType(type)) throw invalidRecord('unknown record type');
  if (flags !== 0 && !(flags === FLAG_FIN && type === RecordType.data)) {
    throw invalidRecord('unknown record flags');
  }
  if (record[2] !== 0 || record[3] !== 0) throw invalidRecord('reserved bits are set');
  if (isStreamRecord(type) !== (streamId !== 0)) {
    throw invalidRecord('record type and stream id do not match');
  }
  return { type, fin: flags === FLAG_FIN, streamId };
}

export function invalidRecord(message: string, cause?: unknown): AppError {
  return new AppError('ERR_RECORD_INVALID', message, { cause });
}

function isRecordType(type: number): type is RecordType {
  return type >= RecordType.open && type <= RecordType.auth;
}

function isStreamRecord(type: RecordType): boolean {
  return type <= RecordType.trailers;
}

const streamTypes: readonly (StreamType | undefined)[] = [undefined, 'http', 'tcp'];

export function encodeOpen(type: StreamType, head: Uint8Array): Uint8Array {
  return new ByteWriter(1 + head.length).u8(streamTypes.indexOf(type)).bytes(head).finish();
}

export function decodeOpen(payload: Uint8Array): { type: StreamType; head: Uint8Array } {
  const reader = new ByteReader(payload);
  const type = streamTypes[reader.u8()];
  if (!type) throw invalidRecord('unknown stream type');
  if (reader.remaining > MAX_HEAD_BYTES) throw invalidRecord('head too long');
  return { type, head: reader.rest() };
}

export function encodeWindow(bytes: number): Uint8Array {
  return new ByteWriter(4).u32(bytes).finish();
}

export function decodeWindow(payload: Uint8Array): number {
  const reader = new ByteReader(payload);
  const bytes = reader.u32();
  reader.end();
  if (bytes === 0) throw invalidRecord('empty window update');
  return bytes;
}

/** Payload of RESET and GOAWAY. The reason is cut to {@link MAX_REASON_BYTES} at a character. */
export function encodeReason(code: number, reason: string): Uint8Array {
  let text = encodeUtf8(reason);
  if (text.length > MAX_REASON_BYTES) {
    let end = MAX_REASON_BYTES;
    // Bytes 10xxxxxx continue a character.
    while (((text[end] as number) & 0xc0) === 0x80) end -= 1;
    text = text.subarray(0, end);
  }
  return new ByteWriter(4 + text.length).u32(code).bytes(text).finish();
}

export function decodeReason(payload: Uint8Array): { code: number; reason: string } {
  const reader = new ByteReader(payload);
  const code = reader.u32();
  if (reader.remaining > MAX_REASON_BYTES) throw invalidRecord('reason too long');
  return { code, reason: decodeUtf8(reader.rest()) };
}

export function encodeAuth(dialGrant: string, assertion: string): Uint8Array {
  const grant = encodeUtf8(dialGrant);
  const proof = encodeUtf8(assertion);
  return new ByteWriter(4 + grant.length + proof.length)
    .u16(grant.length)
    .bytes(grant)
    .u16(proof.length)
    .bytes(proof)
    .finish();
}

export function decodeAuth(payload: Uint8Array): { dialGrant: string; assertion: string } {
  const reader = new ByteReader(payload);
  const dialGrant = decodeUtf8(reader.bytes(reader.u16()));
  const assertion = decodeUtf8(reader.bytes(reader.u16()));
  reader.end();
  return { dialGrant, assertion };
}

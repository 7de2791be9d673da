/**
 * Messages that move a session to another circuit (docs/protocol.md, "Resuming a session"):
 *
 *     R1  04 | version u8 | resumption id (16) | attempt u32 | received u64 | MAC (32)
 *     R2  05 | received u64 | MAC (32)
 */
import { ByteReader, ByteWriter } from '../../bytes/index.ts';
import { MAC_BYTES } from '../../crypto/index.ts';
import { AppError } from '../../errors/index.ts';

export const RESUME_VERSION = 1;
export const RESUMPTION_ID_BYTES = 16;

const RESUME_TAG = 4;
const RESUMED_TAG = 5;

/** R1 without its MAC. */
export interface ResumeRequest {
  readonly version: number;
  readonly id: Uint8Array;
  /** Grows with each attempt of a session, so that none can be used twice. */
  readonly attempt: number;
  /** Records the client has received on all circuits of the session. */
  readonly received: number;
}

/** A message and the part of it that its MAC covers. */
export interface Authenticated<T> {
  readonly content: T;
  readonly covered: Uint8Array;
  readonly mac: Uint8Array;
}

/** True if the first message of a circuit asks to resume a session, false if it begins one. */
export function isResume(message: Uint8Array): boolean {
  return message[0] === RESUME_TAG;
}

/** Without the MAC, which follows. */
export function encodeResume({ version, id, attempt, received }: ResumeRequest): Uint8Array {
  return new ByteWriter(2 + RESUMPTION_ID_BYTES + 12)
    .u8(RESUME_TAG)
    .u8(version)
    .bytes(id)
    .u32(attempt)
    .u64(BigInt(received))
    .finish();
}

/** Throws `ERR_RESUME_MESSAGE` or an `ERR_BYTES_…`. */
export function decodeResume(message: Uint8Array): Authenticated<ResumeRequest> {
  const reader = new ByteReader(message);
  if (reader.u8() !== RESUME_TAG) throw malformed('not a request to resume');
  const version = reader.u8();
  const id = reader.bytes(RESUMPTION_ID_BYTES);
  const attempt = reader.u32();
  const content = { version, id, attempt, received: count(reader) };
  return authenticated(message, reader, content);
}

/** Without the MAC, which follows. */
export function encodeResumed(received: number): Uint8Array {
  return new ByteWriter(9).u8(RESUMED_TAG).u64(BigInt(received)).finish();
}

/** Throws `ERR_RESUME_MESSAGE` or an `ERR_BYTES_…`. */
export function decodeResumed(message: Uint8Array): Authenticated<{ readonly received: number }> {
  const reader = new ByteReader(message);
  if (reader.u8() !== RESUMED_TAG) throw malformed('not an answer to a request to resume');
  return authenticated(message, reader, { received: count(reader) });
}

function authenticated<T>(message: Uint8Array, reader: ByteReader, content: T): Authenticated<T> {
  const covered = message.subarray(0, reader.offset);
  const mac = reader.bytes(MAC_BYTES);
  reader.end();
  return { content, covered, mac };
}

function count(reader: ByteReader): number {
  const value = reader.u64();
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed('impossible number of records');
  return Number(value);
}

function malformed(message: string): AppError {
  return new AppError('ERR_RESUME_MESSAGE', message);
}

/**
 * The frame of OpenZiti's channel v2 (docs/protocol.md, "Channel"):
 *
 *     0  magic 03 06 09 0c
 *     4  content type i32
 *     8  sequence i32
 *    12  headers length u32
 *    16  body length u32
 *    20  headers, then body
 *
 * All integers little-endian. The lengths are checked against limits before anything is allocated.
 */
import { readU32 } from '../../bytes/index.ts';
import { AppError } from '../../errors/index.ts';

export const PREFIX_BYTES = 20;
/** Bytes `03 06 09 0c` read as u32. */
export const MAGIC = 0x0c09_0603;

/** The most a peer may send in one frame. */
export interface FrameLimits {
  readonly maxHeadersBytes: number;
  readonly maxBodyBytes: number;
}

const KiB = 1024;
/** Until Hello is answered, on every kind of connection. */
export const HELLO_LIMITS: FrameLimits = { maxHeadersBytes: 16 * KiB, maxBodyBytes: 16 * KiB };
/** Edge connections and links. */
export const EDGE_LIMITS: FrameLimits = { maxHeadersBytes: 16 * KiB, maxBodyBytes: 68 * KiB };
/**
 * Edge connections of OpenZiti's SDKs, and links, which carry their data: what an application writes at
 * once is one message, which nobody between may split.
 */
export const SDK_LIMITS: FrameLimits = { maxHeadersBytes: 16 * KiB, maxBodyBytes: 4 * KiB * KiB };
/** Control channels. */
export const CONTROL_LIMITS: FrameLimits = {
  maxHeadersBytes: 16 * KiB,
  maxBodyBytes: 16 * KiB * KiB,
};

/**
 * Length of the whole frame whose 20-byte prefix starts `bytes`. Throws `ERR_CHANNEL_MAGIC` or
 * `ERR_CHANNEL_TOO_LARGE`, and `ERR_CHANNEL_TRUNCATED` when there is no whole prefix.
 */
export function frameLength(bytes: Uint8Array, limits: FrameLimits): number {
  if (bytes.length < PREFIX_BYTES) {
    throw new AppError('ERR_CHANNEL_TRUNCATED', 'the frame ends within its prefix');
  }
  if (readU32(bytes, 0) !== MAGIC)
    throw new AppError('ERR_CHANNEL_MAGIC', 'not a channel v2 frame');
  const headersBytes = readU32(bytes, 12);
  const bodyBytes = readU32(bytes, 16);
  if (headersBytes > limits.maxHeadersBytes || bodyBytes > limits.maxBodyBytes) {
    throw new AppError(
      'ERR_CHANNEL_TOO_LARGE',
      `frame of ${headersBytes} header and ${bodyBytes} body bytes exceeds the limits`,
    );
  }
  return PREFIX_BYTES + headersBytes + bodyBytes;
}

/**
 * Checks that `frame` is exactly one frame within the limits: what a WebSocket message must be.
 * Throws as {@link frameLength}, and `ERR_CHANNEL_TRUNCATED` when the length differs.
 */
export function checkFrame(frame: Uint8Array, limits: FrameLimits): void {
  if (frameLength(frame, limits) !== frame.length) {
    throw new AppError('ERR_CHANNEL_TRUNCATED', 'the frame is not as long as its prefix says');
  }
}

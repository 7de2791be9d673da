/** Bytes that a number determines, made as fast as they are sent, and what they hash to. */
import { createCipheriv, createHash } from 'node:crypto';

const CHUNK_BYTES = 65_536;

/** `length` bytes of the stream with that seed, in chunks. */
export function* streamBytes(seed: number, length: number): Generator<Buffer> {
  const key = createHash('sha256').update(`stream ${seed}`).digest().subarray(0, 16);
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  const zeros = Buffer.alloc(CHUNK_BYTES);
  for (let left = length; left > 0; left -= CHUNK_BYTES) {
    yield cipher.update(left < CHUNK_BYTES ? zeros.subarray(0, left) : zeros);
  }
}

export function streamHash(seed: number, length: number): string {
  const hash = createHash('sha256');
  for (const chunk of streamBytes(seed, length)) hash.update(chunk);
  return hash.digest('hex');
}

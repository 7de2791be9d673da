import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';

export type Coding = 'gzip' | 'br' | 'deflate' | 'raw deflate' | 'zstd';

export function encode(coding: Coding, body: Buffer): Buffer {
  switch (coding) {
    case 'gzip':
      return gzipSync(body);
    case 'br':
      return brotliCompressSync(body);
    case 'deflate':
      return deflateSync(body);
    case 'raw deflate':
      return deflateRawSync(body);
    case 'zstd':
      return zstdRaw(body);
  }
}

/** One frame with one raw block (RFC 8878 §3.1.1): Node 20 has no compressor. At most 64 KiB. */
function zstdRaw(body: Buffer): Buffer {
  const head = Buffer.alloc(4 + 1 + 2 + 3);
  head.writeUInt32LE(0xfd2fb528, 0);
  // A single segment whose size has two bytes, which count from 256.
  head.writeUInt8(0x60, 4);
  if (body.length < 256 || body.length > 65_535) throw new RangeError('256 to 65535 bytes only');
  head.writeUInt16LE(body.length - 256, 5);
  head.writeUIntLE((body.length << 3) | 1, 7, 3);
  return Buffer.concat([head, body]);
}

// A download of any size whose content, and so whose hash, everybody can compute: blocks of 1 MiB,
// block n being the AES-256-CTR key stream of an all-zero key at counter n × 65536.
import { createCipheriv, createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const BLOCK_BYTES = 1024 * 1024;
const MAX_MB = 65_536;
/** Larger downloads go without `x-sha256`, which is computed before the first byte. */
const MAX_HASHED_MB = 512;
const hashes = new Map();

/** @param {number} mb size in units of 1,048,576 bytes */
export async function sendDownload(response, mb) {
  if (!Number.isInteger(mb) || mb < 0 || mb > MAX_MB) {
    response.writeHead(400, { 'content-type': 'text/plain' });
    return response.end(`mb must be a whole number from 0 to ${MAX_MB}\n`);
  }
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': mb * BLOCK_BYTES,
    'content-disposition': `attachment; filename="sample-${mb}.bin"`,
    'cache-control': 'no-store',
    ...(mb <= MAX_HASHED_MB && { 'x-sha256': downloadSha256(mb) }),
  });
  // A browser that goes away ends the pipeline early, which is no failure of ours.
  await pipeline(Readable.from(blocksOf(mb)), response).catch(() => undefined);
}

/** SHA-256 of the download of that size, in hex. */
export function downloadSha256(mb) {
  let known = hashes.get(mb);
  if (known === undefined) {
    const hash = createHash('sha256');
    for (const block of blocksOf(mb)) hash.update(block);
    known = hash.digest('hex');
    hashes.set(mb, known);
  }
  return known;
}

function* blocksOf(mb) {
  const zeros = Buffer.alloc(BLOCK_BYTES);
  const cipher = createCipheriv('aes-256-ctr', Buffer.alloc(32), Buffer.alloc(16));
  for (let i = 0; i < mb; i += 1) yield cipher.update(zeros);
}

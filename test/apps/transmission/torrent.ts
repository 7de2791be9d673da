import { createHash } from 'node:crypto';

const pieceBytes = 16_384;

/** A private torrent of one file without a tracker (BEP 3, BEP 27). */
export function makeTorrent(name: string, content: Buffer): Buffer {
  const hashes: Buffer[] = [];
  for (let start = 0; start < content.length; start += pieceBytes) {
    const piece = content.subarray(start, start + pieceBytes);
    hashes.push(createHash('sha1').update(piece).digest());
  }
  const info = Buffer.concat([
    Buffer.from(
      `d6:lengthi${content.length}e4:name${Buffer.byteLength(name)}:${name}12:piece lengthi${pieceBytes}e6:pieces${hashes.length * 20}:`,
    ),
    ...hashes,
    Buffer.from('7:privatei1ee'),
  ]);
  return Buffer.concat([Buffer.from('d4:info'), info, Buffer.from('e')]);
}

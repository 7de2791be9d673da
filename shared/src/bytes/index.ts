export { concatBytes, decodeUtf8, encodeUtf8, equalBytes } from './bytes.ts';
export { ByteReader } from './byte-reader.ts';
export { ByteWriter } from './byte-writer.ts';
export { readU32, writeU32 } from './little-endian.ts';
export { fromBase64Url, fromHex, toBase64Url, toHex } from './text-encodings.ts';

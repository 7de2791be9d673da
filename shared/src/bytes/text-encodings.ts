import { AppError } from '../errors/index.ts';

export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** Parses lower- or upper-case hex without separators; throws `ERR_BYTES_HEX`. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new AppError('ERR_BYTES_HEX', 'not a hexadecimal byte string');
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i += 1)
    bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const VALUES = new Map(Array.from(ALPHABET, (symbol, value) => [symbol.charCodeAt(0), value]));

/** Base64url without padding (RFC 4648 §5, RFC 7515 §2). */
export function toBase64Url(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let bitCount = 0;
  for (const byte of bytes) {
    bits = ((bits << 8) | byte) & 0xffff;
    bitCount += 8;
    while (bitCount >= 6) {
      bitCount -= 6;
      text += ALPHABET.charAt((bits >>> bitCount) & 63);
    }
  }
  if (bitCount > 0) text += ALPHABET.charAt((bits << (6 - bitCount)) & 63);
  return text;
}

/**
 * Parses base64url without padding. Only the canonical form is accepted (no padding, no whitespace,
 * unused bits zero), so each byte string has exactly one text; otherwise throws `ERR_BYTES_BASE64URL`.
 */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.floor((text.length * 6) / 8));
  let bits = 0;
  let bitCount = 0;
  let length = 0;
  for (let i = 0; i < text.length; i += 1) {
    const value = VALUES.get(text.charCodeAt(i));
    if (value === undefined) throw new AppError('ERR_BYTES_BASE64URL', 'not base64url');
    bits = ((bits << 6) | value) & 0xffff;
    bitCount += 6;
    if (bitCount >= 8) {
      bitCount -= 8;
      bytes[length] = (bits >>> bitCount) & 0xff;
      length += 1;
    }
  }
  if (bitCount >= 6 || (bits & ((1 << bitCount) - 1)) !== 0) {
    throw new AppError('ERR_BYTES_BASE64URL', 'not canonical base64url');
  }
  return bytes;
}

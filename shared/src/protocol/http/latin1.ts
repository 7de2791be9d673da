import { httpError } from './limits.ts';

/** Bytes of a string whose characters are all below U+0100; throws `ERR_HTTP_INVALID`. */
export function encodeLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit > 0xff) throw httpError('a character does not fit latin-1');
    bytes[i] = unit;
  }
  return bytes;
}

/** One character per byte. */
export function decodeLatin1(bytes: Uint8Array): string {
  let text = '';
  // In slices: arguments of one call are limited.
  for (let i = 0; i < bytes.length; i += 4096) {
    text += String.fromCharCode(...bytes.subarray(i, i + 4096));
  }
  return text;
}

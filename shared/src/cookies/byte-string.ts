/**
 * Cookies are bytes (RFC 6265bis §5.6): header fields carry them as latin-1 strings, script reads and
 * writes them as UTF-8.
 */

/** A string of script as it stands in a header field. */
export function toByteString(text: string): string {
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
}

/** What script sees of a header field's string. */
export function fromByteString(bytes: string): string {
  if (/^[\x00-\x7f]*$/.test(bytes)) return bytes;
  const codes = Uint8Array.from(bytes, (char) => char.charCodeAt(0));
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(codes);
}

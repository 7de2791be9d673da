/**
 * What both ends of a session show, so that people can compare: the same only where one handshake joined
 * them. 120 bits, as 24 characters that cannot be taken for each other (Crockford's Base32).
 */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
export const FINGERPRINT_BYTES = 15;

/** `XXXX-XXXX-XXXX-XXXX-XXXX-XXXX` of {@link FINGERPRINT_BYTES} bytes. */
export function formatFingerprint(bytes: Uint8Array): string {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  const digits = (bits.match(/.{5}/g) ?? []).map(
    (five) => ALPHABET[Number.parseInt(five, 2)] ?? '',
  );
  return (digits.join('').match(/.{4}/g) ?? []).join('-');
}

/**
 * Whether a text is one compact JWS in the only form we accept (RFC 7515 §3.1): three non-empty
 * base64url parts, no padding, no white space, no unused bits set. Decoders are more lenient, which
 * would let one token be written in many ways.
 */
export function isCompactJws(token: string): boolean {
  const parts = token.split('.', 4);
  return parts.length === 3 && parts.every((part) => /^[\w-]+$/.test(part) && isCanonical(part));
}

/** The last character of base64url carries 2 or 4 bits that stand for nothing: they must be zero. */
function isCanonical(part: string): boolean {
  switch (part.length % 4) {
    case 1:
      return false;
    case 2:
      return /[AQgw]$/.test(part);
    case 3:
      return /[AEIMQUYcgkosw048]$/.test(part);
    default:
      return true;
  }
}

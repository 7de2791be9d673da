/**
 * The encoding a document declares about itself. Browsers look for `<meta charset>` in the first
 * 1,024 bytes only (HTML §13.2.3.2); the inserted runtime pushes it further down, so the worker
 * looks first and says what it found in `Content-Type`.
 */

/** How far browsers look. */
export const PRESCAN_BYTES = 1024;

/** The `charset` parameter of a `Content-Type`, lower case. */
export function charsetOfContentType(contentType: string): string | undefined {
  return /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType)?.[1]?.toLowerCase();
}

/** The encoding named by a `<meta>` in the first bytes, lower case. A simplified prescan: comments are skipped. */
export function charsetOfPrefix(bytes: Uint8Array): string | undefined {
  const text = latin1(bytes.subarray(0, PRESCAN_BYTES)).replace(/<!--[\s\S]*?(?:-->|$)/g, '');
  for (const [tag] of text.matchAll(/<meta[\s/][^>]*>/gi)) {
    const name = /[\s/"';]charset\s*=\s*["']?\s*([^\s"'/>;]+)/i.exec(tag)?.[1]?.toLowerCase();
    if (name === undefined) continue;
    // HTML §13.2.3.2: a document that could be read as ASCII is not UTF-16, whatever it says.
    return /^utf-?16/.test(name) ? 'utf-8' : name;
  }
  return undefined;
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

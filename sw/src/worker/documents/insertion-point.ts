/**
 * Finds where the runtime's `<script>` goes: after the doctype, comments, `<html …>` and
 * `<head …>`, and before everything else, so that it is the document's first script and the
 * attributes of `<html>` and `<head>` keep their effect. Works on bytes of any encoding that is a
 * superset of ASCII.
 */

/** Most bytes looked at; a document that hides its head behind more gets the script right there. */
export const MAX_PROLOGUE_BYTES = 8192;

const LT = 0x3c;
const GT = 0x3e;
const BANG = 0x21;
const QUESTION = 0x3f;
const DASH = 0x2d;
const SLASH = 0x2f;

/**
 * Offset to insert at, or `undefined` while `bytes` end inside the prologue and more could follow.
 * With `final` (no more bytes come, or none will be waited for) there is always an answer.
 */
export function findInsertionPoint(bytes: Uint8Array, final: boolean): number | undefined {
  const isFinal = final || bytes.length >= MAX_PROLOGUE_BYTES;
  let at = skipBom(bytes);
  for (;;) {
    const start = skipSpace(bytes, at);
    const end = prologueTokenEnd(bytes, start);
    if (end === 'incomplete') return isFinal ? at : undefined;
    if (end === 'other') return at;
    at = end.offset;
    if (end.isHead) return at;
  }
}

/** True when a byte order mark says UTF-16, where ASCII bytes cannot be inserted. */
export function hasUtf16Bom(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  return (first === 0xfe && second === 0xff) || (first === 0xff && second === 0xfe);
}

type TokenEnd = 'incomplete' | 'other' | { offset: number; isHead: boolean };

function prologueTokenEnd(bytes: Uint8Array, start: number): TokenEnd {
  if (start >= bytes.length) return 'incomplete';
  if (bytes[start] !== LT) return 'other';
  const next = bytes[start + 1];
  if (next === undefined) return 'incomplete';
  if (next === BANG) return declarationEnd(bytes, start);
  if (next === QUESTION) return after(bytes.indexOf(GT, start));
  return tagEnd(bytes, start);
}

/** A comment or a doctype. HTML §13.2.5.42 and following. */
function declarationEnd(bytes: Uint8Array, start: number): TokenEnd {
  if (bytes.length < start + 4) return 'incomplete';
  if (bytes[start + 2] !== DASH || bytes[start + 3] !== DASH)
    return after(bytes.indexOf(GT, start));
  // `<!-->` and `<!--->` are complete, empty comments.
  if (bytes[start + 4] === GT) return after(start + 4);
  if (bytes[start + 4] === DASH && bytes[start + 5] === GT) return after(start + 5);
  for (let i = start + 4; i + 2 < bytes.length; i++) {
    if (bytes[i] !== DASH || bytes[i + 1] !== DASH) continue;
    if (bytes[i + 2] === GT) return after(i + 2);
    if (bytes[i + 2] === BANG && bytes[i + 3] === GT) return after(i + 3);
  }
  return 'incomplete';
}

function tagEnd(bytes: Uint8Array, start: number): TokenEnd {
  const nameLength = 4;
  const name = asciiLower(bytes, start + 1, start + 1 + nameLength);
  if (name.length < nameLength && ('html'.startsWith(name) || 'head'.startsWith(name)))
    return 'incomplete';
  if (name !== 'html' && name !== 'head') return 'other';
  const following = bytes[start + 1 + nameLength];
  if (following === undefined) return 'incomplete';
  // `<header>` is not `<head>`.
  if (following !== GT && following !== SLASH && !isSpace(following)) return 'other';
  let quote: number | undefined;
  for (let i = start + 1 + nameLength; i < bytes.length; i++) {
    const byte = bytes[i];
    if (quote !== undefined) {
      if (byte === quote) quote = undefined;
    } else if ((byte === 0x22 || byte === 0x27) && startsValue(bytes, i)) quote = byte;
    else if (byte === GT) return { offset: i + 1, isHead: name === 'head' };
  }
  return 'incomplete';
}

/** A quote opens an attribute value only after `=`. */
function startsValue(bytes: Uint8Array, at: number): boolean {
  let i = at - 1;
  while (isSpace(bytes[i])) i--;
  return bytes[i] === 0x3d;
}

function after(offset: number): TokenEnd {
  return offset === -1 ? 'incomplete' : { offset: offset + 1, isHead: false };
}

function skipBom(bytes: Uint8Array): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let i = from;
  while (isSpace(bytes[i])) i++;
  return i;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09 || byte === 0x0c;
}

function asciiLower(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to)).toLowerCase();
}

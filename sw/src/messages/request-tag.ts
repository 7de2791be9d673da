/**
 * How page and worker name a request to each other, and what they count of it (`messages/requests.ts`).
 * Apart from the messages, because the page runtime has no room for their schemas.
 */

/** Bytes of a body under way between page and worker. */
export const UPLOAD_WINDOW_BYTES = 4 * 1024 * 1024;
export const UPLOAD_CHUNK_BYTES = 512 * 1024;
/** Bytes of an answer that the browser may hold unread where the page returns credit. */
export const RESPONSE_WINDOW_BYTES = 8 * 1024 * 1024;

/** A request as its URL's fragment names it. */
export interface RequestTag {
  /** `<random text of the page>-<number>`. */
  id: string;
  /** A `postern.upload` message brings the body. */
  hasUpload: boolean;
  /** The page returns credit for a long answer. */
  isPaced: boolean;
  /** Bytes of the body, where the browser sends it without saying so. */
  length?: number | undefined;
}

const pattern = /^#postern-([0-9a-f]{16}-\d{1,15})(u?)(c?)(?:l(\d{1,15}))?$/;

export function formatTag({ id, hasUpload, isPaced, length }: RequestTag): string {
  const marks = `${hasUpload ? 'u' : ''}${isPaced ? 'c' : ''}`;
  return `#postern-${id}${marks}${length === undefined ? '' : `l${length}`}`;
}

/** The tag in a URL's `hash`; `undefined` for any other. */
export function parseTag(hash: string): RequestTag | undefined {
  const match = pattern.exec(hash);
  if (match === null) return undefined;
  const length = match[4] === undefined ? undefined : Number(match[4]);
  return { id: match[1] ?? '', hasUpload: match[2] === 'u', isPaced: match[3] === 'c', length };
}

/** Whether an answer is so long, or of a length so unknown, that both sides count its bytes. */
export function isLong(headers: Headers): boolean {
  const length = headers.get('content-length');
  return length === null || !(Number(length) <= RESPONSE_WINDOW_BYTES);
}

const DOWNLOAD = '#postern-download=';

/** Fragment of a navigation whose answer shall become a file; `name` may be empty. */
export function formatDownload(name: string): string {
  return DOWNLOAD + encodeURIComponent(name);
}

/** The file name of {@link formatDownload}; `undefined` for any other fragment. */
export function parseDownload(hash: string): string | undefined {
  if (!hash.startsWith(DOWNLOAD)) return undefined;
  try {
    return decodeURIComponent(hash.slice(DOWNLOAD.length));
  } catch {
    return '';
  }
}

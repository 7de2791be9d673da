import { AppError } from '@postern/shared/errors';
import type { SessionStream } from '@postern/shared/protocol/session';

/** How long a request that may have a body waits for its first bytes, to tell "none" from "later". */
const FIRST_BYTES_WAIT_MS = 100;
const rarelyWithBody = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'DELETE']);

/** What is known about a request body when the request is sent to the app. */
export type RequestBody = { kind: 'none' } | { kind: 'stream'; chunks: AsyncIterable<Uint8Array> };

export interface RequestBodyOptions {
  method: string;
  contentLength: number | undefined;
  maxBytes: number | undefined;
  /** Ends reading, for example when the app answered without waiting for the body. */
  signal: AbortSignal;
  /** Told the length of each chunk handed on. */
  onBytes: (bytes: number) => void;
}

/**
 * Opens the body of a request. A browser's worker cannot see `content-length`, so for requests
 * without it the first bytes decide: many apps refuse a chunked body where none is usual.
 *
 * The chunks throw `ERR_HTTP_BODY_TOO_LARGE`, and what `stream.read` throws.
 */
export async function openRequestBody(
  stream: SessionStream,
  options: RequestBodyOptions,
): Promise<RequestBody> {
  const { contentLength, maxBytes, method, signal } = options;
  if (maxBytes !== undefined && (contentLength ?? 0) > maxBytes) throw tooLarge();
  if (contentLength === 0) return { kind: 'none' };
  const first = stream.read(signal);
  // Whoever iterates sees the rejection; nobody may if the request fails before.
  first.catch(() => undefined);
  if (contentLength === undefined) {
    const waited = rarelyWithBody.has(method)
      ? await first
      : await Promise.race([first, firstBytesTimeout()]);
    if (waited === undefined) return { kind: 'none' };
  }
  return { kind: 'stream', chunks: readChunks(stream, first, options) };
}

async function* readChunks(
  stream: SessionStream,
  first: Promise<Uint8Array | undefined>,
  { maxBytes, signal, onBytes }: RequestBodyOptions,
): AsyncGenerator<Uint8Array> {
  let total = 0;
  for (let chunk = await first; chunk !== undefined; chunk = await stream.read(signal)) {
    total += chunk.length;
    if (maxBytes !== undefined && total > maxBytes) throw tooLarge();
    onBytes(chunk.length);
    yield chunk;
  }
}

function firstBytesTimeout(): Promise<'later'> {
  return new Promise((resolve) => {
    setTimeout(resolve, FIRST_BYTES_WAIT_MS, 'later').unref();
  });
}

function tooLarge(): AppError {
  return new AppError('ERR_HTTP_BODY_TOO_LARGE', 'request body exceeds the limit of the service', {
    status: 413,
    publicMessage: 'What you sent is larger than this application allows.',
  });
}

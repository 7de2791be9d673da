/**
 * The body of an application's response, and the stream a page reads. A body ends only after the
 * authenticated end inside the session, at the announced length; anything else is an error the page
 * sees, because browsers take a short body for a complete one (browser lab, E).
 */
import { AppError } from '@postern/shared/errors';
import { ContentLengthCheck } from '@postern/shared/protocol/http';
import type { SessionStream } from '@postern/shared/protocol/session';
import type { ReadChunk } from '../documents/inject.ts';

/**
 * Longest body for script where the browser takes all there is, read or not: Firefox and WebKit do
 * (browser lab, "Backpressure towards the page"), Chromium stops at about 55 MB.
 */
export const MAX_UNPACED_BYTES = 512 * 1024 * 1024;

/** Chunks of a stream held to `expectedBytes`, the response's `content-length`. */
export function readBody(stream: SessionStream, expectedBytes: number | undefined): ReadChunk {
  const check = new ContentLengthCheck(expectedBytes);
  return async () => {
    const chunk = await stream.read();
    if (chunk === undefined) check.end();
    else check.add(chunk.length);
    return chunk;
  };
}

/** `read` as long as it gives no more than `maxBytes`; then it throws `ERR_SW_BODY_TOO_LARGE`. */
export function limitBody(read: ReadChunk, maxBytes: number): ReadChunk {
  let left = maxBytes;
  return async () => {
    const chunk = await read();
    left -= chunk?.length ?? 0;
    if (left < 0) throw new AppError('ERR_SW_BODY_TOO_LARGE', `more than ${maxBytes} bytes`);
    return chunk;
  };
}

/** Streams that pages still read. Held here: Firefox ends a stream whose controller was collected. */
const held = new Set<unknown>();

/** `read` as a stream that is asked only when the page reads, and cancelled when it stops. */
export function toPageStream(
  read: ReadChunk,
  stop: (reason: string) => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let handle: unknown;
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start(controller) {
        handle = { controller, read };
        held.add(handle);
      },
      async pull(controller) {
        try {
          const chunk = await read();
          if (chunk !== undefined) {
            controller.enqueue(chunk as Uint8Array<ArrayBuffer>);
            return;
          }
          held.delete(handle);
          controller.close();
        } catch (error) {
          held.delete(handle);
          stop('the body failed');
          controller.error(error);
        }
      },
      cancel() {
        held.delete(handle);
        stop('the page stopped reading');
      },
    },
    { highWaterMark: 0 },
  );
}

/** A response body without a byte and without an end: keeps the worker alive in Chromium (browser lab, F). */
export function silentStream(): ReadableStream<Uint8Array<ArrayBuffer>> {
  let handle: unknown;
  return new ReadableStream({
    start(controller) {
      handle = controller;
      held.add(handle);
    },
    cancel: () => void held.delete(handle),
  });
}

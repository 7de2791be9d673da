/**
 * The body of an application's response, and the stream a page reads. A body ends only after the
 * authenticated end inside the session, at the announced length; anything else is an error the page
 * sees, because browsers take a short body for a complete one (browser lab, E).
 */
import { ContentLengthCheck } from '@postern/shared/protocol/http';
import { ResetCode, type SessionStream } from '@postern/shared/protocol/session';
import type { ReadChunk } from '../documents/inject.ts';

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

/** Streams that pages still read. Held here: Firefox ends a stream whose controller was collected. */
const held = new Set<unknown>();

/** `read` as a stream that is asked only when the page reads, and resets `stream` when it stops. */
export function toPageStream(
  read: ReadChunk,
  stream: SessionStream,
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
          stream.reset(ResetCode.cancelled);
          controller.error(error);
        }
      },
      cancel() {
        held.delete(handle);
        stream.reset(ResetCode.cancelled, 'the page stopped reading');
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

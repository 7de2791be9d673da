/**
 * What the page runtime tells the service worker about requests of `fetch` and `XMLHttpRequest` that
 * the browser itself hides: that the page gave up, the bytes of a large body, and how much of an
 * answer was read. A request is named by the fragment of its URL, which workers see and networks
 * never do (`#postern-<number><flags>`); a redirect keeps it.
 *
 *     page → worker   RequestMessage by `controller.postMessage`
 *     per upload      UploadCommand and UploadEvent over the port transferred with `postern.upload`
 */
import { z } from 'zod';

/** `<page>-<number>`, as in the fragment. */
const id = z.string().max(40);

export const requestMessageSchema = z.discriminatedUnion('type', [
  /** The page gave up waiting, or is gone. */
  z.strictObject({ type: z.literal('postern.abort'), id }),
  /** The body of the request comes over the port. */
  z.strictObject({ type: z.literal('postern.upload'), id, length: z.int().min(0) }),
  /** The page read so many bytes of the answer: as many more may be given to the browser. */
  z.strictObject({ type: z.literal('postern.consumed'), id, bytes: z.int().min(0) }),
]);
export type RequestMessage = z.infer<typeof requestMessageSchema>;

/** Worker → page, on an upload's port. */
export type UploadCommand =
  /**
   * Sends the body from its first byte; again, as the next run, after a redirect that keeps the method.
   * What is under way of an earlier run is told apart by its number.
   */
  | { kind: 'start'; run: number }
  /** So many bytes were handed to the connection. */
  | { kind: 'taken'; bytes: number };

/** Page → worker, on an upload's port. */
export const uploadEventSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('chunk'), run: z.int(), bytes: z.instanceof(ArrayBuffer) }),
  /** The body cannot be read any more: a file that changed or went away. */
  z.strictObject({ kind: z.literal('failed') }),
]);
export type UploadEvent = z.infer<typeof uploadEventSchema>;

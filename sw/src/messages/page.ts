/**
 * What the page runtime and the service worker say to each other. Any script of the application's
 * origin can send these, so the worker parses each one and answers nothing that is secret.
 *
 *     page → worker   PageMessage by `controller.postMessage`
 *     worker → page   WorkerMessage by `client.postMessage`; the runtime stops them before the
 *                     application's own `message` listeners
 *     per WebSocket   SocketCommand and SocketEvent over the port transferred with `postern.websocket`
 */
import type { VisibleCookie } from '@postern/shared/cookies';
import { z } from 'zod';

/** Longest `document.cookie` assignment taken; browsers stop at 4,096 bytes for name and value. */
const MAX_COOKIE_LENGTH = 8192;
/** Most bytes of one WebSocket message from a page: as much as one write may hold in memory. */
const MAX_SOCKET_MESSAGE_BYTES = 64 * 1024 * 1024;

/** A WebSocket to go on with: its id, and how many of its messages this side has. */
const resumption = z.strictObject({ id: z.string().max(64), received: z.int().min(0) });
export type Resumption = z.infer<typeof resumption>;

/** What a page asks for with `new WebSocket`, or when its WebSocket was interrupted. */
export const socketRequestSchema = z.strictObject({
  url: z.string().max(16_384),
  protocols: z.array(z.string().max(256)).max(32),
  resume: resumption.optional(),
});
export type SocketRequest = z.infer<typeof socketRequestSchema>;

/** Most bytes of {@link farewellSchema}: as much as browsers let requests that outlive their page have. */
const MAX_FAREWELL_BYTES = 65_536;

/** A request that the page made while it was left, and whose answer nobody waits for. */
export const farewellSchema = z.strictObject({
  type: z.literal('postern.farewell'),
  /** Said twice, carried out once. */
  id: z.uuid(),
  url: z.string().max(16_384),
  method: z.string().max(32),
  headers: z.array(z.tuple([z.string().max(256), z.string().max(8192)])).max(64),
  credentials: z.enum(['omit', 'same-origin', 'include']),
  body: z
    .instanceof(Blob)
    .refine(({ size }) => size <= MAX_FAREWELL_BYTES)
    .optional(),
});
export type Farewell = z.infer<typeof farewellSchema>;

export const pageMessageSchema = z.discriminatedUnion('type', [
  /** Sent at intervals: keeps the worker alive and asks which life of it this is. */
  z.strictObject({ type: z.literal('postern.alive') }),
  /** With a port for what the page says last: messages by the browser's own way are lost when it is gone. */
  z.strictObject({ type: z.literal('postern.line') }),
  /** `document.cookie = value`. The same number may have come ahead in a request. */
  z.strictObject({
    type: z.literal('postern.cookie'),
    number: z.int().min(1),
    value: z.string().max(MAX_COOKIE_LENGTH),
  }),
  /** The page took over the cookies of this version. */
  z.strictObject({ type: z.literal('postern.cookies-seen'), version: z.int() }),
  /** The status page wants reports over the port it gives along, for a while. */
  z.strictObject({ type: z.literal('postern.watch-status') }),
  /** The person does not want to sign in now: what waits for it fails. */
  z.strictObject({ type: z.literal('postern.sign-in-declined') }),
  /** `new WebSocket(url, protocols)`, with one port of a channel. */
  socketRequestSchema.extend({ type: z.literal('postern.websocket') }),
]);
export type PageMessage = z.infer<typeof pageMessageSchema>;

export type WorkerMessage =
  | { type: 'postern.pong'; instance: string }
  /** The session ended while requests wait: ask the person. */
  | { type: 'postern.sign-in' }
  | { type: 'postern.signed-in' }
  /** A request to another application got no answer; for the console. */
  | { type: 'postern.withheld'; url: string; reason: string }
  /**
   * All script-visible cookies; `version` grows with each change while `instance` stays the same.
   * `written` is the number of the receiving page's last write that they include, 0 for none.
   */
  | { type: 'postern.cookies'; version: number; written: number; cookies: VisibleCookie[] };

const bytes = z.union([
  z.instanceof(ArrayBuffer).refine(({ byteLength }) => byteLength <= MAX_SOCKET_MESSAGE_BYTES),
  z.instanceof(Blob).refine(({ size }) => size <= MAX_SOCKET_MESSAGE_BYTES),
]);

/** Page → worker, on a WebSocket's port. */
export const socketCommandSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('send'),
    data: z.union([z.string().max(MAX_SOCKET_MESSAGE_BYTES), bytes]),
  }),
  z.strictObject({
    kind: z.literal('close'),
    code: z.int().min(1000).max(4999).optional(),
    reason: z.string().max(123).optional(),
  }),
  /** The page received one more message: the worker may send more. */
  z.strictObject({ kind: z.literal('taken') }),
]);
export type SocketCommand = z.infer<typeof socketCommandSchema>;

/** Worker → page, on a WebSocket's port. */
export type SocketEvent =
  /** Said at once: which life of the worker carries the socket. */
  | { kind: 'accepted'; instance: string }
  /** `resume` if it may be resumed; its count is that of the messages that the application has. */
  | { kind: 'open'; protocol: string; extensions: string; resume: Resumption | undefined }
  | { kind: 'message'; data: string | ArrayBuffer }
  /** Bytes of earlier `send`s that left: lowers `bufferedAmount`. */
  | { kind: 'sent'; bytes: number }
  /** The application has the first so many messages: none of them will be sent again. */
  | { kind: 'acked'; messages: number }
  /** Not an application's address: the page opens it itself. */
  | { kind: 'outside' }
  /** The way was lost; the page may ask for the same socket again. */
  | { kind: 'interrupted' }
  /** The end. `failed` asks for an `error` event first. */
  | { kind: 'closed'; code: number; reason: string; wasClean: boolean; failed: boolean };

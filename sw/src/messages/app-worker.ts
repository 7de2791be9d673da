/**
 * The application's own service worker runs in a shared (or dedicated) web worker that pages start for
 * it; our service worker leads events to it. Three parties talk, all of the application's origin:
 *
 *     page → ours     AppWorkerRequest by `controller.postMessage`, answered once on the port
 *                     transferred with it (AppWorkerReply); AppWorkerNotice without an answer
 *     ours → page     AppWorkerMessage by `client.postMessage`
 *     ours → worker   WorkerCommand, and back WorkerReport, over a port that a page was asked to connect
 *
 * Any script of the origin can send what a page or the worker may send: everything is parsed, nothing
 * answered is a secret, and a port counts only with the token of the request to connect it.
 */
import { z } from 'zod';

const id = z.uuid();
const url = z.string().max(8_192);
const message = z.string().max(1_024);

/** Of a registration or a worker, as pages see it. */
export interface AppWorkerFacts {
  id: string;
  scriptUrl: string;
  workerType: WorkerType;
  state: ServiceWorkerState;
}
export interface AppRegistrationFacts {
  id: string;
  scope: string;
  updateViaCache: ServiceWorkerUpdateViaCache;
  preload: { enabled: boolean; headerValue: string };
  /** Unregistered: controls the pages it has, and gets no more. */
  isLeaving: boolean;
  installing: AppWorkerFacts | null;
  waiting: AppWorkerFacts | null;
  active: AppWorkerFacts | null;
}
/** All registrations of the origin, and which of them controls the page that is told. */
export interface AppWorkerState {
  /** Rises with each state made: replies and broadcasts come by ways that may overtake each other. */
  revision: number;
  controller: string | null;
  registrations: AppRegistrationFacts[];
}

export const appWorkerRequestSchema = z.discriminatedUnion('type', [
  /** `navigator.serviceWorker.register`; URLs are absolute. */
  z.strictObject({
    type: z.literal('postern.app-worker.register'),
    scriptUrl: url,
    scope: url.optional(),
    workerType: z.enum(['classic', 'module']),
    updateViaCache: z.enum(['imports', 'all', 'none']),
  }),
  z.strictObject({ type: z.literal('postern.app-worker.update'), registration: id }),
  z.strictObject({ type: z.literal('postern.app-worker.unregister'), registration: id }),
  /** `registration.navigationPreload`: what is given changes. */
  z.strictObject({
    type: z.literal('postern.app-worker.preload'),
    registration: id,
    enabled: z.boolean().optional(),
    headerValue: message.optional(),
  }),
  /** Start the worker here: this page is open for nothing else. */
  z.strictObject({ type: z.literal('postern.app-worker.start'), worker: id }),
  /** The present state; from a document that got none with its first script. */
  z.strictObject({ type: z.literal('postern.app-worker.look') }),
]);
export type AppWorkerRequest = z.infer<typeof appWorkerRequestSchema>;

/** What a failed call is rejected with: a `TypeError` or a `DOMException` of that name. */
export interface AppWorkerFailure {
  name: string;
  message: string;
}
export type AppWorkerReply = { state: AppWorkerState } & (
  { ok: true; registration?: string; removed?: boolean } | { ok: false; error: AppWorkerFailure }
);

export const appWorkerNoticeSchema = z.discriminatedUnion('type', [
  /** `worker.postMessage`; ports that went with it are transferred. */
  z.strictObject({ type: z.literal('postern.app-worker.post'), worker: id, data: z.unknown() }),
  /** Answers {@link AppWorkerMessage} `connect`, with one end of a channel to the worker. */
  z.strictObject({ type: z.literal('postern.app-worker.connected'), token: id }),
  /** The worker could not be started here. */
  z.strictObject({ type: z.literal('postern.app-worker.failed'), token: id, reason: message }),
]);
export type AppWorkerNotice = z.infer<typeof appWorkerNoticeSchema>;

export type AppWorkerMessage =
  /** Start this worker, or find the one that runs, and send ports to it and back. */
  | {
      type: 'postern.app-worker.connect';
      token: string;
      worker: string;
      scriptUrl: string;
      workerType: WorkerType;
    }
  /** `updateFound` names the registration that an `updatefound` event is for. */
  | { type: 'postern.app-worker.state'; state: AppWorkerState; updateFound?: string }
  /** `client.postMessage` of that worker. */
  | { type: 'postern.app-worker.message'; worker: string; data: unknown };

/** A client as the worker sees it. */
export interface ClientFacts {
  id: string;
  url: string;
  type: ClientTypes;
  frameType: string;
  visibilityState: DocumentVisibilityState;
  focused: boolean;
}

/** `FetchEvent.request` without its body, which the worker asks for if it wants it. */
export interface RequestSummary {
  url: string;
  method: string;
  headers: [string, string][];
  mode: RequestMode;
  credentials: RequestCredentials;
  cache: RequestCache;
  redirect: RequestRedirect;
  referrer: string;
  referrerPolicy: ReferrerPolicy;
  integrity: string;
  destination: string;
  keepalive: boolean;
  hasBody: boolean;
}

export type WorkerEventFacts =
  | { type: 'install' }
  | { type: 'activate' }
  | { type: 'message'; data: unknown; source: ClientFacts; origin: string }
  | {
      type: 'fetch';
      request: RequestSummary;
      clientId: string;
      resultingClientId: string;
      /** Value of the preload's header field; `undefined` where none is made. */
      preload: string | undefined;
    };

/** Ours → worker. */
export type WorkerCommand =
  /** Said first on the port that is used, of those that pages connected. */
  | { kind: 'adopted' }
  | { kind: 'event'; id: string; event: WorkerEventFacts }
  /** The page gave up its request. */
  | { kind: 'abort'; id: string }
  | { kind: 'state'; registration: AppRegistrationFacts; worker: string }
  /** It is of no use any more. */
  | { kind: 'close' }
  | { kind: 'reply'; id: string; value: unknown }
  | { kind: 'refused'; id: string; error: AppWorkerFailure };

const responseHead = z.strictObject({
  status: z.int().min(0).max(599),
  statusText: z.string().max(1_024),
  headers: z.array(z.tuple([z.string().max(256), z.string().max(65_536)])).max(512),
  type: z.enum(['basic', 'cors', 'default', 'error', 'opaque', 'opaqueredirect']),
  redirected: z.boolean(),
});

const answer = z.discriminatedUnion('kind', [
  /** No `respondWith`: the request is ours to answer. */
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('error'), reason: message }),
  /** The answer that the application gave to `part` of the request; `isCopied` if the worker reads it too. */
  z.strictObject({
    kind: z.literal('passed'),
    part: z.enum(['whole', 'preload']),
    isCopied: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal('response'),
    head: responseHead,
    body: z.union([z.instanceof(ReadableStream), z.instanceof(ArrayBuffer), z.null()]),
  }),
]);
export type WorkerAnswer = z.infer<typeof answer>;

/** What the worker's scope asks of the browser. */
const call = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('skipWaiting') }),
  z.strictObject({ method: z.literal('claim') }),
  z.strictObject({
    method: z.literal('matchAll'),
    type: z.enum(['window', 'worker', 'sharedworker', 'all']),
    includeUncontrolled: z.boolean(),
  }),
  z.strictObject({ method: z.literal('getClient'), client: z.string().max(128) }),
  z.strictObject({
    method: z.literal('post'),
    client: z.string().max(128),
    data: z.unknown(),
  }),
  z.strictObject({ method: z.literal('navigate'), client: z.string().max(128), url }),
  z.strictObject({ method: z.literal('focus'), client: z.string().max(128) }),
  z.strictObject({ method: z.literal('openWindow'), url }),
  z.strictObject({ method: z.literal('update') }),
  z.strictObject({ method: z.literal('unregister') }),
  z.strictObject({
    method: z.literal('preload'),
    enabled: z.boolean().optional(),
    headerValue: message.optional(),
  }),
]);
export type WorkerCall = z.infer<typeof call>;

/** Worker → ours. */
export const workerReportSchema = z.discriminatedUnion('kind', [
  /** Said first on each port: the script ran. `installed` and `activated` if it did so before. */
  z.strictObject({
    kind: z.literal('ready'),
    error: message.optional(),
    handlesFetch: z.boolean(),
    installed: z.boolean().optional(),
    activated: z.boolean().optional(),
  }),
  /** The event reached the worker. */
  z.strictObject({ kind: z.literal('taken'), id }),
  /** A fetch event's answer. */
  z.strictObject({ kind: z.literal('answer'), id, answer }),
  /** All that the event was extended by is over; `error` where it failed. */
  z.strictObject({ kind: z.literal('done'), id, error: message.optional() }),
  z.strictObject({ kind: z.literal('call'), id, call }),
]);
export type WorkerReport = z.infer<typeof workerReportSchema>;

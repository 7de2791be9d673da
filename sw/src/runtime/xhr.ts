/**
 * `XMLHttpRequest` for the application's own origin stays the browser's; this adds aborts before the
 * head, the events of `upload` (engines report only bytes that they send themselves), large bodies
 * where workers get none, and an error for synchronous requests where they would go past the worker.
 */
import { SELF_MEASURED_BYTES, SMALL_UPLOAD_BYTES, type HookOptions } from './fetch.ts';
import { intercept } from './native-look.ts';
import { toUploadBody } from './upload-body.ts';
import { createUploadEvents } from './upload-events.ts';

export interface XhrHookOptions extends HookOptions {
  /** Synchronous requests of this scope bypass the worker (Chromium, in windows). */
  refusesSync: boolean;
}

/** What the page said with `open` and `setRequestHeader`. */
interface Opened {
  args: unknown[];
  url: URL;
  hasBody: boolean;
  isSync: boolean;
  headers: [string, string][];
}

const SYNC_MESSAGE =
  'Postern: a synchronous XMLHttpRequest cannot reach the application in this browser. Make it asynchronous, or use it in a web worker.';
const OPENED = 1;

export function interceptXhr(
  scope: { XMLHttpRequest: typeof XMLHttpRequest; location: { origin: string } },
  { tracker, isControlled, isUnpaced, refusesSync }: XhrHookOptions,
): void {
  const opened = new WeakMap<XMLHttpRequest, Opened>();
  /** Whose `upload` the page looked at: it may listen there. */
  const watched = new WeakSet<XMLHttpRequest>();
  const { prototype } = scope.XMLHttpRequest;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the right `this` below
  const { open: nativeOpen, setRequestHeader: nativeSetHeader } = prototype;

  intercept(prototype, 'open', (native, self, args) => {
    const xhr = self as XMLHttpRequest;
    const result: unknown = Reflect.apply(native, self, args);
    const url = new URL(String(args[1]), document.baseURI);
    if (isControlled() && url.origin === scope.location.origin) {
      const hasBody = !['GET', 'HEAD'].includes(String(args[0]).toUpperCase());
      const isSync = args.length > 2 && args[2] !== undefined && !args[2];
      opened.set(xhr, { args, url, hasBody, isSync, headers: [] });
    } else opened.delete(xhr);
    return result;
  });

  intercept(prototype, 'setRequestHeader', (native, self, args) => {
    const result: unknown = Reflect.apply(native, self, args);
    opened.get(self as XMLHttpRequest)?.headers.push([String(args[0]), String(args[1])]);
    return result;
  });

  intercept(prototype, 'upload', (native, self, args) => {
    watched.add(self as XMLHttpRequest);
    return Reflect.apply(native, self, args);
  });

  intercept(prototype, 'send', (native, self, args) => {
    const xhr = self as XMLHttpRequest;
    const state = opened.get(xhr);
    if (state === undefined || xhr.readyState !== OPENED) return Reflect.apply(native, self, args);
    opened.delete(xhr);
    if (state.isSync) {
      if (!refusesSync) return Reflect.apply(native, self, args);
      // eslint-disable-next-line no-console -- for whoever develops the page
      console.error(SYNC_MESSAGE);
      throw new DOMException(SYNC_MESSAGE, 'NetworkError');
    }
    const body = state.hasBody ? toUploadBody(args[0]) : undefined;
    const isLarge = isUnpaced && (body?.blob.size ?? 0) > SMALL_UPLOAD_BYTES;
    const upload = isLarge || watched.has(xhr) ? body : undefined;
    const events =
      upload && watched.has(xhr) ? createUploadEvents(xhr, upload.blob.size) : undefined;
    const isStreamed =
      !isUnpaced && upload === undefined && (body?.blob.size ?? 0) > SELF_MEASURED_BYTES;
    const streamed = isStreamed ? body : undefined;
    const request = tracker.track({
      url: state.url,
      upload: upload?.blob,
      length: streamed?.blob.size,
      ...(events && { onSent: events.sent }),
      isPaced: false,
      outlivesPage: false,
    });
    // Opened again under the tagged URL: what else was set on the object stays (XHR §4.5.1).
    const [method, , ...rest] = state.args;
    Reflect.apply(nativeOpen, xhr, [method, request.url, ...(rest.length > 0 ? rest : [true])]);
    for (const header of state.headers) Reflect.apply(nativeSetHeader, xhr, header);
    const sent = upload ?? streamed;
    if (sent?.type !== undefined && !state.headers.some(([name]) => /^content-type$/i.test(name)))
      Reflect.apply(nativeSetHeader, xhr, ['content-type', sent.type]);
    for (const name of ['abort', 'timeout', 'error']) {
      xhr.addEventListener(name, request.abort, { once: true });
    }
    xhr.addEventListener('loadend', request.settle, { once: true });
    if (streamed) Reflect.apply(native, self, [streamed.blob]);
    else Reflect.apply(native, self, upload === undefined ? args : []);
    events?.start();
    return undefined;
  });
}

/**
 * `Worker` and `SharedWorker` of `blob:` URLs: their scripts come past the service worker, which puts
 * the runtime into all others. Here it is put before the blob's text.
 */
import { codeBefore, readPrologue } from '../script/prologue.ts';
import { watchBlobUrls } from './blob-urls.ts';

/** Blob URLs of shared workers given out, so that the same URL leads to the same worker. */
const MAX_SHARED = 64;

type WorkerConstructor = new (url: string | URL, options?: unknown) => object;

export interface WorkersScope {
  Worker?: unknown;
  SharedWorker?: unknown;
  XMLHttpRequest: typeof globalThis.XMLHttpRequest;
  URL: typeof globalThis.URL;
}

/** @param runtimeUrl absolute URL of the runtime for workers */
export function patchWorkers(scope: WorkersScope, runtimeUrl: string): void {
  const readBlob = createBlobReader(scope.XMLHttpRequest);
  const blobs = watchBlobUrls(scope.URL);
  const shared = new Map<string, string>();

  const withRuntime = (url: string, type: string): string | undefined => {
    const script = JSON.stringify(runtimeUrl);
    const code = type === 'module' ? `import ${script};` : `importScripts(${script});`;
    const text = readBlob(url);
    const prologue = text === undefined ? undefined : readPrologue(text, true);
    const blob = blobs.find(url);
    // Modules of another type are refused (HTML §8.1.4.2).
    const options = { type: blob?.type ?? 'text/javascript' };
    if (text === undefined || prologue === undefined) {
      // Where the page's policy lets nobody read it, a classic script counts as a sloppy one.
      return blob && blobs.create(new Blob([code, blob], options));
    }
    const parts = [text.slice(0, prologue.at), codeBefore(prologue, code), text.slice(prologue.at)];
    return blobs.create(new Blob(parts, options));
  };

  const patch = (name: 'Worker' | 'SharedWorker'): void => {
    const native = scope[name];
    if (typeof native !== 'function') return;
    const value = new Proxy(native as WorkerConstructor, {
      construct(target, args: unknown[], newTarget): object {
        const construct = (url: unknown): object =>
          Reflect.construct(
            target,
            [url, ...args.slice(1)],
            newTarget === value ? target : newTarget,
          ) as object;
        const [given, options] = args;
        const url = String(given);
        // A trusted URL has no equal: Trusted Types would refuse ours, and report it.
        const isTrusted = typeof given === 'object' && !(given instanceof URL);
        if (args.length === 0 || isTrusted || !/^blob:/i.test(url)) {
          return Reflect.construct(
            target,
            args,
            newTarget === value ? target : newTarget,
          ) as object;
        }
        const ours =
          (name === 'SharedWorker' ? shared.get(url) : undefined) ??
          withRuntime(url, typeOf(options));
        if (ours === undefined) return construct(given);
        try {
          return construct(ours);
        } catch {
          // Trusted Types, for example, take no string.
          return construct(given);
        } finally {
          if (name === 'Worker') blobs.revoke(ours);
          else if (shared.size < MAX_SHARED) shared.set(url, ours);
        }
      },
    });
    Object.defineProperty((native as { prototype: object }).prototype, 'constructor', {
      value,
      configurable: true,
      writable: true,
    });
    Object.defineProperty(scope, name, { value, configurable: true, writable: true });
  };
  patch('Worker');
  patch('SharedWorker');
}

function typeOf(options: unknown): string {
  return typeof options === 'object' && options !== null && 'type' in options
    ? String(options.type)
    : 'classic';
}

/** Reads a `blob:` URL at once, as constructing a worker does; with the browser's own functions. */
function createBlobReader(Xhr: typeof XMLHttpRequest): (url: string) => string | undefined {
  const native = (name: 'open' | 'send' | 'overrideMimeType'): ((...args: unknown[]) => void) =>
    Reflect.get(Xhr.prototype, name) as () => void;
  const [open, send, overrideMimeType] = [
    native('open'),
    native('send'),
    native('overrideMimeType'),
  ];
  const responseText = Object.getOwnPropertyDescriptor(Xhr.prototype, 'responseText');
  return (url) => {
    try {
      const xhr = new Xhr();
      open.call(xhr, 'GET', url, false);
      overrideMimeType.call(xhr, 'text/javascript; charset=utf-8');
      send.call(xhr);
      return String(responseText?.get?.call(xhr));
    } catch {
      // Revoked, or refused by the page's policy (`connect-src`).
      return undefined;
    }
  };
}

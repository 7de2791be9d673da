/** The events of `XMLHttpRequest.upload` (XHR §4.5.6), for a body that the browser does not see. */

/** Progress comes at most this often, in ms. */
const PROGRESS_MS = 50;

export interface UploadEvents {
  start(): void;
  /** So many bytes left so far. */
  sent: (bytes: number) => void;
}

export function createUploadEvents(xhr: XMLHttpRequest, total: number): UploadEvents {
  let loaded = 0;
  let toldAtMs = -Infinity;
  let hasEnded = false;
  const fire = (name: string): void => {
    xhr.upload.dispatchEvent(new ProgressEvent(name, { lengthComputable: true, loaded, total }));
  };
  const end = (name: string): void => {
    if (hasEnded) return;
    hasEnded = true;
    stop.abort();
    fire(name);
    fire('loadend');
  };
  const complete = (): void => {
    if (hasEnded) return;
    loaded = total;
    fire('progress');
    end('load');
  };
  const stop = new AbortController();
  const { signal } = stop;
  // An answer means that the application has all it wants.
  xhr.addEventListener('readystatechange', () => xhr.status !== 0 && complete(), { signal });
  for (const name of ['abort', 'timeout', 'error']) {
    xhr.addEventListener(name, () => end(name), { signal });
    // Chromium tells of these by itself, even of a body that it does not have.
    xhr.upload.addEventListener(name, ({ isTrusted }) => (hasEnded ||= isTrusted), { signal });
  }
  return {
    start: () => fire('loadstart'),
    sent(bytes) {
      loaded = bytes;
      if (hasEnded) return;
      if (loaded >= total) complete();
      else if (performance.now() - toldAtMs >= PROGRESS_MS) {
        toldAtMs = performance.now();
        fire('progress');
      }
    },
  };
}

/**
 * Requests of this page that the worker has to be told more about than the browser tells it; see
 * `messages/requests.ts`.
 */
import { formatTag, UPLOAD_CHUNK_BYTES, UPLOAD_WINDOW_BYTES } from '../messages/request-tag.ts';
import type { RequestMessage, UploadCommand, UploadEvent } from '../messages/requests.ts';

/** How requests reach the worker. */
export interface RequestLink {
  send(message: RequestMessage, transfer?: Transferable[]): boolean;
  /** For what a page says while it is left. */
  sendLast(message: RequestMessage): boolean;
}

export interface TrackedRequest {
  /** The request's URL with the tag the worker knows it by. */
  readonly url: string;
  /** The page gave up. */
  abort: () => void;
  /** The page read bytes of the answer. */
  consumed: (bytes: number) => void;
  /** The answer is there, or there will be none. */
  settle: () => void;
}

export interface TrackOptions {
  url: URL;
  /** Sent over a port instead of with the request. */
  upload?: Blob | undefined;
  /** Bytes of a body that goes with the request. */
  length?: number | undefined;
  /** Told the bytes of the upload that left so far; they start over after a redirect. */
  onSent?: (bytes: number) => void;
  isPaced: boolean;
  /** The request goes on when the page is closed. */
  outlivesPage: boolean;
}

export interface RequestTracker {
  track(options: TrackOptions): TrackedRequest;
}

export function createRequestTracker(
  link: RequestLink,
  onPageHide: (listener: () => void) => void,
): RequestTracker {
  const page = crypto.getRandomValues(new BigUint64Array(1))[0]?.toString(16).padStart(16, '0');
  let last = 0;
  const open = new Map<string, { outlivesPage: boolean }>();
  const abort = (id: string): void => void link.send({ type: 'postern.abort', id });
  // Nothing tells a worker that a page is gone whose request has no answer yet.
  onPageHide(() => {
    for (const [id, { outlivesPage }] of open) {
      if (!outlivesPage) link.sendLast({ type: 'postern.abort', id });
    }
    open.clear();
  });
  return {
    track({ url, upload, length, onSent, isPaced, outlivesPage }) {
      const id = `${page}-${++last}`;
      const tagged = new URL(url);
      tagged.hash = formatTag({ id, hasUpload: upload !== undefined, isPaced, length });
      open.set(id, { outlivesPage });
      let port: MessagePort | undefined;
      if (upload !== undefined) {
        const channel = new MessageChannel();
        port = channel.port1;
        serveUpload(port, upload, onSent);
        link.send({ type: 'postern.upload', id, length: upload.size }, [channel.port2]);
      }
      return {
        url: tagged.href,
        abort: () => {
          if (open.has(id)) abort(id);
        },
        consumed: (bytes) => void link.send({ type: 'postern.consumed', id, bytes }),
        settle: () => {
          open.delete(id);
          port?.close();
        },
      };
    },
  };
}

/** Sends the body whenever the worker asks for it, at most a window ahead of what it took. */
function serveUpload(port: MessagePort, body: Blob, onSent?: (bytes: number) => void): void {
  let run = 0;
  let taken = 0;
  let wake: (() => void) | undefined;

  async function send(thisRun: number): Promise<void> {
    try {
      for (let at = 0; at < body.size; at += UPLOAD_CHUNK_BYTES) {
        const bytes = await body.slice(at, at + UPLOAD_CHUNK_BYTES).arrayBuffer();
        while (thisRun === run && at - taken >= UPLOAD_WINDOW_BYTES) {
          await new Promise<void>((resolve) => (wake = resolve));
        }
        if (thisRun !== run) return;
        port.postMessage({ kind: 'chunk', run: thisRun, bytes } satisfies UploadEvent, [bytes]);
      }
    } catch {
      port.postMessage({ kind: 'failed' } satisfies UploadEvent);
    }
  }

  port.onmessage = ({ data }: MessageEvent<UploadCommand>) => {
    if (data.kind === 'start') {
      taken = 0;
      run = data.run;
      void send(run);
    } else {
      taken += data.bytes;
      onSent?.(taken);
    }
    wake?.();
  };
}

/**
 * WebSockets of a web worker, which has no port to the service worker: events come in the body of one
 * long response, commands go in requests, one after the other (`sw/src/worker/websocket/http-ports.ts`).
 */
import type { SocketCommand, SocketEvent } from '../messages/page.ts';
import {
  encodeSocketFrame,
  SocketFrameDecoder,
  type PlainCommand,
} from '../messages/socket-frames.ts';
import type { SocketCarrier, SocketChannel } from './socket-carrier.ts';
import { createTaskQueue } from './task-queue.ts';

/** Commands that go in one request, unless one alone is longer. */
const MAX_BATCH_BYTES = 1_048_576;
/** A service worker stops 30 s after its last event; a worker that nobody keeps alive does it itself. */
const ALIVE_MS = 12_000;
const NOT_FOUND = 404;

export interface FetchCarrierOptions {
  /** The browser's own. */
  fetch: typeof globalThis.fetch;
  /** Absolute URL that sockets are below, ending in a slash. */
  socketsUrl: string;
  aliveUrl: string;
}

export function createFetchCarrier(options: FetchCarrierOptions): SocketCarrier {
  const { fetch, socketsUrl, aliveUrl } = options;
  return {
    open(request, take) {
      const url = socketsUrl + crypto.randomUUID();
      const stop = new AbortController();
      const alive = setInterval(() => void fetch(aliveUrl).catch(() => undefined), ALIVE_MS);
      const deliver = createTaskQueue(take);
      const commands: SocketCommand[] = [];
      let isSending = false;
      let isOver = false;

      const finish = (event: SocketEvent): void => {
        if (isOver) return;
        isOver = true;
        clearInterval(alive);
        stop.abort();
        deliver(event);
      };

      async function listen(): Promise<void> {
        const response = await fetch(url, {
          method: 'POST',
          body: JSON.stringify(request),
          signal: stop.signal,
        });
        if (!response.ok || response.body === null) {
          finish({ kind: 'closed', code: 1006, reason: '', wasClean: false, failed: true });
          return;
        }
        const reader = response.body.getReader();
        const decoder = new SocketFrameDecoder();
        for (let read = await reader.read(); !read.done; read = await reader.read()) {
          for (const { value } of decoder.push(read.value)) {
            if (isOver) return;
            // What the service worker says needs no checks: it is of this origin, and ours.
            const event =
              'json' in value
                ? (value.json as SocketEvent)
                : ({ kind: 'message', ...value } as const);
            if (event.kind === 'closed' || event.kind === 'interrupted') finish(event);
            else deliver(event);
          }
        }
        finish({ kind: 'interrupted' });
      }

      async function send(): Promise<void> {
        while (commands.length > 0 && !isOver) {
          const batch: Uint8Array<ArrayBuffer>[] = [];
          let bytes = 0;
          while (bytes < MAX_BATCH_BYTES) {
            const command = commands.shift();
            if (command === undefined) break;
            const frame = encodeSocketFrame(await toPlain(command));
            batch.push(frame);
            bytes += frame.length;
          }
          const response = await fetch(url, { method: 'PUT', body: new Blob(batch) });
          // The socket is over: what it still has to say, and how it ended, is in the response.
          if (response.status === NOT_FOUND) return;
          if (!response.ok) throw new Error(`status ${response.status}`);
        }
        // At once with the last look at the queue, or a command could be left in it.
        isSending = false;
      }

      const lost = (): void => finish({ kind: 'interrupted' });
      void listen().catch(lost);
      const channel: SocketChannel = {
        post(command) {
          commands.push(command);
          if (isSending) return;
          isSending = true;
          void Promise.resolve().then(send).catch(lost);
        },
        close() {
          isOver = true;
          clearInterval(alive);
          stop.abort();
        },
      };
      return channel;
    },
  };
}

async function toPlain(command: SocketCommand): Promise<PlainCommand> {
  if (command.kind !== 'send') return command;
  const { data } = command;
  return { kind: 'send', data: data instanceof Blob ? await data.arrayBuffer() : data };
}

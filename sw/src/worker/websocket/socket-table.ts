/** All WebSockets of all pages, so that those of closed pages do not stay open. */
import type { Logger } from '@postern/shared/log';
import type { ExchangeResponse } from '../fetch/exchange.ts';
import type { Resumption, SocketRequest } from '../../messages/page.ts';
import { bridgeWebSocket, type PagePort } from './bridge.ts';

/** How often pages are looked for: nothing tells a worker that a page closed. */
const SWEEP_MS = 15_000;

type OpenWebSocket = (
  url: URL,
  protocols: readonly string[],
  resume: Resumption | undefined,
) => Promise<ExchangeResponse>;

export interface SocketTableOptions {
  /** Host of the application's own. */
  host: string;
  /** To the application itself. */
  open: OpenWebSocket;
  /** To another one. */
  openElsewhere: OpenWebSocket;
  /** Whether a host that is not our own is another application's. */
  isApplication: (url: URL) => Promise<boolean>;
  /** Differs for each life of the worker. */
  instance: string;
  /** True while the page exists. */
  isOpen(clientId: string): Promise<boolean>;
  logger: Logger;
}

export class SocketTable {
  readonly #options: SocketTableOptions;
  readonly #sockets = new Map<AbortController, string>();
  #sweeping: ReturnType<typeof setInterval> | undefined;

  constructor(options: SocketTableOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sockets.size;
  }

  /**
   * Carries a WebSocket for a page. One that leads to no application is left to the page.
   * @returns ends it, because the page is gone
   */
  open(clientId: string, port: PagePort, { url, protocols, resume }: SocketRequest): () => void {
    const target = URL.canParse(url) ? new URL(url) : undefined;
    if (target === undefined || !/^wss?:$/.test(target.protocol)) {
      port.close();
      return () => undefined;
    }
    const { host, instance, isApplication, open, openElsewhere } = this.#options;
    const gone = new AbortController();
    this.#sockets.set(gone, clientId);
    this.#sweeping ??= setInterval(() => void this.#sweep(), SWEEP_MS);
    const bridge = (openIt: OpenWebSocket): Promise<void> => {
      port.postMessage({ kind: 'accepted', instance });
      return bridgeWebSocket({
        port,
        open: () => openIt(target, protocols, resume),
        resume,
        gone: gone.signal,
      });
    };
    const carried =
      target.host === host
        ? bridge(open)
        : isApplication(target).then((isIt) => {
            if (isIt) return bridge(openElsewhere);
            port.postMessage({ kind: 'outside' });
            port.close();
            return undefined;
          });
    void carried.finally(() => {
      this.#sockets.delete(gone);
      if (this.#sockets.size > 0) return;
      clearInterval(this.#sweeping);
      this.#sweeping = undefined;
    });
    return () => gone.abort();
  }

  async #sweep(): Promise<void> {
    for (const [gone, clientId] of [...this.#sockets]) {
      if (!(await this.#options.isOpen(clientId))) gone.abort();
    }
  }
}

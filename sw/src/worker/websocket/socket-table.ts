/** All WebSockets of all pages, so that those of closed pages do not stay open. */
import type { Logger } from '@postern/shared/log';
import type { ExchangeResponse } from '../fetch/exchange.ts';
import type { Resumption, SocketRequest } from '../../messages/page.ts';
import { bridgeWebSocket, type PagePort } from './bridge.ts';

/** How often pages are looked for: nothing tells a worker that a page closed. */
const SWEEP_MS = 15_000;

export interface SocketTableOptions {
  /** Host that sockets may be opened to: the application's own. */
  host: string;
  open(
    url: URL,
    protocols: readonly string[],
    resume: Resumption | undefined,
  ): Promise<ExchangeResponse>;
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
   * Carries a WebSocket for a page. A URL of another host is refused: the port closes.
   * @returns ends it, because the page is gone
   */
  open(clientId: string, port: PagePort, { url, protocols, resume }: SocketRequest): () => void {
    const target = URL.canParse(url) ? new URL(url) : undefined;
    if (target?.host !== this.#options.host) {
      port.close();
      return () => undefined;
    }
    const gone = new AbortController();
    this.#sockets.set(gone, clientId);
    this.#sweeping ??= setInterval(() => void this.#sweep(), SWEEP_MS);
    port.postMessage({ kind: 'accepted', instance: this.#options.instance });
    void bridgeWebSocket({
      port,
      open: () => this.#options.open(target, protocols, resume),
      resume,
      gone: gone.signal,
    }).finally(() => {
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

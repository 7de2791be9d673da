/** Reports to the status pages that are open: at once when asked, and at changes, no more often than may be read. */
import { WATCH_RENEWAL_MS, type StatusReport } from '../../messages/status.ts';

const QUIET_MS = 400;
/** A page that did not ask again for so long is gone. */
const EXPIRY_MS = 3 * WATCH_RENEWAL_MS;
/** Status pages at a time; the one that asked first gives way. */
const MAX_WATCHERS = 8;

export interface StatusFeedOptions {
  report: () => Promise<StatusReport>;
  /** Measures the way anew; takes a bounded time. Never rejects. */
  measure: () => Promise<void>;
  nowMs: () => number;
  sleep: (delayMs: number) => Promise<void>;
}

export class StatusFeed {
  readonly #options: StatusFeedOptions;
  readonly #watchers = new Map<string, { port: MessagePort; untilMs: number }>();
  #isDue = false;

  constructor(options: StatusFeedOptions) {
    this.#options = options;
  }

  /** `port` of client `id` gets reports from now on, in place of one it gave before. */
  async watch(id: string, port: MessagePort): Promise<void> {
    const { nowMs, measure } = this.#options;
    this.#drop(id);
    const [first] = this.#watchers.keys();
    if (this.#watchers.size >= MAX_WATCHERS && first !== undefined) this.#drop(first);
    this.#watchers.set(id, { port, untilMs: nowMs() + EXPIRY_MS });
    await this.#send();
    await measure();
    await this.#send();
  }

  /** Something that is reported changed. */
  changed(): void {
    if (this.#isDue || this.#watchers.size === 0) return;
    this.#isDue = true;
    void this.#options.sleep(QUIET_MS).then(async () => {
      this.#isDue = false;
      await this.#send();
    });
  }

  async #send(): Promise<void> {
    const now = this.#options.nowMs();
    for (const [id, { untilMs }] of this.#watchers) if (untilMs < now) this.#drop(id);
    if (this.#watchers.size === 0) return;
    const report = await this.#options.report();
    for (const { port } of this.#watchers.values()) port.postMessage(report);
  }

  #drop(id: string): void {
    this.#watchers.get(id)?.port.close();
    this.#watchers.delete(id);
  }
}

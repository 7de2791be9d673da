/**
 * A {@link Tracer} that exports by OTLP over HTTP, as JSON. What the collector does not take is lost: spans are
 * worth less than the memory that would keep them.
 */
import type { Logger } from '@postern/shared/log';
import type { TraceContext } from '@postern/shared/protocol/trace';
import { toOtlp } from './otlp-json.ts';
import type { TracingSettings } from './settings.ts';
import type { Span, Tracer } from './tracer.ts';

/** Spans that wait; further ones are dropped. */
const MAX_QUEUED = 2048;
const MAX_BATCH = 512;
const EXPORT_EVERY_MS = 2_000;
const EXPORT_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 2_000;

interface OtlpTracerDeps {
  readonly logger: Logger;
  /** Default: the platform's. */
  readonly fetch?: typeof fetch;
}

export class OtlpTracer implements Tracer {
  readonly #settings: TracingSettings;
  readonly #logger: Logger;
  readonly #fetch: typeof fetch;
  readonly #timer: NodeJS.Timeout;
  readonly #abort = new AbortController();
  #queue: Span[] = [];
  #dropped = 0;
  #exporting: Promise<void> | undefined;

  constructor(settings: TracingSettings, deps: OtlpTracerDeps) {
    this.#settings = settings;
    this.#logger = deps.logger;
    this.#fetch = deps.fetch ?? fetch;
    this.#timer = setInterval(() => this.#export(), EXPORT_EVERY_MS);
    this.#timer.unref();
  }

  /** Who began the trace has asked for it, or its id falls into the share that is recorded. */
  records({ traceId, sampled }: TraceContext): boolean {
    const { sampleRatio } = this.#settings;
    if (sampled || sampleRatio >= 1) return true;
    return Number.parseInt(traceId.slice(-13), 16) < sampleRatio * 2 ** 52;
  }

  record(span: Span): void {
    if (this.#queue.length >= MAX_QUEUED) {
      this.#dropped += 1;
      return;
    }
    this.#queue.push(span);
    if (this.#queue.length >= MAX_BATCH) this.#export();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    const giveUp = setTimeout(() => this.#abort.abort(), CLOSE_TIMEOUT_MS);
    while (this.#queue.length > 0 && !this.#abort.signal.aborted) {
      this.#export();
      await this.#exporting;
    }
    await this.#exporting;
    clearTimeout(giveUp);
  }

  /** One batch at a time. Never rejects. */
  #export(): void {
    if (this.#exporting !== undefined || this.#queue.length === 0) return;
    const batch = this.#queue.splice(0, MAX_BATCH);
    this.#exporting = this.#send(batch)
      .catch((error: unknown) => {
        this.#logger.warn('tracing.export-failed', { error, lost: batch.length });
      })
      .finally(() => (this.#exporting = undefined));
    if (this.#dropped === 0) return;
    this.#logger.warn('tracing.dropped', { spans: this.#dropped });
    this.#dropped = 0;
  }

  async #send(batch: readonly Span[]): Promise<void> {
    const { url, headers, resource } = this.#settings;
    const response = await this.#fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(toOtlp(resource, batch)),
      redirect: 'error',
      signal: AbortSignal.any([this.#abort.signal, AbortSignal.timeout(EXPORT_TIMEOUT_MS)]),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`the collector answered ${response.status}`);
  }
}

/** The latest requests and their times, in memory only: for the status page. */
import { MAX_REQUESTS, type RequestReport } from '../../messages/status.ts';
import type { ResponseSource } from '../fetch/response-source.ts';

/** URLs are kept up to so many UTF-16 units. */
const MAX_URL_LENGTH = 2_048;

export class RequestLog {
  /** Called at each change. */
  onChange: () => void = () => undefined;
  readonly #nowMs: () => number;
  #requests: RequestReport[] = [];
  #nextId = 1;

  /** @param nowMs epoch ms with fractions */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  get requests(): readonly RequestReport[] {
    return this.#requests;
  }

  begin(method: string, url: string): RequestTrace {
    const startedMs = this.#nowMs();
    const report: RequestReport = {
      id: this.#nextId++,
      method,
      url: url.slice(0, MAX_URL_LENGTH),
      startedMs,
      receivedBytes: 0,
      fromCache: false,
    };
    this.#requests = [...this.#requests.slice(1 - MAX_REQUESTS), report];
    this.onChange();
    return new RequestTrace(
      report,
      () => this.#nowMs() - startedMs,
      () => this.onChange(),
    );
  }

  /** Whoever is signed in next shall not see them. */
  clear(): void {
    this.#requests = [];
    this.onChange();
  }
}

/** Notes what happens to one request. */
export class RequestTrace {
  readonly #report: RequestReport;
  readonly #elapsedMs: () => number;
  readonly #changed: () => void;

  constructor(report: RequestReport, elapsedMs: () => number, changed: () => void) {
    this.#report = report;
    this.#elapsedMs = elapsedMs;
    this.#changed = changed;
  }

  connected(): void {
    this.#report.connectedMs ??= this.#elapsedMs();
    this.#changed();
  }

  opened(): void {
    this.#report.openedMs = this.#elapsedMs();
    this.#changed();
  }

  head(applicationMs: number | undefined): void {
    this.#report.headMs = this.#elapsedMs();
    if (applicationMs !== undefined) this.#report.applicationMs = applicationMs;
    this.#changed();
  }

  /** `source`, watched to its end. */
  follow(source: ResponseSource): ResponseSource {
    const report = this.#report;
    report.status = source.status;
    report.fromCache = report.headMs === undefined;
    const { read } = source;
    if (read === undefined) {
      this.#ended();
      return source;
    }
    this.#changed();
    return {
      ...source,
      read: async () => {
        try {
          const chunk = await read();
          if (chunk === undefined) this.#ended();
          else report.receivedBytes += chunk.length;
          return chunk;
        } catch (error) {
          this.failed('ERR_SW_BODY');
          throw error;
        }
      },
      cancel: (reason) => {
        this.#ended();
        source.cancel(reason);
      },
    };
  }

  failed(code: string): void {
    this.#report.error ??= code;
    this.#ended();
  }

  #ended(): void {
    this.#report.endedMs ??= this.#elapsedMs();
    this.#changed();
  }
}

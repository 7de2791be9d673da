/** Keeps a listener in certificates by ACME: gets the first, renews each, and never takes the listener down. */
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import type { AcmeConfig } from '@postern/shared/schemas';
import { Backoff } from '../retry/index.ts';
import { AcmeStore } from './acme-store.ts';
import { HttpChallenges } from './http-challenges.ts';
import type { IssuedCertificate } from './issued-certificate.ts';
import { readAuthority } from './open-client.ts';
import { orderCertificate } from './order-certificate.ts';
import { renewalTimeMs } from './renewal-time.ts';

/** Between attempts that fail: Let's Encrypt takes five failed proofs of a name in an hour. */
const RETRY_FIRST_MS = 240_000;
const RETRY_MAX_MS = 6 * 3_600_000;
/** Timers count no longer than 24.8 days, and not while the machine sleeps. */
const MAX_WAIT_MS = 3_600_000;

export interface AcmeDeps {
  logger: Logger;
  now?: () => number;
  /** In [0, 1); default `Math.random`. */
  random?: () => number;
  /** Waits; default by timers. Rejects when `signal` aborts. */
  wait?: (ms: number, signal: AbortSignal) => Promise<unknown>;
  /** Places one order. */
  order?: typeof orderCertificate;
}

export class AcmeCertificates {
  readonly #config: AcmeConfig;
  readonly #deps: Required<AcmeDeps>;
  readonly #store: AcmeStore;
  readonly #accountKey: string;
  readonly #http: HttpChallenges | undefined;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<(issued: IssuedCertificate) => void>();
  #current: IssuedCertificate | undefined;
  #running: Promise<void> | undefined;

  private constructor(
    config: AcmeConfig,
    deps: Required<AcmeDeps>,
    opened: { store: AcmeStore; accountKey: string; http: HttpChallenges | undefined },
    current: IssuedCertificate | undefined,
  ) {
    this.#config = config;
    this.#deps = deps;
    this.#store = opened.store;
    this.#accountKey = opened.accountKey;
    this.#http = opened.http;
    this.#current = current;
  }

  /**
   * Reads what is kept and listens for HTTP-01. Nothing is ordered before {@link start}.
   *
   * @throws AppError `ERR_ACME_STORE`, `ERR_ACME_CA`, `ERR_LISTEN`: what an operator has to correct first
   */
  static async open(config: AcmeConfig, given: AcmeDeps): Promise<AcmeCertificates> {
    const deps = {
      now: Date.now,
      random: Math.random,
      wait: (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal }),
      order: orderCertificate,
      ...given,
    };
    if (config.caFile !== undefined) await readAuthority(config.caFile);
    const store = new AcmeStore(config);
    const accountKey = await store.accountKey();
    const kept = await store.certificate(config.names, deps.now());
    if (kept instanceof AppError)
      deps.logger.warn('acme.certificate.unfit', { code: kept.code, message: kept.message });
    const http =
      config.httpPort === undefined
        ? undefined
        : await HttpChallenges.open(config.httpHost, config.httpPort);
    const current = kept instanceof AppError ? undefined : kept;
    return new AcmeCertificates(config, deps, { store, accountKey, http }, current);
  }

  /** What to serve with; `undefined` until the first has come. */
  get current(): IssuedCertificate | undefined {
    return this.#current;
  }

  /** Port of the HTTP-01 listener. */
  get httpPort(): number | undefined {
    return this.#http?.port;
  }

  /** Orders when it is time, from now until {@link close}; `onIssued` is called with each new certificate. */
  start(onIssued: (issued: IssuedCertificate) => void): void {
    this.#listeners.add(onIssued);
    this.#running ??= this.#run();
  }

  /** Stops ordering; removes proofs that are still shown. Idempotent. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#http?.close();
  }

  async #run(): Promise<void> {
    const { now, random } = this.#deps;
    const backoff = new Backoff({ firstMs: RETRY_FIRST_MS, maxMs: RETRY_MAX_MS, random });
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const current = this.#current;
      if (current) await this.#waitUntil(renewalTimeMs(current, random()));
      if (isAborted(signal)) return;
      try {
        await this.#renew();
        backoff.reset();
      } catch (error) {
        if (isAborted(signal)) return;
        const retryInMs = Math.round(backoff.nextMs());
        this.#report(error, retryInMs);
        await this.#waitUntil(now() + retryInMs);
      }
    }
  }

  async #renew(): Promise<void> {
    const { now, order, logger } = this.#deps;
    const { signal } = this.#stop;
    const issued = await order({
      config: this.#config,
      accountKey: this.#accountKey,
      http: this.#http,
      now,
      signal,
    });
    // One that cannot be kept is still served: ordering it again would only use up the server's patience.
    await this.#store.keep(issued).catch((error: unknown) => {
      logger.error('acme.certificate.unkept', describe(error));
    });
    this.#current = issued;
    for (const listener of this.#listeners) listener(issued);
    const validTo = new Date(issued.notAfterMs).toISOString();
    logger.info('acme.certificate.issued', { names: this.#config.names, validTo });
  }

  #report(error: unknown, retryInMs: number): void {
    const current = this.#current;
    this.#deps.logger.error('acme.failed', {
      ...describe(error),
      retryInMs,
      serving: current
        ? `the certificate that ends ${new Date(current.notAfterMs).toISOString()}`
        : 'no certificate: TLS handshakes are refused',
    });
  }

  async #waitUntil(timeMs: number): Promise<void> {
    const { now, wait } = this.#deps;
    const { signal } = this.#stop;
    for (;;) {
      const leftMs = timeMs - now();
      if (leftMs <= 0 || signal.aborted) return;
      await wait(Math.min(leftMs, MAX_WAIT_MS), signal).catch(() => undefined);
    }
  }
}

function describe(error: unknown): { code: string; message: string } {
  if (error instanceof AppError) return { code: error.code, message: error.message };
  return { code: 'ERR_ACME_SERVER', message: error instanceof Error ? error.message : 'unknown' };
}

/** Asked anew: the signal may have aborted during an await, which the compiler cannot know. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

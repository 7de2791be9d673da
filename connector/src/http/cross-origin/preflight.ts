/** Preflights: whether the application lets a page of another origin make a request (Fetch §4.9). */
import type { Field } from '@postern/shared/protocol/http';
import type { AppPool } from '../app-pool.ts';
import { allows, readPreflight, type Asker, type PreflightGrant } from './cors-rules.ts';

/** Answers remembered; the oldest goes first. */
const MAX_REMEMBERED = 256;

export interface PreflightQuestion {
  readonly asker: Asker;
  /** Origin form. */
  readonly path: string;
  readonly method: string;
  /** Names of {@link unsafeNames}. */
  readonly unsafe: readonly string[];
  /** Everything the request says but the question itself. */
  readonly fields: readonly Field[];
  readonly signal: AbortSignal;
}

interface Remembered extends PreflightGrant {
  readonly untilMs: number;
}

export class Preflights {
  readonly #app: Pick<AppPool, 'pool' | 'servername'>;
  readonly #nowMs: () => number;
  readonly #remembered = new Map<string, Remembered>();

  constructor(app: Pick<AppPool, 'pool' | 'servername'>, nowMs: () => number) {
    this.#app = app;
    this.#nowMs = nowMs;
  }

  /** Rejects when the application cannot be asked. */
  async allow(question: PreflightQuestion): Promise<boolean> {
    const { asker, path, method, unsafe } = question;
    const key = JSON.stringify([asker.origin, asker.isCredentialed, path]);
    const known = this.#remembered.get(key);
    if (known && known.untilMs > this.#nowMs() && allows(known, method, unsafe, asker)) return true;
    const grant = await this.#ask(question);
    if (grant === undefined || !allows(grant, method, unsafe, asker)) return false;
    this.#remembered.delete(key);
    this.#remembered.set(key, { ...grant, untilMs: this.#nowMs() + grant.maxAgeSeconds * 1000 });
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > MAX_REMEMBERED && oldest !== undefined) {
      this.#remembered.delete(oldest);
    }
    return true;
  }

  async #ask(question: PreflightQuestion): Promise<PreflightGrant | undefined> {
    const { asker, path, method, unsafe, fields, signal } = question;
    const { pool, servername } = this.#app;
    const answer = await pool.request({
      method: 'OPTIONS',
      path,
      headers: [
        ...fields,
        ['access-control-request-method', method] as const,
        ...(unsafe.length === 0
          ? []
          : [['access-control-request-headers', unsafe.join(',')] as const]),
      ].flat(),
      signal,
      ...(servername !== undefined && { servername }),
    });
    // Whatever it says: only the head counts. A long one costs its connection.
    await answer.body.dump({ limit: 16_384 }).catch(() => undefined);
    const head = Object.entries(answer.headers).flatMap(([name, value]) =>
      [value ?? []].flat().map((one): Field => [name.toLowerCase(), one]),
    );
    return readPreflight(answer.statusCode, head, asker);
  }
}

/**
 * Which origins are applications, as the controller knows. It is told two digits of an origin's digest, which
 * fit one origin in 256: it does not learn where else pages send requests.
 */
import { originDigest } from '@postern/shared/crypto';
import { originDigestsSchema } from '@postern/shared/schemas';

/** How long an answer holds. */
const FRESH_MS = 60_000;
/** Origins remembered; the oldest goes first. */
const MAX_KNOWN = 1_024;

export interface ApplicationOriginsOptions {
  fetch: typeof globalThis.fetch;
  /** Base of the controller's API. */
  apiUrl: () => Promise<string>;
  nowMs: () => number;
}

export class ApplicationOrigins {
  readonly #options: ApplicationOriginsOptions;
  readonly #known = new Map<string, { isApplication: Promise<boolean>; untilMs: number }>();
  readonly #outside = new Map<string, number>();

  constructor(options: ApplicationOriginsOptions) {
    this.#options = options;
  }

  /** True for an origin that was found to be no application a moment ago. */
  isKnownOutside(origin: string): boolean {
    return (this.#outside.get(origin) ?? 0) > this.#options.nowMs();
  }

  /** False also while the controller cannot be asked: the request then ends at the gateway. */
  has(origin: string): Promise<boolean> {
    const nowMs = this.#options.nowMs();
    const known = this.#known.get(origin);
    if (known !== undefined && known.untilMs > nowMs) return known.isApplication;
    const untilMs = nowMs + FRESH_MS;
    const isApplication = this.#ask(origin).then(
      (found) => {
        if (!found) remember(this.#outside, origin, untilMs);
        return found;
      },
      () => {
        this.#known.delete(origin);
        return false;
      },
    );
    remember(this.#known, origin, { isApplication, untilMs });
    return isApplication;
  }

  async #ask(origin: string): Promise<boolean> {
    const { fetch, apiUrl } = this.#options;
    const digest = await originDigest(origin);
    const response = await fetch(`${await apiUrl()}/applications/origins/${digest.slice(0, 2)}`, {
      credentials: 'omit',
      redirect: 'error',
    });
    if (!response.ok) throw new Error(`the controller answered ${response.status}`);
    return originDigestsSchema.parse(await response.json()).digests.includes(digest);
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MAX_KNOWN && oldest !== undefined) map.delete(oldest);
}

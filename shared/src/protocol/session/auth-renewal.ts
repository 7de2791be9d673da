import type { DialGrantClaims, TokenTime } from '../../grants/index.ts';
import { CLOCK_TOLERANCE_SECONDS } from '../../grants/index.ts';
import { AppError } from '../../errors/index.ts';
import type { Clock } from '../channel/clock.ts';

/** Default time after which a host ends a session whose opener sent no AUTH. */
export const DEFAULT_AUTH_DUE_MS = 10 * 60_000;
/** An opener sends at most that many AUTHs ahead of their verification. */
const MAX_PENDING = 4;

/** How a host checks that its caller is still allowed. */
export interface AuthRenewalOptions {
  /**
   * Verifies a renewal's grant (and assertion) for this service and host; rejects if it is not valid.
   * That caller and key are still the same is checked here.
   */
  readonly verify: (dialGrant: string, assertion: string) => Promise<DialGrantClaims>;
  /** Whether a controller is connected: without one, a grant counts until its `out`. */
  readonly time: () => TokenTime;
  /** Default {@link DEFAULT_AUTH_DUE_MS}. */
  readonly dueMs?: number;
}

/** Keeps a host's session alive as long as its opener proves that it is still authorised. */
export class AuthRenewal {
  readonly #options: AuthRenewalOptions;
  readonly #clock: Clock;
  readonly #onEnd: (error: AppError) => void;
  readonly #dueMs: number;
  #claims: DialGrantClaims;
  #cancelTimer: () => void = () => undefined;
  #pending = 0;
  #last: Promise<void> = Promise.resolve();
  #stopped = false;

  /** `onEnd` is called when the session must end. */
  constructor(
    options: AuthRenewalOptions,
    claims: DialGrantClaims,
    clock: Clock,
    onEnd: (error: AppError) => void,
  ) {
    this.#options = options;
    this.#claims = claims;
    this.#clock = clock;
    this.#onEnd = onEnd;
    this.#dueMs = options.dueMs ?? DEFAULT_AUTH_DUE_MS;
    this.#schedule(this.#dueMs);
  }

  /** Checks an AUTH record; `onRenewed` is called if it holds, in order of arrival. */
  accept(
    auth: { dialGrant: string; assertion: string },
    onRenewed: (claims: DialGrantClaims) => void,
  ): void {
    if (this.#pending >= MAX_PENDING) {
      this.#onEnd(new AppError('ERR_GRANT_INVALID', 'too many renewals at once'));
      return;
    }
    this.#pending += 1;
    this.#last = this.#last
      .then(() => this.#options.verify(auth.dialGrant, auth.assertion))
      .then((claims) => {
        this.#pending -= 1;
        if (this.#stopped) return;
        const { sub, svc, cnf } = this.#claims;
        if (claims.sub !== sub || claims.svc !== svc || claims.cnf.jkt !== cnf.jkt) {
          throw new AppError('ERR_GRANT_INVALID', 'renewed for another caller, service or key');
        }
        this.#claims = claims;
        this.#schedule(this.#dueMs);
        onRenewed(claims);
      })
      .catch((cause: unknown) => {
        if (this.#stopped) return;
        this.#onEnd(new AppError('ERR_GRANT_INVALID', 'renewal refused', { cause }));
      });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
  }

  #schedule(delayMs: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.schedule(delayMs, () => this.#due());
  }

  #due(): void {
    const { connected, nowMs } = this.#options.time();
    const outageEndMs = (this.#claims.out + CLOCK_TOLERANCE_SECONDS) * 1000;
    if (connected || nowMs >= outageEndMs) {
      this.#onEnd(new AppError('ERR_GRANT_INVALID', 'the caller did not renew its authorisation'));
      return;
    }
    // Soon enough to notice a controller that came back, late enough for the opener to renew.
    this.#schedule(Math.min(outageEndMs - nowMs, 60_000));
  }
}

import { isAppError, isReasonCode, reasons } from '../../errors/index.ts';
import { silentLogger, type Logger } from '../../log/index.ts';
import { systemClock, type Clock } from '../channel/clock.ts';
import type { Circuit, CloseReason } from '../edge/types.ts';
import { runHandshake } from '../handshake/handshake-run.ts';
import type { ResumableCircuit } from './resumable-circuit.ts';
import type { ResumptionKeys } from './resumption-keys.ts';

/** How long a lost circuit may be looked for; the host waits as long. */
export const RESUME_GRACE_MS = 30_000;
/**
 * How long a host that no router knows may be coming back: its connection broke, or it died. Short
 * where another host may serve instead; otherwise long enough for a router that starts again.
 */
export const HOST_RETURN_MS = 1_000;
export const SOLE_HOST_RETURN_MS = 10_000;
/** A circuit that held so long counts as good: the next loss starts afresh. */
const STABLE_MS = 5_000;
const FIRST_DELAY_MS = 50;
const MAX_DELAY_MS = 1_000;
/** Time for the circuit and the two messages over it. */
const ATTEMPT_TIMEOUT_MS = 6_000;

/** Opens another circuit to the same host. Rejects with the router's reason. */
export type Redial = (signal: AbortSignal) => Promise<Circuit>;

export interface ResumeClientOptions {
  readonly keys: ResumptionKeys;
  readonly redial: Redial;
  readonly graceMs?: number;
  /** Default {@link HOST_RETURN_MS}. */
  readonly hostReturnMs?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** The client's side of resuming: looks for another circuit whenever one is lost. */
export class ResumeClient {
  readonly #options: ResumeClientOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #attempt = 0;
  #delayMs = FIRST_DELAY_MS;
  /** First loss of a series without a stable circuit between. */
  #unstableSinceMs = 0;
  #resumedMs = Number.NEGATIVE_INFINITY;

  constructor(options: ResumeClientOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
  }

  /** To be called when `circuit` is suspended. Ends it when it can't be resumed in time. Never rejects. */
  async resume(circuit: ResumableCircuit, loss: CloseReason): Promise<void> {
    const startMs = this.#clock.nowMs();
    if (startMs - this.#resumedMs > STABLE_MS) {
      this.#delayMs = FIRST_DELAY_MS;
      this.#unstableSinceMs = startMs;
    } else {
      await this.#pause(circuit.ending);
    }
    let hostGoneMs: number | undefined;
    while (circuit.isSuspended) {
      try {
        await this.#attemptOnce(circuit);
        this.#resumedMs = this.#clock.nowMs();
        this.#logger.info('session.resumed', { afterMs: this.#resumedMs - startMs });
        return;
      } catch (error) {
        if (hasEnded(circuit)) return;
        const nowMs = this.#clock.nowMs();
        if (isAppError(error, 'ERR_SERVICE_NOT_HOSTED')) hostGoneMs ??= nowMs;
        else hostGoneMs = undefined;
        const isOver =
          nowMs - this.#unstableSinceMs >= (this.#options.graceMs ?? RESUME_GRACE_MS) ||
          (hostGoneMs !== undefined &&
            nowMs - hostGoneMs >= (this.#options.hostReturnMs ?? HOST_RETURN_MS));
        const final = finalReason(error);
        this.#logger.debug('session.resume-failed', { error });
        if (final !== undefined || isOver) {
          circuit.end(final ?? loss);
          return;
        }
      }
      await this.#pause(circuit.ending);
    }
  }

  async #attemptOnce(circuit: ResumableCircuit): Promise<void> {
    const { keys, redial } = this.#options;
    const giveUp = new AbortController();
    const stop = (): void => giveUp.abort();
    const cancelTimer = this.#clock.schedule(ATTEMPT_TIMEOUT_MS, stop);
    circuit.ending.addEventListener('abort', stop, { once: true });
    const { signal } = giveUp;
    this.#attempt += 1;
    const attempt = this.#attempt;
    try {
      const next = await redial(signal);
      const link = { circuit: next, clock: this.#clock, timeoutMs: ATTEMPT_TIMEOUT_MS, signal };
      await runHandshake(link, async (handshake) => {
        const received = await circuit.leave();
        const r1 = await keys.request({ attempt, received }, next.circuitId);
        handshake.send(r1);
        const peerReceived = await keys.checkAnswer(await handshake.receive(), r1, next.circuitId);
        handshake.handOver(
          () => circuit.attach(next, peerReceived),
          (_, message) => circuit.receive(message),
        );
      });
    } finally {
      cancelTimer();
      circuit.ending.removeEventListener('abort', stop);
    }
  }

  /** Waits a little longer each time, or until `signal` aborts. */
  #pause(signal: AbortSignal): Promise<void> {
    const delayMs = this.#delayMs;
    this.#delayMs = Math.min(MAX_DELAY_MS, 2 * delayMs);
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.#clock.schedule(delayMs / 2 + (delayMs / 2) * Math.random(), done);
      signal.addEventListener('abort', done, { once: true });
      if (signal.aborted) done();
    });
  }
}

/** Asked anew: it may have ended during an await, which the compiler cannot know. */
function hasEnded(circuit: ResumableCircuit): boolean {
  return !circuit.isSuspended;
}

/** Why trying again is of no use; `undefined` if it may be. */
function finalReason(error: unknown): CloseReason | undefined {
  if (!isAppError(error) || error.retryable || error.code === 'ERR_HANDSHAKE_FAILED') {
    return undefined;
  }
  if (error.code === 'ERR_RESUME_REFUSED') {
    return { code: 'ERR_CIRCUIT_LOST', message: 'the host forgot the session', retryable: true };
  }
  if (!isReasonCode(error.code)) return undefined;
  const { title, retryable } = reasons[error.code];
  return { code: error.code, message: title, retryable };
}

import type { Clock } from './clock.ts';

/** A probe is due when nothing arrived for this long. */
export const PROBE_AFTER_MS = 10_000;
/**
 * A connection on which nothing arrived for this long is dead; never before a probe had its time, so
 * that a machine that slept asks first.
 */
export const DEAD_AFTER_MS = 20_000;

export interface LivenessOptions {
  readonly clock: Clock;
  /** Sends a Latency message. */
  readonly probe: () => void;
  /** Called at most once; the liveness has stopped by then. */
  readonly dead: () => void;
}

/**
 * Watches that the peer still speaks (docs/protocol.md, "Connecting"). One timer, however much
 * arrives: `heard` only notes the time.
 */
export class Liveness {
  readonly #options: LivenessOptions;
  #heardMs: number;
  #probedMs: number | undefined;
  #cancel: (() => void) | undefined;

  constructor(options: LivenessOptions) {
    this.#options = options;
    this.#heardMs = options.clock.nowMs();
    this.#schedule(PROBE_AFTER_MS);
  }

  /** To be called for every frame that arrived. */
  heard(): void {
    this.#heardMs = this.#options.clock.nowMs();
    this.#probedMs = undefined;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #schedule(delayMs: number): void {
    this.#cancel = this.#options.clock.schedule(delayMs, () => this.#check());
  }

  #check(): void {
    const nowMs = this.#options.clock.nowMs();
    const silentMs = nowMs - this.#heardMs;
    if (silentMs < PROBE_AFTER_MS) {
      this.#schedule(PROBE_AFTER_MS - silentMs);
    } else if (this.#probedMs === undefined) {
      this.#probedMs = nowMs;
      this.#schedule(DEAD_AFTER_MS - PROBE_AFTER_MS);
      this.#options.probe();
    } else {
      this.stop();
      this.#options.dead();
    }
  }
}

/**
 * The latest events, in memory. Readers keep a place in it instead of a queue of their own, so a slow
 * one costs nothing: when what it wants next is gone, it is cut off and told so.
 */
import { randomBytes } from 'node:crypto';
import { AppError } from '@postern/shared/errors';
import { kindOf, type LiveEvent, type NewLiveEvent } from './live-event.ts';

/** Events held; up to twice as many for a while. */
export const DEFAULT_EVENTS = 10_000;

export interface ReadOptions {
  /** Id of the last event seen; absent: from now on. */
  after?: string | undefined;
  /** Kinds wanted; absent: all. */
  kinds?: ReadonlySet<string> | undefined;
  signal: AbortSignal;
}

export class EventLog {
  readonly #origin = randomBytes(4).toString('hex');
  readonly #maxEvents: number;
  readonly #events: LiveEvent[] = [];
  /** Number of the event that `#events[0]` is. */
  #first = 1;
  #waiting: (() => void)[] = [];

  constructor(maxEvents: number = DEFAULT_EVENTS) {
    this.#maxEvents = maxEvents;
  }

  add(event: NewLiveEvent): void {
    const number = this.#first + this.#events.length;
    this.#events.push({ ...event, id: `${this.#origin}-${number}` });
    // In batches: dropping one at a time would move the whole array each time.
    if (this.#events.length >= 2 * this.#maxEvents) {
      this.#first += this.#maxEvents;
      this.#events.splice(0, this.#maxEvents);
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /**
   * Events in order from the moment of the call, as they come, until the signal aborts.
   *
   * The iteration throws AppError ERR_EVENTS_GAP when events after `after` are no longer held, or are of
   * another start of the controller; ERR_EVENTS_SLOW when the reader fell behind.
   */
  read({ after, kinds, signal }: ReadOptions): AsyncGenerator<LiveEvent> {
    const end = this.#first + this.#events.length;
    return this.#readFrom(after === undefined ? end : this.#numberAfter(after), kinds, signal);
  }

  async *#readFrom(
    start: number | undefined,
    kinds: ReadOptions['kinds'],
    signal: AbortSignal,
  ): AsyncGenerator<LiveEvent> {
    if (start === undefined)
      throw new AppError('ERR_EVENTS_GAP', 'events after this one are no longer held: read anew');
    for (let next = start; !signal.aborted;) {
      if (next < this.#first)
        throw new AppError('ERR_EVENTS_SLOW', 'the reader is too slow: events were dropped');
      const event = this.#events[next - this.#first];
      if (event === undefined) {
        await this.#more(signal);
        continue;
      }
      next += 1;
      if (!kinds || kinds.has(kindOf(event.type))) yield event;
    }
  }

  /** Number of the event after an id; `undefined` when that is not held. */
  #numberAfter(id: string): number | undefined {
    const [origin, number] = id.split('-');
    const next = Number(number) + 1;
    const isHeld = next >= this.#first && next <= this.#first + this.#events.length;
    return origin === this.#origin && isHeld ? next : undefined;
  }

  #more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.push(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}

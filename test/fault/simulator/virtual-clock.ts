import FlatQueue from 'flatqueue';
import type { RouterClock } from '../../../router/src/net/router-clock.ts';

const START_MS = 1_800_000_000_000;

interface Task {
  callback: (() => void) | undefined;
}

/**
 * Time of a simulation: whole milliseconds that pass only by {@link advance}, one after the other, each when
 * everything due before it is over, promises included. Tasks of one millisecond run in the order they were
 * scheduled.
 */
export class VirtualClock implements RouterClock {
  #nowMs = START_MS;
  readonly #times = new FlatQueue<number>();
  readonly #tasks = new Map<number, Task[]>();
  readonly #held = new Set<Promise<unknown>>();

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs - START_MS;
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const atMs = Math.ceil(this.#nowMs + Math.max(0, delayMs));
    const task: Task = { callback };
    const tasks = this.#tasks.get(atMs);
    if (tasks === undefined) {
      this.#tasks.set(atMs, [task]);
      this.#times.push(atMs, atMs);
    } else tasks.push(task);
    return () => (task.callback = undefined);
  }

  /** Stops time until work that takes real time is over: checks of signatures run on other threads. */
  hold<T>(work: Promise<T>): Promise<T> {
    const held = work.then(
      () => undefined,
      () => undefined,
    );
    this.#held.add(held);
    void held.then(() => this.#held.delete(held));
    return work;
  }

  /** Lets time pass. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await this.#settle();
    for (let atMs = this.#times.peekValue(); atMs !== undefined && atMs <= endMs;) {
      this.#times.pop();
      this.#nowMs = atMs;
      // A task may schedule others for now: the list grows while it is walked.
      const tasks = this.#tasks.get(atMs) ?? [];
      for (const task of tasks) task.callback?.();
      this.#tasks.delete(atMs);
      await this.#settle();
      atMs = this.#times.peekValue();
    }
    this.#nowMs = endMs;
  }

  async #settle(): Promise<void> {
    do {
      await Promise.all(this.#held);
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#held.size > 0);
  }
}

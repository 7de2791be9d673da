/**
 * One body for two readers: the application's worker, which may keep a copy, and the page, which gets it
 * from here and not through the worker, so that it streams and outlives it.
 */
import type { ReadChunk } from '../documents/inject.ts';

/** How far one reader may be ahead of the other. */
const MAX_AHEAD_BYTES = 8 * 1024 * 1024;

interface Branch {
  queue: Uint8Array[];
  bytes: number;
  isDropped: boolean;
  wake: (() => void) | undefined;
}

export class SharedBody {
  readonly #read: ReadChunk;
  readonly #cancel: (reason: string) => void;
  readonly #branches: [Branch, Branch] = [branch(), branch()];
  #reading: Promise<void> | undefined;
  #isEnded = false;
  #error: { cause: unknown } | undefined;
  #isClaimed = false;
  #isDone = false;

  constructor(read: ReadChunk, cancel: (reason: string) => void) {
    this.#read = read;
    this.#cancel = cancel;
  }

  /** Next chunk for the worker. */
  readonly readByWorker: ReadChunk = () => this.#next(0);
  /** Next chunk for the page, once it is claimed. */
  readonly readByPage: ReadChunk = () => this.#next(1);

  /** The page shall have the body: false where the worker is too far ahead for that. */
  claim(): boolean {
    if (this.#branches[1].isDropped) return false;
    this.#isClaimed = true;
    return true;
  }

  /** The worker, or the page, reads no further. */
  drop(reader: 'worker' | 'page', reason: string): void {
    const [own, other] = reader === 'worker' ? this.#branches : [...this.#branches].reverse();
    if (own === undefined || other === undefined || own.isDropped) return;
    own.isDropped = true;
    own.queue = [];
    own.bytes = 0;
    other.wake?.();
    if (!other.isDropped || this.#isDone) return;
    this.#isDone = true;
    if (!this.#isEnded) this.#cancel(reason);
  }

  async #next(at: 0 | 1): Promise<Uint8Array | undefined> {
    const own = this.#branches[at];
    const other = this.#branches[1 - at] as Branch;
    for (;;) {
      const chunk = own.queue.shift();
      if (chunk !== undefined) {
        own.bytes -= chunk.length;
        other.wake?.();
        return chunk;
      }
      if (this.#error !== undefined) throw this.#error.cause;
      if (this.#isEnded) return undefined;
      if (!other.isDropped && other.bytes > MAX_AHEAD_BYTES) {
        // A page that nobody spoke of yet would hold up the worker for good.
        if (at === 0 && !this.#isClaimed) this.drop('page', 'the worker keeps it');
        else await new Promise<void>((resolve) => (own.wake = resolve));
        continue;
      }
      this.#reading ??= this.#pull().finally(() => (this.#reading = undefined));
      await this.#reading;
    }
  }

  async #pull(): Promise<void> {
    try {
      const chunk = await this.#read();
      if (chunk === undefined) {
        this.#isEnded = true;
        return;
      }
      const open = this.#branches.filter(({ isDropped }) => !isDropped);
      for (const [index, branch] of open.entries()) {
        // Streams detach what they are given.
        branch.queue.push(index === 0 ? chunk : chunk.slice());
        branch.bytes += chunk.length;
      }
    } catch (cause) {
      this.#error = { cause };
    }
  }
}

function branch(): Branch {
  return { queue: [], bytes: 0, isDropped: false, wake: undefined };
}

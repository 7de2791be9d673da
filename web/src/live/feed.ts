/** The controller's live events: the latest ones, and a word to whoever listens. */
import { isAppError } from '@postern/shared/errors';
import { createParser } from 'eventsource-parser';
import type { ApiClient } from '../api/client.ts';

export interface FeedEvent {
  readonly id: string;
  /** Such as `entity.updated`. */
  readonly type: string;
  readonly time: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface FeedState {
  /** Oldest first, at most 1,000. */
  readonly events: readonly FeedEvent[];
  readonly isConnected: boolean;
  /** Why it is not, as far as somebody said. */
  readonly problem: string | undefined;
}

const MAX_EVENTS = 1_000;
/** Longest event taken; the controller's are a few KB. */
const MAX_EVENT_CHARS = 1024 * 1024;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;

export class Feed {
  readonly #listeners = new Set<(event: FeedEvent | undefined) => void>();
  #state: FeedState = { events: [], isConnected: false, problem: undefined };

  readonly state = (): FeedState => this.#state;
  /** Told of every event, and with none of a change of state. */
  readonly subscribe = (listener: (event: FeedEvent | undefined) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Reads until aborted, and comes back after each loss where it left off. */
  async run(
    client: ApiClient,
    signal: AbortSignal,
    wait: (ms: number, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    let retryMs = FIRST_RETRY_MS;
    const isStopped = () => signal.aborted;
    for (;;) {
      try {
        const after = this.#state.events.at(-1)?.id;
        const response = await client.open('/events', { query: { after }, signal });
        retryMs = FIRST_RETRY_MS;
        this.#become({ isConnected: true, problem: undefined });
        const cut = await this.#read(response);
        this.#become({ isConnected: false, problem: cut?.message });
        if (cut?.code === 'ERR_EVENTS_GAP') this.#become({ events: [] });
      } catch (error) {
        if (isStopped()) return;
        this.#become({
          isConnected: false,
          problem: isAppError(error) ? error.message : undefined,
        });
        if (isAppError(error, 'ERR_WEB_SIGNED_OUT')) return;
        // The id is of another life of the controller.
        if (isAppError(error, 'ERR_WEB_API') && error.status === 400) this.#become({ events: [] });
      }
      await wait(retryMs, signal);
      if (isStopped()) return;
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
    }
  }

  /** @returns what the controller said when it ended the stream */
  async #read({ body }: Response): Promise<{ code: string; message: string } | undefined> {
    if (!body) return undefined;
    let cut: { code: string; message: string } | undefined;
    let pending = 0;
    const parser = createParser({
      onEvent: ({ id, event, data }) => {
        pending = 0;
        if (event === 'cut') cut = JSON.parse(data) as { code: string; message: string };
        else if (id !== undefined && event !== undefined) this.#add(id, event, data);
      },
    });
    for await (const text of body.pipeThrough(new TextDecoderStream())) {
      pending += text.length;
      if (pending > MAX_EVENT_CHARS)
        return { code: 'ERR_WEB_EVENT', message: 'an event is too long' };
      parser.feed(text);
    }
    return cut;
  }

  #add(id: string, type: string, json: string): void {
    const { time, type: _, ...data } = JSON.parse(json) as Record<string, unknown>;
    const event = { id, type, time: String(time), data };
    this.#become({ events: [...this.#state.events.slice(1 - MAX_EVENTS), event] }, event);
  }

  #become(change: Partial<FeedState>, event?: FeedEvent): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener(event);
  }
}

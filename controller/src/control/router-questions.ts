/** Questions to one router (Inspect) that wait for their answers. */
import type { Inspect, Inspected, Inspection } from '@postern/shared/schemas';

export type RouterQuestion = Omit<Inspect, 'requestId'>;

/** A router's own longest answer, a traceroute, takes 2 s. */
const ANSWER_MS = 5_000;
/** Questions that one router may leave unanswered. */
const MAX_WAITING = 32;

interface RouterQuestionsOptions {
  /** Sends a question; false when the connection is closed. */
  readonly send: (question: Inspect) => boolean;
  /** Default: 5 s. */
  readonly answerMs?: number;
}

export class RouterQuestions {
  readonly #options: RouterQuestionsOptions;
  readonly #waiting = new Map<number, (answer: Inspection) => void>();
  #lastId = 0;

  constructor(options: RouterQuestionsOptions) {
    this.#options = options;
  }

  /** Never rejects: without an answer in time, or a connection, the reason is the answer. */
  ask(question: RouterQuestion): Promise<Inspection> {
    if (this.#waiting.size >= MAX_WAITING)
      return Promise.resolve(failed('ERR_INSPECT_BUSY', 'the router has too much to answer'));
    const requestId = (this.#lastId = (this.#lastId % 0x7fff_ffff) + 1);
    if (!this.#options.send({ requestId, ...question })) return Promise.resolve(NOT_CONNECTED);
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => settle(failed('ERR_INSPECT_TIMEOUT', 'the router did not answer in time')),
        this.#options.answerMs ?? ANSWER_MS,
      );
      const settle = (answer: Inspection): void => {
        clearTimeout(timer);
        this.#waiting.delete(requestId);
        resolve(answer);
      };
      this.#waiting.set(requestId, settle);
    });
  }

  /** An answer came; one that nobody waits for is dropped. */
  receive({ requestId, answer }: Inspected): void {
    this.#waiting.get(requestId)?.(answer);
  }

  /** The router is gone. */
  close(): void {
    for (const settle of [...this.#waiting.values()]) settle(NOT_CONNECTED);
  }
}

const failed = (code: string, message: string): Inspection => ({ value: 'failed', code, message });
export const NOT_CONNECTED = failed(
  'ERR_INSPECT_UNREACHABLE',
  'the router is not connected to this controller',
);

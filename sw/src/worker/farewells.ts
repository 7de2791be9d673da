/**
 * What pages say while they are left: requests whose answers nobody waits for, and which requests nobody
 * waits for any more. Each may come twice, by a message and by the port that the page gave.
 */
import type { Logger } from '@postern/shared/log';
import { farewellSchema } from '../messages/page.ts';
import type { PageRequests } from './fetch/page-requests.ts';
import { codeOf } from './pages/error-page.ts';

/** Ports of pages held at once, and farewells remembered; the oldest go first. */
const MAX_LINES = 512;
const MAX_SAID = 1024;

type Line = Pick<MessagePort, 'close' | 'onmessage'>;

export interface FarewellsOptions {
  origin: string;
  requests: Pick<PageRequests, 'take'>;
  /** Makes a request of the application and lets its answer go. */
  send: (request: Request) => Promise<unknown>;
  logger: Logger;
}

export class Farewells {
  readonly #options: FarewellsOptions;
  readonly #lines = new Set<Line>();
  readonly #said = new Set<string>();

  constructor(options: FarewellsOptions) {
    this.#options = options;
  }

  /** True if the message, of a page of ours, was one. Resolves when it is dealt with; never rejects. */
  async take(data: unknown): Promise<boolean> {
    const { origin, send, logger } = this.#options;
    const farewell = farewellSchema.safeParse(data).data;
    if (farewell === undefined) return false;
    const { id, url, method, headers, credentials, body = null } = farewell;
    if (this.#said.has(id)) return true;
    this.#said.add(id);
    dropOldest(this.#said, MAX_SAID);
    try {
      await send(new Request(new URL(url, origin), { method, headers, credentials, body }));
    } catch (error) {
      logger.warn('farewell.failed', { code: codeOf(error) });
    }
    return true;
  }

  /** A port of one of our pages. */
  listen(line: Line): void {
    this.#lines.add(line);
    for (const oldest of dropOldest(this.#lines, MAX_LINES)) oldest.close();
    line.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (!this.#options.requests.take(data, undefined)) void this.take(data);
    };
  }
}

function dropOldest<T>(set: Set<T>, max: number): T[] {
  const dropped = [...set].slice(0, Math.max(0, set.size - max));
  for (const one of dropped) set.delete(one);
  return dropped;
}

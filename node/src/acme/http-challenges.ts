/** Answers HTTP-01 (RFC 8555 §8.3), and 404 to everything else. */
import { createServer } from 'node:http';
import { listen, type Listener } from '../listen/index.ts';

const PREFIX = '/.well-known/acme-challenge/';
const MAX_HEADER_BYTES = 8 * 1024;
const TIMEOUT_MS = 5_000;
const MAX_CONNECTIONS = 256;

export class HttpChallenges {
  readonly #answers = new Map<string, string>();
  readonly #listener: Listener;

  private constructor(listener: Listener, answers: Map<string, string>) {
    this.#listener = listener;
    this.#answers = answers;
  }

  /** @throws AppError `ERR_LISTEN` */
  static async open(host: string, port: number): Promise<HttpChallenges> {
    const answers = new Map<string, string>();
    const server = createServer(
      {
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: TIMEOUT_MS,
        requestTimeout: TIMEOUT_MS,
        keepAlive: false,
      },
      ({ method, url = '' }, response) => {
        response.shouldKeepAlive = false;
        const isKnown = (method === 'GET' || method === 'HEAD') && url.startsWith(PREFIX);
        const answer = isKnown ? answers.get(url.slice(PREFIX.length)) : undefined;
        response.writeHead(answer === undefined ? 404 : 200, {
          'content-type': 'application/octet-stream',
          'x-content-type-options': 'nosniff',
          'cache-control': 'no-store',
        });
        response.end(answer);
      },
    );
    server.maxConnections = MAX_CONNECTIONS;
    return new HttpChallenges(await listen(server, host, port), answers);
  }

  get port(): number {
    return this.#listener.address.port;
  }

  add(token: string, answer: string): void {
    this.#answers.set(token, answer);
  }

  remove(token: string): void {
    this.#answers.delete(token);
  }

  close(): Promise<void> {
    return this.#listener.close();
  }
}

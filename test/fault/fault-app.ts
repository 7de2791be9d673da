/** The app behind the connector: gives streams by their seed, and tells the hash of what it is sent. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { streamBytes } from './stream-bytes.ts';

export interface FaultApp {
  readonly url: string;
  /** Uploads that came to their end, by seed: how often. */
  readonly uploads: Map<string, number>;
  close(): void;
}

export async function startFaultApp(): Promise<FaultApp> {
  const uploads = new Map<string, number>();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { searchParams } = new URL(request.url ?? '/', 'http://app');
    const seed = searchParams.get('seed') ?? '';
    if (request.method === 'GET') {
      const bytes = Number(searchParams.get('bytes'));
      response.setHeader('content-length', bytes);
      await pipeline(Readable.from(streamBytes(Number(seed), bytes)), response);
      return;
    }
    const hash = createHash('sha256');
    for await (const chunk of request) hash.update(chunk as Buffer);
    uploads.set(seed, (uploads.get(seed) ?? 0) + 1);
    response.end(hash.digest('hex'));
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    uploads,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Streams over one session, down and up in turn, and what came of each. */
import { createHash } from 'node:crypto';
import type { SecureSession } from '@postern/shared/protocol/session';
import { request } from '../harness/connector-client.ts';
import { streamBytes, streamHash } from './stream-bytes.ts';

export interface StreamsOptions {
  readonly count: number;
  readonly bytes: number;
  /** Seed of the first stream; the others follow. */
  readonly firstSeed: number;
  /** Told of bytes that were received, or taken for sending. */
  readonly onProgress: (bytes: number) => void;
}

/** Streams whose bytes are not exactly those that were sent, with what happened instead. */
export async function runStreams(
  session: SecureSession,
  { count, bytes, firstSeed, onProgress }: StreamsOptions,
): Promise<string[]> {
  const one = async (index: number): Promise<string | undefined> => {
    const seed = firstSeed + index;
    const isDownload = index % 2 === 0;
    try {
      const hash = isDownload
        ? await download(session, seed, bytes, onProgress)
        : await upload(session, seed, bytes, onProgress);
      return hash === streamHash(seed, bytes) ? undefined : `stream ${seed}: wrong hash`;
    } catch (error) {
      return `stream ${seed} (${isDownload ? 'down' : 'up'}): ${String(error)}`;
    }
  };
  const outcomes = await Promise.all(Array.from({ length: count }, (_, index) => one(index)));
  return outcomes.filter((outcome) => outcome !== undefined);
}

async function download(
  session: SecureSession,
  seed: number,
  bytes: number,
  onProgress: (bytes: number) => void,
): Promise<string> {
  const { stream } = await request(session, `/?seed=${seed}&bytes=${bytes}`);
  const hash = createHash('sha256');
  for (let chunk = await stream.read(); chunk; chunk = await stream.read()) {
    hash.update(chunk);
    onProgress(chunk.length);
  }
  return hash.digest('hex');
}

async function upload(
  session: SecureSession,
  seed: number,
  bytes: number,
  onProgress: (bytes: number) => void,
): Promise<string> {
  async function* body(): AsyncGenerator<Uint8Array> {
    for (const chunk of streamBytes(seed, bytes)) {
      yield chunk;
      onProgress(chunk.length);
    }
  }
  const answer = await request(session, `/?seed=${seed}`, { method: 'POST', body: body() });
  return answer.text();
}

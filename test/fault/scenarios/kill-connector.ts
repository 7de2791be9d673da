/**
 * SIGKILL of the connector that serves a session, while another hosts the service: what ran is broken and
 * said to be at once, requests that may be sent again are, and new streams move to the other in time.
 */
import { createHash } from 'node:crypto';
import type { SecureSession } from '@postern/shared/protocol/session';
import { request } from '../../harness/connector-client.ts';
import { FaultClient } from '../fault-client.ts';
import { streamHash } from '../stream-bytes.ts';
import { spread, type Scenario } from './scenario.ts';

/** New streams are elsewhere by then. */
const MOVED_WITHIN_MS = 3_000;
/** A host whose connection only broke may take a second to be back; then what ran is broken. */
const REPORTED_WITHIN_MS = 2_000;
const SMALL_BYTES = 20_000;
const BROKEN_BYTES = 64 * 1_048_576;

export function killConnector(): Scenario {
  return {
    title: 'kill -9 of the connector in use, with another hosting',
    network: () => ({ connectors: 2 }),
    async run({ network, random, rounds, streams }) {
      const movedMs: number[] = [];
      const reportedMs: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        await network.restore();
        const client = await FaultClient.signIn(network, random);
        const session = await client.connect();
        const victim = network.connectorOf(session.peer['sub']);
        // Streams under way: they cannot survive, and must not hang.
        const broken = Array.from({ length: streams }, async (_, i) => {
          const { stream } = await request(session, `/?seed=${i}&bytes=${BROKEN_BYTES}`);
          return readToEnd(stream);
        });
        await Promise.all(Array.from({ length: 2 }, (_, i) => get(session, i).then(expectHash(i))));
        const killedMs = Date.now();
        await victim.kill();
        const ends = await Promise.all(
          broken.map((end) =>
            end.then(
              () => true,
              () => false,
            ),
          ),
        );
        reportedMs.push(Date.now() - killedMs);
        if (ends.includes(true)) throw new Error(`round ${round}: a stream ended as if complete`);
        const again = await reconnect(client, session, victim.name);
        await get(again, round).then(expectHash(round));
        movedMs.push(Date.now() - killedMs);
        again.close();
      }
      const figures = { reportedMs: spread(reportedMs), movedMs: spread(movedMs) };
      if (figures.reportedMs.most > REPORTED_WITHIN_MS || figures.movedMs.most > MOVED_WITHIN_MS)
        throw new Error(`too late: ${JSON.stringify(figures)}`);
      return figures;
    },
  };

  /** The very request that had no answer, once more: it is harmless, as a browser's GET is. */
  async function reconnect(
    client: FaultClient,
    lost: SecureSession,
    victim: string,
  ): Promise<SecureSession> {
    const reason = await lost.closed;
    if (!reason.retryable) throw new Error(`the session of ${victim} ended with ${reason.code}`);
    return client.connect();
  }
}

const get = async (session: SecureSession, seed: number): Promise<Buffer> =>
  (await request(session, `/?seed=${seed}&bytes=${SMALL_BYTES}`)).bytes();

const expectHash =
  (seed: number) =>
  (bytes: Buffer): void => {
    const hash = createHash('sha256').update(bytes).digest('hex');
    if (hash !== streamHash(seed, SMALL_BYTES)) throw new Error(`stream ${seed}: wrong hash`);
  };

async function readToEnd(stream: { read(): Promise<Uint8Array | undefined> }): Promise<void> {
  for (let chunk = await stream.read(); chunk; chunk = await stream.read());
}

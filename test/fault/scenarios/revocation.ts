/** The policy is deleted while a download runs: how long until the page's side hears of it. */
import { request } from '../../harness/connector-client.ts';
import type { SecureSession, SessionStream } from '@postern/shared/protocol/session';
import { FaultClient } from '../fault-client.ts';
import { spread, type Scenario } from './scenario.ts';

const P99_MS = 1_000;
const DENIED: readonly string[] = ['ERR_ACCESS_REMOVED', 'ERR_ACCESS_NO_POLICY'];
const STREAM_BYTES = 1_073_741_824;

export function revocation(): Scenario {
  return {
    title: 'the dial policy is deleted under a running download',
    async run({ network, random, rounds }) {
      const client = { current: await FaultClient.signIn(network, random), rounds: 0 };
      const closedMs: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        // Tokens are good for five minutes.
        if (client.rounds++ > 50) {
          client.current = await FaultClient.signIn(network, random);
          client.rounds = 1;
        }
        const { session, stream } = await download(client.current, round);
        const ended = (async () => {
          for (let chunk = await stream.read(); chunk; chunk = await stream.read());
          throw new Error(`round ${round}: the download ended as if complete`);
        })().catch((error: unknown) => error);
        const startedMs = performance.now();
        await network.forbidDials();
        await ended;
        const { code } = await session.closed;
        closedMs.push(performance.now() - startedMs);
        if (!DENIED.includes(code)) throw new Error(`round ${round}: ended with ${code}`);
        await network.allowDials();
      }
      const figures = { closedMs: spread(closedMs) };
      if (figures.closedMs.p99 > P99_MS) throw new Error(`too late: ${JSON.stringify(figures)}`);
      return figures;
    },
  };
}

/** The policy made last may not be at routers and connectors yet. */
async function download(
  client: FaultClient,
  seed: number,
): Promise<{ session: SecureSession; stream: SessionStream }> {
  for (let attempt = 0; ; attempt += 1) {
    let session: SecureSession | undefined;
    try {
      session = await client.connect();
      const { stream } = await request(session, `/?seed=${seed}&bytes=${STREAM_BYTES}`);
      return { session, stream };
    } catch (error) {
      session?.close();
      client.forgetGrant();
      if (attempt >= 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Faults that streams come through: all bytes, by a deadline, and no upload twice. */
import type { Random } from '../../harness/random.ts';
import { FaultClient } from '../fault-client.ts';
import type { FaultNetwork } from '../fault-network.ts';
import { runStreams } from '../run-streams.ts';
import { spread, type Scenario } from './scenario.ts';

interface StreamFault {
  readonly title: string;
  /** When every stream must have ended, after the fault. */
  readonly deadlineMs: number;
  readonly problem?: () => string | undefined;
  /** Injects the fault while streams run. Resolves when there is nothing more to inject. */
  readonly inject: (network: FaultNetwork, random: Random) => Promise<void>;
}

export function streamsSurvive({ title, deadlineMs, problem, inject }: StreamFault): Scenario {
  return {
    title,
    ...(problem && { problem }),
    async run({ network, random, rounds, seed, streams, streamBytes }) {
      const pausesMs: number[] = [];
      network.app.uploads.clear();
      for (let round = 0; round < rounds; round += 1) {
        await network.restore();
        const client = await FaultClient.signIn(network, random);
        const session = await client.connect();
        // Somewhere in the middle half of all bytes.
        const injectAt = Math.floor(streams * streamBytes * (0.25 + random.next() / 2));
        let done = 0;
        let reached: () => void = () => undefined;
        const due = new Promise<void>((resolve) => (reached = resolve));
        let lastMs = Date.now();
        let pauseMs = 0;
        const running = runStreams(session, {
          count: streams,
          bytes: streamBytes,
          firstSeed: (seed * 1_000 + round) * 1_000,
          onProgress: (bytes) => {
            done += bytes;
            pauseMs = Math.max(pauseMs, Date.now() - lastMs);
            lastMs = Date.now();
            if (done >= injectAt) reached();
          },
        });
        await due;
        pauseMs = 0;
        await inject(network, random);
        const late = setTimeout(() => {
          session.close({ code: 'ERR_CIRCUIT_LOST', message: 'deadline', retryable: false });
        }, deadlineMs);
        const failures = await running;
        clearTimeout(late);
        if (failures.length > 0) throw new Error(`round ${round}: ${failures.join('; ')}`);
        pausesMs.push(pauseMs);
        session.close();
      }
      const twice = [...network.app.uploads].filter(([, times]) => times !== 1);
      if (twice.length > 0) throw new Error(`uploads that arrived twice: ${twice.join('; ')}`);
      return {
        streams: rounds * streams,
        bytesEach: streamBytes,
        lost: 0,
        wrongHashes: 0,
        pauseMs: spread(pausesMs),
      };
    },
  };
}

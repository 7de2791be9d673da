/**
 * Parts die under streams; every stream must come through, byte for byte, by a deadline. In CI a short
 * set; `npm run fault -- --scenario NAME --rounds N --seed S` runs one scenario for longer.
 */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultClient } from './fault-client.ts';
import { FaultNetwork } from './fault-network.ts';
import { Random } from '../harness/random.ts';
import { runStreams } from './run-streams.ts';
import { scenarios } from './scenarios/index.ts';

const WANTED = process.env['POSTERN_FAULT_SCENARIO'];
const ROUNDS = Number(process.env['POSTERN_FAULT_ROUNDS'] ?? 1);
const SEED = Number(process.env['POSTERN_FAULT_SEED'] ?? 1);
const STREAMS = Number(process.env['POSTERN_FAULT_STREAMS'] ?? 8);
const STREAM_BYTES = Number(process.env['POSTERN_FAULT_MIB'] ?? 3) * 1_048_576;
const REPORT = process.env['POSTERN_FAULT_REPORT'];
/** Without a wish: those that are over in seconds. */
const SHORT = ['kill-transit', 'kill-edge', 'kill-host-router'];

const chosen = WANTED === undefined ? SHORT : [WANTED];

describe('faults under streams', () => {
  let network: FaultNetwork;
  beforeAll(async () => {
    network = await FaultNetwork.start();
  }, 120_000);
  afterAll(() => network?.close());

  it.each(chosen)(
    `%s: no stream is lost and no byte is wrong in ${ROUNDS} rounds`,
    async (name) => {
      const scenario = scenarios[name];
      if (scenario === undefined) throw new Error(`no scenario ${name}`);
      const random = new Random(SEED);
      const pausesMs: number[] = [];
      const startedMs = Date.now();
      network.app.uploads.clear();
      for (let round = 0; round < ROUNDS; round += 1) {
        await network.restore();
        const client = await FaultClient.signIn(network, random);
        const session = await client.connect();
        const total = STREAMS * STREAM_BYTES;
        // Somewhere in the middle half of all bytes.
        const injectAt = Math.floor(total * (0.25 + random.next() / 2));
        let done = 0;
        let reached: () => void = () => undefined;
        const due = new Promise<void>((resolve) => (reached = resolve));
        let lastMs = Date.now();
        let pauseMs = 0;
        const running = runStreams(session, {
          count: STREAMS,
          bytes: STREAM_BYTES,
          firstSeed: (SEED * 1_000 + round) * 1_000,
          onProgress: (bytes) => {
            done += bytes;
            pauseMs = Math.max(pauseMs, Date.now() - lastMs);
            lastMs = Date.now();
            if (done >= injectAt) reached();
          },
        });
        await due;
        pauseMs = 0;
        await scenario.inject(network, random);
        const late = setTimeout(() => {
          session.close({ code: 'ERR_CIRCUIT_LOST', message: 'deadline', retryable: false });
        }, scenario.deadlineMs);
        const failures = await running;
        clearTimeout(late);
        expect({ round, failures }).toEqual({ round, failures: [] });
        pausesMs.push(pauseMs);
        session.close();
      }
      // Nothing was sent to the app twice.
      expect([...network.app.uploads.values()].filter((times) => times !== 1)).toEqual([]);
      if (REPORT !== undefined) {
        pausesMs.sort((a, b) => a - b);
        const at = (share: number) => pausesMs[Math.floor(share * (pausesMs.length - 1))];
        const report = {
          scenario: name,
          title: scenario.title,
          seed: SEED,
          rounds: ROUNDS,
          streams: ROUNDS * STREAMS,
          bytesEach: STREAM_BYTES,
          lost: 0,
          wrongHashes: 0,
          pauseMs: { median: at(0.5), p90: at(0.9), most: at(1) },
          seconds: Math.round((Date.now() - startedMs) / 1_000),
        };
        writeFileSync(REPORT, JSON.stringify(report));
      }
    },
    60_000 + ROUNDS * 150_000,
  );
});

/**
 * Parts die, hang or lose each other, and what has to hold then holds, by a deadline. In CI a short set;
 * `npm run fault -- --scenario NAME --rounds N --seed S` runs one scenario for longer.
 */
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Random } from '../harness/random.ts';
import { FaultNetwork } from './fault-network.ts';
import { scenarios } from './scenarios/index.ts';

const WANTED = process.env['POSTERN_FAULT_SCENARIO'];
const number = (name: string, otherwise: number): number =>
  Number(process.env[`POSTERN_FAULT_${name}`] ?? otherwise);
const ROUNDS = number('ROUNDS', 1);
const SEED = number('SEED', 1);
const MINUTES = number('MINUTES', 0.1);
const REPORT = process.env['POSTERN_FAULT_REPORT'];
/** Without a wish: those that are over in seconds. */
const SHORT = ['kill-transit', 'kill-edge', 'kill-host-router'];

/** Scenarios on the same kind of network, one after the other. */
const groups = new Map<string, string[]>();
for (const name of WANTED === undefined ? SHORT : [WANTED]) {
  const options = JSON.stringify(scenarios[name]?.network?.({ minutes: MINUTES }) ?? {});
  groups.set(options, [...(groups.get(options) ?? []), name]);
}

describe.each([...groups])('on a network %s', (options, names) => {
  it(
    `comes through ${names.join(', ')} in ${ROUNDS} rounds`,
    async (context) => {
      const chosen = names.map((name) => ({ name, scenario: scenarios[name] }));
      for (const { name, scenario } of chosen) {
        if (scenario === undefined) throw new Error(`no scenario ${name}`);
        const problem = scenario.problem?.();
        if (problem === undefined) continue;
        process.stderr.write(`skipped ${name}: ${problem}\n`);
        if (REPORT !== undefined) writeFileSync(REPORT, JSON.stringify({ name, skipped: problem }));
        context.skip(problem);
      }
      const network = await FaultNetwork.start(JSON.parse(options) as object);
      try {
        for (const { name, scenario } of chosen) {
          const startedMs = Date.now();
          const figures = await scenario?.run({
            network,
            random: new Random(SEED),
            rounds: ROUNDS,
            seed: SEED,
            streams: number('STREAMS', 8),
            streamBytes: number('MIB', 3) * 1_048_576,
            minutes: MINUTES,
          });
          const seconds = Math.round((Date.now() - startedMs) / 1_000);
          const { title } = scenario ?? {};
          const report = { scenario: name, title, seed: SEED, rounds: ROUNDS, ...figures, seconds };
          if (REPORT !== undefined) writeFileSync(REPORT, JSON.stringify(report));
          expect(figures).toBeDefined();
        }
      } finally {
        await network.close();
      }
    },
    600_000 + ROUNDS * 150_000 + 4 * MINUTES * 60_000,
  );
});

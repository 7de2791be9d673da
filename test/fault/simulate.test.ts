/**
 * The simulator, with a small mesh and a few rounds in CI; `npm run fault -- --scenario simulate
 * --routers 50,100,500 --rounds 200 --seed 1` runs larger ones and prints their figures.
 */
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { summarize, type MeshSummary } from './simulator/summary.ts';
import { Simulation, type Round } from './simulator/simulation.ts';

const isWanted = process.env['POSTERN_FAULT_SCENARIO'] === 'simulate';
const wish = (name: string, otherwise: string): string =>
  (isWanted ? process.env[`POSTERN_FAULT_${name}`] : undefined) ?? otherwise;
const SIZES = wish('ROUTERS', '50').split(',').map(Number);
const ROUNDS = Number(wish('ROUNDS', '3'));
const SEED = Number(wish('SEED', '1'));
const REPORT = isWanted ? process.env['POSTERN_FAULT_REPORT'] : undefined;

describe('simulated mesh', () => {
  const meshes: MeshSummary[] = [];

  it.each(SIZES)(
    `of %d routers is exact after each of ${ROUNDS} rounds of failures`,
    async (routers) => {
      const simulation = await Simulation.start(routers, SEED);
      const rounds: Round[] = [];
      for (let i = 0; i < ROUNDS; i += 1) {
        const round = await simulation.round();
        rounds.push(round);
        if (isWanted) process.stderr.write(`${JSON.stringify({ routers, round: i, ...round })}\n`);
      }
      expect(rounds.every(({ dials }) => dials.opened + dials.refused > 0)).toBe(true);
      meshes.push(summarize(simulation.plan, rounds));
      if (REPORT !== undefined)
        writeFileSync(REPORT, JSON.stringify({ scenario: 'simulate', seed: SEED, meshes }));
    },
    // A large mesh takes minutes to start where others use the machine too.
    (isWanted ? 3_600_000 : 120_000) + ROUNDS * 600_000,
  );
});

import { describe, expect, it } from 'vitest';
import type { CircuitTable } from './circuit-table.ts';
import type { RouterCircuit } from './circuit.ts';
import { PathImprover } from './path-improver.ts';
import type { Topology } from './topology.ts';

const limits = { rerouteCycleMs: 60_000, rerouteMinGain: 15, reroutesPerCycle: 2 };
const path = ['in', 'm', 'out'];

/** Circuits over one path that costs `cost` now, while the best way costs `best`. */
function createWorld(count: number, changes: Partial<RouterCircuit> = {}) {
  const circuits = new Set(
    Array.from(
      { length: count },
      (_, i) =>
        ({
          subject: { circuitId: `circuit-${i}` },
          isIngress: true,
          isMovable: true,
          state: 'open',
          openedMs: 0,
          path,
          ...changes,
        }) as unknown as RouterCircuit,
    ),
  );
  const costs: { cost: number | undefined; best: number } = { cost: 100, best: 100 };
  const closed: string[] = [];
  let nowMs = 0;
  const improver = new PathImprover({
    table: {
      values: () => circuits.values(),
      close: (circuit: RouterCircuit, { code }: { code: string }) => {
        circuits.delete(circuit);
        closed.push(code);
      },
    } as unknown as CircuitTable,
    topology: {
      costOf: () => costs.cost,
      pathTo: () => ({ hops: [], cost: costs.best }),
    } as unknown as Topology,
    limits,
    nowMs: () => nowMs,
  });
  const cycle = () => {
    nowMs += limits.rerouteCycleMs;
    return improver.cycle();
  };
  return { costs, closed, cycle };
}

describe('better ways', () => {
  it('are taken by a few circuits a cycle, once they have lasted', () => {
    const { costs, closed, cycle } = createWorld(5);
    expect(cycle()).toBe(0);
    costs.best = 50;
    expect([cycle(), cycle(), cycle(), cycle(), cycle()]).toEqual([0, 2, 2, 1, 0]);
    expect(new Set(closed)).toEqual(new Set(['ERR_CIRCUIT_MOVED']));
  });

  it('are left alone when they save little, or come and go', () => {
    const { costs, cycle } = createWorld(5);
    costs.best = 86;
    expect([cycle(), cycle(), cycle()]).toEqual([0, 0, 0]);
    for (const best of [10, 100, 10, 100, 10]) {
      costs.best = best;
      expect(cycle()).toBe(0);
    }
  });

  it.each<[string, Partial<RouterCircuit>]>([
    ['circuits whose ends cannot resume', { isMovable: false }],
    ['circuits that began elsewhere', { isIngress: false }],
    ['circuits that are being opened', { state: 'opening' }],
    ['circuits younger than a cycle', { openedMs: Number.MAX_SAFE_INTEGER }],
  ])('are not for %s', (_, changes) => {
    const { costs, cycle } = createWorld(1, changes);
    costs.best = 0;
    expect([cycle(), cycle(), cycle()]).toEqual([0, 0, 0]);
  });

  it('are not what a broken way is left for', () => {
    const { costs, cycle } = createWorld(1);
    costs.cost = undefined;
    costs.best = 0;
    expect([cycle(), cycle()]).toEqual([0, 0]);
  });
});

/** Figures of the rounds of one mesh. */
import type { MeshPlan } from './mesh-plan.ts';
import type { Round } from './simulation.ts';

export interface MeshSummary {
  readonly routers: number;
  readonly connectors: number;
  readonly rounds: number;
  /** Links between routers that were up, on average. */
  readonly links: number;
  readonly dials: { readonly opened: number; readonly refused: number };
  /** Virtual seconds from the failures until everything was exact. */
  readonly convergedS: { readonly median: number; readonly most: number };
  /** Messages between routers and controller, and frames on links and to connectors, a round. */
  readonly controlMessages: number;
  readonly frames: number;
  /** Seconds of one processor a round. */
  readonly cpuS: number;
}

export function summarize(
  { routers, connectors }: MeshPlan,
  rounds: readonly Round[],
): MeshSummary {
  const total = (of: (round: Round) => number): number =>
    rounds.reduce((sum, round) => sum + of(round), 0);
  const mean = (of: (round: Round) => number): number => Math.round(total(of) / rounds.length);
  const convergedMs = rounds.map((round) => round.convergedMs).sort((a, b) => a - b);
  const seconds = (ms: number): number => Math.round(ms / 100) / 10;
  return {
    routers: routers.length,
    connectors: connectors.length,
    rounds: rounds.length,
    links: mean(({ links }) => links),
    dials: {
      opened: total(({ dials }) => dials.opened),
      refused: total(({ dials }) => dials.refused),
    },
    convergedS: {
      median: seconds(convergedMs[Math.floor(rounds.length / 2)] ?? 0),
      most: seconds(convergedMs.at(-1) ?? 0),
    },
    controlMessages: mean((round) => round.controlMessages),
    frames: mean(({ frames }) => frames),
    cpuS: seconds(mean(({ cpuMs }) => cpuMs)),
  };
}

/** Where a service is hosted, and what it costs to use it. Who is chosen is a strategy's business. */
import type { Encryption } from '@postern/shared/schemas';
import type { PrecedenceName } from '@postern/shared/protocol/channel';
import type { RankedTerminator } from './strategies/strategy.ts';

export interface TerminatorCandidate {
  readonly id: string;
  readonly serviceId: string;
  readonly routerId: string;
  readonly hostId: string;
  /** 0–65535. */
  readonly cost: number;
  readonly precedence: PrecedenceName;
  /** What a dial names it by; absent: it answers those that name none. */
  readonly instanceId?: string | undefined;
  /** See {@link instanceProof}; absent: no other host may have the instance. */
  readonly instanceProof?: string | undefined;
  /** How its host encrypts. Absent: `authenticated`. */
  readonly encryption?: Encryption | undefined;
}

/** Of a terminator, without the path to it. */
export const MAX_COST = 65_535;
const CLASS: Record<PrecedenceName, number> = { required: 0, default: 1, failed: 2 };

/**
 * The terminators to choose from, cheapest first: those that can be reached of the best precedence class
 * that has any. A worse class is used only when the better ones have none. `cost` is that of the
 * terminator, what `dynamicCost` adds for load and failures, both together at most 65535, and of the path.
 */
export function rankTerminators<T extends TerminatorCandidate>(
  candidates: Iterable<T>,
  pathCost: (routerId: string) => number | undefined,
  dynamicCost: (terminatorId: string) => number,
): RankedTerminator<T>[] {
  let best: RankedTerminator<T>[] = [];
  let bestClass = Infinity;
  for (const terminator of candidates) {
    const precedence = CLASS[terminator.precedence];
    if (precedence > bestClass) continue;
    const path = pathCost(terminator.routerId);
    if (path === undefined) continue;
    if (precedence < bestClass) best = [];
    bestClass = precedence;
    const own = Math.min(terminator.cost + dynamicCost(terminator.id), MAX_COST);
    best.push({ terminator, cost: own + path });
  }
  return best.sort((a, b) => a.cost - b.cost);
}

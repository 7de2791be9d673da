/** Terminator choice: where a service is hosted, cheapest first. */
import type { Encryption } from '@postern/shared/schemas';
import type { PrecedenceName } from '@postern/shared/protocol/channel';

export interface TerminatorCandidate {
  readonly id: string;
  readonly serviceId: string;
  readonly routerId: string;
  readonly hostId: string;
  /** 0–65535. */
  readonly cost: number;
  readonly precedence: PrecedenceName;
  /** How its host encrypts. Absent: `authenticated`. */
  readonly encryption?: Encryption | undefined;
}

const CLASS: Record<PrecedenceName, number> = { required: 0, default: 1, failed: 2 };

/**
 * The terminator to use: a lower precedence class only when the better ones have none, within it the
 * lowest terminator cost + path cost, at random among equals. `undefined` when none is reachable.
 */
export function chooseTerminator<T extends TerminatorCandidate>(
  candidates: Iterable<T>,
  pathCost: (routerId: string) => number | undefined,
  random: () => number = Math.random,
): T | undefined {
  let best: T[] = [];
  let bestClass = Infinity;
  let bestCost = Infinity;
  for (const candidate of candidates) {
    const path = pathCost(candidate.routerId);
    if (path === undefined) continue;
    const precedence = CLASS[candidate.precedence];
    const cost = candidate.cost + path;
    if (precedence > bestClass || (precedence === bestClass && cost > bestCost)) continue;
    if (precedence < bestClass || cost < bestCost) best = [];
    bestClass = precedence;
    bestCost = cost;
    best.push(candidate);
  }
  return best[Math.floor(random() * best.length)];
}

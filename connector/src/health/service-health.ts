/** How a service is offered to routers, after what its checks found. */
import type { PrecedenceName } from '@postern/shared/protocol/channel';
import type { HealthEffect } from './check-config.ts';

const MAX_COST = 65_535;

/** What routers choose by. */
export interface Standing {
  /** 0–65535. */
  readonly cost: number;
  readonly precedence: PrecedenceName;
}

/** Several checks count together: one that fails is enough, and each adds to the cost for itself. */
export class ServiceHealth {
  readonly #healthy: Standing;
  readonly #failing = new Set<number>();
  readonly #added = new Map<number, number>();

  /** @param healthy the standing while no check says otherwise */
  constructor(healthy: Standing) {
    this.#healthy = healthy;
  }

  get standing(): Standing {
    const { cost, precedence } = this.#healthy;
    const added = [...this.#added.values()].reduce((sum, by) => sum + by, 0);
    return {
      cost: Math.min(cost + added, MAX_COST),
      precedence: this.#failing.size > 0 ? 'failed' : precedence,
    };
  }

  /** Answers true if the standing is another one now. `check` is its number within the service. */
  apply(check: number, effect: HealthEffect): boolean {
    const before = this.standing;
    if (effect.kind === 'markUnhealthy') this.#failing.add(check);
    else if (effect.kind === 'markHealthy') this.#failing.delete(check);
    else if (effect.kind === 'changeCost') {
      const added = (this.#added.get(check) ?? 0) + effect.by;
      // Never below what was configured, and no debt that decreases would have to pay off.
      this.#added.set(check, Math.min(Math.max(added, 0), MAX_COST));
    }
    const { cost, precedence } = this.standing;
    return cost !== before.cost || precedence !== before.precedence;
  }
}

/** What the results of one check mean: which of its actions are due. */
import type { HealthAction, HealthEffect } from './check-config.ts';

/** A check starts as passing: only what is seen to fail is told. */
export class CheckState {
  readonly #actions: readonly HealthAction[];
  #isPassing = true;
  /** Results of the present kind in a row. */
  #results = 0;
  #sinceMs: number;
  #hasChanged = false;
  /** Actions on `change` that were done for the present kind. */
  readonly #done = new Set<HealthAction>();

  constructor(actions: readonly HealthAction[], nowMs: number) {
    this.#actions = actions;
    this.#sinceMs = nowMs;
  }

  /** True until a failure is seen. */
  get isPassing(): boolean {
    return this.#isPassing;
  }

  /** Takes in a result; answers what it is to do, in the order of the configuration. */
  observe(isPassing: boolean, nowMs: number): HealthEffect[] {
    if (isPassing !== this.#isPassing) {
      this.#isPassing = isPassing;
      this.#results = 0;
      this.#sinceMs = nowMs;
      this.#hasChanged = true;
      this.#done.clear();
    }
    this.#results += 1;
    const due = this.#actions.filter((action) => this.#isDue(action, nowMs));
    for (const action of due) if (action.trigger === 'change') this.#done.add(action);
    return due.map(({ action }) => action);
  }

  #isDue(action: HealthAction, nowMs: number): boolean {
    if (this.#results < action.consecutiveEvents) return false;
    if (nowMs - this.#sinceMs < action.duration) return false;
    if (action.trigger === 'change') return this.#hasChanged && !this.#done.has(action);
    return action.trigger === (this.#isPassing ? 'pass' : 'fail');
  }
}

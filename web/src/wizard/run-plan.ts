/** Makes what a plan says, step by step, and keeps what is made when one is refused. */
import type { ApiClient } from '../api/client.ts';
import type { Step, StepId } from './plan.ts';

export type Made = ReadonlyMap<StepId, string>;

export class StepFailed extends Error {
  readonly step: Step;
  /** What was made before, and need not be made again. */
  readonly made: Made;

  constructor(step: Step, made: Made, cause: unknown) {
    super(`the step ${step.id} failed`, { cause });
    this.name = 'StepFailed';
    this.step = step;
    this.made = made;
  }
}

/**
 * @param before made by an earlier run of the plan: those steps are left out
 * @throws StepFailed
 */
export async function runPlan(
  client: Pick<ApiClient, 'call'>,
  steps: readonly Step[],
  before: Made,
): Promise<Made> {
  const made = new Map(before);
  for (const step of steps) {
    if (made.has(step.id)) continue;
    try {
      const body = step.body((id) => made.get(id) ?? '');
      const { data } = await client.call<{ id: string }>('POST', step.path, { body });
      made.set(step.id, data.id);
    } catch (error) {
      throw new StepFailed(step, made, error);
    }
  }
  return made;
}

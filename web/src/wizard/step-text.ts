import { fill, words } from '../words/index.ts';
import type { Step } from './plan.ts';

/** What a step makes, for people. */
export function stepText({ id, subject }: Pick<Step, 'id' | 'subject'>): string {
  return fill(words.steps[id], { name: subject, origin: subject });
}

import { BoundedMemory } from './bounded-memory.ts';
import type { TerminatorStrategy } from './strategy.ts';

/** Services whose last choice is remembered; one that was forgotten starts anew. */
const MAX_SERVICES = 10_000;

/** One after the other by id, as this router dials them; whatever comes, goes or fails is passed over. */
export function roundRobin(): TerminatorStrategy {
  const last = new BoundedMemory(MAX_SERVICES);
  return {
    choose(best, { serviceId }) {
      const before = last.get(serviceId) ?? '';
      const inOrder = [...best].sort((a, b) => (a.terminator.id < b.terminator.id ? -1 : 1));
      const next = inOrder.find(({ terminator }) => terminator.id > before) ?? inOrder[0];
      const chosen = next ?? best[0];
      last.set(serviceId, chosen.terminator.id);
      return chosen;
    },
  };
}

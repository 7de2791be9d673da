import type { FabricCircuit } from './fabric.ts';

/** How many circuits run over a link. */
export function circuitsOn(id: string, circuits: readonly FabricCircuit[]): number {
  return circuits.filter(({ path }) => path.links.some((link) => link.id === id)).length;
}

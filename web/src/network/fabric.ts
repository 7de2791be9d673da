/** What the Fabric API answers, as far as the map shows it (docs/openapi/fabric.json). */
interface Named {
  id: string;
  name: string;
}
export interface FabricRouter extends Named {
  connected: boolean;
}
export interface FabricLink {
  id: string;
  sourceRouter: Named;
  destRouter: Named;
  /** Nanoseconds. */
  sourceLatency: number;
  cost: number;
}
export interface FabricCircuit {
  id: string;
  clientId: string;
  service: Named;
  path: { nodes: Named[]; links: Named[] };
}

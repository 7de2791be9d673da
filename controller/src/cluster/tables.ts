/** SQL rows of migration 0003. */
export type ClusterDatabase = {
  /** Which controller holds the control connection of a router. */
  routerConnections: { routerId: string; controllerId: string };
  /** DPoP proofs used at any controller, by SHA-256, until they would be refused as too old. */
  seenProofs: { proofHash: string; expiresAtMs: number };
};

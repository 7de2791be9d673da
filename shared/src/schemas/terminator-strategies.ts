/**
 * How routers choose among the terminators of a service. A name here has its file in
 * `router/src/circuits/strategies` (docs/extending.md); the first is the default.
 */
export const TERMINATOR_STRATEGIES = [
  'smartrouting',
  'weighted',
  'random',
  'round-robin',
  'sticky',
] as const;
export type TerminatorStrategyName = (typeof TERMINATOR_STRATEGIES)[number];

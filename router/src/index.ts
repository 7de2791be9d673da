export { routerConfigSchema, routerLimitsSchema } from './config.ts';
export type { RouterConfig, RouterConfigInput, RouterLimits } from './config.ts';
export { createRouter } from './create-router.ts';
export type { RunningRouter } from './create-router.ts';
export { enrollRouter } from './enroll/load-identity.ts';

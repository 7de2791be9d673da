export { PolicyIndex, policyKinds } from './policy-index.ts';
export type { From, PolicyEntities, PolicyKind } from './policy-index.ts';
export { ELSEWHERE } from './vantage.ts';
export type { Vantage } from './vantage.ts';

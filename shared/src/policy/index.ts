export { PolicyIndex, policyKinds } from './policy-index.ts';
export type { PolicyEntities, PolicyKind } from './policy-index.ts';

export * from './auth-policies.ts';
export * from './edge-routers.ts';
export * from './external-jwt-signers.ts';
export * from './identities.ts';
export * from './policies.ts';
export * from './services.ts';
export * from './table.ts';

export * from './claims.ts';
export * from './compact-jws.ts';
export * from './key-set.ts';
export * from './opaque-token.ts';
export * from './verification-keys.ts';
export * from './verify.ts';

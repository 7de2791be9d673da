export * from './cipher.ts';
export * from './key-exchange.ts';

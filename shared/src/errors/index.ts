export * from './app-error.ts';
export * from './reasons.ts';

export * from './control.ts';
export * from './public-api.ts';
export * from './portal.ts';
export * from './branding.ts';
export * from './terminator-strategies.ts';
export * from './inspect.ts';
export * from './metrics-listener.ts';
export * from './acme.ts';

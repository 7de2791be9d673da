export * from './otlp-tracer.ts';
export * from './settings.ts';
export * from './tracer.ts';

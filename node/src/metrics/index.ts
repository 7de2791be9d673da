export * from './http-metrics.ts';
export * from './metric-sink.ts';
export * from './metrics-listener.ts';
export * from './process-metrics.ts';
export * from './prometheus-sink.ts';

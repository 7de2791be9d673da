export { Backoff, CONTROL_MAX_MS } from './backoff.ts';
export { keepConnected } from './keep-connected.ts';

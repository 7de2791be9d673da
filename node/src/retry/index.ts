export { Backoff } from './backoff.ts';
export { keepConnected } from './keep-connected.ts';

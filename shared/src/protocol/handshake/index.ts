export { acceptSecure } from './accept.ts';
export { connectSecure } from './connect.ts';
export { DEFAULT_HANDSHAKE_TIMEOUT_MS } from './handshake-run.ts';
export type { AcceptSecureOptions, ConnectSecureOptions, HandshakeOptions } from './options.ts';

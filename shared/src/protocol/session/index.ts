export { DEFAULT_AUTH_DUE_MS, type AuthRenewalOptions } from './auth-renewal.ts';
export { MAX_HEAD_BYTES, MAX_PLAINTEXT_BYTES, RECORD_OVERHEAD_BYTES } from './record.ts';
export { MAX_STREAMS, Session } from './session.ts';
export type { SessionLimits, SessionOptions } from './session-options.ts';
export { INITIAL_STREAM_WINDOW_BYTES } from './stream.ts';
export { MAX_RECORDS_PER_KEY, TrafficKey } from './traffic-key.ts';
export { ResetCode, type SecureSession, type SessionStream, type StreamType } from './types.ts';

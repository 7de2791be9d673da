export { CLOSED_OK, readCloseReason, refusal, toCloseReason, toError } from './close-reason.ts';
export type {
  Binding,
  BindOptions,
  BrowserCredentials,
  DialInfo,
  DialOptions,
  EdgeConnectionOptions,
  HostCredentials,
  OnDial,
} from './connection-types.ts';
export {
  CIRCUIT_WINDOW_BYTES,
  CIRCUIT_WINDOW_MESSAGES,
  CreditWindow,
  ENFORCE_SLACK_BYTES,
  ENFORCE_SLACK_MESSAGES,
} from './credit.ts';
export { EdgeConnection } from './edge-connection.ts';
export { FrameSender } from './frame-sender.ts';
export { CHALLENGE_BYTES, helloProofBytes } from './hello-proof.ts';
export type { HelloProofInput } from './hello-proof.ts';
export { answerLatency, readLatencyMs, sendLatency } from './latency.ts';
export type { Circuit, CloseReason, FramePipe } from './types.ts';
export { TraceHopType, type TraceHop } from './trace-route.ts';

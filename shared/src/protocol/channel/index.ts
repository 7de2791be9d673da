export { systemClock } from './clock.ts';
export type { Clock } from './clock.ts';
export {
  DATA_PREFIX_BYTES,
  MAX_DATA_BODY_BYTES,
  bodyLength,
  checkForeignData,
  dataBody,
  decodeCredit,
  encodeCredit,
  encodeData,
  findHeader,
  peekDataFlags,
  peekConnectionId,
  peekContentType,
  peekDataSequence,
  rewriteConnectionId,
  writeDataPrefix,
} from './data-frame.ts';
export type { Credit, HeaderSpan } from './data-frame.ts';
export {
  checkFrame,
  CONTROL_LIMITS,
  EDGE_LIMITS,
  frameLength,
  HELLO_LIMITS,
  PREFIX_BYTES,
  SDK_LIMITS,
} from './frame.ts';
export type { FrameLimits } from './frame.ts';
export { FrameSplitter } from './frame-splitter.ts';
export { MessageHeaders } from './headers.ts';
export { DEAD_AFTER_MS, Liveness, PROBE_AFTER_MS } from './liveness.ts';
export type { LivenessOptions } from './liveness.ts';
export { decodeMessage, encodeMessage } from './message.ts';
export type { Message, OutgoingMessage } from './message.ts';
export { ContentType, DataFlag, HeaderKey, Precedence } from './numbers.ts';
export type { PrecedenceName } from './numbers.ts';
export { decodeStructuredError, encodeStructuredError, RetryHint } from './structured-error.ts';
export type { StructuredError } from './structured-error.ts';

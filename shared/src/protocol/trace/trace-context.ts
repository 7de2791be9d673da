/**
 * W3C Trace Context (level 1), and how a service worker hands it to the connector inside the encryption
 * (docs/protocol.md, "Traces").
 */

export interface TraceContext {
  /** 32 lower-case hexadecimal digits, not all 0. */
  readonly traceId: string;
  /** 16 of them. */
  readonly spanId: string;
  /** Who began the trace wants it recorded. */
  readonly sampled: boolean;
}

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
const ZEROS = /^0+$/;
/** A `traceparent` of a later version may be longer; more than this is none. */
const MAX_CHARACTERS = 256;

/** `undefined` for what is no `traceparent`: it is then ignored, as the recommendation demands (§4.2). */
export function parseTraceparent(text: string | undefined): TraceContext | undefined {
  if (text === undefined || text.length > MAX_CHARACTERS) return undefined;
  const [, traceId = '', spanId = '', flags = ''] = TRACEPARENT.exec(text) ?? [];
  if (traceId === '' || ZEROS.test(traceId) || ZEROS.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-0${sampled ? 1 : 0}`;
}

/** A new id of `bytes` random bytes, in hexadecimal. */
export function newTraceId(bytes: 8 | 16): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Request field from the service worker to the connector; never reaches an app. */
export const TRACE_FIELD = 'postern-trace';

/** A request as its service worker began it. */
export interface WorkerTrace {
  /** The worker's own part of the trace. */
  readonly context: TraceContext;
  /** Span of the page, when the page traces by itself: it has decided then whether to record. */
  readonly parentSpanId: string | undefined;
  /** How long the worker has been at it when it sends the request, ms. */
  readonly ageMs: number;
}

/** Goes on with the trace of the page, or begins one. `traceparent`: the page's field, if it sent one. */
export function beginWorkerTrace(traceparent: string | undefined): Omit<WorkerTrace, 'ageMs'> {
  const page = parseTraceparent(traceparent);
  const { traceId = newTraceId(16), sampled = false } = page ?? {};
  return { context: { traceId, spanId: newTraceId(8), sampled }, parentSpanId: page?.spanId };
}

/** Value of {@link TRACE_FIELD}: `traceparent;age=MS` and `;parent=SPAN` if there is one. */
export function formatWorkerTrace({ context, parentSpanId, ageMs }: WorkerTrace): string {
  const parent = parentSpanId === undefined ? '' : `;parent=${parentSpanId}`;
  return `${formatTraceparent(context)};age=${Math.max(0, ageMs).toFixed(1)}${parent}`;
}

export function parseWorkerTrace(text: string | undefined): WorkerTrace | undefined {
  const match = /^([^;]{55});age=(\d{1,9}\.\d)(?:;parent=([0-9a-f]{16}))?$/.exec(text ?? '');
  const context = parseTraceparent(match?.[1]);
  if (match === null || context === undefined) return undefined;
  return { context, ageMs: Number(match[2]), parentSpanId: match[3] };
}

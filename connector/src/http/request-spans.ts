/**
 * The trace of one request: the service worker's part, told by the worker itself, this connector's, and the
 * app's answer. Spans are recorded when the request has ended.
 */
import type { Span, Tracer } from '@postern/node/tracing';
import type { Field } from '@postern/shared/protocol/http';
import {
  formatTraceparent,
  newTraceId,
  parseWorkerTrace,
  TRACE_FIELD,
} from '@postern/shared/protocol/trace';
import type { ExchangeEnd } from '../metrics.ts';

export interface RequestSpans {
  /** What the app is told: it goes on from here. */
  readonly traceparent: string;
  /** The request goes to the app now. */
  sent(): void;
  /** All has ended. */
  end(end: ExchangeEnd): void;
}

interface RequestFacts {
  readonly method: string;
  /** Without query. */
  readonly path: string;
  readonly service: string;
}

/** `undefined` when the request is not traced. */
export function beginRequestSpans(
  tracer: Tracer,
  fields: readonly Field[],
  facts: RequestFacts,
  nowMs: () => number = Date.now,
): RequestSpans | undefined {
  const worker = parseWorkerTrace(fields.find(([name]) => name === TRACE_FIELD)?.[1]);
  if (worker === undefined) return undefined;
  const { context, parentSpanId, ageMs } = worker;
  // A page that traces by itself has decided.
  const isRefused = parentSpanId !== undefined && !context.sampled;
  if (isRefused || !tracer.records(context)) return undefined;

  const { traceId } = context;
  const own = { traceId, spanId: newTraceId(8) };
  const toApp = { traceId, spanId: newTraceId(8) };
  const startMs = nowMs();
  let sentMs: number | undefined;
  const request = { 'http.request.method': facts.method, 'url.path': facts.path };
  return {
    traceparent: formatTraceparent({ ...toApp, sampled: true }),
    sent: () => void (sentMs ??= nowMs()),
    end({ status, bytesToApp, bytesToClient, error }) {
      const endMs = nowMs();
      const answer = { ...request, ...(status > 0 && { 'http.response.status_code': status }) };
      const record = (span: Omit<Span, 'endMs'>): void => tracer.record({ ...span, endMs, error });
      record({
        name: 'request in the service worker',
        kind: 'client',
        context,
        parentSpanId,
        // By this machine's clock: the worker says how long ago it began, not when.
        startMs: startMs - Math.min(ageMs, MAX_AGE_MS),
        attributes: answer,
      });
      record({
        name: 'request at the connector',
        kind: 'server',
        context: own,
        parentSpanId: context.spanId,
        startMs,
        attributes: {
          ...answer,
          'postern.service': facts.service,
          'http.request.body.size': bytesToApp,
          'http.response.body.size': bytesToClient,
        },
      });
      if (sentMs === undefined) return;
      record({
        name: 'application',
        kind: 'client',
        context: toApp,
        parentSpanId: own.spanId,
        startMs: sentMs,
        attributes: answer,
      });
    },
  };
}

const MAX_AGE_MS = 600_000;

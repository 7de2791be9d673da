/** Spans in OTLP's JSON form (opentelemetry-proto 1.3, `ExportTraceServiceRequest`; ids are hexadecimal there). */
import type { Span } from './tracer.ts';

const KINDS = { internal: 1, server: 2, client: 3 } as const;
const STATUS_ERROR = 2;

type Value = string | number | boolean;

/** @param resource attributes of the process, `service.name` among them */
export function toOtlp(resource: Readonly<Record<string, Value>>, spans: readonly Span[]): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributesOf(resource) },
        scopeSpans: [{ scope: { name: 'postern' }, spans: spans.map(spanOf) }],
      },
    ],
  };
}

function spanOf({ name, kind, context, parentSpanId, startMs, endMs, attributes, error }: Span) {
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    name,
    kind: KINDS[kind],
    startTimeUnixNano: nanoseconds(startMs),
    endTimeUnixNano: nanoseconds(endMs),
    attributes: attributesOf(attributes),
    ...(error !== undefined && { status: { code: STATUS_ERROR, message: error } }),
  };
}

const attributesOf = (values: Readonly<Record<string, Value>>) =>
  Object.entries(values).map(([key, value]) => ({ key, value: valueOf(value) }));

function valueOf(value: Value): object {
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'string') return { stringValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

/** 64-bit integers are strings in the JSON form. */
const nanoseconds = (ms: number): string => String(BigInt(Math.round(ms * 1000)) * 1000n);

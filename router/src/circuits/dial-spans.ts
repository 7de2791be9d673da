/** Each router's part in opening a circuit, as a span of the trace of the request it is opened for. */
import type { Span, Tracer } from '@postern/node/tracing';
import { HeaderKey, type Message } from '@postern/shared/protocol/channel';
import { formatTraceparent, newTraceId, parseTraceparent } from '@postern/shared/protocol/trace';
import type { RouterCircuit } from './circuit.ts';

/** The trace that a Connect or RouteCircuit is part of, in its 55 characters; `undefined` for what is none. */
export function readTraceparent({ headers }: Message): string | undefined {
  const context = parseTraceparent(headers.string(HeaderKey.traceParent));
  return context && formatTraceparent(context);
}

/**
 * Records one when the circuit is joined or has failed. Nothing when the dial named no trace, or one that is not
 * recorded. `elapsedMs` is what it took until now.
 */
export function recordDial(
  tracer: Tracer,
  routerId: string,
  circuit: RouterCircuit,
  elapsedMs: number,
  error?: string,
  nowMs: () => number = Date.now,
): void {
  const parent = parseTraceparent(circuit.traceparent);
  if (parent === undefined || !tracer.records(parent)) return;
  const { subject, path, isIngress, terminatorId } = circuit;
  const endMs = nowMs();
  const span: Span = {
    name: isIngress ? 'dial' : 'route',
    kind: isIngress ? 'server' : 'internal',
    context: { traceId: parent.traceId, spanId: newTraceId(8) },
    parentSpanId: parent.spanId,
    startMs: endMs - elapsedMs,
    endMs,
    attributes: {
      'postern.router': routerId,
      'postern.circuit': subject.circuitId,
      'postern.service': subject.serviceId,
      ...(isIngress && { 'postern.path': path.join(' ') }),
      ...(terminatorId !== undefined && { 'postern.terminator': terminatorId }),
    },
    error,
  };
  tracer.record(span);
}

import type { Span, Tracer } from '@postern/node/tracing';
import { expect, it } from 'vitest';
import { RouterCircuit } from './circuit.ts';
import { recordDial } from './dial-spans.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const subject = { circuitId: 'c', serviceId: 's', callerId: 'i', sessionId: 'x' };

function recorded(isIngress: boolean, traceparent: string | undefined, error?: string): Span[] {
  const spans: Span[] = [];
  const tracer: Tracer = {
    records: ({ sampled }) => sampled,
    record: (span) => void spans.push(span),
    close: () => Promise.resolve(),
  };
  const circuit = new RouterCircuit(subject, isIngress, () => undefined);
  circuit.path = ['r1', 'r2'];
  circuit.traceparent = traceparent;
  recordDial(tracer, 'r1', circuit, 5, error, () => 1_000);
  return spans;
}

it('records the part of each router, below the request', () => {
  const parent = `00-${traceId}-00f067aa0ba902b7-01`;
  expect(recorded(true, parent)).toMatchObject([
    {
      name: 'dial',
      parentSpanId: '00f067aa0ba902b7',
      startMs: 995,
      endMs: 1_000,
      attributes: { 'postern.circuit': 'c', 'postern.path': 'r1 r2' },
      error: undefined,
    },
  ]);
  expect(recorded(false, parent, 'ERR_NO_PATH')).toMatchObject([
    { name: 'route', context: { traceId }, error: 'ERR_NO_PATH' },
  ]);
});

it('records nothing without a trace, of nonsense, and of what is not sampled', () => {
  for (const traceparent of [undefined, 'x'.repeat(10_000), `00-${traceId}-00f067aa0ba902b7-00`])
    expect(recorded(true, traceparent)).toEqual([]);
});

import { silentLogger } from '@postern/shared/log';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OtlpTracer } from './otlp-tracer.ts';
import type { Span } from './tracer.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const settings = {
  url: 'http://collector/v1/traces',
  headers: { 'x-team': 'ops' },
  resource: { 'service.name': 'postern-router' },
  sampleRatio: 0.5,
};
const span = (more: Partial<Span> = {}): Span => ({
  name: 'dial',
  kind: 'server',
  context: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) },
  parentSpanId: 'c'.repeat(16),
  startMs: 1_700_000_000_000.25,
  endMs: 1_700_000_000_001,
  attributes: { 'postern.hops': 2, ok: true, share: 0.5, id: 'x' },
  ...more,
});

function tracer(answer: () => Promise<Response> = () => Promise.resolve(new Response())) {
  const posted: { url: unknown; init: RequestInit }[] = [];
  const fetch = (url: unknown, init: RequestInit = {}) => {
    posted.push({ url, init });
    const aborted = new Promise<never>((_, reject) =>
      init.signal?.addEventListener('abort', () => reject(new Error('aborted'))),
    );
    return Promise.race([answer(), aborted]);
  };
  return {
    posted,
    tracer: new OtlpTracer(settings, { logger: silentLogger, fetch: fetch }),
  };
}
const spansOf = ({ init }: { init: RequestInit }) =>
  JSON.parse(init.body as string).resourceSpans[0].scopeSpans[0].spans;

describe('OtlpTracer', () => {
  it('posts what was recorded, in OTLP’s JSON form', async () => {
    const { posted, tracer: one } = tracer();
    one.record(span());
    one.record(span({ parentSpanId: undefined, error: 'ERR_NO_PATH' }));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(posted).toHaveLength(1);
    expect(posted[0]!.init.headers).toMatchObject({ 'x-team': 'ops' });
    expect(spansOf(posted[0]!)).toEqual([
      {
        traceId: 'a'.repeat(32),
        spanId: 'b'.repeat(16),
        parentSpanId: 'c'.repeat(16),
        name: 'dial',
        kind: 2,
        startTimeUnixNano: '1700000000000250000',
        endTimeUnixNano: '1700000000001000000',
        attributes: [
          { key: 'postern.hops', value: { intValue: '2' } },
          { key: 'ok', value: { boolValue: true } },
          { key: 'share', value: { doubleValue: 0.5 } },
          { key: 'id', value: { stringValue: 'x' } },
        ],
      },
      expect.objectContaining({ status: { code: 2, message: 'ERR_NO_PATH' } }),
    ]);
    await one.close();
  });

  it('drops what would wait beyond its limit, and what a collector does not take', async () => {
    const { posted, tracer: one } = tracer(() => new Promise(() => undefined));
    for (let i = 0; i < 5000; i++) one.record(span());
    expect(posted).toHaveLength(1);
    const closing = one.close();
    await vi.advanceTimersByTimeAsync(2_000);
    await closing;
    const refusing = tracer(() => Promise.resolve(new Response(null, { status: 503 })));
    refusing.tracer.record(span());
    await refusing.tracer.close();
    expect(refusing.posted).toHaveLength(1);
  });

  it('sends the rest when it closes', async () => {
    const { posted, tracer: one } = tracer();
    for (let i = 0; i < 700; i++) one.record(span());
    await one.close();
    expect(posted.map(spansOf).map(({ length }) => length)).toEqual([512, 188]);
  });

  it('records the share that is asked for, alike everywhere, and what is sampled already', () => {
    const { tracer: one } = tracer();
    const of = (tail: string, sampled = false) =>
      one.records({ traceId: '0'.repeat(19) + tail, spanId: 'b'.repeat(16), sampled });
    expect(of('7'.padEnd(13, 'f'))).toBe(true);
    expect(of('8'.padEnd(13, '0'))).toBe(false);
    expect(of('f'.repeat(13), true)).toBe(true);
  });
});

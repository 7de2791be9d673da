/** One request from page to app as one trace, at a real OTLP receiver: nothing else is told to it. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OtlpTracer, readTracingSettings } from '@postern/node/tracing';
import { silentLogger } from '@postern/shared/log';
import { parseTraceparent } from '@postern/shared/protocol/trace';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exchange } from '../../sw/src/worker/fetch/exchange.ts';
import { createStreamQueue } from '../../sw/src/worker/fetch/stream-queue.ts';
import { LiveNetwork, type SignedIn } from '../harness/live-network.ts';

interface ReceivedSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  service: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: Record<string, unknown> }[];
}

const page = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const spans: ReceivedSpan[] = [];
const bodies: string[] = [];
const atApp: (string | undefined)[] = [];
const closers: (() => unknown)[] = [];
let network: LiveNetwork;
let signedIn: SignedIn;
let tracers: OtlpTracer[];

async function listen(handle: (request: IncomingMessage, body: string) => void): Promise<string> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      handle(request, body);
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  const collector = await listen((request, body) => {
    expect([request.method, request.url]).toEqual(['POST', '/v1/traces']);
    bodies.push(body);
    for (const { resource, scopeSpans } of JSON.parse(body).resourceSpans) {
      const service = resource.attributes.find(({ key }: any) => key === 'service.name').value;
      for (const { spans: some } of scopeSpans)
        spans.push(...some.map((span: object) => ({ ...span, service: service.stringValue })));
    }
  });
  const app = await listen((request) => atApp.push(request.headers.traceparent as string));
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector };
  tracers = ['router', 'connector'].map(
    (part) => new OtlpTracer(readTracingSettings(env, part)!, { logger: silentLogger }),
  );
  network = await LiveNetwork.start({}, { tracer: tracers[0]! });
  closers.push(() => network.close());
  await network.replaceHost(app, {}, { tracer: tracers[1]! });
  signedIn = await network.signIn();
});
afterAll(async () => {
  signedIn.browser.socket.terminate();
  for (const close of closers.reverse()) await close();
});

/** As the service worker sends it. */
async function ask(target: string, traceparent?: string): Promise<void> {
  const answer = await exchange(
    { session: (parent) => signedIn.connect(parent), streams: createStreamQueue() },
    {
      method: 'GET',
      target,
      fields: traceparent === undefined ? [] : [['traceparent', traceparent]],
      webSocket: false,
    },
  );
  while ((await answer.stream.read()) !== undefined);
}

it('is one connected trace, which the app can go on with', async () => {
  await ask('/orders/7?token=secret-query', `00-${page.traceId}-${page.spanId}-01`);
  await ask('/without');
  await ask('/not-sampled', `00-${page.traceId}-${page.spanId}-00`);
  await Promise.all(tracers.map((tracer) => tracer.close()));

  const ofPage = spans.filter(({ traceId }) => traceId === page.traceId);
  const named = (name: string, within = ofPage) => within.filter((span) => span.name === name);
  const [worker] = named('request in the service worker');
  const [connector] = named('request at the connector');
  const [application] = named('application');
  expect(worker).toMatchObject({ parentSpanId: page.spanId, service: 'postern-connector' });
  expect(connector?.parentSpanId).toBe(worker?.spanId);
  expect(application?.parentSpanId).toBe(connector?.spanId);
  const dials = named('dial').filter(({ parentSpanId }) => parentSpanId === worker?.spanId);
  expect(dials).toMatchObject([{ service: 'postern-router' }]);
  expect(parseTraceparent(atApp[0])).toEqual({
    traceId: page.traceId,
    spanId: application?.spanId,
    sampled: true,
  });
  for (const span of ofPage) {
    expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano));
  }
  expect(BigInt(worker!.startTimeUnixNano)).toBeLessThanOrEqual(
    BigInt(connector!.startTimeUnixNano),
  );

  // A page that does not trace: the worker begins, and all hangs together.
  const own = spans.filter(({ traceId }) => traceId !== page.traceId);
  expect(new Set(own.map(({ traceId }) => traceId)).size).toBe(1);
  const [root, ...others] = [...own].sort(
    (a, b) => (a.parentSpanId ? 1 : 0) - (b.parentSpanId ? 1 : 0),
  );
  expect(root).toMatchObject({ name: 'request in the service worker' });
  const ids = new Set(own.map(({ spanId }) => spanId));
  expect(others.map(({ parentSpanId }) => ids.has(parentSpanId!))).toEqual([true, true, true]);

  // A page that traces and decided against recording has its way.
  expect(named('request at the connector')).toHaveLength(1);
  expect(atApp[2]).toBe(`00-${page.traceId}-${page.spanId}-00`);
  expect(bodies.join()).toContain('/orders/7');
  expect(bodies.join()).not.toMatch(/secret-query|alice|eyJ/);
});

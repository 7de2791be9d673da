/**
 * Fetch events from end to end: the worker's scope as it runs in browsers, joined to our side by a channel.
 * What crosses is the protocol of `messages/app-worker.ts`; the application is a function.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '@postern/shared/errors';
import { EVENT_BODY_PATH, parsePassed } from '../../messages/app-worker-tag.ts';
import { installScope } from '../../runtime/app-worker/scope/install-scope.ts';
import type { FetchEvent } from '../../runtime/app-worker/scope/fetch-event.ts';
import type { AppRequests } from '../fetch/app-requests.ts';
import type { ResponseSource } from '../fetch/response-source.ts';
import { FetchEvents } from './fetch-events.ts';
import type { ReadyReport, RunningWorker as Running } from './running-worker.ts';
import { RunningWorker } from './running-worker.ts';

const origin = 'https://wiki.example';
const ids = { clientId: 'page', resultingClientId: '' };

class FakeScope extends EventTarget {
  location = new URL(`${origin}/sw.js#postern-app-worker-x`);
  name = 'x';
  Request = Request;
  fetch: typeof fetch = () => Promise.reject(new TypeError('no network'));
  close = vi.fn();
  XMLHttpRequest = Object;
}
type Scope = FakeScope & { clients: { matchAll(): Promise<unknown[]> }; caches: undefined };

const bytesOf = (text: string): ResponseSource => {
  const chunks = [new TextEncoder().encode(text)];
  return {
    status: 200,
    fields: [['x-app', 'yes']],
    read: () => Promise.resolve(chunks.shift()),
    cancel: () => undefined,
  };
};

let channels: MessageChannel[] = [];
beforeEach(() => {
  vi.stubGlobal('navigator', {
    locks: { request: (_: string, granted: () => unknown) => Promise.resolve(granted()) },
  });
});
afterEach(() => {
  for (const { port1, port2 } of channels) for (const port of [port1, port2]) port.close();
  channels = [];
  vi.unstubAllGlobals();
});

async function world() {
  const scope = new FakeScope() as Scope;
  const asked: { url: string; method: string; headers: Headers; body: string }[] = [];
  let fails: Error | undefined;
  const app = {
    ask: async (
      request: Request,
      _client: string,
      more: { body?: { chunks(): AsyncIterable<Uint8Array> } } = {},
    ) => {
      let body = '';
      if (more.body)
        for await (const chunk of more.body.chunks()) body += new TextDecoder().decode(chunk);
      const { url, method, headers } = request;
      asked.push({ url: url.replace(/#.*/, ''), method, headers, body });
      if (fails) throw fails;
      return bytesOf(`${method} of the application ${body}`.trim());
    },
  };
  const events = new FetchEvents({
    app: app as unknown as AppRequests,
    uploadOf: () => Promise.resolve(undefined),
  });
  // As `AppWorkers` answers what comes from a worker.
  scope.fetch = async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    if (url.pathname.startsWith(EVENT_BODY_PATH)) {
      return events.body(url.pathname.slice(EVENT_BODY_PATH.length));
    }
    const passed = parsePassed(url.hash);
    const answer = passed && (await events.pass(request, passed).catch(() => 'failed' as const));
    if (answer === 'failed') throw new TypeError('Failed to fetch');
    return answer ?? events.plain(await app.ask(request, ''));
  };
  installScope(scope, 'x');
  const channel = new MessageChannel();
  channels.push(channel);
  const start = async (): Promise<Running> => {
    const connect = new Event('connect') as Event & { ports: unknown[] };
    const pagePort: { onmessage?: (event: unknown) => void } = {};
    connect.ports = [pagePort];
    scope.dispatchEvent(connect);
    pagePort.onmessage?.({ ports: [channel.port2] });
    const ready = await new Promise<ReadyReport>((resolve) => {
      channel.port1.onmessage = ({ data }) => resolve(data as ReadyReport);
    });
    return new RunningWorker(
      channel.port1,
      ready,
      () => Promise.resolve([]),
      () => ({ name: 'TypeError', message: 'no' }),
    );
  };
  const listen = (handler: (event: FetchEvent) => void): void =>
    scope.addEventListener('fetch', handler as never);
  const ask = async (running: Running, init?: RequestInit, mode?: RequestMode) => {
    const request = new Request(`${origin}/a?b#c`, init);
    if (mode !== undefined) Object.defineProperty(request, 'mode', { value: mode });
    const answer = await events.dispatch(running, request, ids, undefined);
    if (answer === undefined) return 'none';
    return answer instanceof Response ? answer : events.plain(answer);
  };
  return { scope, start, listen, ask, asked, failWith: (error: Error) => void (fails = error) };
}
const textOf = async (answer: Response | 'none') => (answer === 'none' ? answer : answer.text());

describe('the scope of an application’s worker', () => {
  it('looks like that of a service worker', async () => {
    const { scope, start } = await world();
    const running = await start();
    const own = scope as unknown as Record<string, unknown>;
    expect((own['location'] as URL).href).toBe(`${origin}/sw.js`);
    expect(own['name']).toBe('');
    expect(own['XMLHttpRequest']).toBeUndefined();
    expect(own instanceof (own['ServiceWorkerGlobalScope'] as new () => object)).toBe(true);
    expect(await scope.clients.matchAll()).toEqual([]);
    expect(running.ready.handlesFetch).toBe(false);
  });

  it('says whether anyone listens for fetch, and what its script threw', async () => {
    const one = await world();
    one.listen(() => undefined);
    expect((await one.start()).ready.handlesFetch).toBe(true);
    const two = await world();
    (two.scope as unknown as { onfetch: unknown }).onfetch = () => undefined;
    const error = Object.assign(new Event('error'), { message: 'Uncaught no' });
    two.scope.dispatchEvent(error);
    expect((await two.start()).ready).toMatchObject({ handlesFetch: true, error: 'Uncaught no' });
  });

  it('waits for all that an event is extended by, and fails with it', async () => {
    const { scope, start } = await world();
    const order: string[] = [];
    scope.addEventListener('install', (event) => {
      const { waitUntil } = event as unknown as {
        waitUntil: (promise: Promise<unknown>) => void;
      };
      waitUntil.call(
        event,
        Promise.resolve().then(() => waitUntil.call(event, Promise.reject(new Error('later')))),
      );
      order.push('dispatched');
    });
    const running = await start();
    await expect(running.dispatch(crypto.randomUUID(), { type: 'install' }).done).rejects.toThrow(
      'later',
    );
    expect(order).toEqual(['dispatched']);
  });
});

describe('fetch events', () => {
  it('are left to the application without an answer of the worker', async () => {
    const { start, listen, ask } = await world();
    listen(() => undefined);
    expect(await ask(await start())).toBe('none');
  });

  it('describe the request as it was', async () => {
    const { start, listen, ask } = await world();
    let seen: Request | undefined;
    listen(({ request }) => void (seen = request));
    await ask(await start(), { method: 'PUT', body: 'x', headers: { 'x-own': '1' } }, 'navigate');
    expect(seen).toMatchObject({ url: `${origin}/a?b#c`, method: 'PUT', mode: 'navigate' });
    expect(seen?.headers.get('x-own')).toBe('1');
  });

  it.each<[string, () => Response | string | Promise<Response>, number]>([
    ['a response of its own', () => new Response('made', { status: 201 }), 201],
    ['a promise of one', () => Promise.resolve(new Response('later')), 200],
    ['no response', () => 'text', 0],
    ['a failure', () => Promise.reject(new Error('no')), 0],
    ['an error', () => Response.error(), 0],
  ])('are answered by %s', async (_what, make, status) => {
    const { start, listen, ask, asked } = await world();
    listen((event) => event.respondWith(make()));
    const answer = (await ask(await start())) as Response;
    expect(answer.status).toBe(status);
    expect(asked).toEqual([]);
  });

  type Answer = (event: FetchEvent, scope: FakeScope) => Promise<Response> | Response;
  it.each<[string, Answer, string, string]>([
    ['itself', ({ request }, { fetch }) => fetch(request), '1', 'POST of the application body'],
    [
      'a copy',
      ({ request }, { fetch }) => fetch(request.clone()),
      '1',
      'POST of the application body',
    ],
    [
      'with other headers',
      ({ request }, scope) =>
        scope.fetch(new scope.Request(request, { headers: { 'x-own': '2' } })),
      '2',
      'POST of the application body',
    ],
    [
      'after a look',
      async ({ request }, { fetch }) => {
        expect(await request.clone().text()).toBe('body');
        return fetch(request);
      },
      '1',
      'POST of the application body',
    ],
    [
      'and keep a copy of the answer',
      async ({ request }, { fetch }) => {
        const response = await fetch(request);
        const kept = response.clone().text();
        expect(await kept).toBe('POST of the application body');
        return response;
      },
      '1',
      'POST of the application body',
    ],
    [
      'and change the answer',
      async ({ request }, { fetch }) => new Response(`${await (await fetch(request)).text()}!`),
      '1',
      'POST of the application body!',
    ],
  ])('pass the request on: %s', async (_what, answer, header, text) => {
    const { scope, start, listen, ask, asked } = await world();
    listen((event) => event.respondWith(answer(event, scope)));
    const init = { method: 'POST', body: 'body', headers: { 'x-own': '1' } };
    expect(await textOf(await ask(await start(), init))).toBe(text);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ method: 'POST', body: 'body' });
    expect(asked[0]?.headers.get('x-own')).toBe(header);
  });

  it('fail with the reason where the worker has no answer in its place', async () => {
    const { scope, start, listen, ask, failWith } = await world();
    failWith(new AppError('ERR_SESSION_ENDED', 'over'));
    listen((event) => event.respondWith(scope.fetch(event.request)));
    await expect(ask(await start())).rejects.toMatchObject({ code: 'ERR_SESSION_ENDED' });
  });

  it('do not fail where it has one', async () => {
    const { scope, start, listen, ask, failWith } = await world();
    failWith(new AppError('ERR_NO_ROUTER', 'away'));
    listen((event) =>
      event.respondWith(scope.fetch(event.request).catch(() => new Response('from the cache'))),
    );
    expect(await textOf(await ask(await start()))).toBe('from the cache');
  });

  it('end with an error when the worker ends before its answer does', async () => {
    const { start, listen, ask } = await world();
    const never = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('some')),
    });
    listen((event) => event.respondWith(new Response(never)));
    const running = await start();
    const answer = (await ask(running)) as Response;
    running.end();
    await expect(answer.text()).rejects.toThrow();
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createTestContext, type TestContext } from '../../../test/harness/controller-context.ts';
import { detail, done } from './envelope.ts';
import { createRoutes, sealRoutes, type EdgeRoutes, type RouteSpec } from './routes.ts';
import { contentOf, detailOf, doneResponse } from './responses.ts';

let ctx: TestContext;
beforeAll(async () => {
  ctx = await createTestContext();
});
afterAll(() => ctx.dispose());

const route = { method: 'get', path: '/x', access: 'anyone', summary: '' } as const;
const env = { incoming: { socket: { remoteAddress: '192.0.2.1' } } };

function routesWith(
  spec: Partial<RouteSpec>,
  handle: Parameters<EdgeRoutes['add']>[1],
  options: { handlerTimeoutMs?: number } = {},
): EdgeRoutes {
  const routes = createRoutes(ctx, { bases: ['/base'], rate: 'client', ...options });
  routes.add({ ...route, ...spec }, handle);
  sealRoutes(routes);
  return routes;
}
async function send(routes: EdgeRoutes, path = '/base/x', init: RequestInit = {}) {
  const response = await routes.app.request(`http://controller${path}`, init, env);
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: JSON.parse(text || '{}') };
}

describe('routes', () => {
  it('give a handler its time and no more', async () => {
    let signal: AbortSignal | undefined;
    const routes = routesWith(
      {},
      (request) => {
        signal = request.signal;
        return new Promise(() => undefined);
      },
      { handlerTimeoutMs: 20 },
    );
    expect(await send(routes)).toMatchObject({ status: 503, body: { error: { code: 'TIMEOUT' } } });
    expect(signal?.aborted).toBe(true);
  });

  it('refuse to start when one was added around them', () => {
    const routes = createRoutes(ctx, { bases: ['/base'], rate: 'client' });
    routes.app.get('/behind', (c) => c.text('open'));
    expect(() => sealRoutes(routes)).toThrow(/no access declared for GET \/behind/);
  });

  it('say nothing of what went wrong inside', async () => {
    const routes = routesWith({}, () => Promise.reject(new Error('secret of the inside')));
    const { status, body } = await send(routes);
    expect([status, body.error.code]).toEqual([500, 'UNHANDLED']);
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  it('judge declared parameters and ignore others', async () => {
    const schema = z.string().regex(/^\d$/, 'must be a digit');
    const list = z.array(schema).max(2);
    const routes = routesWith(
      {
        query: {
          one: { schema, description: '' },
          many: { schema: list, description: '', repeatable: true },
        },
      },
      (request) =>
        Promise.resolve(detail({ one: request.query('one'), many: request.queries('many') })),
    );
    expect((await send(routes, '/base/x?one=1&many=1&many=2&other=%00')).body.data).toEqual({
      one: '1',
      many: ['1', '2'],
    });
    for (const query of ['one=a', 'one=%00', 'many=1&many=2&many=3', 'many=x'])
      expect((await send(routes, `/base/x?${query}`)).status).toBe(400);
  });

  it('find nothing under a name that no entity can have', async () => {
    const routes = routesWith({ path: '/x/:id' }, () => Promise.resolve(done()));
    for (const id of ['%00', 'a%00b', 'a%2500', 'a'])
      expect((await send(routes, `/base/x/${id}`)).status).toBe(id.includes('%00') ? 404 : 200);
  });

  it('end a connection whose large body they leave unread', async () => {
    const routes = routesWith({ method: 'post', body: z.object({}) }, () =>
      Promise.resolve(done()),
    );
    const post = (length: number) =>
      send(routes, '/base/x', {
        method: 'POST',
        body: 'x'.repeat(length),
        headers: { 'content-length': String(length), 'content-type': 'text/plain' },
      });
    const large = await post(20_000);
    expect([large.status, large.headers.get('connection')]).toEqual([413, 'close']);
    const small = await post(100);
    expect([small.status, small.headers.get('connection')]).toEqual([415, null]);
  });

  it('answer on every response who they are, and that nobody keeps it', async () => {
    const { headers } = await send(
      routesWith({}, () => Promise.resolve(done())),
      '/base/x/',
    );
    expect(headers.get('ziti-instance-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get('cache-control')).toBe('no-store');
  });
});

describe('with checks on', () => {
  it.each([
    ['another status', { response: detailOf(z.object({}), 201) }, detail({})],
    [
      'a member too many',
      { response: detailOf(z.strictObject({})) },
      detail({ passwordHash: 'x' }),
    ],
    ['a member too few', { response: detailOf(z.object({ id: z.string() })) }, detail({})],
    ['another body', { response: doneResponse }, detail({ id: 1 })],
    [
      'another type',
      { response: contentOf('text/plain', '') },
      new Response('{}', { headers: { 'content-type': 'application/json' } }),
    ],
  ])('an answer with %s than declared is a fault', async (_, spec, reply) => {
    expect((await send(routesWith(spec, () => Promise.resolve(reply)))).status).toBe(500);
  });
});

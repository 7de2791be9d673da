import { describe, expect, it } from 'vitest';
import { silentLogger } from '@postern/shared/log';
import {
  createApplicationLookup,
  FRESH_MS,
  MAX_ENTRIES,
  RETRY_MS,
  STALE_IF_ERROR_MS,
} from './application-lookup.ts';
import { createControllerClient, MAX_LOOKUPS } from './controller-client.ts';

const info = (host: string) => ({
  id: 'wiki',
  name: 'Wiki',
  origin: `https://${host}`,
  clientId: 'wiki',
  issuer: 'https://ctrl.example/oidc',
  apiUrl: 'https://ctrl.example/postern/v1',
  loginOrigin: 'https://login.example',
  resource: 'urn:postern:service:s1',
});
const hostOf = (url: string) => new URL(url).searchParams.get('host') ?? '';

function setUp(
  answer: (url: string, init: RequestInit) => Response | Promise<Response>,
  controllerUrls = ['http://controller:1'],
) {
  const calls: { url: string; etag: string | null }[] = [];
  const clock = { nowMs: 1_000_000 };
  const state = { answer };
  const lookup = createApplicationLookup({
    ask: createControllerClient({
      controllerUrls,
      fetch: async (url, init) => {
        calls.push({ url, etag: new Headers(init.headers).get('if-none-match') });
        return await state.answer(url, init);
      },
    }),
    logger: silentLogger,
    now: () => clock.nowMs,
  });
  return { lookup, calls, clock, state };
}
const found = (url: string) => Response.json(info(hostOf(url)), { headers: { etag: '"1"' } });
const outage = () => {
  throw new TypeError('connection refused');
};

describe('createApplicationLookup', () => {
  it('asks another controller when one is away, and stays with it', async () => {
    const { lookup, calls } = setUp(
      (url) => (url.startsWith('http://a') ? outage() : found(url)),
      ['http://a', 'http://b'],
    );
    expect((await lookup.find('wiki.example'))?.info.id).toBe(info('wiki.example').id);
    await lookup.find('chat.example');
    expect(calls.map(({ url }) => new URL(url).host)).toEqual(['a', 'b', 'b']);
  });

  it('asks once while the answer is fresh', async () => {
    const { lookup, calls, clock } = setUp(found);
    expect(await lookup.find('wiki.example')).toMatchObject({
      info: info('wiki.example'),
      etag: '"1"',
    });
    clock.nowMs += FRESH_MS - 1;
    expect((await lookup.find('wiki.example'))?.info.name).toBe('Wiki');
    expect(calls).toEqual([
      { url: 'http://controller:1/postern/v1/applications/lookup?host=wiki.example', etag: null },
    ]);
  });

  it('revalidates by ETag and takes "not modified" for fresh', async () => {
    const { lookup, calls, clock, state } = setUp(found);
    await lookup.find('wiki.example');
    state.answer = () => new Response(null, { status: 304 });
    clock.nowMs += FRESH_MS;
    expect((await lookup.find('wiki.example'))?.info.name).toBe('Wiki');
    clock.nowMs += FRESH_MS - 1;
    await lookup.find('wiki.example');
    expect(calls.map(({ etag }) => etag)).toEqual([null, '"1"']);
  });

  it('takes a changed answer', async () => {
    const { lookup, clock, state } = setUp(found);
    await lookup.find('wiki.example');
    state.answer = (url) => Response.json({ ...info(hostOf(url)), name: 'New' });
    clock.nowMs += FRESH_MS;
    expect(await lookup.find('wiki.example')).toMatchObject({
      info: { name: 'New' },
      etag: undefined,
    });
  });

  it('goes on with a known application during an outage, then stops', async () => {
    const { lookup, calls, clock, state } = setUp(found);
    await lookup.find('wiki.example');
    state.answer = outage;
    clock.nowMs += STALE_IF_ERROR_MS;
    expect((await lookup.find('wiki.example'))?.info.name).toBe('Wiki');
    await lookup.find('wiki.example');
    expect(calls).toHaveLength(2);
    clock.nowMs += RETRY_MS;
    await expect(lookup.find('wiki.example')).rejects.toMatchObject({
      code: 'ERR_CONTROLLER_UNREACHABLE',
    });
  });

  it('forgets an application that was removed, at once', async () => {
    const { lookup, clock, state } = setUp(found);
    await lookup.find('wiki.example');
    state.answer = () => new Response(null, { status: 404 });
    clock.nowMs += FRESH_MS;
    expect(await lookup.find('wiki.example')).toBeUndefined();
    state.answer = outage;
    clock.nowMs += RETRY_MS;
    await expect(lookup.find('wiki.example')).rejects.toMatchObject({
      code: 'ERR_CONTROLLER_UNREACHABLE',
    });
  });

  it('remembers an unknown host for a short time', async () => {
    const { lookup, calls, clock, state } = setUp(() => new Response(null, { status: 404 }));
    expect(await lookup.find('new.example')).toBeUndefined();
    expect(await lookup.find('new.example')).toBeUndefined();
    expect(calls).toHaveLength(1);
    clock.nowMs += RETRY_MS;
    state.answer = found;
    expect((await lookup.find('new.example'))?.info.name).toBe('Wiki');
  });

  it('keeps applications through a flood of unknown hosts', async () => {
    const { lookup, calls, state } = setUp(found);
    await lookup.find('wiki.example');
    state.answer = () => new Response(null, { status: 404 });
    for (let i = 0; i <= MAX_ENTRIES; i += 1) await lookup.find(`h${i}.example`);
    const before = calls.length;
    expect((await lookup.find('wiki.example'))?.info.name).toBe('Wiki');
    expect(calls).toHaveLength(before);
    await lookup.find('h0.example');
    expect(calls).toHaveLength(before + 1);
  });

  it('lets one request check an entry that is due, and serves the others meanwhile', async () => {
    const { lookup, calls, clock, state } = setUp(found);
    await lookup.find('wiki.example');
    clock.nowMs += FRESH_MS;
    let release: (response: Response) => void = () => undefined;
    state.answer = () => new Promise((resolve) => (release = resolve));
    const checking = lookup.find('wiki.example');
    expect((await lookup.find('wiki.example'))?.info.name).toBe('Wiki');
    release(new Response(null, { status: 304 }));
    await checking;
    expect(calls).toHaveLength(2);
  });

  it('bounds the questions asked at a time', async () => {
    const { lookup, calls } = setUp(
      (_url, { signal }) =>
        new Promise((_resolve, reject) => signal?.addEventListener('abort', reject)),
    );
    for (let i = 0; i < MAX_LOOKUPS; i += 1) lookup.find(`h${i}.example`).catch(() => undefined);
    await expect(lookup.find('one-more.example')).rejects.toMatchObject({
      code: 'ERR_CONTROLLER_UNREACHABLE',
    });
    expect(calls).toHaveLength(MAX_LOOKUPS);
  });

  it.each([
    ['another host', () => Response.json(info('evil.example'))],
    [
      'more than an origin',
      () => Response.json({ ...info('wiki.example'), origin: 'https://wiki.example/;script-src' }),
    ],
    ['no URL', () => Response.json({ ...info('wiki.example'), apiUrl: '; x' })],
    ['an invalid document', () => Response.json({ origin: 'https://wiki.example' })],
    ['no JSON', () => new Response('<html>')],
    ['a long body', () => new Response('x'.repeat(20_000))],
    ['an error', () => new Response(null, { status: 500 })],
    [
      'a redirect',
      () => new Response(null, { status: 302, headers: { location: 'https://evil.example' } }),
    ],
    ['"not modified" unasked', () => new Response(null, { status: 304 })],
  ])('takes %s for an outage', async (_name, answer) => {
    const { lookup } = setUp(answer);
    await expect(lookup.find('wiki.example')).rejects.toMatchObject({
      code: 'ERR_CONTROLLER_UNREACHABLE',
    });
  });
});

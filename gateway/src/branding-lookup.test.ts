import { createHash } from 'node:crypto';
import { silentLogger } from '@postern/shared/log';
import { describe, expect, it } from 'vitest';
import { createBrandingLookup, FRESH_MS, RETRY_MS } from './branding-lookup.ts';
import { createControllerClient } from './controller-client.ts';

function setUp(answer: (url: string, init: RequestInit) => Response) {
  const asked: string[] = [];
  const clock = { nowMs: 1_000_000 };
  const state = { answer };
  const lookup = createBrandingLookup({
    ask: createControllerClient({
      controllerUrls: ['http://controller:1'],
      fetch: async (url, init) => {
        asked.push(new URL(url).pathname);
        return state.answer(url, init);
      },
    }),
    logger: silentLogger,
    now: () => clock.nowMs,
  });
  return { lookup, asked, clock, state };
}
const acme = () => Response.json({ name: 'Acme' }, { headers: { etag: '"1"' } });
const outage = () => {
  throw new TypeError('connection refused');
};

describe('the look of the network', () => {
  it('is asked once while fresh, then by ETag', async () => {
    const { lookup, asked, clock, state } = setUp(acme);
    expect(await lookup.network()).toEqual({ name: 'Acme' });
    expect(await lookup.network()).toEqual({ name: 'Acme' });
    expect(asked).toHaveLength(1);
    const seen: (string | null)[] = [];
    state.answer = (_url, init) => {
      seen.push(new Headers(init.headers).get('if-none-match'));
      return new Response(null, { status: 304 });
    };
    clock.nowMs += FRESH_MS;
    expect(await lookup.network()).toEqual({ name: 'Acme' });
    expect(seen).toEqual(['"1"']);
  });

  it('stays what it was while no controller answers, and nothing before', async () => {
    const { lookup, asked, clock, state } = setUp(outage);
    expect(await lookup.network()).toEqual({});
    expect(await lookup.network()).toEqual({});
    expect(asked).toHaveLength(1);
    state.answer = acme;
    clock.nowMs += RETRY_MS;
    expect(await lookup.network()).toEqual({ name: 'Acme' });
    state.answer = outage;
    clock.nowMs += FRESH_MS;
    expect(await lookup.network()).toEqual({ name: 'Acme' });
  });

  it('is not taken with anything in it that is no look', async () => {
    const { lookup } = setUp(() => Response.json({ light: { accent: 'red}body{' } }));
    expect(await lookup.network()).toEqual({});
  });
});

describe('a logo', () => {
  const bytes = new TextEncoder().encode('<svg/>');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const image =
    (body: BodyInit, type = 'image/svg+xml') =>
    () =>
      new Response(body, { headers: { 'content-type': type } });

  it('is asked once, and is what its name says', async () => {
    const { lookup, asked } = setUp(image(bytes));
    expect(await lookup.logo(sha256)).toEqual({ bytes, mediaType: 'image/svg+xml' });
    await lookup.logo(sha256);
    expect(asked).toEqual([`/postern/v1/branding/logos/${sha256}`]);
  });

  it.each([
    ['other bytes', image('<svg></svg>')],
    ['another type', image(bytes, 'text/html')],
    ['none', () => new Response(null, { status: 404 })],
    ['too much', image('x'.repeat(100_000))],
    ['an outage', outage],
  ])('is not there for %s, and not asked for again at once', async (_what, answer) => {
    const { lookup, asked, clock } = setUp(answer);
    expect(await lookup.logo(sha256)).toBeUndefined();
    expect(await lookup.logo(sha256)).toBeUndefined();
    expect(asked).toHaveLength(1);
    clock.nowMs += RETRY_MS;
    await lookup.logo(sha256);
    expect(asked).toHaveLength(2);
  });
});

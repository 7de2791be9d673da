import { originDigest } from '@postern/shared/crypto';
import { describe, expect, it, vi } from 'vitest';
import { createMemoryStore } from '../storage/store.ts';
import { ApplicationOrigins } from './application-origins.ts';
import { createElsewhere } from './elsewhere.ts';
import { OtherApplications } from './other-applications.ts';
import { ThirdPartyCookies } from './third-party-cookies.ts';

const own = 'https://wiki.example.com';
const chat = 'https://chat.example.com';

async function createOrigins(applications: string[]) {
  let nowMs = 0;
  const digests = await Promise.all(applications.map(originDigest));
  const fetch = vi.fn((url: string) => {
    const prefix = url.slice(-2);
    return Promise.resolve(Response.json({ digests: digests.filter((d) => d.startsWith(prefix)) }));
  });
  const origins = new ApplicationOrigins({
    fetch: fetch as unknown as typeof globalThis.fetch,
    apiUrl: () => Promise.resolve('https://controller/postern/v1'),
    nowMs: () => nowMs,
  });
  return { origins, fetch, pass: (ms: number) => (nowMs += ms) };
}

describe('which origins are applications', () => {
  it('is asked by two digits, once a minute', async () => {
    const { origins, fetch, pass } = await createOrigins([chat]);
    expect(await origins.has(chat)).toBe(true);
    expect(await origins.has(chat)).toBe(true);
    expect(fetch.mock.calls.map(([url]) => url)).toEqual([
      `https://controller/postern/v1/applications/origins/${(await originDigest(chat)).slice(0, 2)}`,
    ]);
    pass(60_001);
    await origins.has(chat);
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it('is remembered of those that are none, so that the browser goes there by itself', async () => {
    const { origins, pass } = await createOrigins([chat]);
    expect(origins.isKnownOutside('https://cdn.example.com')).toBe(false);
    expect(await origins.has('https://cdn.example.com')).toBe(false);
    expect(origins.isKnownOutside('https://cdn.example.com')).toBe(true);
    pass(60_001);
    expect(origins.isKnownOutside('https://cdn.example.com')).toBe(false);
  });

  it('is not known while the controller is away, nor remembered then', async () => {
    const { origins, fetch } = await createOrigins([chat]);
    fetch.mockRejectedValueOnce(new TypeError('offline'));
    expect(await origins.has(chat)).toBe(false);
    expect(origins.isKnownOutside(chat)).toBe(false);
    expect(await origins.has(chat)).toBe(true);
  });
});

describe('requests to other origins', () => {
  const request = (url: string, mode = 'cors') => ({ url, mode }) as unknown as Request;

  it('go to applications, to the network, or stay with the browser', async () => {
    const { origins } = await createOrigins([chat]);
    const elsewhere = createElsewhere({
      origin: own,
      origins,
      requests: { fetch: () => Promise.resolve(new Response('application')) },
      fetch: () => Promise.resolve(new Response('network')),
    });
    const ask = (url: string, mode?: string) =>
      elsewhere.respond(new URL(url), request(url, mode), '')?.then((answer) => answer.text());
    expect(await ask(`${chat}/a`)).toBe('application');
    expect(ask(`${chat}/a`, 'navigate')).toBeUndefined();
    expect(await ask('https://cdn.example.com/a')).toBe('network');
    expect(ask('https://cdn.example.com/a')).toBeUndefined();
    expect(ask('https://elsewhere.test/a')).toBeUndefined();
    expect(await elsewhere.isApplication(new URL('wss://chat.example.com/'))).toBe(true);
    expect(await elsewhere.isApplication(new URL('ws://chat.example.com/'))).toBe(false);
  });
});

describe('cookies of other applications', () => {
  const url = new URL(`${chat}/a`);
  const none = 'a=~1.x; Secure; SameSite=None';

  it('are kept apart by application, over lives of the worker, until they are cleared', async () => {
    const store = createMemoryStore();
    const options = { store, nowMs: () => 0 };
    await new ThirdPartyCookies(options).store(url, 'GET', [none, 'b=1; SameSite=Lax', 'c=1']);
    const next = new ThirdPartyCookies(options);
    expect(await next.header(url, 'GET')).toBe('a=~1.x');
    expect(await next.header(new URL('https://other.example.com/a'), 'GET')).toBeUndefined();
    await next.clear();
    expect(await new ThirdPartyCookies(options).header(url, 'GET')).toBeUndefined();
  });

  it('are none where the record was tampered with', async () => {
    const store = createMemoryStore();
    await store.put('thirdPartyCookies', [
      ['not an origin', []],
      [chat, 'nonsense'],
    ]);
    const cookies = new ThirdPartyCookies({ store, nowMs: () => 0 });
    expect(await cookies.header(url, 'GET')).toBeUndefined();
  });

  it('are kept of 32 applications', async () => {
    const cookies = new ThirdPartyCookies({ store: createMemoryStore(), nowMs: () => 0 });
    const at = (n: number) => new URL(`https://a${n}.example.com/`);
    for (let n = 0; n < 33; n++) await cookies.store(at(n), 'GET', [none]);
    expect(await cookies.header(at(0), 'GET')).toBeUndefined();
    expect(await cookies.header(at(1), 'GET')).toBe('a=~1.x');
  });
});

describe('connections to other applications', () => {
  it('are shared, and 16 at a time', async () => {
    const closed: string[] = [];
    const opened: string[] = [];
    const others = new OtherApplications((origin) => {
      opened.push(origin);
      return {
        session: () => Promise.resolve(origin as never),
        close: () => void closed.push(origin),
        isBusy: origin === 'o-3',
      };
    });
    await others.session('o-0');
    await others.session('o-1');
    await others.session('o-0');
    for (let n = 2; n < 17; n++) await others.session(`o-${n}`);
    expect(opened).toHaveLength(17);
    expect(closed).toEqual(['o-1']);
    expect(others.isBusy).toBe(true);
    others.close();
    expect(closed).toHaveLength(17);
    expect(others.isBusy).toBe(false);
  });
});

import { describe, expect, it, vi } from 'vitest';
import type { WorkerMessage } from '../../messages/page.ts';
import { createMemoryStore } from '../storage/store.ts';
import { CookieSync, PAGE_WAIT_MS } from './cookie-sync.ts';

const origin = 'https://wiki.example';
const url = new URL('/page', origin);
const own = { sameSite: true, navigation: false, method: 'GET' };

function createWorld() {
  const store = createMemoryStore();
  const told: WorkerMessage[] = [];
  const tell = (message: WorkerMessage) => void told.push(message);
  const pages = ['tab-1', 'tab-3'].map((id) => ({
    id,
    postMessage: id === 'tab-1' ? tell : () => undefined,
  }));
  const options = { store, origin, pages: () => Promise.resolve(pages), nowMs: () => 1_000 };
  return { sync: new CookieSync(options), options, store, told };
}

describe('CookieSync', () => {
  it('tells pages what changed for script, and the asking page before its response', async () => {
    const { sync, told } = createWorld();
    let answered = false;
    const stored = sync
      .storeFromResponse(url, ['open=1', 'secret=s; HttpOnly'], own, 'tab-1')
      .then(() => (answered = true));
    await vi.waitFor(() => expect(told).toHaveLength(1));
    expect(told).toEqual([
      {
        type: 'postern.cookies',
        version: 1,
        written: 0,
        cookies: [expect.objectContaining({ name: 'open', value: '1', path: '/' })],
      },
    ]);
    expect(answered).toBe(false);
    sync.seen('tab-1', 1);
    await stored;
    expect(await sync.header(url, own)).toBe('open=1; secret=s');
    expect(await sync.visible()).toEqual([
      expect.objectContaining({ name: 'open', value: '1', path: '/' }),
    ]);
  });

  it('says nothing about HttpOnly cookies alone', async () => {
    const { sync, told } = createWorld();
    await sync.storeFromResponse(url, ['secret=s; HttpOnly'], own, 'tab-1');
    expect(told).toEqual([]);
  });

  it('does not wait long for a page that cannot answer, nor for an older version', async () => {
    vi.useFakeTimers();
    try {
      const { sync } = createWorld();
      const stored = sync.storeFromResponse(url, ['a=1'], own, 'tab-1');
      await vi.advanceTimersByTimeAsync(1);
      sync.seen('tab-1', 0);
      sync.seen('tab-2', 1);
      await vi.advanceTimersByTimeAsync(PAGE_WAIT_MS);
      await stored;
    } finally {
      vi.useRealTimers();
    }
  });

  it('takes assignments of pages, but none of HttpOnly cookies', async () => {
    const { sync, told } = createWorld();
    await sync.storeFromPage('tab-1', url, { number: 1, value: 'mine=1; Path=/' });
    await sync.storeFromPage('tab-1', url, { number: 2, value: 'forged=1; HttpOnly' });
    // Again, by the other way it comes; and one that is not what it says.
    await sync.storeFromPage('tab-1', url, { number: 1, value: 'mine=2; Path=/' });
    sync.storeFromRequest('tab-2', url, '1 %E0%A4%A');
    expect(await sync.header(url, own)).toBe('mine=1');
    // The page that showed the refused one at once is told so.
    const [first, second] = told;
    expect(first).toMatchObject({ version: 1, written: 1 });
    expect(second).toEqual({ ...first, version: 2, written: 2 });
  });

  it('names the writes that what it shows includes', async () => {
    const { sync, told } = createWorld();
    await Promise.all([
      sync.storeFromPage('tab-1', url, { number: 1, value: 'a=1' }),
      sync.storeFromPage('tab-1', url, { number: 2, value: 'b=2' }),
    ]);
    for (const message of told) {
      if (message.type !== 'postern.cookies') throw new Error('Another message');
      expect(message.cookies).toHaveLength(message.written);
    }
    // Whose write changes nothing hears so; others do not.
    await sync.storeFromPage('tab-1', url, { number: 3, value: 'b=2' });
    expect(told.at(-1)).toMatchObject({ written: 3 });
    const heard = told.length;
    await sync.storeFromPage('tab-3', url, { number: 1, value: 'b=2' });
    expect(told).toHaveLength(heard);
  });

  it('keeps cookies for its next life, and starts anew from anything else', async () => {
    const { sync, options, store } = createWorld();
    await sync.storeFromPage('tab-1', url, { number: 3, value: 'kept=1; Max-Age=60' });
    expect(await new CookieSync(options).header(url, own)).toBe('kept=1');
    await store.put('cookies', 'nonsense');
    expect(await new CookieSync(options).header(url, own)).toBeUndefined();
  });

  it('forgets all, also on pages', async () => {
    const { sync, store, told } = createWorld();
    await sync.storeFromPage('tab-1', url, { number: 4, value: 'a=1' });
    await sync.clear();
    expect(await store.get('cookies')).toBeUndefined();
    expect(await sync.header(url, own)).toBeUndefined();
    expect(told.at(-1)).toEqual({ type: 'postern.cookies', version: 2, written: 4, cookies: [] });
  });
});

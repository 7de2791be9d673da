import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryStore, type Store } from '../storage/store.ts';
import { EntryStore, HTTP_CACHE_NAME, MAX_CACHE_BYTES } from './entry-store.ts';

const facts = { policy: {} as never, variant: '', status: 200, fields: [] };
let store: Store;
let contents: Map<string, Response>;
let nowMs = 0;

const caches = {
  open: () =>
    Promise.resolve({
      match: (key: string) => Promise.resolve(contents.get(key)?.clone()),
      put: (key: string, value: Response) => Promise.resolve(void contents.set(key, value)),
      delete: (key: string) => Promise.resolve(contents.delete(key)),
    } as unknown as Cache),
  delete: (name: string) => {
    if (name === HTTP_CACHE_NAME) contents.clear();
    return Promise.resolve(true);
  },
};
const open = (): EntryStore =>
  new EntryStore({ store, caches, origin: 'https://wiki.example', nowMs: () => ++nowMs });

beforeEach(() => {
  vi.useFakeTimers();
  store = createMemoryStore();
  contents = new Map();
  return () => vi.useRealTimers();
});

describe('EntryStore', () => {
  it('gives back what the next life of the worker finds', async () => {
    const fields: [string, string][] = [['x-name', 'ä"\u0000']];
    await open().put('https://wiki.example/a', { ...facts, fields }, new Blob(['body']));
    await vi.runAllTimersAsync();
    const entry = await open().get('https://wiki.example/a');
    expect(entry).toMatchObject({ status: 200, fields });
    expect(await entry!.body.text()).toBe('body');
  });

  it('lets the least recently used go when there is no more room', async () => {
    const entries = open();
    const third = new Blob([new Uint8Array(MAX_CACHE_BYTES / 3)]);
    for (const name of ['a', 'b', 'c']) await entries.put(name, facts, third);
    await entries.get('a');
    await entries.put('d', facts, third);
    expect(await entries.get('b')).toBeUndefined();
    for (const name of ['a', 'c', 'd']) expect(await entries.get(name)).toBeDefined();
    expect(contents.size).toBe(3);
  });

  it('is not found by `caches.match` of the application', async () => {
    await open().put('https://wiki.example/a', facts, new Blob());
    expect([...contents.keys()]).toEqual([
      'https://wiki.example/.postern/cache/https%3A%2F%2Fwiki.example%2Fa',
    ]);
  });

  it('drops everything when the record of it is gone or was written by somebody else', async () => {
    await open().put('a', facts, new Blob());
    await vi.runAllTimersAsync();
    await store.put('httpCache', [['a', -1, 'x']]);
    expect(await open().get('a')).toBeUndefined();
    expect(contents.size).toBe(0);
  });

  it('takes an entry that was tampered with for none', async () => {
    const entries = open();
    await entries.put('a', facts, new Blob());
    for (const key of contents.keys()) {
      contents.set(key, new Response('evil', { headers: { 'postern-facts': '{"status":99}' } }));
    }
    expect(await entries.get('a')).toBeUndefined();
    expect(contents.size).toBe(0);
  });

  it('forgets all', async () => {
    const entries = open();
    await entries.put('a', facts, new Blob());
    await entries.clear();
    await vi.runAllTimersAsync();
    expect(await entries.get('a')).toBeUndefined();
    expect(await store.get('httpCache')).toBeUndefined();
  });
});

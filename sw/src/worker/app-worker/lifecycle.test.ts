import { describe, expect, it, vi } from 'vitest';
import type { WorkerEventFacts } from '../../messages/app-worker.ts';
import { createMemoryStore } from '../storage/store.ts';
import { AppWorkerError } from './errors.ts';
import { Lifecycle, type RegisterOptions } from './lifecycle.ts';
import { Registry, type WorkerRecord } from './registry.ts';
import type { ScriptStore } from './scripts.ts';
import type { WorkerHosts } from './worker-hosts.ts';

const origin = 'https://wiki.example';
const register: RegisterOptions = {
  type: 'postern.app-worker.register',
  scriptUrl: `${origin}/sw.js`,
  workerType: 'classic',
  updateViaCache: 'imports',
};

/** Scripts are texts; a worker does what its text says. */
async function world() {
  const store = createMemoryStore();
  let nowMs = 1_000_000_000_000;
  const registry = new Registry(store, () => nowMs);
  await registry.load();
  const served = new Map<string, string>([[register.scriptUrl, 'one']]);
  const kept = new Map<string, string>();
  const events: string[] = [];
  const open: { id: string; url: string }[] = [];
  const asked: [string, RequestCache][] = [];
  const scripts = {
    fetch: (url: string, _main: boolean, cache: RequestCache) => {
      asked.push([url, cache]);
      const text = served.get(url);
      return text === undefined
        ? Promise.reject(new AppWorkerError('TypeError', 'missing'))
        : Promise.resolve({ fields: [], bytes: new TextEncoder().encode(text) });
    },
    put: (worker: string, url: string, { bytes }: { bytes: Uint8Array }) => {
      kept.set(worker + url, new TextDecoder().decode(bytes));
      return Promise.resolve();
    },
    get: (worker: string, url: string) => {
      const text = kept.get(worker + url);
      return Promise.resolve(text && { fields: [], bytes: new TextEncoder().encode(text) });
    },
    delete: ({ id, scriptUrl }: WorkerRecord) => {
      kept.delete(id + scriptUrl);
      return Promise.resolve();
    },
  };
  const hosts = {
    find: () => undefined,
    run: (worker: WorkerRecord) => {
      const text = kept.get(worker.id + worker.scriptUrl) ?? '';
      const ready = { kind: 'ready', handlesFetch: true, ...(text === 'throws' && { error: 'x' }) };
      return Promise.resolve({
        ready,
        post: () => undefined,
        dispatch: (_id: string, { type }: WorkerEventFacts) => {
          events.push(`${type} ${text}`);
          const done = text === 'fails' ? Promise.reject(new Error('no')) : Promise.resolve();
          return { answer: new Promise(() => undefined), done };
        },
      });
    },
  };
  const tell = vi.fn(() => Promise.resolve());
  const lifecycle = new Lifecycle({
    registry,
    scripts: scripts as unknown as ScriptStore,
    hosts: hosts as unknown as WorkerHosts,
    pages: {
      windows: () => Promise.resolve(open),
      tell,
      sweep: () => {
        registry.keepClients(new Set(open.map(({ id }) => id)));
        return Promise.resolve();
      },
    },
    origin,
    logger: { warn: vi.fn() } as never,
    nowMs: () => nowMs,
  });
  const settled = () =>
    vi.waitFor(() => {
      const states = registry.all.map(({ installing, active }) => [installing, active?.state]);
      expect(states).toEqual(states.map(() => [null, 'activated']));
    });
  return {
    ...{ lifecycle, registry, store, served, kept, events, open, tell, asked, settled },
    later: (ms: number) => void (nowMs += ms),
  };
}

describe('the life of an application’s worker', () => {
  it('leads from its script to its activation, and survives ours', async () => {
    const { lifecycle, registry, store, events, settled } = await world();
    const registration = await lifecycle.register(register);
    expect(registration.installing?.state).toBe('installing');
    await settled();
    expect(registration).toMatchObject({ installing: null, waiting: null });
    expect(registration.active?.state).toBe('activated');
    expect(events).toEqual(['install one', 'activate one']);
    const next = new Registry(store, () => 0);
    await next.load();
    expect(next.all).toEqual(registry.all);
    expect(next.match(`${origin}/any`)?.id).toBe(registration.id);
  });

  it('registers nothing for a script that is missing, throws or fails to install', async () => {
    const { lifecycle, registry, served, kept, settled } = await world();
    const url = register.scriptUrl;
    served.delete(url);
    await expect(lifecycle.register(register)).rejects.toMatchObject({ exception: 'TypeError' });
    served.set(url, 'throws');
    await expect(lifecycle.register(register)).rejects.toThrow(/evaluation failed/);
    served.set(url, 'fails');
    await lifecycle.register(register);
    await settled();
    expect(registry.all).toEqual([]);
    expect(kept.size).toBe(0);
  });

  it('lets an update wait while a page is controlled, unless it skips that', async () => {
    const { lifecycle, registry, served, open, settled } = await world();
    const registration = await lifecycle.register(register);
    await settled();
    open.push({ id: 'page', url: `${origin}/` });
    registry.control('page', registration);
    await lifecycle.update(registration);
    expect(registration.installing).toBeNull();
    served.set(register.scriptUrl, 'two');
    await lifecycle.update(registration);
    await settled();
    const [first, second] = [registration.active!, registration.waiting!];
    expect([first.state, second.state]).toEqual(['activated', 'installed']);
    await lifecycle.tidy();
    expect(registration.waiting).toBe(second);
    await lifecycle.skipWaiting(registration, second);
    await settled();
    expect([first.state, second.state]).toEqual(['redundant', 'activated']);
    served.set(register.scriptUrl, 'three');
    await lifecycle.update(registration);
    await settled();
    open.length = 0;
    await lifecycle.tidy();
    await settled();
    expect(second.state).toBe('redundant');
  });

  it('asks for scripts past the HTTP cache as it was told, and after a day in any case', async () => {
    const { lifecycle, asked, later, settled } = await world();
    const registration = await lifecycle.register({ ...register, updateViaCache: 'all' });
    await settled();
    registration.active!.imports.push(`${origin}/import.js`);
    await lifecycle.update(registration);
    later(90_000_000);
    await lifecycle.update(registration);
    expect(asked.map(([, cache]) => cache)).toEqual([
      'no-cache',
      ...['default', 'default'],
      ...['no-cache', 'no-cache'],
    ]);
  });

  it('goes on for the pages it has once it is unregistered, and ends with them', async () => {
    const { lifecycle, registry, open, settled } = await world();
    const registration = await lifecycle.register(register);
    await settled();
    open.push({ id: 'page', url: `${origin}/` });
    registry.control('page', registration);
    expect(await lifecycle.unregister(registration)).toBe(true);
    expect(await lifecycle.unregister(registration)).toBe(false);
    expect(registry.match(`${origin}/`)).toBeUndefined();
    expect(registry.controllerOf('page')).toBe(registration);
    await lifecycle.tidy();
    open.length = 0;
    await lifecycle.tidy();
    expect(registry.all).toEqual([]);
  });

  it('counts a page that is still loading, for a minute', async () => {
    const { lifecycle, registry, settled, later } = await world();
    const registration = await lifecycle.register(register);
    await settled();
    registry.control('loading', registration);
    await lifecycle.tidy();
    expect(registry.controllerOf('loading')).toBe(registration);
    later(61_000);
    await lifecycle.tidy();
    expect(registry.controllerOf('loading')).toBeUndefined();
  });

  it('claims the pages of its scope, and no others', async () => {
    const { lifecycle, registry, open, settled, served } = await world();
    const outer = await lifecycle.register(register);
    served.set(`${origin}/in/sw.js`, 'inner');
    const inner = await lifecycle.register({ ...register, scriptUrl: `${origin}/in/sw.js` });
    await settled();
    open.push({ id: 'a', url: `${origin}/a` }, { id: 'b', url: `${origin}/in/b` });
    await lifecycle.claim(outer, outer.active!);
    expect([registry.controllerOf('a'), registry.controllerOf('b')]).toEqual([outer, undefined]);
    await expect(lifecycle.claim(inner, outer.active!)).rejects.toThrow(/active/);
  });
});

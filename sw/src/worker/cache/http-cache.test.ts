import type { Field } from '@postern/shared/protocol/http';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ResponseSource } from '../fetch/response-source.ts';
import type { EntryFacts, StoredEntry } from './entry-store.ts';
import { HttpCache, MAX_ENTRY_BYTES, type CachedRequest } from './http-cache.ts';

const URL_A = 'https://wiki.example/a';
let entries: Map<string, StoredEntry>;
let cache: HttpCache;
let background: Promise<void>[];

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1), toFake: ['Date'] });
  background = [];
  entries = new Map();
  cache = new HttpCache({
    background: (work) => {
      background.push(work);
    },
    entries: {
      get: (url) => Promise.resolve(entries.get(url)),
      put: (url, facts: EntryFacts, body) => {
        entries.set(url, { ...facts, body });
        return Promise.resolve();
      },
      delete: (url) => Promise.resolve(void entries.delete(url)),
      clear: () => {
        entries.clear();
        return Promise.resolve();
      },
    },
  });
  return () => vi.useRealTimers();
});

const request = (changes: Partial<CachedRequest> = {}): CachedRequest => ({
  method: 'GET',
  url: URL_A,
  mode: 'default',
  fields: [],
  ...changes,
});

function answer(status: number, fields: Field[], ...chunks: string[]) {
  const cancel = vi.fn();
  const read = vi.fn(() => {
    const next = chunks.shift();
    return Promise.resolve(next === undefined ? undefined : new TextEncoder().encode(next));
  });
  return { status, fields, read, cancel } satisfies ResponseSource;
}

async function text({ read }: ResponseSource): Promise<string> {
  let all = '';
  for (let chunk = await read?.(); chunk !== undefined; chunk = await read?.()) {
    all += new TextDecoder().decode(chunk);
  }
  // What is kept is kept behind the page's back.
  await Promise.all(background);
  return all;
}

/** Sends a request the application answers so; what the page reads. */
async function ask(given: ReturnType<typeof answer>, changes: Partial<CachedRequest> = {}) {
  const verdict = await cache.look(request(changes));
  if (verdict.kind === 'answer') return { asked: false, text: await text(verdict.source) };
  const source = await verdict.settle(given);
  return {
    asked: true,
    conditions: verdict.conditions,
    status: source.status,
    fields: source.fields,
    text: await text(source),
  };
}

const fresh: Field[] = [['cache-control', 'max-age=60']];

describe('freshness', () => {
  it('answers from what it kept while that is fresh, then asks with conditions', async () => {
    await ask(answer(200, [...fresh, ['etag', '"1"']], 'one', ' two'));
    expect(await ask(answer(200, []))).toMatchObject({ asked: false, text: 'one two' });
    vi.advanceTimersByTime(61_000);
    const late = await ask(answer(304, [['cache-control', 'max-age=30']]));
    expect(late).toMatchObject({
      asked: true,
      conditions: [['if-none-match', '"1"']],
      status: 200,
      text: 'one two',
    });
    // RFC 9111 §3.2: the 304 gave it a new life of 30 s.
    vi.advanceTimersByTime(29_000);
    expect(await ask(answer(200, []))).toMatchObject({ asked: false });
    vi.advanceTimersByTime(2_000);
    expect(await ask(answer(200, fresh, 'new'))).toMatchObject({ asked: true, text: 'new' });
    expect(await ask(answer(200, []))).toMatchObject({ asked: false, text: 'new' });
  });

  it.each([
    ['no-store', [['cache-control', 'no-store']]],
    ['no freshness and no validator', []],
    ['Vary: *', [...fresh, ['vary', '*']]],
  ] as [string, Field[]][])('keeps nothing usable for %s', async (_, fields) => {
    await ask(answer(200, fields, 'x'));
    expect(await ask(answer(200, fields, 'y'))).toMatchObject({
      asked: true,
      conditions: [],
      text: 'y',
    });
  });

  it('takes must-revalidate and private for what they say, and no-cache for asking each time', async () => {
    await ask(answer(200, [['cache-control', 'private, max-age=60, must-revalidate']], 'x'));
    expect(await ask(answer(200, []))).toMatchObject({ asked: false });
    await ask(
      answer(
        200,
        [
          ['cache-control', 'no-cache'],
          ['etag', '"n"'],
        ],
        'x',
      ),
      {
        url: `${URL_A}?n`,
      },
    );
    expect(await ask(answer(304, []), { url: `${URL_A}?n` })).toMatchObject({
      conditions: [['if-none-match', '"n"']],
      text: 'x',
    });
  });

  it('keeps the variants of Vary apart, cookies too, without writing them down', async () => {
    const fields: Field[] = [...fresh, ['vary', 'Accept, Cookie']];
    const of = (cookie: string) => ({
      fields: [
        ['accept', '*/*'],
        ['cookie', cookie],
      ] as Field[],
    });
    await ask(answer(200, fields, 'for s1'), of('session=secret-1'));
    expect(await ask(answer(200, []), of('session=secret-1'))).toMatchObject({ asked: false });
    expect(JSON.stringify([...entries.values()])).not.toContain('secret-1');
    expect(await ask(answer(200, fields, 'for s2'), of('session=secret-2'))).toMatchObject({
      asked: true,
      text: 'for s2',
    });
  });
});

describe('modes of a request', () => {
  it.each([
    ['reload', true, []],
    ['no-store', true, []],
    ['no-cache', true, [['if-none-match', '"1"']]],
    ['force-cache', false, undefined],
    ['only-if-cached', false, undefined],
  ] as const)('%s', async (mode, asked, conditions) => {
    await ask(answer(200, [...fresh, ['etag', '"1"']], 'x'));
    if (!asked) vi.advanceTimersByTime(600_000);
    expect(await ask(answer(200, fresh, 'y'), { mode })).toMatchObject({
      asked,
      ...(conditions && { conditions }),
    });
  });

  it('only-if-cached fails where nothing is kept', async () => {
    await expect(cache.look(request({ mode: 'only-if-cached' }))).rejects.toMatchObject({
      code: 'ERR_SW_NOT_CACHED',
    });
  });

  it.each([
    ['a range', [['range', 'bytes=0-1']]],
    ['conditions of the page', [['if-none-match', '"p"']]],
  ] as [string, Field[]][])('leaves %s alone', async (_, fields) => {
    await ask(answer(200, fresh, 'whole'));
    expect(await ask(answer(206, fresh, 'wh'), { fields })).toMatchObject({
      asked: true,
      status: 206,
      conditions: [],
    });
    expect(await ask(answer(200, []))).toMatchObject({ asked: false, text: 'whole' });
  });
});

describe('what is not kept', () => {
  it('a body that broke off, that the page left, or that is too long', async () => {
    const broken = answer(200, fresh, 'x');
    broken.read.mockRejectedValueOnce(new Error('reset'));
    await expect(ask(broken)).rejects.toThrow('reset');
    expect(entries.size).toBe(0);

    const left = answer(200, fresh, 'a', 'b');
    const verdict = await cache.look(request());
    if (verdict.kind !== 'ask') throw new Error('nothing can be stored yet');
    const source = await verdict.settle(left);
    await source.read?.();
    source.cancel('gone');
    expect(left.cancel).toHaveBeenCalledWith('gone');
    await text(source);
    expect(entries.size).toBe(0);

    const long = 'x'.repeat(MAX_ENTRY_BYTES / 2 + 1);
    expect((await ask(answer(200, fresh, long, long))).text).toHaveLength(MAX_ENTRY_BYTES + 2);
    expect(entries.size).toBe(0);
  });

  it('is never read ahead of the page', async () => {
    const given = answer(200, fresh, 'a', 'b', 'c');
    const verdict = await cache.look(request());
    if (verdict.kind !== 'ask') throw new Error('nothing can be stored yet');
    const source = await verdict.settle(given);
    expect(given.read).not.toHaveBeenCalled();
    await source.read?.();
    expect(given.read).toHaveBeenCalledOnce();
  });

  it('cookies', async () => {
    await ask(answer(200, [...fresh, ['set-cookie', 'a=secret']], 'x'));
    expect(JSON.stringify([...entries.values()])).not.toContain('secret');
  });

  it('what was read when everything was forgotten', async () => {
    const verdict = await cache.look(request());
    if (verdict.kind !== 'ask') throw new Error('nothing can be stored yet');
    const source = await verdict.settle(answer(200, fresh, 'of the last user'));
    await cache.clear();
    await text(source);
    expect(entries.size).toBe(0);
  });
});

it('a change makes the stored responses of its URLs invalid', async () => {
  for (const url of [URL_A, `${URL_A}/new`]) await ask(answer(200, fresh, 'old'), { url });
  await ask(answer(500, [], ''), { method: 'POST' });
  expect(entries.size).toBe(2);
  await ask(
    answer(
      201,
      [
        ['location', '/a/new'],
        ['content-location', 'https://b.example/'],
      ],
      '',
    ),
    {
      method: 'POST',
    },
  );
  expect(entries.size).toBe(0);
});

it('a change also keeps out the response that was still being read, and the one being stored', async () => {
  const verdict = await cache.look(request());
  if (verdict.kind !== 'ask') throw new Error('nothing was stored');
  const reading = await verdict.settle(answer(200, fresh, 'old'));
  await ask(answer(204, []), { method: 'POST' });
  expect(await text(reading)).toBe('old');
  expect(entries.size).toBe(0);

  const second = await cache.look(request());
  if (second.kind !== 'ask') throw new Error('nothing was stored');
  const { read } = await second.settle(answer(200, fresh, 'old'));
  while ((await read?.()) !== undefined);
  // Its end was read; that it is stored was not waited for.
  await ask(answer(204, []), { method: 'POST' });
  await Promise.all(background);
  expect(entries.size).toBe(0);
});

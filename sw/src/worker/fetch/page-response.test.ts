import { gzipSync } from 'node:zlib';
import type { Field } from '@postern/shared/protocol/http';
import type { SessionStream } from '@postern/shared/protocol/session';
import { describe, expect, it, vi } from 'vitest';
import { createRuntimeScript } from '../documents/runtime-script.ts';
import { contentCodings } from './content-coding.ts';
import { createPageResponse, type PageResponseOptions } from './page-response.ts';
import { sourceOf } from './response-source.ts';

const runtime = createRuntimeScript({
  source: 'RUNTIME',
  needs: {
    scriptHash: "'sha256-x='",
    scriptUrl: 'https://wiki.example/.postern/worker-runtime.js',
    connectUrl: 'https://wiki.example/.postern/hold',
    workerUrl: 'https://wiki.example/postern-sw.js',
  },
  cookies: [
    {
      ...{ name: 'ä"', value: '<&>', path: '/', secure: false, partitioned: false },
      ...{ sameSite: 'lax', expiresAtMs: null },
    },
  ],
});

function answer(status: number, fields: Field[], ...chunks: (string | Uint8Array | Error)[]) {
  const queue = chunks.map((chunk) =>
    typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk,
  );
  const reset = vi.fn();
  const read = vi.fn(() => {
    const next = queue.shift();
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  });
  const stream = { read, reset } as unknown as SessionStream;
  return { answer: { status, fields, stream }, reset, read };
}

const common = { method: 'GET', maxBytes: Infinity, runtime: undefined, download: undefined };

/** What a page gets for an answer. */
async function respond({
  answer: given,
  method,
  ...options
}: Omit<PageResponseOptions, 'source'> & {
  answer: ReturnType<typeof answer>['answer'];
  method: string;
}) {
  return createPageResponse({ ...options, source: sourceOf(given, method) });
}

const html: Field[] = [['content-type', 'text/html; charset=utf-8']];

describe('createPageResponse', () => {
  it('writes the runtime into documents and lets their policy allow it', async () => {
    const { answer: given } = answer(
      200,
      [...html, ['content-length', '6'], ['content-security-policy', "script-src 'self'"]],
      '<p>abc',
    );
    const response = await respond({ ...common, answer: given, runtime });
    expect(response.headers.get('content-security-policy')).toBe("script-src 'self' 'sha256-x='");
    expect(response.headers.has('content-length')).toBe(false);
    expect(await response.text()).toBe(
      '<script data-postern-cookies="[{&#34;name&#34;:&#34;&#228;\\&#34;&#34;,&#34;value&#34;:&#34;&#60;&#38;&#62;&#34;,&#34;path&#34;:&#34;/&#34;,&#34;secure&#34;:false,&#34;partitioned&#34;:false,&#34;sameSite&#34;:&#34;lax&#34;,&#34;expiresAtMs&#34;:null}]" data-postern-worker="no">RUNTIME</script><p>abc',
    );
  });

  it.each([
    ['a fetch', undefined, 200, html],
    ['other types', runtime, 200, [['content-type', 'text/htmlx']] as Field[]],
    ['parts', runtime, 206, html],
    [
      'downloads',
      runtime,
      200,
      [...html, ['content-disposition', 'attachment; filename=a']] as Field[],
    ],
  ])('leaves %s as they are', async (_, script, status, fields) => {
    const { answer: given } = answer(status, fields, '<p>');
    const response = await respond({ ...common, answer: given, runtime: script });
    expect(response.status).toBe(status);
    expect(await response.text()).toBe('<p>');
  });

  it('decodes what it asked for', async () => {
    const coded = gzipSync('hello '.repeat(1000));
    const { answer: given } = answer(
      200,
      [
        ['content-encoding', 'gzip'],
        ['content-length', String(coded.length)],
      ],
      coded.subarray(0, 10),
      coded.subarray(10),
    );
    const response = await respond({ ...common, answer: given });
    expect(response.headers.has('content-encoding')).toBe(false);
    expect(response.headers.has('content-length')).toBe(false);
    expect(await response.text()).toBe('hello '.repeat(1000));
  });

  it('gives a body of something that is no coding as it came, with its length', async () => {
    const { answer: plain } = answer(
      200,
      [
        ['content-encoding', 'none'],
        ['content-length', '3'],
      ],
      'abc',
    );
    const response = await respond({ ...common, answer: plain });
    expect([await response.text(), response.headers.get('content-length')]).toEqual(['abc', '3']);
  });

  it('fails for a coding that this browser lacks', async () => {
    const { answer: given } = answer(200, [['content-encoding', 'zstd']], 'x');
    await expect(respond({ ...common, answer: given })).rejects.toMatchObject({
      code: 'ERR_SW_CONTENT_CODING',
    });
  });

  it('leaves the body of an unknown coding as it is, as browsers do', async () => {
    const { answer: given } = answer(200, [['content-encoding', 'lzma']], 'as it is');
    expect(await (await respond({ ...common, answer: given })).text()).toBe('as it is');
  });

  it.each([
    [200, 'OK'],
    [404, 'Not Found'],
    [299, ''],
  ])('says what %i means', async (status, phrase) => {
    const { answer: given } = answer(status, []);
    expect((await respond({ ...common, answer: given })).statusText).toBe(phrase);
  });

  it.each([
    ['short', ['abc']],
    ['long', ['abcdef']],
    ['reset', ['ab', new Error('reset')]],
  ] as const)('errors a body that is %s', async (_, chunks) => {
    const { answer: given, reset } = answer(200, [['content-length', '5']], ...chunks);
    const response = await respond({ ...common, answer: given });
    await expect(response.text()).rejects.toThrow();
    expect(reset).toHaveBeenCalled();
  });

  it('gives script no more than the limit: none when announced, an error when not', async () => {
    const announced = answer(200, [['content-length', '11']], 'x'.repeat(11));
    await expect(
      respond({ ...common, answer: announced.answer, maxBytes: 10 }),
    ).rejects.toMatchObject({ code: 'ERR_SW_BODY_TOO_LARGE' });
    const packed = answer(200, [['content-encoding', 'gzip']], gzipSync('x'.repeat(1000)));
    const response = await respond({ ...common, answer: packed.answer, maxBytes: 999 });
    await expect(response.text()).rejects.toThrow();
    expect(packed.reset).toHaveBeenCalled();
    const exact = answer(200, [], 'x'.repeat(10));
    const whole = await respond({ ...common, answer: exact.answer, maxBytes: 10 });
    expect(await whole.text()).toHaveLength(10);
  });

  it('reads only as fast as the page', async () => {
    const { answer: given, read } = answer(200, [], ...Array.from({ length: 50 }, () => 'x'));
    const response = await respond({ ...common, answer: given });
    const reader = response.body!.getReader();
    expect(read).not.toHaveBeenCalled();
    await reader.read();
    expect(read.mock.calls.length).toBeLessThanOrEqual(2);
  });

  it('tells the application when the page stops reading', async () => {
    const { answer: given, reset } = answer(200, [], 'a', 'b');
    const response = await respond({ ...common, answer: given });
    await response.body!.cancel();
    expect(reset).toHaveBeenCalledOnce();
  });

  it.each([204, 205, 304])('gives %i no body', async (status) => {
    const { answer: given } = answer(status, [['content-length', '10']]);
    const response = await respond({ ...common, answer: given, runtime });
    expect(response).toMatchObject({ status, body: null });
  });

  it('passes redirects and drops what acts on our layer', async () => {
    const { answer: given } = answer(302, [
      ['location', '/next'],
      ['set-cookie', 'a=1'],
      ['clear-site-data', '"storage"'],
      ['service-worker-allowed', '/'],
      ['postern-assertion', 'x'],
      ['vary', 'a'],
      ['vary', 'b'],
    ]);
    const response = await respond({
      ...common,
      answer: given,
      method: 'POST',
      runtime,
    });
    expect(Object.fromEntries(response.headers)).toEqual({ location: '/next', vary: 'a, b' });
  });
});

describe('contentCodings', () => {
  it.each([
    [undefined, []],
    ['identity', []],
    ['GZIP, br', ['gzip', 'br']],
    // Not codings: engines take such a body as it is.
    ['none', []],
    ['UTF-8', []],
    ['gzip, constructor', []],
  ])('%j → %j', (header, expected) => {
    expect(contentCodings(header)).toEqual(expected);
  });
});

import { describe, expect, it } from 'vitest';
import { ApiError } from './api-error.ts';
import { createClient } from './client.ts';

interface Call {
  url: string;
  init: RequestInit;
}

function clientOf(...answers: (Response | Error)[]) {
  const calls: Call[] = [];
  const client = createClient({
    origin: 'https://ctrl.example',
    token: 'secret',
    fetch: (url, init = {}) => {
      calls.push({ url: url as string, init });
      const answer = answers.shift() ?? new Error('no answer left');
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  });
  return { client, calls };
}

const refusal = (status: number, code: string, cause?: object) =>
  Response.json({ error: { code, message: 'said no', ...(cause && { cause }) } }, { status });

describe('a call', () => {
  it('carries the token in a header alone', async () => {
    const { client, calls } = clientOf(
      Response.json({ data: [1], meta: { pagination: { totalCount: 7 } } }),
    );
    const query = { filter: 'name = "a&b"', sort: undefined, limit: 5 };
    const { data, total } = await client.call('GET', '/identities', { query });
    expect([data, total]).toEqual([[1], 7]);
    expect(calls[0]?.url).toBe(
      'https://ctrl.example/edge/management/v1/identities?filter=name+%3D+%22a%26b%22&limit=5',
    );
    expect(calls[0]?.init.credentials).toBe('omit');
    expect(new Headers(calls[0]?.init.headers).get('zt-session')).toBe('secret');
  });

  it('goes to other APIs by their whole path', async () => {
    const { client, calls } = clientOf(Response.json({ data: [] }));
    await client.call('GET', '/fabric/v1/links');
    expect(calls[0]?.url).toBe('https://ctrl.example/fabric/v1/links');
  });

  it('sends a change with the state it is made of', async () => {
    const { client, calls } = clientOf(Response.json({ data: {} }, { headers: { etag: '"2"' } }));
    const { etag } = await client.call('PATCH', '/services/x', { body: { a: 1 }, ifMatch: '"1"' });
    expect(etag).toBe('"2"');
    expect(new Headers(calls[0]?.init.headers).get('if-match')).toBe('"1"');
    expect(calls[0]?.init.body).toBe('{"a":1}');
  });

  it('tells which member was refused, and why', async () => {
    const cause = { field: 'origin', reason: 'must be https', value: 'x' };
    const { client } = clientOf(refusal(400, 'COULD_NOT_VALIDATE', cause));
    const error = (await client.call('POST', '/applications').catch((e: unknown) => e)) as ApiError;
    expect(error.code).toBe('ERR_WEB_API');
    expect([error.apiCode, error.field, error.message]).toEqual([
      'COULD_NOT_VALIDATE',
      'origin',
      'must be https',
    ]);
  });

  it('knows a right that is lacking from a session that ended', async () => {
    const lacking = clientOf(refusal(401, 'UNAUTHORIZED'), Response.json({ data: {} }));
    await expect(lacking.client.call('GET', '/summary')).rejects.toMatchObject({
      code: 'ERR_WEB_API',
      status: 401,
    });
    const ended = clientOf(refusal(401, 'UNAUTHORIZED'), refusal(401, 'UNAUTHORIZED'));
    await expect(ended.client.call('GET', '/summary')).rejects.toMatchObject({
      code: 'ERR_WEB_SIGNED_OUT',
    });
  });

  it('says that nobody answers', async () => {
    const { client } = clientOf(new TypeError('failed to fetch'));
    await expect(client.call('GET', '/version')).rejects.toMatchObject({
      code: 'ERR_WEB_UNREACHABLE',
      retryable: true,
    });
  });

  it('takes an error of a proxy for an error', async () => {
    const { client } = clientOf(new Response('<h1>Bad gateway', { status: 502 }));
    await expect(client.call('GET', '/version')).rejects.toMatchObject({
      apiCode: 'UNKNOWN',
      status: 502,
      retryable: true,
    });
  });
});

import { describe, expect, it } from 'vitest';
import type { RequestReport, StatusReport } from '../messages/status.ts';
import { createHar, phasesOf } from './har.ts';

const request: RequestReport = {
  id: 1,
  method: 'GET',
  url: 'https://user:secret@wiki.example/search?q=private&token=hunter2',
  startedMs: Date.parse('2026-01-01T00:00:00Z'),
  connectedMs: 2,
  openedMs: 3,
  headMs: 13,
  endedMs: 20.004,
  applicationMs: 6,
  status: 200,
  receivedBytes: 1234,
  fromCache: false,
};
const report: StatusReport = {
  application: 'Wiki',
  nowMs: 0,
  signedIn: undefined,
  openedSessions: 1,
  connection: undefined,
  requests: [
    request,
    { ...request, status: undefined, error: 'ERR_NO_PATH' } as unknown as RequestReport,
  ],
};
const options = { userAgent: 'Firefox', withQueries: false };

interface Har {
  log: { version: string; entries: Record<string, any>[] };
}

describe('createHar', () => {
  it('has what HAR 1.2 asks of an entry, and times that add up', () => {
    const { log } = createHar(report, options) as Har;
    expect(log.version).toBe('1.2');
    const [first, second] = log.entries;
    expect(first).toMatchObject({
      startedDateTime: '2026-01-01T00:00:00.000Z',
      time: 20,
      timings: { blocked: 1, connect: 2, send: 0, wait: 10, receive: 7 },
      response: { status: 200, content: { size: 1234 } },
      _applicationMs: 6,
    });
    const timings = first!['timings'] as Record<string, number>;
    const parts = ['blocked', 'connect', 'send', 'wait', 'receive'].map((part) => timings[part]!);
    expect(parts.reduce((sum, part) => sum + part)).toBe(first!['time']);
    expect(second!['response']).toMatchObject({ status: 0, _error: 'ERR_NO_PATH' });
  });

  it('says nothing of what was sent', () => {
    const text = JSON.stringify(createHar(report, options));
    for (const secret of ['private', 'hunter2', 'secret', 'user:'])
      expect(text).not.toContain(secret);
    const { log } = createHar(report, options) as Har;
    expect(log.entries[0]!['request']).toMatchObject({ cookies: [], headers: [], queryString: [] });
    expect(log.entries[0]!['request'].url).toBe('https://wiki.example/search?redacted');
  });

  it('has queries where the person asked for them', () => {
    const { log } = createHar(report, { ...options, withQueries: true }) as Har;
    expect(log.entries[0]!['request'].queryString).toEqual([
      { name: 'q', value: 'private' },
      { name: 'token', value: 'hunter2' },
    ]);
  });
});

it('gives the application no more time than there was', () => {
  expect(phasesOf({ ...request, applicationMs: 1e6 })).toMatchObject({ way: 0, application: 10 });
  const { connectedMs: _c, openedMs: _o, headMs: _h, endedMs: _e, ...running } = request;
  expect(phasesOf(running)).toEqual({ connect: 0, queued: 0, way: 0, application: 0, body: 0 });
});

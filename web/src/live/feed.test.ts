import { AppError } from '@postern/shared/errors';
import { describe, expect, it } from 'vitest';
import type { ApiClient } from '../api/client.ts';
import { Feed } from './feed.ts';
import { concernedBy } from './stale-lists.ts';

const event = (id: string, type: string, data: object) =>
  `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify({ time: 'now', type, ...data })}\n\n`;

/** Answers one by one; the feed is stopped when there is none left. */
function run(...answers: (string | Error)[]) {
  const feed = new Feed();
  const stop = new AbortController();
  const asked: unknown[] = [];
  const waits: number[] = [];
  const client = {
    open: (_path: string, options: { query?: { after?: string } }) => {
      asked.push(options.query?.after);
      const answer = answers.shift();
      if (answer instanceof Error) return Promise.reject(answer);
      return Promise.resolve(new Response(answer ?? ''));
    },
  } as unknown as ApiClient;
  const done = feed.run(client, stop.signal, (ms) => {
    waits.push(ms);
    if (answers.length === 0) stop.abort();
    return Promise.resolve();
  });
  return { feed, done, asked, waits };
}

describe('the feed', () => {
  it('keeps what came, and goes on after it when the stream is lost', async () => {
    const { feed, done, asked } = run(
      `: events\n\n${event('a-1', 'entity.created', { entityKind: 'services' })}`,
      event('a-2', 'link.up', {}),
    );
    await done;
    expect(feed.state().events.map(({ id, type }) => [id, type])).toEqual([
      ['a-1', 'entity.created'],
      ['a-2', 'link.up'],
    ]);
    expect(asked).toEqual([undefined, 'a-1']);
  });

  it('says why the controller ended it, and starts anew after a gap', async () => {
    const gap = `event: cut\ndata: {"code":"ERR_EVENTS_GAP","message":"too long ago"}\n\n`;
    const { feed, done, asked } = run(event('a-1', 'link.up', {}), gap, '');
    await done;
    expect(asked).toEqual([undefined, 'a-1', undefined]);
    expect(feed.state().isConnected).toBe(false);
  });

  it('waits longer each time nobody answers', async () => {
    const down = () => new AppError('ERR_WEB_UNREACHABLE', 'nobody there');
    const { feed, done, waits } = run(down(), down(), down());
    await done;
    expect(waits).toEqual([1_000, 2_000, 4_000]);
    expect(feed.state().problem).toBe('nobody there');
  });

  it('ends with the session', async () => {
    const { done, waits } = run(new AppError('ERR_WEB_SIGNED_OUT', 'over'));
    await done;
    expect(waits).toEqual([]);
  });
});

it('knows which lists an event is about', () => {
  const about = (type: string, data = {}) => concernedBy({ id: '', time: '', type, data });
  expect(about('entity.updated', { entityKind: 'servicePolicies' })).toBe('service-policies');
  expect(about('terminator.created')).toBe('terminators');
  expect(about('decision')).toBeUndefined();
});

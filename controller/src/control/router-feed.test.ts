import type { Delta, Snapshot } from '@postern/shared/schemas';
import { describe, expect, it } from 'vitest';
import { createRouterFeed } from './router-feed.ts';

const delta = (index: number): Delta => ({
  timeline: 't',
  previousIndex: index - 1,
  index,
  changes: [],
});

function setUp(missing: Delta[] | undefined) {
  const sent: string[] = [];
  const failures: unknown[] = [];
  let answer: (index: number) => void = () => undefined;
  const snapshot = new Promise<Snapshot>((resolve) => {
    answer = (index) => resolve({ timeline: 't', index } as Snapshot);
  });
  const feed = createRouterFeed(
    {
      changes: {
        timeline: 't',
        index: 0,
        subscribe: () => () => undefined,
        onReset: () => () => undefined,
        since: () => Promise.resolve(missing),
      },
      snapshot: () => snapshot,
    },
    {
      send: (type, body) => sent.push(`${type} ${body.index}`),
      fail: (error) => failures.push(error),
    },
  );
  return { feed, sent, failures, answer };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a router’s feed', () => {
  it('sends nothing before Subscribe', () => {
    const { feed, sent } = setUp([]);
    feed.push(delta(1));
    expect(sent).toEqual([]);
  });

  it('sends the missing deltas, then live ones', async () => {
    const { feed, sent } = setUp([delta(4), delta(5)]);
    feed.subscribe({ timeline: 't', index: 3 });
    feed.push(delta(6));
    await settled();
    feed.push(delta(7));
    expect(sent).toEqual(['delta 4', 'delta 5', 'delta 6', 'delta 7']);
  });

  it('holds what is committed while a snapshot is read, and repeats nothing the snapshot has', async () => {
    const { feed, sent, answer } = setUp(undefined);
    feed.subscribe({ timeline: 't', index: 3 });
    feed.push(delta(9));
    feed.push(delta(10));
    answer(9);
    await settled();
    expect(sent).toEqual(['snapshot 9', 'delta 10']);
  });

  it('answers another timeline by a snapshot', async () => {
    const { feed, sent, answer } = setUp([]);
    feed.subscribe({ timeline: 'other', index: 3 });
    answer(1);
    await settled();
    expect(sent).toEqual(['snapshot 1']);
  });

  it('gives up rather than hold without bound', () => {
    const { feed, failures } = setUp(undefined);
    feed.subscribe({ timeline: 't', index: 0 });
    for (let index = 1; index <= 1001; index += 1) feed.push(delta(index));
    expect(failures).toHaveLength(1);
  });
});

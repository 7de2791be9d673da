/**
 * Keeps one router's copy of the data model in step: on Subscribe the missing deltas or a snapshot,
 * then each delta as it is committed, in index order.
 */
import type { ControlBody } from '@postern/shared/protocol/control';
import type { Delta } from '@postern/shared/schemas';
import type { Store } from '../store/store.ts';

/** Deltas held while a snapshot is read; more, and the router must subscribe again. */
const MAX_HELD_DELTAS = 1000;

export interface FeedSink {
  send<K extends 'snapshot' | 'delta'>(type: K, body: ControlBody<K>): void;
  /** The router cannot be served and must start over. */
  fail(error: unknown): void;
}

export interface RouterFeed {
  subscribe(from: { timeline: string; index: number }): void;
  /** To be called for every committed delta. */
  push(delta: Delta): void;
}

export function createRouterFeed(
  store: Pick<Store, 'changes' | 'snapshot'>,
  sink: FeedSink,
): RouterFeed {
  let sentIndex: number | undefined;
  /** Deltas committed while a subscription is being answered. */
  let held: Delta[] | undefined;

  const send = (delta: Delta): void => {
    if (sentIndex === undefined || delta.index <= sentIndex) return;
    sink.send('delta', delta);
    sentIndex = delta.index;
  };

  const answer = async ({
    timeline,
    index,
  }: {
    timeline: string;
    index: number;
  }): Promise<void> => {
    const missing =
      timeline === store.changes.timeline ? await store.changes.since(index) : undefined;
    if (missing) {
      sentIndex = index;
      for (const delta of missing) send(delta);
    } else {
      const snapshot = await store.snapshot();
      sink.send('snapshot', snapshot);
      sentIndex = snapshot.index;
    }
    for (const delta of held ?? []) send(delta);
    held = undefined;
  };

  return {
    subscribe: (from) => {
      // A second Subscribe during an answer adds nothing: that answer brings it up to date.
      if (held) return;
      held = [];
      answer(from).catch((error: unknown) => {
        sink.fail(error);
      });
    },
    push: (delta) => {
      if (!held) send(delta);
      else if (held.length < MAX_HELD_DELTAS) held.push(delta);
      else sink.fail(new Error('too many changes during a snapshot'));
    },
  };
}

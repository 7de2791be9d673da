/** The ordered feed of data-model changes that routers follow: one delta per committed write. */
import type { Delta } from '@postern/shared/schemas';

export interface ChangeFeed {
  /** Names this log; a router holding another timeline needs a snapshot. */
  readonly timeline: string;
  /** Index of the last committed write that changed the model; 0 in a new store. */
  readonly index: number;
  /** Called in index order, after commit, before the write's promise resolves. Must not throw. */
  subscribe(listener: (delta: Delta) => void): () => void;
  /** Every delta after `index`, in order; `undefined` when the log no longer reaches back so far. */
  since(index: number): Promise<Delta[] | undefined>;
}

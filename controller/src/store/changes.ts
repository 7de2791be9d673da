/** The ordered feed of data-model changes that routers follow: one delta per committed write. */
import type { Delta } from '@postern/shared/schemas';

export interface ChangeFeed {
  /** Names this log; a router holding another timeline needs a snapshot. */
  readonly timeline: string;
  /** Index of the last delta delivered here; 0 in a new store. */
  readonly index: number;
  /**
   * Called in index order with the deltas of every controller, after commit; for a write of this
   * process before its promise resolves. Must not throw.
   */
  subscribe(listener: (delta: Delta) => void): () => void;
  /**
   * Called instead of `subscribe`'s listeners when deltas are lost, because the log was cut while the
   * database was out of reach: whoever follows must start from a snapshot. Must not throw.
   */
  onReset(listener: () => void): () => void;
  /** Every delta after `index`, in order; `undefined` when the log does not hold them all. */
  since(index: number): Promise<Delta[] | undefined>;
}

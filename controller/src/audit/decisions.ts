/**
 * Authentications and access decisions, recorded so that nobody can fill the disk with them: the
 * first of its kind in a window at once, repetitions as one count when the window ends.
 */
import { addressKey } from '../auth/rate-limit.ts';
import type { ControllerContext } from '../context.ts';
import { currentActor, SYSTEM } from './actor.ts';
import type { AuditEntry } from './audit-table.ts';

export interface Decisions {
  /** Never fails and never waits: what cannot be written is logged. */
  note(decision: AuditEntry): void;
  /** Writes what is still counted. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface DecisionLimits {
  /** Length of a window, ms. */
  readonly windowMs: number;
  /** Records a window may write at once by callers that proved who they are. */
  readonly known: number;
  /** The same for all others together. */
  readonly unknown: number;
  /** Different decisions of either sort counted apart; more are counted together. */
  readonly kinds: number;
}

/** At most about 1,400 records of some 500 bytes in ten minutes, however hard somebody tries. */
export const DECISION_LIMITS: DecisionLimits = {
  windowMs: 600_000,
  known: 1000,
  unknown: 100,
  kinds: 2000,
};
interface Counted {
  readonly entry: AuditEntry;
  repeated: number;
}

/** Kinds listed in one summary record. */
const SUMMARY_KINDS = 100;

export function createDecisions(
  { store, logger }: Pick<ControllerContext, 'store' | 'logger'>,
  limits: DecisionLimits = DECISION_LIMITS,
): Decisions {
  const newWindow = () => ({
    known: { left: limits.known, kinds: new Map<string, Counted>() },
    unknown: { left: limits.unknown, kinds: new Map<string, Counted>() },
    others: 0,
  });
  let window = newWindow();
  let writing: Promise<void> = Promise.resolve();

  const write = (entries: readonly AuditEntry[]): Promise<void> => {
    writing = writing
      .then(() =>
        store.write((tx) => {
          for (const entry of entries) tx.record(entry);
          return Promise.resolve();
        }),
      )
      .catch((error: unknown) => logger.error('audit.decision-not-recorded', { error }));
    return writing;
  };

  const flush = async (): Promise<void> => {
    const { known, unknown, others } = window;
    window = newWindow();
    const repeated = [...known.kinds.values(), ...unknown.kinds.values()].filter(
      (count) => count.repeated > 0,
    );
    repeated.sort((a, b) => b.repeated - a.repeated);
    const listed = repeated.slice(0, SUMMARY_KINDS);
    const unlisted = repeated
      .slice(SUMMARY_KINDS)
      .reduce((sum, { repeated: n }) => sum + n, others);
    if (listed.length > 0 || unlisted > 0) {
      await write([
        {
          actor: SYSTEM,
          action: 'repeated',
          details: {
            decisions: listed.map(({ entry, repeated: times }) => ({ ...summary(entry), times })),
            others: unlisted,
          },
        },
      ]);
    } else await writing;
  };

  const timer = setInterval(() => void flush(), limits.windowMs);
  timer.unref();
  return {
    note: (given) => {
      const entry = { ...given, actor: given.actor ?? currentActor() };
      const sort = window[entry.actor.kind === 'anonymous' ? 'unknown' : 'known'];
      const key = JSON.stringify(summary(entry));
      const seen = sort.kinds.get(key);
      if (seen) {
        seen.repeated += 1;
        return;
      }
      if (sort.kinds.size >= limits.kinds) {
        window.others += 1;
        return;
      }
      const writes = sort.left > 0;
      sort.kinds.set(key, { entry, repeated: writes ? 0 : 1 });
      if (!writes) return;
      sort.left -= 1;
      void write([entry]);
    },
    flush,
    close: async () => {
      clearInterval(timer);
      await flush();
    },
  };
}

/** What makes two decisions the same; of an address its IPv6 /64 counts. */
function summary({ actor, action, outcome, reason, entityKind, entityId }: AuditEntry) {
  return {
    action,
    outcome: outcome ?? 'success',
    reason: reason ?? '',
    actorKind: actor?.kind ?? 'system',
    actorId: actor?.id ?? '',
    address: addressKey(actor?.address ?? ''),
    entityKind: entityKind ?? '',
    entityId: entityId ?? '',
  };
}

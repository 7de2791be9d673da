/** The audit log of a running controller: decisions counted, heads signed each minute and at the end. */
import { join } from 'node:path';
import type { Logger } from '@postern/shared/log';
import type { PublicJwk } from '@postern/shared/schemas';
import type { Store } from '../store/store.ts';
import type { AuditHead } from './audit-head.ts';
import { createDecisions, type Decisions } from './decisions.ts';
import { openHeadLog, type SignedHead } from './head-log.ts';

const SIGN_INTERVAL_MS = 60_000;

export interface AuditLog {
  /** Counts authentications and access decisions. */
  readonly decisions: Decisions;
  readonly publicKey: PublicJwk;
  /** The head signed last. */
  readonly head: SignedHead | undefined;
  /** Signs the chain as it stands now; the last head again when nothing was recorded since. */
  sign(): Promise<SignedHead>;
  /** Called after a head was signed. */
  onSigned(listener: (head: SignedHead) => void): () => void;
  /** Records what is counted and signs the last head. */
  close(): Promise<void>;
}

export interface AuditLogOptions {
  store: Store;
  /** Folder of heads and key. */
  folder: string;
  clock: () => number;
  logger: Logger;
}

/** Folder of the audit log's files, unless the configuration names another. */
export function auditFolder(config: {
  dataDir: string;
  audit: { dir?: string | undefined };
}): string {
  return config.audit.dir ?? join(config.dataDir, 'audit');
}

/**
 * Opens the log. A database that lacks the head signed last was altered, or restored from a backup: that
 * is logged, recorded, and found by every verification from then on.
 *
 * @throws AppError ERR_AUDIT_KEY_INVALID
 */
export async function openAuditLog({
  store,
  folder,
  clock,
  logger,
}: AuditLogOptions): Promise<AuditLog> {
  const heads = await openHeadLog(folder, logger);
  const decisions = createDecisions({ store, logger });
  const listeners = new Set<(head: SignedHead) => void>();
  await noteDiscontinuity(store, heads.last, logger);

  let signing: Promise<unknown> = Promise.resolve();
  const sign = (): Promise<SignedHead> => {
    const signed = signing.then(async () => {
      const { seq, hash } = await lastRecord(store);
      const before = heads.last;
      const head = await heads.append({ seq, hash, at: new Date(clock()).toISOString() });
      if (head !== before) {
        logger.info('audit.head', { seq: head.seq, hash: head.hash, jws: head.jws });
        for (const listener of listeners) listener(head);
      }
      return head;
    });
    signing = signed.catch(() => undefined);
    return signed;
  };
  const timer = setInterval(() => {
    sign().catch((error: unknown) => logger.error('audit.head-not-signed', { error }));
  }, SIGN_INTERVAL_MS);
  timer.unref();

  return {
    decisions,
    publicKey: heads.publicKey,
    get head() {
      return heads.last;
    },
    sign,
    onSigned: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      clearInterval(timer);
      await decisions.close();
      await sign();
    },
  };
}

async function lastRecord(store: Store): Promise<Pick<AuditHead, 'seq' | 'hash'>> {
  const last = await store.db
    .selectFrom('auditRecords')
    .select(['seq', 'hash'])
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last ?? { seq: 0, hash: '0'.repeat(64) };
}

async function noteDiscontinuity(
  store: Store,
  head: AuditHead | undefined,
  logger: Logger,
): Promise<void> {
  if (!head || head.seq === 0) return;
  const record = await store.db
    .selectFrom('auditRecords')
    .select('hash')
    .where('seq', '=', head.seq)
    .executeTakeFirst();
  if (record?.hash === head.hash) return;
  const details = { signedSeq: head.seq, signedHash: head.hash, found: record?.hash ?? null };
  logger.error('audit.discontinuity', details);
  await store.write((tx) => {
    tx.record({ action: 'audit-discontinuity', outcome: 'refused', details });
    return Promise.resolve();
  });
}

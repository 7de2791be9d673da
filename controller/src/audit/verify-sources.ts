/** What `postern audit verify` checks: a controller's own store, or an export of it. */
import { join } from 'node:path';
import type { Logger } from '@postern/shared/log';
import type { ControllerConfig } from '../config.ts';
import { openConfiguredStore } from '../store/open-configured-store.ts';
import { auditFolder } from './audit-log.ts';
import { HEADS_FILE, PUBLIC_KEY_FILE, readHeads, readPublicKey } from './head-log.ts';
import { recordsAfter, recordsOfExport } from './read-records.ts';
import { verifyAudit, type AuditVerdict } from './verify-audit.ts';

export interface HeadFiles {
  /** Signed heads, a line each; of several controllers: all their files. */
  readonly heads: readonly string[];
  /** Public audit keys (JWK), one for each controller. */
  readonly keys: readonly string[];
}

/** Verifies an export (JSON lines) against heads and keys kept elsewhere. */
export async function verifyAuditExport(file: string, from: HeadFiles): Promise<AuditVerdict> {
  return verifyAudit(recordsOfExport(file), await readHeadFiles(from));
}

/** Verifies the store of a configuration, also while its controller runs; heads from its audit folder. */
export async function verifyAuditStore(
  config: ControllerConfig,
  { logger, also = { heads: [], keys: [] } }: { logger: Logger; also?: HeadFiles },
): Promise<AuditVerdict> {
  const folder = auditFolder(config);
  const store = await openConfiguredStore(config, { clock: Date.now, logger });
  try {
    const head = await readHeadFiles({
      heads: [join(folder, HEADS_FILE), ...also.heads],
      keys: [join(folder, PUBLIC_KEY_FILE), ...also.keys],
    });
    return await verifyAudit(recordsAfter(store.db, 0), head);
  } finally {
    await store.close();
  }
}

async function readHeadFiles({ heads, keys }: HeadFiles) {
  return {
    heads: (await Promise.all(heads.map(readHeads))).flat(),
    keys: await Promise.all(keys.map(readPublicKey)),
  };
}
